"""Looks clients up: their documents in the records, kept in each worker while their version stands."""

import dataclasses
from typing import Final

from idp.codec import decode
from idp.login.door import PartyGone
from idp.oidc.clients.client import Client, ClientSource, enabled
from idp.storage.records.clients import ClientRecords, StoredClient
from idp.versions import Shelf, Versions

CAPACITY: Final = 10_000
"""Clients a worker keeps in memory."""


class ClientDirectory:
    def __init__(self, records: ClientRecords, versions: Versions) -> None:
        self._records = records
        self._shelf: Shelf[Client] = Shelf(versions, CAPACITY)

    def get(self, client_id: str) -> Client | None:
        """The client, enabled or not."""
        if "\0" in client_id:  # PostgreSQL takes no such text
            return None
        return self._shelf.get(client_id, self._load)

    def _load(self, client_id: str) -> Client | None:
        stored = self._records.get(client_id)
        return kept(stored) if stored else None


def served(clients: ClientSource, client_id: str) -> Client:
    """The client for which a citizen was asked something. Raises `PartyGone` if it is not there any more, or
    disabled."""
    client = enabled(clients, client_id)
    if client is None:
        raise PartyGone
    return client


def kept(stored: StoredClient) -> Client:
    """A client as it stands in the records."""
    return dataclasses.replace(decode(stored.document, Client), enabled=stored.enabled)
