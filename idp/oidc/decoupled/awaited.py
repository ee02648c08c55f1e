"""Grants that a citizen gives in his browser for somebody who waits elsewhere: a device (RFC 8628), a service's own
desk (CIBA Core 1.0).

Who waits holds a handle and polls with it; the store knows the handle's digest alone. The citizen's answer is written
once. What he allowed is issued under his session, as a code is: it ends with the session, and one poll gets it.
"""

import enum
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from idp.clock import Clock
from idp.codec import decode, encode
from idp.oidc.tokens.grant import CodeRecord, CodeRequest, code_proof
from idp.secrets import Randomness, digest, mint_anywhere, shard_of
from idp.sessions import Session, Sessions
from idp.storage.state import Conflict, Event, Gone, Key, Refused, StateStore

LATE_SECONDS: Final = 600
"""How long a handle is known as expired, before it is as unknown as any other."""
COLLECT_SECONDS: Final = 60
"""How long what was allowed at the last moment can still be collected."""


class Verdict(enum.Enum):
    """What the citizen answered."""

    PENDING = "pending"
    ALLOWED = "allowed"
    DENIED = "denied"


class Answered(Exception):
    """There is nothing to answer any more: it was answered before, or it took too long."""


@dataclass(frozen=True, slots=True)
class Awaited:
    """What is waited for. Times are seconds since the epoch, `interval` is the seconds between polls.

    `code` and `message` are shown to the citizen here and there, so that he can compare; `source` is the address it was
    asked from. `aal` is the level that must be proved; `ping` is what the client is told of the answer with
    (`ping.py`). Where `granted` has a name, what was allowed stands under it, in `shard`.
    """

    request: CodeRequest
    asked_at: int
    expires_at: int
    interval: int
    source: str = ""
    code: str = ""
    message: str = ""
    aal: int = 0
    ping: str = ""
    verdict: Verdict = Verdict.PENDING
    shard: str = ""
    granted: str = ""

    @property
    def proof(self) -> bytes:
        """What the grant is bound to: its client."""
        request = self.request
        return code_proof(request.client_id, request.redirect_uri, request.code_challenge, request.dpop_jkt)


class Waiting:
    """The requests of one kind that wait for their citizen's answer."""

    def __init__(self, kind: str, state: StateStore, sessions: Sessions, clock: Clock, randomness: Randomness) -> None:
        self._kind = kind
        self._state = state
        self._sessions = sessions
        self._clock = clock
        self._randomness = randomness

    def key(self, handle: str) -> Key:
        return self.key_of(shard_of(handle), digest(handle))

    def key_of(self, shard: str, name: str) -> Key:
        """The key of a request of which only the handle's digest is known."""
        return Key(shard, self._kind, name)

    def mint(self) -> str:
        """A new handle to poll with."""
        return mint_anywhere(self._randomness)

    def begin(self, handle: str, awaited: Awaited) -> None:
        self._state.put(self.key(handle), encode(awaited), self._ttl(awaited))

    def find(self, key: Key) -> Awaited:
        """Raises `Gone` if there is none, or its time has long been over."""
        raw = self._state.get(key)
        if raw is None:
            raise Gone(self._kind)
        return decode(raw, Awaited)

    def open(self, key: Key) -> Awaited:
        """One that the citizen may still answer. Raises `Answered`."""
        try:
            awaited = self.find(key)
        except Gone:
            raise Answered from None
        if awaited.verdict is not Verdict.PENDING or self.expired(awaited):
            raise Answered
        return awaited

    def expired(self, awaited: Awaited) -> bool:
        return awaited.expires_at <= self._clock.now()

    def allow(self, key: Key, session: Session, leg: str, aal: int, told: Sequence[Event]) -> Awaited:
        """Issue what `leg` of the session grants, at this level at least; gives the request as it is answered. Raises
        `Answered`, or `Gone` if the session has ended meanwhile.

        It stands before the answer does, so that no poll comes between; of two answers, what the slower one issued is
        under a name that nobody learns.
        """
        awaited = self.open(key)
        granted = Key(session.key.shard, f"{self._kind}-granted", self._randomness.bytes(16).hex())
        until = max(awaited.expires_at, int(self._clock.now()) + COLLECT_SECONDS)
        outcome = self._state.issue_under(
            session.key,
            self._sessions.guard(leg, aal, 0),
            granted,
            encode(CodeRecord(awaited.request, leg)),
            until - int(self._clock.now()),
            self._sessions.limits.idle,
            copy=("head", leg),
            events=told,
            noted=leg,
            proof=awaited.proof,
        )
        if isinstance(outcome, Refused):
            raise Gone("session")
        answer = replace(awaited, verdict=Verdict.ALLOWED, shard=granted.shard, granted=granted.name, expires_at=until)
        return self._answer(key, awaited, answer)

    def deny(self, key: Key) -> Awaited:
        """As it is answered. Raises `Answered`."""
        awaited = self.open(key)
        return self._answer(key, awaited, replace(awaited, verdict=Verdict.DENIED))

    def granted(self, awaited: Awaited) -> Key:
        """Where what was allowed stands until it is collected."""
        return Key(awaited.shard, f"{self._kind}-granted", awaited.granted)

    def _answer(self, key: Key, awaited: Awaited, answer: Awaited) -> Awaited:
        try:
            self._state.replace(key, encode(awaited), encode(answer), self._ttl(answer))
        except (Conflict, Gone):
            raise Answered from None
        return answer

    def _ttl(self, awaited: Awaited) -> int:
        return awaited.expires_at - int(self._clock.now()) + LATE_SECONDS
