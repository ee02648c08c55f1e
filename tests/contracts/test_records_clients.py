"""Stored clients."""

import pytest

from idp.storage.records.clients import StoredClient
from idp.storage.records.errors import NotFound
from idp.storage.records.records import Records


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
