"""Dynamic registration (RFC 7591, OIDC Registration 1.0) and its management (RFC 7592): what an operator does with
`idp client`, a developer does over HTTP.

Who may register is the deployment's policy: anybody (`open`), whoever holds an initial access token that an operator
gave out (`token`), or nobody (`closed`). What only an operator may grant, nobody grants himself: the citizen ID number,
the scopes of resource servers, acting for itself, asking citizens who have begun nothing (CIBA), a public `sub`, and
asking by statutory duty. Other scopes may change, for citizens are asked anew. What an operator asks of a client stays,
too (`registration/safeguards.py`). Each client gets a token of its own to be managed with; it and the secret are shown
once.
"""

from dataclasses import dataclass
from typing import Any, Final

from idp.audit.events import EventType
from idp.audit.recorder import event
from idp.citizens.pseudonyms import PAIRWISE
from idp.clock import Clock
from idp.codec import Malformed, decode
from idp.errors import AccessDenied, InvalidClientMetadata, InvalidToken, TokenMissing
from idp.login.consent import SENSITIVE
from idp.login.party import CONSENT
from idp.oidc.clients.client import CIBA, OF_CLIENTS, Client
from idp.oidc.limits import counted
from idp.oidc.registration import safeguards
from idp.oidc.registration.clients import Clients, Registered
from idp.oidc.scopes import SCOPES
from idp.secrets import SHARDS, Randomness, digest, equal, mint_anywhere, shard_of
from idp.sources import Bucket, Sources, source_of
from idp.storage.records.errors import NotFound
from idp.storage.state import Gone, Key, Replayed, StateStore

OF_A_SOURCE: Final = Bucket(size=20, drain=30)
"""Registrations of one source: twenty at once, then one every half a minute."""
ACTOR: Final = "registration"


