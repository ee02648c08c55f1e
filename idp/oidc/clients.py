"""The registered clients: kept as documents in the records, and in each worker while their version stands."""

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from idp.clock import Clock
from idp.codec import decode, encode
from idp.login.party import RelyingParty
from idp.oidc.client import SECRET_METHODS, Client
from idp.oidc.registration.registrar import Registrar, describe
from idp.secrets import Randomness, digest, urlsafe
from idp.storage.records.clients import ClientRecords, StoredClient
from idp.versions import Shelf, Versions

CAPACITY: Final = 10_000
"""Clients a worker keeps in memory."""


@dataclass(frozen=True, slots=True)
class Registered:
    """A new client. `client_secret` is given here, once; what is kept is its digest."""

    client: Client
    client_secret: str | None


class ClientDirectory:
    """Looks clients up; what the endpoints need of them."""

    def __init__(self, records: ClientRecords, versions: Versions) -> None:
        self._records = records
        self._shelf: Shelf[Client] = Shelf(versions, CAPACITY)

    def get(self, client_id: str) -> Client | None:
        """The client, enabled or not."""
        if "\0" in client_id:  # PostgreSQL takes no such text
            return None
        return self._shelf.get(client_id, self._load)

    def party(self, client_id: str) -> RelyingParty | None:
        """The client as the citizen meets it."""
        client = self.get(client_id)
        return client.party if client else None

    def _load(self, client_id: str) -> Client | None:
        stored = self._records.get(client_id)
        return _client(stored) if stored else None


class Clients:
    """Registers and keeps clients; what an operator needs of them."""

    def __init__(
        self, records: ClientRecords, registrar: Registrar, clock: Clock, randomness: Randomness, versions: Versions
    ) -> None:
        self._records = records
        self._registrar = registrar
        self._clock = clock
        self._randomness = randomness
        self._versions = versions

    def get(self, client_id: str) -> Client | None:
        """The client, enabled or not, as it is stored now."""
        stored = self._records.get(client_id)
        return _client(stored) if stored else None

    def add(self, metadata: bytes) -> Registered:
        """Register a client from RFC 7591 metadata in JSON. Raises `InvalidClientMetadata` or `InvalidRedirectUri`."""
        now = int(self._clock.now())
        proved = self._registrar.prove(metadata)
        secret = urlsafe(self._randomness.bytes(32)) if proved.token_endpoint_auth_method in SECRET_METHODS else None
        client = dataclasses.replace(
            proved,
            client_id=self._randomness.bytes(16).hex(),
            client_id_issued_at=now,
            client_secret_digest=digest(secret) if secret else None,
        )
        self._records.save(client.client_id, encode(client), now)
        self._versions.bump()
        return Registered(client, secret)

    def page(self, after: str = "", limit: int = 100) -> Sequence[Client]:
        """Clients in order of their id, beginning after one."""
        return [_client(stored) for stored in self._records.page(after, limit)]

    def all(self) -> Iterator[Client]:
        """Every client, a page at a time."""
        after = ""
        while page := self.page(after):
            yield from page
            after = page[-1].client_id

    def set_enabled(self, client_id: str, enabled: bool) -> None:
        """A disabled client is refused everywhere within a second. Raises `NotFound`."""
        self._records.set_enabled(client_id, enabled, int(self._clock.now()))
        self._versions.bump()

    def remove(self, client_id: str) -> None:
        """Raises `NotFound`."""
        self._records.remove(client_id)
        self._versions.bump()

    def describe(self, client: Client) -> dict[str, Any]:
        """RFC 7591 JSON, without the secret."""
        return describe(client)


def _client(stored: StoredClient) -> Client:
    return dataclasses.replace(decode(stored.document, Client), enabled=stored.enabled)
