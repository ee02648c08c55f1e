"""Families of refresh tokens (RFC 9700 section 4.14): one for each sign-in with offline_access, durable, each token
used once.

A refresh token names its family, so that using a token of the past is seen as reuse even when its digest is long
purged. Access tokens of a family live under an entry of the state store that is removed when the family is revoked.
"""

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Final, TypeVar

from idp.audit.events import EventType
from idp.audit.recorder import event
from idp.clock import Clock
from idp.codec import decode, encode
from idp.errors import InvalidGrant
from idp.oidc.clients.client import FAPI2, Client
from idp.oidc.clients.client_auth import AuthenticatedClient
from idp.oidc.tokens.access import AccessTokens
from idp.oidc.tokens.grant import GrantRecord, family_key
from idp.secrets import Randomness, digest, mint, shard_for, shard_of
from idp.storage.records.errors import NotFound
from idp.storage.records.families import Family, FamilyRecords, RefreshReused
from idp.storage.state import Gone, Key, StateStore

T = TypeVar("T")
_SEPARATOR: Final = "."
_TOKEN: Final = re.compile(r"[0-9a-f][A-Za-z0-9_-]{43}\.([0-9a-f]{32})", re.ASCII)
"""A handle, and the family's id."""


class Families:
    """`lifetime`, `idle` and `grace` are seconds: of a family, of a token that nobody uses, and after its use, when a
    token may be used again by a client that lost an answer."""

    def __init__(
        self,
        records: FamilyRecords,
        state: StateStore,
        access_tokens: AccessTokens,
        clock: Clock,
        randomness: Randomness,
        lifetime: int,
        idle: int,
        grace: int,
    ) -> None:
        self._records = records
        self._state = state
        self._access_tokens = access_tokens
        self._clock = clock
        self._randomness = randomness
        self._lifetime = lifetime
        self._idle = idle
        self._grace = grace

    def new_id(self) -> str:
        """128 random bits in hex."""
        return self._randomness.bytes(16).hex()

    def begin(self, family_id: str, authenticated: AuthenticatedClient, citizen_id: str, grant: GrantRecord) -> str:
        """Start a family; gives its first refresh token. The access token of its code hangs on the family from now on.
        Refresh tokens of a public client are bound to the key it shows (RFC 9449 section 5); another one has to
        authenticate for each.

        Raises `InvalidGrant` if by now the session in which it was granted has ended, or the code was replayed.
        """
        now = int(self._clock.now())
        shard = shard_for(citizen_id)
        refresh_token = self._token(shard, family_id)
        client = authenticated.client
        if not client.confidential:
            grant = replace(grant, confirmation=authenticated.confirmation)
        family = Family(family_id, citizen_id, client.client_id, encode(grant), now, now + self._lifetime, None, None)
        self._records.create(family, digest(refresh_token))
        try:
            # Whoever withdraws ends sessions first and families then, and may have looked for this one too early.
            self._state.outlive(family_key(shard, family_id), self._access_tokens.seconds)
        except Gone:
            self.revoke(family_id, shard, "code replayed or session ended")
            raise InvalidGrant("code replayed, or its session has ended") from None
        return refresh_token

    def rotate(
        self, refresh_token: str, authenticated: AuthenticatedClient, prove: Callable[[GrantRecord], None]
    ) -> tuple[Family, GrantRecord, str]:
        """Use a refresh token of this client; gives its family, what that grants, and the successor.

        Raises `InvalidGrant`, or what `prove` raises of the grant, such as that more is asked than it gives. An attempt
        of another client, with another key, or for too much changes nothing. Reuse beyond the grace ends the family.
        """
        form = _TOKEN.fullmatch(refresh_token)
        family = self._records.get(form[1]) if form else None
        if family is None or family.client_id != authenticated.client.client_id:
            raise InvalidGrant("unknown family, or another client's")
        family_id, granted = family.id, decode(family.document, GrantRecord)
        if not granted.confirmation.met_by(authenticated.confirmation):
            raise InvalidGrant("bound to another key")
        prove(granted)
        # a FAPI client's is not exchanged for another (FAPI 2.0 Security Profile section 5.3.2.1): it proves itself and
        # a key at each use, and cannot lose what it was not given
        lasting = authenticated.client.profile == FAPI2
        successor = refresh_token if lasting else self._token(shard_of(refresh_token), family_id)
        try:
            family = self._used(family_id, refresh_token, successor)
        except RefreshReused:
            self._end(family_id, shard_for(family.citizen_id), family, EventType.TOKEN_REUSED)
            raise InvalidGrant("refresh token was used before") from None
        except NotFound:
            raise InvalidGrant("token or family has expired, or was revoked") from None
        return family, decode(family.document, GrantRecord), successor

    def _used(self, family_id: str, token: str, successor: str) -> Family:
        """Raises what the records raise."""
        now, presented = int(self._clock.now()), digest(token)
        if successor == token:
            return self._records.prolong(family_id, presented, now, idle=self._idle)
        return self._records.rotate(family_id, presented, digest(successor), now, self._grace, idle=self._idle)

    def give(self, family: Family, make: Callable[[Key], T]) -> T:
        """An access token, or whatever `make` makes under the entry that is named to it, for as long as the family
        stands. Raises `InvalidGrant`, and what `make` raises."""
        liveness = family_key(shard_for(family.citizen_id), family.id)
        self._state.put(liveness, b"{}", self._access_tokens.seconds)
        made = make(liveness)
        now = self._records.get(family.id)
        if now is None or now.revoked_at is not None:
            # revoked while its entry was being made; that came too late for whoever revoked it, so remove it here
            self._state.delete(liveness)
            raise InvalidGrant("family was revoked meanwhile")
        return made

    def give_back(self, refresh_token: str, client: Client) -> bool:
        """End the family of a refresh token (RFC 7009 section 2.1), if it is this client's. False if it is no refresh
        token."""
        form = _TOKEN.fullmatch(refresh_token)
        family = self._records.get(form[1]) if form else None
        if family is not None and family.client_id == client.client_id:
            self.revoke(family.id, shard_for(family.citizen_id), "given_back")
            told = event(
                EventType.TOKEN_REVOKED, self._clock.now(), client_id=client.client_id, citizen_id=family.citizen_id
            )
            self._state.queue(shard_for(family.citizen_id), [told])
        return form is not None

    def revoke(self, family_id: str, shard: str, reason: str) -> None:
        """End a family and every access token it gave; a family that is not there is none."""
        with suppress(NotFound):
            self._records.revoke(family_id, reason, int(self._clock.now()))
        self._state.delete(family_key(shard, family_id))

    def revoke_of_citizen(self, citizen_id: str, client_id: str | None, reason: str) -> None:
        """End all families of a citizen, at one client or (None) everywhere, with every access token they gave."""
        for family_id in self._records.revoke_of_citizen(citizen_id, client_id, reason, int(self._clock.now())):
            self._state.delete(family_key(shard_for(citizen_id), family_id))

    def _end(self, family_id: str, shard: str, family: Family, what: EventType) -> None:
        told = event(what, self._clock.now(), client_id=family.client_id, citizen_id=family.citizen_id)
        self._state.delete(family_key(shard, family_id), events=[told])

    def _token(self, shard: str, family_id: str) -> str:
        return mint(self._randomness, shard) + _SEPARATOR + family_id
