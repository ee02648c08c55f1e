"""Service providers in the records: what sources say and what operators set, apart."""

import pytest

from idp.storage.records.errors import NotFound
from idp.storage.records.records import Records
from idp.storage.records.service_providers import FILE, StoredEntity, StoredSettings

ONE = StoredEntity("sp-1", "https://one.example", FILE, b"{}", "d1", 500)
ELSEWHERE = StoredEntity("sp-1", "https://one.example", "province", b"[]", "d2", None, 7)
OTHER = StoredEntity("sp-2", "https://two.example", "province", b"{}", "d3")


def test_nobody_is_there(records: Records) -> None:
    known = records.service_providers
    assert (known.find("sp-1"), known.whole("sp-1"), known.settings("sp-1")) == (None, None, None)
    assert (known.page("", 10), known.digests("province")) == ([], {})


def test_what_an_operator_brings_is_found_with_what_he_set(records: Records) -> None:
    records.service_providers.bring(ONE, b"terms", 1)
    found = records.service_providers.find("sp-1")
    assert found is not None
    assert [said.entity for said in found.says] == [ONE]
    assert found.settings == StoredSettings("sp-1", "https://one.example", b"terms", True)
    assert records.service_providers.whole("sp-1") == found


def test_all_sources_are_found(records: Records) -> None:
    records.service_providers.put(ELSEWHERE)
    records.service_providers.bring(ONE, b"terms", 1)
    found = records.service_providers.find("sp-1")
    assert found is not None
    assert sorted((said.entity for said in found.says), key=lambda each: each.source) == [ONE, ELSEWHERE]
    assert records.service_providers.digests("province") == {"sp-1": "d2"}


def test_what_is_brought_again_takes_the_place_of_what_was_and_leaves_a_disabled_one_disabled(records: Records) -> None:
    known = records.service_providers
    known.bring(ONE, b"terms", 1)
    known.set_enabled("sp-1", False)
    fetched = StoredEntity("sp-1", "https://one.example", "sp-1", b"new", "d9")
    known.bring(fetched, b"others", 2)
    found = known.find("sp-1")
    assert found is not None
    assert [said.entity for said in found.says] == [fetched]
    assert found.settings == StoredSettings("sp-1", "https://one.example", b"others", False)
    known.bring(ONE, b"others", 3)
    again = known.find("sp-1")
    assert again is not None
    assert [said.entity for said in again.says] == [ONE]


def test_settings_stand_without_metadata(records: Records) -> None:
    known = records.service_providers
    known.set("sp-1", "https://one.example", b"terms", 1)
    assert known.find("sp-1") is None
    whole = known.whole("sp-1")
    assert whole is not None
    assert (whole.says, whole.settings and whole.settings.document) == ((), b"terms")


def test_removing_takes_what_the_operator_brought_and_leaves_what_others_say(records: Records) -> None:
    known = records.service_providers
    known.bring(ONE, b"terms", 1)
    known.put(ELSEWHERE)
    known.remove("sp-1")
    left = known.whole("sp-1")
    assert left is not None
    assert ([said.entity for said in left.says], left.settings) == ([ELSEWHERE], None)
    with pytest.raises(NotFound):
        known.remove("sp-1")


def test_who_is_not_there_cannot_be_disabled(records: Records) -> None:
    with pytest.raises(NotFound):
        records.service_providers.set_enabled("sp-1", False)


def test_pages_have_everybody_once_in_order(records: Records) -> None:
    known = records.service_providers
    known.put(OTHER)
    known.put(ELSEWHERE)
    known.bring(ONE, b"terms", 1)
    known.set("sp-3", "https://three.example", b"terms", 1)
    assert [each.party_id for each in known.page("", 10)] == ["sp-1", "sp-2", "sp-3"]
    assert [each.party_id for each in known.page("sp-1", 1)] == ["sp-2"]
    assert known.page("sp-3", 10) == []
