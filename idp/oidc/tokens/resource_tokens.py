"""Access tokens for resource servers (RFC 6749 section 1.4, RFC 8707), opaque or as JWTs (RFC 9068).

A token is for one resource server, its audience. It is kept apart from the tokens for /userinfo, under keys of another
kind, so that neither is ever found where the other is meant; its text says by a full stop that it is one of these.

A JWT is kept too, under its `jti`: a resource server that only checks the signature believes it until `exp`, and one
that asks /introspect hears at once that it was revoked, or that the session has ended.
"""

from dataclasses import replace
from typing import Final

from idp.audit.events import EventType
from idp.audit.recorder import event, note
from idp.clock import Clock
from idp.codec import decode, encode
from idp.errors import InvalidGrant, InvalidTarget
from idp.oidc.clients.client import Client, ClientSource, enabled
from idp.oidc.clients.client_auth import AuthenticatedClient
from idp.oidc.jose.jws import InvalidJws
from idp.oidc.jose.keys import KeyRing
from idp.oidc.resources.authorization_details import CERTIFICATE_RECORDS, name_of, names, within
from idp.oidc.resources.reach import Chosen
from idp.oidc.resources.resources import JWT, Resource, ResourceDirectory
from idp.oidc.subjects import Subjects
from idp.oidc.tokens.grant import GrantRecord
from idp.oidc.tokens.resource_record import IssuedToken, ResourceAccess, ResourceRecord, SignIn
from idp.secrets import Randomness, digest, mint, shard_for, shard_of
from idp.storage.state import Conflict, Gone, Key, StateStore

TYPE: Final = "at+jwt"
"""RFC 9068 section 2.1."""
_MARK: Final = ".r"
"""Behind the handle of an opaque one."""


