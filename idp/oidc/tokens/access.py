"""Access tokens (RFC 6749 section 1.4): opaque names of what they open.

The token of a code is made of the code, in the one move that takes it, and the store keeps for it what it kept for the
code. The token that comes of a refresh has a record of its own. Each lives some minutes, and no longer than the session
or, where there is one, the family of refresh tokens.
"""

from dataclasses import dataclass

from idp.audit.events import EventType
from idp.audit.recorder import event, note
from idp.clock import Clock
from idp.codec import decode, encode
from idp.errors import InvalidGrant, InvalidToken, OAuthError
from idp.oidc.clients.client import Client, ClientSource, enabled
from idp.oidc.scopes import CLAIMS_OF_SCOPE, SCOPE_OF_CLAIM, claims_of
from idp.oidc.subjects import Subjects
from idp.oidc.tokens.grant import AccessRecord, CodeRecord, GrantRecord, access_key, family_key
from idp.secrets import shard_for
from idp.sessions import Head
from idp.storage.state import Becomes, Conflict, Gone, Key, Standing, StateStore


@dataclass(frozen=True, slots=True)
class Access:
    """What a token opens, and for whom. `claims` are the names to release at /userinfo; it lives `seconds` more."""

    client: Client
    citizen_id: str
    sub: str
    scopes: tuple[str, ...]
    claims: tuple[str, ...]
    seconds: int


@dataclass(frozen=True, slots=True)
class _OfCode:
    """What is kept with a token that was made of a code."""

    code: CodeRecord
    head: Head
    leg: bytes

    @property
    def client_id(self) -> str:
        return self.code.request.client_id

    @property
    def citizen_id(self) -> str:
        return self.head.citizen_id


class AccessTokens:
    """`seconds` is how long a token lives, if nothing ends it before."""

    def __init__(
        self, state: StateStore, clients: ClientSource, subjects: Subjects, clock: Clock, seconds: int
    ) -> None:
        self._state = state
        self._clients = clients
        self._subjects = subjects
        self._clock = clock
        self.seconds = seconds

    def made_of_code(self, token: str, proof: bytes, family: str | None) -> Becomes:
        """`token`, to be made in the move that takes a code, if `proof` is the code's (`grant.code_proof`). It lives
        and dies with the session, and with `family`, if that is begun (`Families.begin`), instead."""
        told = [event(EventType.TOKEN_ISSUED, self._clock.now())]
        key = access_key(token)
        return Becomes(key, proof, self.seconds, told, family_key(key.shard, family) if family else None)

    def store(self, token: str, client: Client, citizen_id: str, grant: GrantRecord, liveness: Key) -> None:
        """Make `token`, which comes of a refresh, valid as long as `liveness` lives, and no longer than `seconds`.
        Raises `InvalidGrant` if that has ended, or the token was revoked beforehand."""
        record = AccessRecord(client.client_id, citizen_id, grant.sub, grant.scopes, _released(grant))
        claims = (*grant.id_token_claims, *grant.userinfo_claims)
        facts = note(citizen_id=citizen_id, client_id=client.client_id, scopes=grant.scopes, claims=claims)
        told = [event(EventType.TOKEN_REFRESHED, self._clock.now())]
        try:
            self._state.put_under(liveness, access_key(token), encode(record), self.seconds, facts, told)
        except (Gone, Conflict):
            raise InvalidGrant("ended or revoked meanwhile") from None

    def read(self, token: str, what: EventType) -> Access:
        """What `token` opens now, told as `what`. Raises `InvalidToken`, which is told too where there is a token."""
        try:
            entry = self._state.read_under(access_key(token), [event(what, self._clock.now())])
        except Gone:
            raise InvalidToken("unknown, expired or revoked") from None
        kept = _kept(entry)
        client = enabled(self._clients, kept.client_id)
        if client is None:
            raise self.refused(kept.client_id, kept.citizen_id, InvalidToken("the client is disabled"))
        return self._opened(kept, client, entry.seconds)

    def look_up(self, token: str) -> Access | None:
        """What `token` opens now; None if nothing. Nothing is told: nothing is given away."""
        try:
            entry = self._state.read_under(access_key(token))
        except Gone:
            return None
        kept = _kept(entry)
        client = enabled(self._clients, kept.client_id)
        return None if client is None else self._opened(kept, client, entry.seconds)

    def give_back(self, token: str, client: Client) -> None:
        """End a token of this client; whatever else it may be stays as it is."""
        access = self.look_up(token)
        if access is not None and access.client.client_id == client.client_id:
            told = event(EventType.TOKEN_REVOKED, self._clock.now())
            self._state.delete(access_key(token), events=[told])

    def _opened(self, kept: AccessRecord | _OfCode, client: Client, seconds: int) -> Access:
        if isinstance(kept, AccessRecord):
            sub, scopes, claims = kept.sub, kept.scopes, kept.claims
        else:
            sub = self._subjects.subject(client, kept.citizen_id)
            grant = kept.code.grant(kept.head, kept.leg, sub)
            scopes, claims = grant.scopes, _released(grant)
        # what was taken from the client since, the token gives no more; nor what is for resource servers
        scopes = tuple(scope for scope in scopes if scope in client.scope and scope in CLAIMS_OF_SCOPE)
        claims = tuple(claim for claim in claims if SCOPE_OF_CLAIM[claim] in client.scope)
        return Access(client, kept.citizen_id, sub, scopes, claims, seconds)

    def refused(self, client_id: str, citizen_id: str, error: OAuthError) -> OAuthError:
        """Tell that nothing was released for a token that was read, and why; gives `error`."""
        told = event(
            EventType.USERINFO_REFUSED, self._clock.now(), client_id=client_id, citizen_id=citizen_id, error=error.code
        )
        self._state.queue(shard_for(citizen_id), [told])
        return error


def _kept(entry: Standing) -> AccessRecord | _OfCode:
    """What was made of a code has fields of the session, what came of a refresh has none."""
    if not entry.fields:
        return decode(entry.value, AccessRecord)
    code = decode(entry.value, CodeRecord)
    return _OfCode(code, decode(entry.fields["head"], Head), entry.fields[code.leg])


def _released(grant: GrantRecord) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*claims_of(grant.scopes), *grant.userinfo_claims)))