class InitialTokens:
    """Initial access tokens (RFC 7591 section 1.2), each good for one registration."""

    def __init__(self, state: StateStore, randomness: Randomness) -> None:
        self._state = state
        self._randomness = randomness

    def issue(self, seconds: int) -> str:
        """A token that is good once, for so long."""
        token = mint_anywhere(self._randomness)
        self._state.put(_initial(token), b"{}", seconds)
        return token

    def stands(self, token: str) -> bool:
        return self._state.get(_initial(token)) is not None

    def use(self, token: str) -> None:
        """Raises `InvalidToken`."""
        try:
            self._state.take_once(_initial(token), self._randomness.bytes(8).hex(), b"", 1)
        except (Gone, Replayed):
            raise InvalidToken("initial access token is unknown, expired or used") from None


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: the Authorization header, and the address."""

    authorization: str | None
    source: str

    def bearer(self) -> str:
        """Raises `TokenMissing`."""
        scheme, _, token = (self.authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise TokenMissing
        return token.strip()


class RegistrationEndpoint:
    """/register and /register/ID."""

    def __init__(
        self,
        issuer: str,
        policy: str,
        require_pkce: bool,
        clients: Clients,
        tokens: InitialTokens,
        state: StateStore,
        clock: Clock,
    ) -> None:
        """`require_pkce`: of every client that does not say otherwise; else a nonce will do in the place of a challenge
        for one that can keep a secret."""
        self._issuer = issuer
        self._policy = policy
        self._require_pkce = require_pkce
        self._clients = clients
        self._tokens = tokens
        self._state = state
        self._clock = clock
        self._sources = Sources(state, clock, OF_A_SOURCE, "registration-source")

    def register(self, document: bytes, caller: Caller) -> dict[str, Any]:
        """RFC 7591 section 3. Raises an `OAuthError`."""
        if self._policy == "closed":
            raise AccessDenied("registration is closed")
        token = caller.bearer() if self._policy == "token" else None
        if token is not None and not self._tokens.stands(token):
            raise InvalidToken("initial access token is unknown, expired or used")
        self._count(caller.source)
        proved = self._clients.prove(document, self._require_pkce)
        _nothing_but_an_operators(proved)
        if token is not None:
            self._tokens.use(token)
        registered = self._clients.keep(proved)
        self._tell(EventType.CLIENT_ADDED, registered.client)
        return self._described(registered)

    def read(self, client_id: str, caller: Caller) -> dict[str, Any]:
        """RFC 7592 section 2.1. Raises an `OAuthError`."""
        return self._described(Registered(self._managed(client_id, caller)))

    def change(self, client_id: str, document: bytes, caller: Caller) -> dict[str, Any]:
        """RFC 7592 section 2.2: the whole of it anew. Raises an `OAuthError`."""
        client = self._managed(client_id, caller)
        self._count(caller.source)
        _names(document, client)
        proved = self._clients.prove(document, self._require_pkce)
        _nothing_but_an_operators(proved, client)
        safeguards.kept(client, proved)
        try:
            registered = self._clients.change(client, proved)
        except NotFound:  # an operator, or another request, was quicker
            raise InvalidToken("changed meanwhile") from None
        self._tell(EventType.CLIENT_CHANGED, registered.client)
        return self._described(registered)

    def remove(self, client_id: str, caller: Caller) -> None:
        """RFC 7592 section 2.3. Raises an `OAuthError`."""
        client = self._managed(client_id, caller)
        self._clients.remove(client.client_id)
        self._tell(EventType.CLIENT_REMOVED, client)

    def _managed(self, client_id: str, caller: Caller) -> Client:
        """The client whose registration access token this is. Raises `InvalidToken`, for a client that is not there
        too: nobody learns which there are (section 2.1)."""
        token = caller.bearer()
        client = self._clients.get(client_id) if client_id.isalnum() and client_id.isascii() else None
        kept = client.registration_token_digest if client is not None and client.enabled else None
        if client is None or kept is None or not equal(kept, digest(token)):
            raise InvalidToken("registration access token")
        return client

    def _count(self, source: str) -> None:
        counted(self._sources.count, source_of(source), "registration")

    def _described(self, registered: Registered) -> dict[str, Any]:
        """Section 3.2.1, and RFC 7592 section 3."""
        client = registered.client
        document = self._clients.describe(client)
        document["registration_client_uri"] = f"{self._issuer}/register/{client.client_id}"
        if registered.client_secret is not None:
            document["client_secret"] = registered.client_secret
        if registered.registration_access_token is not None:
            document["registration_access_token"] = registered.registration_access_token
        return document

    def _tell(self, what: EventType, client: Client) -> None:
        self._state.queue(SHARDS[0], [event(what, self._clock.now(), client_id=client.client_id, actor=ACTOR)])


def _nothing_but_an_operators(proved: Client, before: Client | None = None) -> None:
    """What an operator granted before may stay."""
    asked = set(proved.scope) - set(before.scope if before else ())
    if asked & SENSITIVE or asked - set(SCOPES):
        raise InvalidClientMetadata("citizen_id, and scopes of resource servers, are granted by the operator")
    if set(proved.authorization_details_types) - set(before.authorization_details_types if before else ()):
        raise InvalidClientMetadata("authorization_details_types are granted by the operator")
    if set(proved.grant_types) & {*OF_CLIENTS, CIBA} - set(before.grant_types if before else ()):
        raise InvalidClientMetadata("client_credentials, token exchange and CIBA are granted by the operator")
    if proved.subject_type != PAIRWISE and (before is None or before.subject_type != proved.subject_type):
        raise InvalidClientMetadata("a public sub, which joins what services know, is granted by the operator")
    if proved.lawful_basis == CONSENT:
        return
    duty = (before.lawful_basis, before.lawful_basis_rule) if before else ()
    if (
        before is None
        or duty != (proved.lawful_basis, proved.lawful_basis_rule)
        or set(proved.scope) - set(before.scope)
    ):
        raise InvalidClientMetadata("a statutory duty is granted by the operator, for what it is for")


def _names(document: bytes, client: Client) -> None:
    """RFC 7592 section 2.2: the client names itself, and its secret, if it does, rightly."""
    try:
        members = decode(document, dict[str, Any])
    except Malformed:
        raise InvalidClientMetadata("not a JSON object") from None
    if members.get("client_id") != client.client_id:
        raise InvalidClientMetadata("client_id is missing, or another one")
    secret = members.get("client_secret")
    if secret is not None and not (
        isinstance(secret, str) and equal(client.client_secret_digest or "", digest(secret))
    ):
        raise InvalidClientMetadata("client_secret is another one")


def _initial(token: str) -> Key:
    return Key(shard_of(token), "initial", digest(token))
