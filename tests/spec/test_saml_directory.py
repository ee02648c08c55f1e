"""Looking service providers up."""

import re

import pytest

from federation.saml.metadata.document import one_service_provider
from idp.saml.directory import CAPACITY, ServiceProviders
from idp.saml.refreshing import as_stored
from idp.saml.registry import ServiceProviderRegistry
from idp.saml.service_provider import ServiceProvider, Terms, party_id_of
from idp.storage.records.service_providers import StoredEntity
from tests.support.provider import Provider
from tests.support.sp_metadata import ENTITY_ID, at, entity
from tests.support.sql_counter import counted_statements


def said_by(source: str, text: str) -> StoredEntity:
    return as_stored(one_service_provider(text.encode()), source)


@pytest.fixture
def registry(provider: Provider) -> ServiceProviderRegistry:
    services = provider.services
    return ServiceProviderRegistry(services.records.service_providers, services.clock, services.versions)


@pytest.fixture
def directory(provider: Provider) -> ServiceProviders:
    return provider.services.service_providers


def found(directory: ServiceProviders) -> ServiceProvider:
    provider = directory.get(ENTITY_ID)
    assert provider is not None
    return provider


def test_a_party_id_has_no_colon_and_says_what_it_is() -> None:
    assert re.fullmatch(r"sp-[0-9a-f]{32}", party_id_of(ENTITY_ID))
    assert party_id_of(ENTITY_ID) != party_id_of(f"{ENTITY_ID}/")


def test_a_service_provider_is_found_by_its_entity_id_and_by_its_party_id(
    registry: ServiceProviderRegistry, directory: ServiceProviders
) -> None:
    registry.add(entity().encode(), Terms(purpose={"": "pensions"}, attributes=("name",)))
    assert found(directory) == directory.by_party(party_id_of(ENTITY_ID))
    party = found(directory).party
    assert (party.id, party.host, party.purpose) == (party_id_of(ENTITY_ID), "portal.example", {"": "pensions"})
    assert party.name == {"zh-CN": "社会保险", "en": "Social insurance"}
    for nobody in ("", "https://nobody.example", "\0"):
        assert directory.get(nobody) is directory.by_party(nobody) is None


def test_an_operators_name_goes_before_that_of_the_metadata_and_a_host_is_better_than_none(
    registry: ServiceProviderRegistry, directory: ServiceProviders
) -> None:
    registry.add(entity(extensions="").encode(), None)
    assert found(directory).names == {"": "portal.example"}
    registry.add(entity().encode(), Terms(name={"zh": "真名"}))
    assert found(directory).names == {"zh": "真名"}


def test_one_of_which_no_operator_said_anything_has_cautious_terms(
    provider: Provider, directory: ServiceProviders
) -> None:
    provider.services.records.service_providers.put(said_by("province", entity()))
    one = found(directory)
    assert (one.source, one.enabled, one.idp_initiated, one.allow_cbc) == ("province", True, False, False)
    assert (one.name_id_format, one.encrypt_assertions, one.lawful_basis) == (None, True, "consent")
    assert "citizen_id_number" not in one.at_most


def test_a_change_is_seen_after_a_second(
    registry: ServiceProviderRegistry, directory: ServiceProviders, provider: Provider
) -> None:
    registry.add(entity().encode(), None)
    assert found(directory).enabled
    listed = registry.find(ENTITY_ID)
    assert listed is not None
    registry.set_enabled(listed, False)
    provider.clock.advance(1)
    assert not found(directory).enabled


def test_saml2int_sdp_md03_metadata_that_expired_is_not_used(
    registry: ServiceProviderRegistry, directory: ServiceProviders, provider: Provider
) -> None:
    end = provider.clock.now() + 100
    registry.add(entity(attributes=f'validUntil="{at(end)}"').encode(), None)
    assert found(directory).valid_until == int(end)
    provider.clock.advance(99)
    assert directory.get(ENTITY_ID)
    provider.clock.advance(2)
    assert directory.get(ENTITY_ID) is directory.by_party(party_id_of(ENTITY_ID)) is None
    known = directory.known(party_id_of(ENTITY_ID))
    assert known is not None
    assert known.party.host == "portal.example"


def test_what_an_operator_brought_goes_before_what_others_say_also_when_it_has_ended(
    registry: ServiceProviderRegistry, directory: ServiceProviders, provider: Provider
) -> None:
    put, end = provider.services.records.service_providers.put, provider.clock.now() + 100
    put(said_by("a-federation", entity(acs="https://evil.example/acs")))
    registry.add(entity(attributes=f'validUntil="{at(end)}"').encode(), None)
    assert found(directory).host == "portal.example"
    provider.clock.advance(101)
    assert directory.get(ENTITY_ID) is None


def test_a_worker_keeps_a_bounded_number(directory: ServiceProviders, provider: Provider) -> None:
    put = provider.services.records.service_providers.put
    for number in range(CAPACITY + 5):
        put(said_by("province", entity(f"https://portal.example/{number}")))
        assert directory.get(f"https://portal.example/{number}")
    assert len(directory._shelf._kept) == CAPACITY


def test_looking_up_takes_one_read_of_sql(directory: ServiceProviders, registry: ServiceProviderRegistry) -> None:
    registry.add(entity().encode(), None)
    with counted_statements() as sent:
        assert found(directory) is found(directory)
    assert sent.count == 1
