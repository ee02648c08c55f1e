"""Metadata from the network: signed aggregates, single addresses and MDQ (saml-metadata-2.0-os section 4, the Metadata
Query Protocol, saml2int SDP-MD*). What is not as it must be changes nothing."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest

from federation.saml.metadata.entity import SpEntity
from idp.metrics import Metrics
from idp.saml.refreshing import FEW, RETRY_SECONDS, Refreshed, RefreshFailed, due
from idp.saml.registry import ServiceProviderRegistry
from idp.saml.rounds import Rounds
from idp.saml.service_provider import Terms, party_id_of
from idp.saml.sources import AGGREGATE, ENTITY, MDQ, Known, Source
from idp.storage.records.errors import NotFound
from tests.support.clock import FrozenClock
from tests.support.key_server import KeyServer, key_server
from tests.support.provider import Provider, running_provider, settings_for
from tests.support.saml_messages import ec_peer, rsa_peer
from tests.support.sp_metadata import at, entities, entity, signed

DAY = 86_400
FEDERATION = rsa_peer()


def sp(number: int) -> str:
    return f"https://sp{number}.example/saml"


@pytest.fixture
def server() -> Iterator[KeyServer]:
    with key_server() as running:
        yield running


@pytest.fixture
def provider(tmp_path: Path, clock: FrozenClock, server: KeyServer) -> Iterator[Provider]:
    with running_provider(settings_for(tmp_path, IDP_OUTBOUND_ALLOW=server.allowed), clock) as running:
        yield running


class Federation:
    """A source of that kind, and what it publishes."""

    def __init__(self, provider: Provider, server: KeyServer, kind: str = AGGREGATE) -> None:
        self.services = provider.services
        self.clock = provider.clock
        self.server = server
        certificates = (FEDERATION.certificate, ec_peer().certificate)
        self.source = Source("province", kind, server.at("metadata"), certificates)
        self.services.metadata_sources.save(self.source)

    def publish(self, those: Sequence[str], ahead: float = 7 * DAY, headers: str = "") -> None:
        body = signed(entities("".join(those), f'validUntil="{at(self.clock.now() + ahead)}"'), FEDERATION)
        self.server.publish(body, headers=headers)

    @property
    def known(self) -> Known:
        found = self.services.metadata_sources.find("province")
        assert found is not None
        return found

    def refresh(self, *, force: bool = False) -> Refreshed:
        return self.services.refreshing.refresh(self.known, force=force)

    def there(self, number: int = 1) -> SpEntity | None:
        self.clock.advance(1)
        found = self.services.service_providers.get(sp(number))
        return found.entity if found else None


@pytest.fixture
def federation(provider: Provider, server: KeyServer) -> Federation:
    return Federation(provider, server)


def test_the_service_providers_of_an_aggregate_are_there(federation: Federation) -> None:
    federation.publish([entity(sp(1)), entities(entity(sp(2))), entity(sp(2), acs="https://other.example/acs")])
    assert federation.refresh() == Refreshed(2, 2, 0, 0)
    assert federation.there(1)
    second = federation.there(2)
    assert second is not None
    assert second.assertion_consumers[0].location != "https://other.example/acs"
    assert federation.known.status.failed_since is None
    assert federation.known.valid_until == int(federation.clock.now() - 2 + 7 * DAY)


def test_any_of_the_pinned_keys_will_do(federation: Federation) -> None:
    body = entities(entity(sp(1)), f'validUntil="{at(federation.clock.now() + DAY)}"')
    federation.server.publish(signed(body, ec_peer()))
    assert federation.refresh().entities == 1


def whole(now: float, ahead: float = DAY, inner: str = "") -> str:
    """An aggregate that is good so long."""
    return entities(inner or entity(sp(1)), f'ID="_root" validUntil="{at(now + ahead)}"')


def signed_within(now: float) -> bytes:
    return (
        whole(now, inner="HERE").replace('ID="_root"', "").encode().replace(b"HERE", signed(entity(sp(1)), FEDERATION))
    )


REFUSED: dict[str, tuple[Callable[[float], bytes], str]] = {
    "not signed": (lambda now: whole(now).encode(), "signature"),
    "by another key": (lambda now: signed(whole(now), rsa_peer(7)), "signature"),
    "changed since": (lambda now: signed(whole(now), FEDERATION).replace(b"sp1", b"sp9"), "signature"),
    "signed within only": (signed_within, "signature"),
    "without an end": (lambda _: signed(entities(entity(sp(1))), FEDERATION), "no validUntil"),
    "ended": (lambda now: signed(whole(now, -1), FEDERATION), "validUntil has passed"),
    "good too long": (lambda now: signed(whole(now, 61 * DAY), FEDERATION), "too far ahead"),
    "no metadata": (lambda _: signed("<x/>", FEDERATION), "not as metadata is"),
    "no XML": (lambda _: b"<x", "the XML"),
    "with a document type": (lambda now: b"<!DOCTYPE x>" + signed(whole(now), FEDERATION), "the XML"),
}


@pytest.mark.parametrize(("bad", "why"), REFUSED.values(), ids=REFUSED)
def test_saml2int_sdp_md_what_is_not_signed_as_a_whole_and_good_for_a_time_changes_nothing(
    federation: Federation, bad: Callable[[float], bytes], why: str
) -> None:
    federation.publish([entity(sp(1))])
    federation.refresh()
    before = federation.there()
    federation.server.publish(bad(federation.clock.now()))
    with pytest.raises(RefreshFailed, match=why):
        federation.refresh()
    assert (federation.there(), before is None) == (before, False)
    assert why in federation.known.status.error
    assert federation.known.status.failed_since is not None


def test_a_server_that_is_away_or_answers_something_else_is_a_failure_too(federation: Federation) -> None:
    federation.server.publish(b"x", 500)
    with pytest.raises(RefreshFailed, match="answers 500"):
        federation.refresh()
    moved = replace(federation.known, source=replace(federation.source, url="http://127.0.0.1:9/x"))
    with pytest.raises(RefreshFailed, match="may not be called"):
        federation.services.refreshing.refresh(moved)


def test_only_what_changed_is_read_and_written(federation: Federation) -> None:
    federation.publish([entity(sp(1)), entity(sp(2)), entity(sp(3))])
    federation.refresh()
    federation.clock.advance(DAY)
    federation.publish([entity(sp(1)), entity(sp(2), acs="https://new.example/acs"), entity(sp(4))])
    assert federation.refresh() == Refreshed(3, 2, 1, 0)
    assert [federation.there(number) is not None for number in (1, 2, 3, 4)] == [True, True, False, True]
    federation.publish([entity(sp(1)), entity(sp(2), acs="https://new.example/acs"), entity(sp(4))], ahead=9 * DAY)
    assert federation.refresh() == Refreshed(3, 0, 0, 0)


def test_whoever_leaves_and_comes_back_has_what_the_operator_set(federation: Federation) -> None:
    services = federation.services
    registry = ServiceProviderRegistry(services.records.service_providers, services.clock, services.versions)
    federation.publish([entity(sp(1)), entity(sp(2))])
    federation.refresh()
    listed = registry.find(sp(1))
    assert listed is not None
    registry.change(listed, Terms(purpose={"": "pensions"}))
    federation.publish([entity(sp(2))])
    federation.refresh()
    gone = registry.find(sp(1))
    assert gone is not None
    assert (gone.provider, gone.terms.purpose, gone.entity_id) == (None, {"": "pensions"}, sp(1))
    assert federation.there(1) is None
    federation.publish([entity(sp(1)), entity(sp(2))])
    federation.refresh()
    federation.clock.advance(1)
    back = services.service_providers.get(sp(1))
    assert back is not None
    assert back.purpose == {"": "pensions"}


def test_one_entity_that_will_not_do_does_not_take_the_others_with_it(federation: Federation) -> None:
    federation.publish([entity(sp(1)), entity(sp(2), within="<md:Surprise/>"), entity(sp(3), acs="http://x.example/")])
    assert federation.refresh() == Refreshed(1, 1, 0, 2)
    assert federation.known.status.skipped == 2


def test_an_aggregate_that_has_shrunk_by_half_is_believed_only_when_told_to(federation: Federation) -> None:
    federation.publish([entity(sp(number)) for number in range(FEW)])
    federation.refresh()
    federation.publish([entity(sp(1))])
    with pytest.raises(RefreshFailed, match=f"{FEW - 1} of {FEW} service providers are gone"):
        federation.refresh()
    assert federation.there(5)
    assert federation.refresh(force=True).gone == FEW - 1
    assert federation.there(5) is None


def test_the_last_good_copy_is_used_until_it_ends(federation: Federation) -> None:
    federation.publish([entity(sp(1))], ahead=7 * DAY)
    federation.refresh()
    federation.server.publish(b"", 503)
    federation.clock.advance(6 * DAY)
    with pytest.raises(RefreshFailed):
        federation.refresh()
    assert federation.there()
    federation.clock.advance(DAY)
    assert federation.there() is None
    federation.publish([entity(sp(1))])
    federation.refresh()
    assert federation.there()


def test_a_nested_group_may_end_sooner(federation: Federation) -> None:
    inner = entities(entity(sp(1)), f'validUntil="{at(federation.clock.now() + DAY)}"')
    federation.publish([inner, entity(sp(2))])
    federation.refresh()
    federation.clock.advance(DAY)
    assert (federation.there(1), federation.there(2) is None) == (None, False)


def test_what_did_not_change_is_not_fetched(federation: Federation) -> None:
    federation.publish([entity(sp(1))], headers='ETag: "one"\r\nLast-Modified: Sun, 01 Mar 2026 08:00:00 GMT\r\n')
    federation.refresh()
    federation.server.publish(b"", 304)
    federation.clock.advance(10)
    assert federation.refresh() == Refreshed(1, 0, 0, 0)
    assert b'If-None-Match: "one"' in federation.server.heard
    assert federation.known.status.refreshed_at == int(federation.clock.now())
    federation.clock.advance(8 * DAY)
    with pytest.raises(RefreshFailed, match="has passed"):
        federation.refresh()


def test_a_source_that_is_new_or_failed_has_its_turn_soon(federation: Federation) -> None:
    assert due(federation.known, federation.clock.now())
    federation.publish([entity(sp(1))])
    federation.refresh()
    federation.clock.advance(3599)
    assert not due(federation.known, federation.clock.now())
    federation.clock.advance(1)
    assert due(federation.known, federation.clock.now())
    federation.server.publish(b"", 500)
    with pytest.raises(RefreshFailed):
        federation.refresh()
    assert not due(federation.known, federation.clock.now())
    federation.clock.advance(RETRY_SECONDS)
    assert due(federation.known, federation.clock.now())


def test_a_round_asks_whose_turn_it_is_and_tells_those_who_watch(federation: Federation) -> None:
    services, metrics = federation.services, Metrics()
    records = services.records.metadata_sources
    rounds = Rounds(services.metadata_sources, services.refreshing, records, services.clock, metrics)
    federation.publish([entity(sp(1), attributes=f'validUntil="{at(federation.clock.now() + DAY)}"')])
    rounds.go()
    text = metrics.exposition().decode()
    assert 'idp_metadata_refreshes_total{result="good"} 1.0' in text
    assert "idp_metadata_entities 1.0" in text
    federation.server.publish(b"", 500)
    federation.clock.advance(3600)
    rounds.begin()
    assert rounds._thread is not None
    rounds._thread.join(10)
    text = metrics.exposition().decode()
    assert 'idp_metadata_refreshes_total{result="failed"} 1.0' in text
    assert "idp_metadata_failing_sources 1.0" in text
    assert "idp_metadata_expiring 1.0" in text


def test_a_source_that_is_removed_takes_its_service_providers_with_it(federation: Federation) -> None:
    federation.publish([entity(sp(1))])
    federation.refresh()
    known = federation.known
    federation.services.metadata_sources.remove("province")
    assert federation.there() is None
    with pytest.raises(NotFound):  # it was removed while it was asked
        federation.services.refreshing.refresh(known)
    assert federation.there() is None


# -- one service provider at an address -------------------------------------------------------------------------------


def single(federation: Federation, body: bytes, *certificates: str) -> Known:
    services = federation.services
    federation.server.publish(body)
    source = Source("", ENTITY, federation.server.at("sp"), certificates)
    named = replace(source, name=party_id_of(services.refreshing.fetch_one(source).entity_id))
    services.metadata_sources.save(named)
    found = services.metadata_sources.find(named.name)
    assert found is not None
    return found


def test_the_metadata_at_an_address_is_taken_again(federation: Federation) -> None:
    known = single(federation, entity(sp(1)).encode())
    assert federation.services.refreshing.refresh(known).changed == 1
    assert federation.there()
    federation.server.publish(entity(sp(1), acs="https://new.example/acs").encode())
    federation.services.refreshing.refresh(known)
    found = federation.there()
    assert found is not None
    assert found.assertion_consumers[0].location == "https://new.example/acs"
    federation.server.publish(entity(sp(2)).encode())
    with pytest.raises(RefreshFailed, match="another entity"):
        federation.services.refreshing.refresh(known)


def test_where_a_certificate_is_pinned_its_signature_has_to_be_there(federation: Federation) -> None:
    good = entity(sp(1), attributes=f'validUntil="{at(federation.clock.now() + DAY)}"')
    known = single(federation, signed(good, FEDERATION), FEDERATION.certificate)
    federation.services.refreshing.refresh(known)
    assert federation.there()
    federation.server.publish(good.encode())
    with pytest.raises(RefreshFailed, match="signature"):
        federation.services.refreshing.refresh(known)


# -- one by one, when they are needed ---------------------------------------------------------------------------------


@pytest.fixture
def queried(provider: Provider, server: KeyServer) -> Federation:
    return Federation(provider, server, MDQ)


def answer(federation: Federation, number: int, **more: str) -> None:
    attributes = f'validUntil="{at(federation.clock.now() + 7 * DAY)}"'
    federation.server.publish(signed(entity(sp(number), attributes=attributes, **more), FEDERATION))


def test_mdq_a_service_provider_is_asked_for_when_it_first_comes(queried: Federation) -> None:
    answer(queried, 1)
    assert queried.there(1)
    assert queried.server.asked == 1
    assert quote("{sha1}", safe="").encode() in queried.server.heard
    assert queried.there(1)
    assert queried.server.asked == 1


def test_mdq_what_comes_back_has_to_be_signed_and_about_whom_it_was_asked(queried: Federation) -> None:
    answer(queried, 2)
    assert queried.there(1) is None
    attributes = f'ID="_root" validUntil="{at(queried.clock.now() + 7 * DAY)}"'
    queried.server.publish(entity(sp(3), attributes=attributes).encode())
    assert queried.there(3) is None
    queried.server.publish(signed(entity(sp(4)), FEDERATION))
    assert queried.there(4) is None


def test_mdq_an_unknown_name_is_not_asked_for_again_and_again(queried: Federation) -> None:
    queried.server.publish(b"", 404)
    for _ in range(5):
        assert queried.there(1) is None
    assert queried.server.asked == 1
    for number in range(2, 100):
        queried.services.service_providers.get(sp(number))
    assert queried.server.asked < 60
    answer(queried, 1)
    queried.clock.advance(120)
    assert queried.there(1)


def test_mdq_those_that_were_asked_for_are_asked_for_again(queried: Federation) -> None:
    answer(queried, 1)
    assert queried.there(1)
    queried.clock.advance(3601)
    answer(queried, 1, acs="https://new.example/acs")
    assert queried.refresh() == Refreshed(1, 1, 0, 0)
    found = queried.there(1)
    assert found is not None
    assert found.assertion_consumers[0].location == "https://new.example/acs"
    queried.clock.advance(3601)
    queried.server.publish(b"", 404)
    assert queried.refresh() == Refreshed(0, 0, 1, 0)
    assert queried.there(1) is None


def test_mdq_what_is_known_is_used_while_the_server_is_away(queried: Federation) -> None:
    answer(queried, 1)
    assert queried.there(1)
    queried.clock.advance(DAY)
    queried.server.publish(b"", 500)
    with pytest.raises(RefreshFailed):
        queried.refresh()
    assert queried.there(1)
    queried.clock.advance(7 * DAY)
    assert queried.there(1) is None
