"""Stored resource servers."""

import pytest

from idp.storage.records.errors import NotFound
from idp.storage.records.records import Records


def test_a_resource_server_is_saved_changed_and_removed(records: Records) -> None:
    assert records.resources.all() == []
    records.resources.save("https://b.example", b'"\xe7\xa4\xbe"', 1)
    records.resources.save("https://a.example", b"1", 1)
    records.resources.save("https://a.example", b"2", 2)
    assert records.resources.all() == [b"2", b'"\xe7\xa4\xbe"']
    records.resources.remove("https://a.example")
    assert records.resources.all() == [b'"\xe7\xa4\xbe"']
    with pytest.raises(NotFound):
        records.resources.remove("https://a.example")
