"""Registers clients and keeps them, as documents in the records: for an operator's verbs and for /register."""

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from idp.clock import Clock
from idp.codec import encode
from idp.errors import InvalidClientMetadata
from idp.oidc.clients.client import CLIENT_SECRET_JWT, SECRET_METHODS, Client, answered_elsewhere
from idp.oidc.clients.client_secrets import ClientSecrets
from idp.oidc.clients.directory import kept
from idp.oidc.clients.origins import origins_of
from idp.oidc.registration.addresses import LOOPBACK, is_scheme
from idp.oidc.registration.registrar import Registrar, describe
from idp.oidc.registration.safeguards import set_by_operator
from idp.secrets import Randomness, digest, urlsafe
from idp.storage.records.clients import ChangedClient, ClientRecords
from idp.storage.records.errors import Changed, NotFound
from idp.versions import Versions

_PAGE: Final = 100


@dataclass(frozen=True, slots=True)
class Registered:
    """A client as it is now. What is secret is given once, when it is made; what is kept is its digest."""

    client: Client
    client_secret: str | None = None
    registration_access_token: str | None = None


class Clients:
    def __init__(
        self,
        records: ClientRecords,
        registrar: Registrar,
        secrets: ClientSecrets,
        clock: Clock,
        randomness: Randomness,
        versions: Versions,
    ) -> None:
        self._records = records
        self._registrar = registrar
        self._secrets = secrets
        self._clock = clock
        self._randomness = randomness
        self._versions = versions

    def get(self, client_id: str) -> Client | None:
        """The client, enabled or not, as it is stored now."""
        stored = self._records.get(client_id)
        return kept(stored) if stored else None

    def add(self, metadata: bytes) -> Registered:
        """Register a client from RFC 7591 metadata in JSON. Raises `InvalidClientMetadata` or `InvalidRedirectUri`."""
        return self.keep(self.prove(metadata), managed=False)

    def prove(self, metadata: bytes, require_pkce: bool = True) -> Client:
        """RFC 7591 metadata in JSON as a client that is not kept yet; `require_pkce` as in `Registrar.prove`. Raises
        `InvalidClientMetadata` or `InvalidRedirectUri`."""
        return self._registrar.prove(metadata, require_pkce)

    def keep(self, proved: Client, managed: bool = True) -> Registered:
        """Register a client; with a token, if it is to be managed by its developer (RFC 7592)."""
        registered = self.fresh(proved, self._randomness.bytes(16).hex(), managed)
        client, now = registered.client, int(self._clock.now())
        self._records.save(client.client_id, encode(client), now, origins_of(client))
        self._versions.bump()
        return registered

    def change(self, client: Client, proved: Client) -> Registered:
        """Other metadata for the same client. Raises `InvalidClientMetadata` as `changed` does, and `NotFound` if it
        was changed, disabled or removed since it was read."""
        stored = self._records.get(client.client_id)
        if stored is None or kept(stored) != client:
            raise NotFound(client.client_id)
        registered = self.changed(client, proved, managed=True)
        now, origins = int(self._clock.now()), origins_of(registered.client)
        self._records.change(client.client_id, stored.document, encode(registered.client), now, origins)
        self._versions.bump()
        return registered

    def fresh(self, proved: Client, client_id: str, managed: bool) -> Registered:
        """A client as it would be registered under that id; nothing is kept."""
        token = self._secret() if managed else None
        client, secret = self._with_secret(
            dataclasses.replace(
                own_sector(proved, client_id) if managed or not proved.sector else proved,
                client_id=client_id,
                client_id_issued_at=int(self._clock.now()),
                registration_token_digest=digest(token) if token else None,
            )
        )
        return Registered(client, secret, token)

    def changed(self, client: Client, proved: Client, managed: bool) -> Registered:
        """A client as it would be with other metadata, by its developer or (not `managed`) an operator: its id, its
        secret, its sector and whoever manages it stay; nothing is kept. Raises `InvalidClientMetadata` where its sector
        would be another one."""
        leaves = managed and answered_elsewhere(proved.grant_types) and not answered_elsewhere(client.grant_types)
        own = leaves or client.sector == client.client_id
        same = own_sector(proved, client.client_id) if own else proved
        if same.sector != client.sector:
            raise InvalidClientMetadata("another host: citizens would be strangers to it (OIDC Core section 8.1)")
        changed, secret = self._with_secret(
            dataclasses.replace(
                same,
                client_id=client.client_id,
                client_id_issued_at=client.client_id_issued_at,
                client_secret_digest=client.client_secret_digest,
                client_secret_salt=client.client_secret_salt,
                registration_token_digest=client.registration_token_digest,
                enabled=client.enabled,
                set_by_operator=client.set_by_operator if managed else set_by_operator(client, proved),
            )
        )
        return Registered(changed, secret)

    def renew_secret(self, client: Client) -> Registered:
        """Another secret, at once in the place of the one there was; also for a client that is disabled. Raises
        `InvalidClientMetadata` if it has none, and `Changed` if it is another one by now."""
        if client.client_secret_digest is None:
            raise InvalidClientMetadata("the client's way of authentication has no secret")
        renewed, secret = self._with_secret(dataclasses.replace(client, client_secret_digest=None))
        self.bring([(client, renewed)])
        return Registered(renewed, secret)

    def bring(self, changes: Sequence[tuple[Client | None, Client]]) -> None:
        """Keep all of these clients, each in the place of what it was before, or none of them; one that is disabled
        stays so. Raises `Changed` if one is another by now."""
        written = [
            ChangedClient(after.client_id, self._before(before), encode(after), origins_of(after))
            for before, after in changes
        ]
        self._records.bring(written, int(self._clock.now()))
        self._versions.bump()

    def _before(self, client: Client | None) -> bytes | None:
        """Raises `Changed`."""
        if client is None:
            return None
        stored = self._records.get(client.client_id)
        if stored is None or kept(stored) != client:
            raise Changed
        return stored.document

    def _with_secret(self, client: Client) -> tuple[Client, str | None]:
        """With a secret of the kind that its method needs, if there is none, and without one if it needs none."""
        if client.token_endpoint_auth_method not in SECRET_METHODS:
            return dataclasses.replace(client, client_secret_digest=None, client_secret_salt=None), None
        signs = client.token_endpoint_auth_method == CLIENT_SECRET_JWT
        if client.client_secret_digest is not None and signs == (client.client_secret_salt is not None):
            return client, None
        salt = self._secret() if signs else None
        secret = self._secrets.made_of(client.client_id, salt) if salt else self._secret()
        return dataclasses.replace(client, client_secret_digest=digest(secret), client_secret_salt=salt), secret

    def _secret(self) -> str:
        return urlsafe(self._randomness.bytes(32))

    def all(self) -> Iterator[Client]:
        """Every client in the order of their ids, read a page at a time."""
        after = ""
        while page := self._records.page(after, _PAGE):
            yield from map(kept, page)
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


def own_sector(client: Client, client_id: str) -> Client:
    """An app that listens at a loopback address shares its host with every other, a scheme any app may take for its own
    (RFC 8252 section 7.1), a client without redirect addresses has none, and one that is answered elsewhere, too, could
    name anybody's: its sector is itself, unless an operator or its `sector_identifier_uri` says otherwise."""
    of_app = client.sector in LOOPBACK or is_scheme(client.sector)
    unproved = of_app or answered_elsewhere(client.grant_types)
    own = not client.sector or (unproved and client.sector_identifier_uri is None)
    return dataclasses.replace(client, sector=client_id) if own else client
