"""Stored clients."""

from functools import partial

import pytest

from idp.storage.records.clients import ChangedClient, StoredClient
from idp.storage.records.errors import Changed, NotFound
from idp.storage.records.records import Records
from tests.support.parallel import errors, together, winners


def test_a_client_is_saved_changed_and_removed(records: Records) -> None:
    assert records.clients.get("a") is None
    records.clients.save("a", b'{"name":"\xe7\xa4\xbe"}', 1)
    assert records.clients.get("a") == StoredClient("a", b'{"name":"\xe7\xa4\xbe"}', True, 1)
    records.clients.save("a", b"{}", 2)
    assert records.clients.get("a") == StoredClient("a", b"{}", True, 2)
    records.clients.remove("a")
    assert records.clients.get("a") is None


def test_a_disabled_client_stays_disabled_when_its_document_changes(records: Records) -> None:
    records.clients.save("a", b"1", 1)
    records.clients.set_enabled("a", False, 2)
    records.clients.save("a", b"2", 3)
    assert records.clients.get("a") == StoredClient("a", b"2", False, 3)
    records.clients.set_enabled("a", True, 4)
    assert records.clients.get("a") == StoredClient("a", b"2", True, 4)


def test_an_unknown_client_cannot_be_changed(records: Records) -> None:
    with pytest.raises(NotFound):
        records.clients.set_enabled("nobody", True, 1)
    with pytest.raises(NotFound):
        records.clients.remove("nobody")


def test_pages_are_in_order_and_whole(records: Records) -> None:
    names = [f"client-{number:02}" for number in range(25)]
    for name in reversed(names):
        records.clients.save(name, b"{}", 1)
    seen: list[str] = []
    while page := records.clients.page(seen[-1] if seen else "", 10):
        assert len(page) <= 10
        seen += [client.client_id for client in page]
    assert seen == names


def test_a_document_is_changed_only_where_it_is_still_the_one_that_was_read(records: Records) -> None:
    records.clients.save("a", b"1", 1)
    records.clients.change("a", b"1", b"2", 2)
    assert records.clients.get("a") == StoredClient("a", b"2", True, 2)
    with pytest.raises(NotFound):
        records.clients.change("a", b"1", b"3", 3)
    records.clients.set_enabled("a", False, 3)
    with pytest.raises(NotFound):
        records.clients.change("a", b"2", b"3", 4)
    records.clients.remove("a")
    with pytest.raises(NotFound):
        records.clients.change("a", b"2", b"3", 5)
    assert records.clients.get("a") is None


def test_of_parallel_changes_one_counts(records: Records) -> None:
    records.clients.save("a", b"0", 1)
    outcomes = together([partial(records.clients.change, "a", b"0", b"%d" % me, 2) for me in range(1, 9)])
    assert len(winners(outcomes)) == 1
    assert set(errors(outcomes)) == {NotFound}


def test_clients_are_brought_together_or_not_at_all(records: Records) -> None:
    records.clients.save("a", b"1", 1, ["https://a.example"])
    records.clients.set_enabled("a", False, 2)
    both = [ChangedClient("a", b"1", b"2", ["https://c.example"]), ChangedClient("b", None, b"1", [])]
    records.clients.bring(both, 3)
    assert records.clients.get("a") == StoredClient("a", b"2", False, 3)
    assert records.clients.get("b") == StoredClient("b", b"1", True, 3)
    for bad in (
        ChangedClient("b", None, b"9", []),
        ChangedClient("b", b"other", b"9", []),
        ChangedClient("gone", b"1", b"9", []),
    ):
        with pytest.raises(Changed):
            records.clients.bring([ChangedClient("c", None, b"1", ["https://d.example"]), bad], 4)
    assert records.clients.get("c") is None
    assert not records.clients.has_origin("https://d.example")
    assert records.clients.get("b") == StoredClient("b", b"1", True, 3)


def test_of_parallel_callers_one_brings_a_client(records: Records) -> None:
    outcomes = together(
        [partial(records.clients.bring, [ChangedClient("a", None, b"%d" % me, [])], 1) for me in range(8)]
    )
    assert len(winners(outcomes)) == 1
    assert set(errors(outcomes)) == {Changed}


def test_an_origin_is_found_while_an_enabled_client_has_it(records: Records) -> None:
    records.clients.save("a", b"1", 1, ["https://a.example", "https://b.example", "https://a.example"])
    records.clients.save("b", b"1", 1, ["https://b.example"])
    assert records.clients.has_origin("https://a.example")
    assert not records.clients.has_origin("https://c.example")
    records.clients.change("a", b"1", b"2", 2, ["https://c.example"])
    assert not records.clients.has_origin("https://a.example")
    assert records.clients.has_origin("https://c.example")
    records.clients.set_enabled("b", False, 3)
    assert not records.clients.has_origin("https://b.example")
    records.clients.set_enabled("b", True, 4)
    assert records.clients.has_origin("https://b.example")
    records.clients.remove("b")
    assert not records.clients.has_origin("https://b.example")


def test_a_change_that_does_not_count_leaves_the_origins(records: Records) -> None:
    records.clients.save("a", b"1", 1, ["https://a.example"])
    with pytest.raises(NotFound):
        records.clients.change("a", b"other", b"2", 2, ["https://c.example"])
    assert records.clients.has_origin("https://a.example")
    assert not records.clients.has_origin("https://c.example")