class ResourceTokens:
    """`seconds` is how long a token lives at most, whatever its resource server says."""

    def __init__(
        self,
        issuer: str,
        state: StateStore,
        clients: ClientSource,
        resources: ResourceDirectory,
        keys: KeyRing,
        subjects: Subjects,
        clock: Clock,
        randomness: Randomness,
        seconds: int,
    ) -> None:
        self._issuer = issuer
        self._state = state
        self._clients = clients
        self._resources = resources
        self._keys = keys
        self._subjects = subjects
        self._clock = clock
        self._randomness = randomness
        self._seconds = seconds

    def issue_to_client(
        self, authenticated: AuthenticatedClient, resource: Resource, scopes: tuple[str, ...]
    ) -> IssuedToken:
        """A token for the client itself, which rests on no sign-in: it is good while the client is registered and
        enabled."""
        client_id = authenticated.client.client_id
        liveness = Key(shard_for(client_id), "machine", digest(client_id))
        self._state.put(liveness, b"{}", self._seconds)
        now, seconds = int(self._clock.now()), min(resource.token_seconds, self._seconds)
        bound = authenticated.confirmation
        record = ResourceRecord(client_id, resource.resource, client_id, scopes, now, now + seconds, bound)
        return self._issue(liveness, resource, record)

    def issue(
        self,
        authenticated: AuthenticatedClient,
        chosen: Chosen,
        citizen_id: str,
        grant: GrantRecord,
        liveness: Key,
    ) -> IssuedToken:
        """A token for what a citizen granted at one resource; it lives no longer than `liveness`. Raises
        `InvalidTarget` if that is nothing, or `InvalidGrant` if `liveness` has ended."""
        scopes = self.prove(chosen, grant.scopes)
        client, resource = authenticated.client, chosen.resource
        now, seconds = int(self._clock.now()), min(resource.token_seconds, self._seconds)
        record = ResourceRecord(
            client.client_id,
            resource.resource,
            self._subjects.subject_at(resource, client, citizen_id),
            scopes,
            now,
            now + seconds,
            authenticated.confirmation,
            SignIn(citizen_id, grant.auth_time, grant.aal, grant.amr),
            chosen.records,
        )
        return self._issue(liveness, resource, _still_open(record, client, resource))

    def prove(self, chosen: Chosen, scopes: tuple[str, ...]) -> tuple[str, ...]:
        """What of `scopes` is for this resource. Raises `InvalidTarget` if nothing is, and no record."""
        own = chosen.resource.own(scopes)
        if not own and not chosen.records:
            raise InvalidTarget("nothing was granted there")
        return own

    def exchange(
        self, authenticated: AuthenticatedClient, resource: Resource, scopes: tuple[str, ...], subject: ResourceAccess
    ) -> IssuedToken:
        """A token for whoever `subject` is of, at another resource; it lives no longer than that one. Raises
        `InvalidGrant` if that has ended by now."""
        client, before, now = authenticated.client, subject.record, int(self._clock.now())
        sign_in = before.sign_in
        record = ResourceRecord(
            client.client_id,
            resource.resource,
            self._subjects.subject_at(resource, client, sign_in.citizen_id) if sign_in else before.sub,
            scopes,
            now,
            min(before.exp, now + resource.token_seconds),
            authenticated.confirmation,
            sign_in,
            actors=(client.client_id, *before.actors),
            through=(before.client_id, *before.through),
        )
        if record.exp <= now:
            raise InvalidGrant("ended meanwhile")
        return self._issue(subject.key, resource, record, EventType.TOKEN_EXCHANGED)

    def _issue(
        self, liveness: Key, resource: Resource, record: ResourceRecord, what: EventType = EventType.TOKEN_ISSUED
    ) -> IssuedToken:
        """Raises `InvalidGrant` if `liveness` has ended."""
        handle = mint(self._randomness, liveness.shard)
        if resource.token_format == JWT:
            claims = record.claims(self._issuer) | {"jti": handle}
            token = self._keys.signer(resource.token_signing_alg).sign(claims, TYPE)
            key = _jwt_key(handle)
        else:
            token = handle + _MARK
            key = _opaque_key(token)
        citizen_id = record.sign_in.citizen_id if record.sign_in else None
        facts = note(
            citizen_id=citizen_id,
            client_id=record.client_id,
            resource=record.resource,
            scopes=record.scopes,
            claims=names(record.records) or None,
        )
        seconds = record.exp - record.iat
        told = [event(what, self._clock.now())]
        try:
            self._state.put_under(liveness, key, encode(record), seconds, facts, told)
        except (Gone, Conflict):
            raise InvalidGrant("ended meanwhile") from None
        return IssuedToken(token, record.confirmation.token_type, seconds, record.scopes, record.records)

    def look_up(self, token: str) -> ResourceAccess | None:
        """What `token` opens now; None if nothing."""
        key = self._key(token)
        if key is None:
            return None
        try:
            record = decode(self._state.read_under(key).value, ResourceRecord)
        except Gone:
            return None
        client, resource = self._served(record.client_id), self._resources.get(record.resource)
        if client is None or resource is None or not all(map(self._served, record.through)):
            return None
        return ResourceAccess(client, resource, _still_open(record, client, resource), key)

    def _served(self, client_id: str) -> Client | None:
        return enabled(self._clients, client_id)

    def give_back(self, token: str, client: Client) -> None:
        """End a token of this client; whatever else it may be stays as it is."""
        access = self.look_up(token)
        if access is not None and access.client.client_id == client.client_id:
            self._state.delete(access.key, events=[event(EventType.TOKEN_REVOKED, self._clock.now())])

    def _key(self, token: str) -> Key | None:
        if not token.startswith("eyJ"):
            return _opaque_key(token)
        try:
            jti = self._keys.verify(token, TYPE)["jti"]
        except (InvalidJws, KeyError):
            return None
        return _jwt_key(jti) if isinstance(jti, str) else None


def _still_open(record: ResourceRecord, client: Client, resource: Resource) -> ResourceRecord:
    scopes = tuple(scope for scope in resource.own(record.scopes) if scope in client.scope)
    asks = CERTIFICATE_RECORDS in client.authorization_details_types
    held = [name_of(resource.resource, code) for code in resource.certificate_types] if asks and record.records else []
    return replace(record, scopes=scopes, records=within(record.records, held))


def is_for_a_resource(token: str) -> bool:
    """Whether it looks like a token for a resource server, rather than for /userinfo."""
    return "." in token


def _opaque_key(token: str) -> Key:
    return Key(shard_of(token), "resource", digest(token))


def _jwt_key(jti: str) -> Key:
    return Key(shard_of(jti), "resource-jwt", digest(jti))
