"""Sources of metadata in the records: what a refresh brings counts as a whole, or not at all."""

import dataclasses

import pytest

from idp.storage.records.errors import NotFound
from idp.storage.records.metadata_sources import Ending, StoredSource
from idp.storage.records.records import Records
from idp.storage.records.service_providers import FILE, StoredEntity

ONE = StoredEntity("sp-1", "https://one.example", "province", b"{}", "d1", 500)
TWO = StoredEntity("sp-2", "https://two.example", "province", b"{}", "d2", None, 70)


def brought(records: Records) -> None:
    records.metadata_sources.save("province", b"{}", b"new")
    records.metadata_sources.bring("province", [ONE, TWO], [], b"good", 900)


def test_a_refresh_brings_what_changed_and_takes_what_is_gone(records: Records) -> None:
    brought(records)
    found = records.service_providers.find("sp-1")
    assert found is not None
    assert [(said.entity, said.source_valid_until) for said in found.says] == [(ONE, 900)]
    other = dataclasses.replace(TWO, document=b"[]", digest="d3")
    records.metadata_sources.bring("province", [other], ["sp-1"], b"better", None)
    assert records.service_providers.find("sp-1") is None
    assert records.service_providers.digests("province") == {"sp-2": "d3"}
    assert records.metadata_sources.find("province") == StoredSource("province", b"{}", b"better", 900)
    assert records.metadata_sources.count() == 1


def test_how_it_went_is_noted_without_touching_what_is_there(records: Records) -> None:
    brought(records)
    records.metadata_sources.note("province", b"failed")
    assert records.metadata_sources.all() == [StoredSource("province", b"{}", b"failed", 900)]
    records.metadata_sources.note("province", b"good", 950)
    assert records.metadata_sources.all() == [StoredSource("province", b"{}", b"good", 950)]
    records.metadata_sources.save("province", b"[]", b"new")
    assert records.metadata_sources.all() == [StoredSource("province", b"[]", b"new", 950)]
    assert records.metadata_sources.count() == 2


def test_a_source_that_was_removed_while_it_was_asked_brings_nothing(records: Records) -> None:
    brought(records)
    records.metadata_sources.remove("province")
    assert (records.metadata_sources.count(), records.metadata_sources.all()) == (0, [])
    for late in (
        lambda: records.metadata_sources.bring("province", [ONE], [], b"good", 900),
        lambda: records.metadata_sources.note("province", b"failed"),
        lambda: records.metadata_sources.remove("province"),
    ):
        with pytest.raises(NotFound):
            late()
    assert records.metadata_sources.count() == 0


def test_those_that_were_not_asked_for_lately_come_in_their_order(records: Records) -> None:
    brought(records)
    older = dataclasses.replace(TWO, party_id="sp-3", entity_id="https://three.example", checked_at=60)
    records.service_providers.put(older)
    stale = records.metadata_sources.stale
    assert stale("province", 71, 10) == [("sp-3", "https://three.example"), ("sp-2", "https://two.example")]
    assert stale("province", 71, 1) == [("sp-3", "https://three.example")]
    assert stale("province", 60, 10) == []


def test_of_what_operators_brought_it_is_told_what_ends(records: Records) -> None:
    brought(records)
    mine = dataclasses.replace(ONE, source=FILE, valid_until=700)
    fetched = dataclasses.replace(ONE, party_id="sp-4", source="sp-4", valid_until=600)
    records.service_providers.put(mine)
    records.service_providers.put(fetched)
    assert records.metadata_sources.ending(701) == [
        Ending("sp-4", "https://one.example", "sp-4", 600),
        Ending("sp-1", "https://one.example", "", 700),
    ]
    assert records.metadata_sources.ending(600) == []
