"""The token endpoint's side of waiting (RFC 8628 section 3.5, CIBA Core section 11): one poll gets the tokens, every
other is told how it stands, and whoever asks too often is told to slow down."""

from dataclasses import dataclass
from typing import Any, Final

from idp.clock import Clock
from idp.codec import decode, encode
from idp.errors import AuthorizationPending, ExpiredToken, InvalidGrant, RefusedByCitizen, SlowDown
from idp.oidc.clients.client_auth import AuthenticatedClient
from idp.oidc.decoupled.awaited import Awaited, Verdict, Waiting
from idp.oidc.tokens.redemption import Redemption
from idp.parameters import Parameters
from idp.storage.state import Conflict, Gone, Key, Replayed, StateStore

SLOWER: Final = 5
"""Seconds that are added to the interval of whoever polls too early (RFC 8628 section 3.5)."""
LONGEST: Final = 300
"""Seconds beyond which the interval does not grow."""


@dataclass(frozen=True, slots=True)
class _Pace:
    """The seconds to wait between polls, and when the next one may come."""

    interval: int
    next_at: float


class Polling:
    def __init__(self, waiting: Waiting, redemption: Redemption, state: StateStore, clock: Clock) -> None:
        self._waiting = waiting
        self._redemption = redemption
        self._state = state
        self._clock = clock

    def collect(self, authenticated: AuthenticatedClient, handle: str, parameters: Parameters) -> dict[str, Any]:
        """The token response for what the citizen allowed.

        Raises `AuthorizationPending`, `SlowDown`, `ExpiredToken`, `RefusedByCitizen`; `InvalidTarget` or
        `InvalidAuthorizationDetails`, and where more is named than was asked, the next poll may do better; or
        `InvalidGrant` for a handle that is unknown, another client's (for whom that changes nothing) or was collected
        before. Nothing is revoked then: unlike a code, a handle never went through a browser, so a second poll is a
        lost answer asked for again.
        """
        key = self._waiting.key(handle)
        try:
            awaited = self._waiting.find(key)
        except Gone:
            raise InvalidGrant("unknown handle") from None
        if awaited.request.client_id != authenticated.client.client_id:
            raise InvalidGrant("another client's handle")
        if self._waiting.expired(awaited):
            raise ExpiredToken
        if awaited.verdict is Verdict.DENIED:
            raise RefusedByCitizen
        if awaited.verdict is Verdict.PENDING:
            self._pace(key, awaited)
            raise AuthorizationPending
        return self._granted(authenticated, awaited, parameters)

    def _granted(self, authenticated: AuthenticatedClient, awaited: Awaited, parameters: Parameters) -> dict[str, Any]:
        self._redemption.prove(authenticated.client, awaited.request.reach, parameters)
        try:
            redeemed = self._redemption.take(authenticated, self._waiting.granted(awaited), awaited.proof)
        except Replayed:
            raise InvalidGrant("was collected before") from None
        except Gone:
            raise InvalidGrant("the session in which it was allowed has ended") from None
        return self._redemption.answer(authenticated, redeemed, parameters)

    def _pace(self, key: Key, awaited: Awaited) -> None:
        """Count a poll. Of polls that come together one counts, and the others are too early."""
        paced = Key(key.shard, f"{key.kind}-pace", key.name)
        raw, now = self._state.get(paced), self._clock.now()
        pace = _Pace(awaited.interval, now) if raw is None else decode(raw, _Pace)
        early = now < pace.next_at
        interval = min(pace.interval + SLOWER, LONGEST) if early else pace.interval
        after = encode(_Pace(interval, now + interval))
        try:
            self._state.replace(paced, raw, after, awaited.expires_at - int(now) + interval)
        except (Conflict, Gone):
            raise SlowDown from None
        if early:
            raise SlowDown
