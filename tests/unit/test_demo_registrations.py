"""Portals of the demo are registered once, and what they keep of it is found again, that of an earlier release too."""

import json
from pathlib import Path

import pytest

from idp.demo.places import Places
from idp.demo.registrations import register
from idp.demo.themes import THEMES
from tests.support.provider import Provider

ALL = range(len(THEMES))


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(8000, tmp_path)


def registered(provider: Provider, places: Places) -> list[bytes]:
    for number in ALL:
        register(provider.services, places, number)
    return [places.portal_file(number).read_bytes() for number in ALL]


def test_a_second_run_changes_nothing(provider: Provider, places: Places) -> None:
    first = registered(provider, places)
    (listed,) = provider.service_providers.all()
    assert listed.entity_id == f"{places.portal_url(2)}/saml/metadata"
    assert listed.terms.attributes == ("name", "citizen_id_number")
    assert registered(provider, places) == first


def test_a_portal_that_knew_one_other_learns_of_both(provider: Provider, places: Places) -> None:
    first = registered(provider, places)
    file = places.portal_file(0)
    old = json.loads(first[0])
    del old["others"]
    file.write_text(json.dumps(old | {"other_url": places.portal_url(1)}))
    assert json.loads(registered(provider, places)[0]) == json.loads(first[0])


def test_a_service_provider_that_was_removed_is_registered_again_with_its_key(
    provider: Provider, places: Places
) -> None:
    first = registered(provider, places)
    (listed,) = provider.service_providers.all()
    provider.service_providers.remove(listed)
    assert registered(provider, places)[2] == first[2]
    assert [each.entity_id for each in provider.service_providers.all()] == [listed.entity_id]
