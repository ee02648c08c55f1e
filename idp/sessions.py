"""The SSO session: who is signed in in this browser, since when, how surely, and at which relying parties.

The browser holds a handle; the store keeps the session under its digest, in the citizen's shard. A sign-in or step-up
opens a new session with a new handle and ends the one before it (no fixation); the *lineage* and the legs go along, so
that relying parties keep the `sid` they know, and what was issued lives on under the new session.

A **leg** is what one request of one relying party was granted in this session. It is a field of its own, named for the
client and the digest of what was asked, so that the next hop of that client needs one guarded write and nothing else.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

from idp.audit.events import EventType
from idp.audit.recorder import event, note
from idp.clock import Clock
from idp.codec import decode, encode
from idp.logouts import AWAITED_SECONDS, owed
from idp.secrets import Randomness, digest, mint, shard_for, shard_of
from idp.storage.records.logouts import Duty
from idp.storage.state import Event, Gone, Guard, Key, Replaces, StateStore

LEG: Final = "leg"
KINDS_APART: Final = "."
"""Stands between the kinds of names in `Duty.detail`."""
LEGS_OF_CLIENT: Final = 16
"""How many different requests of one relying party a session remembers at a time."""
SUCCESSOR_SECONDS: Final = 60
"""How long a browser may take to learn its session's new handle."""


@dataclass(frozen=True, slots=True)
class Head:
    """What never changes while a session has this handle. Times are seconds since the epoch."""

    citizen_id: str
    lineage: str
    auth_time: int
    aal: int
    amr: tuple[str, ...]
    ends_at: int


@dataclass(frozen=True, slots=True)
class Session:
    """A session that was live when it was loaded."""

    key: Key
    head: Head
    legs: Mapping[str, bytes]

    def clients(self) -> Sequence[str]:
        """The relying parties that were given something, in order of name."""
        return sorted({client_of_leg(field) for field in self.legs})

    def kinds(self, client_id: str) -> Sequence[str]:
        """By which kinds of names that relying party knows the citizen; none where its protocol has but one."""
        kinds = {kind_of_leg(field) for field in self.legs if client_of_leg(field) == client_id}
        return sorted(kinds - {""})


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds."""

    idle: int
    absolute: int


def leg_field(client_id: str, ask: str) -> str:
    return f"{LEG}:{client_id}:{ask}"


def client_of_leg(field: str) -> str:
    """The client that a field made by `leg_field` is named for."""
    return field.split(":")[1]


def kind_of_leg(field: str) -> str:
    """By which kind of name the client knows the citizen, where its protocol has several (`Ask.name_format`)."""
    kind, dot, _ = field.split(":")[2].partition(".")
    return kind if dot else ""


def session_key(handle: str) -> Key:
    return session_key_of(shard_of(handle), digest(handle))


def session_key_of(shard: str, name: str) -> Key:
    """The key of a session whose handle only the browser has; `name` is the handle's digest."""
    return Key(shard, "session", name)


def _successor_key(key: Key) -> Key:
    return Key(key.shard, "successor", key.name)


def owner_key(citizen_id: str) -> Key:
    return Key(shard_for(citizen_id), "sessions", citizen_id)


class Sessions:
    def __init__(self, state: StateStore, clock: Clock, randomness: Randomness, limits: Limits) -> None:
        self._state = state
        self._clock = clock
        self._randomness = randomness
        self.limits = limits

    def open(
        self, citizen_id: str, aal: int, amr: tuple[str, ...], before: Session | None, sign_in: str
    ) -> tuple[str, Session]:
        """Open a session for who was just authenticated; gives the browser's handle.

        `sign_in` names the sign-in: two presses of one button open two sessions of one lineage, which end together.

        `before` is the browser's session until now: it ends, and if it is the same citizen's, the legs it has at that
        moment come along, and what was issued under it lives on: a sign-in for one relying party must not take
        another's access token away.
        """
        now = int(self._clock.now())
        same = before if before and before.head.citizen_id == citizen_id else None
        lineage = same.head.lineage if same else digest(f"{sign_in} {citizen_id}")
        head = Head(citizen_id, lineage, now, aal, amr, now + self.limits.absolute)
        replaces = Replaces(same.key, LEG + ":", issued=self.limits.absolute) if same else None
        opened = self._open(head, replaces, [])
        if before and not same:  # it lies in another citizen's shard
            self.end(before, "replaced")
        return opened

    def step_up(self, session: Session, aal: int, amr: tuple[str, ...]) -> tuple[str, Session]:
        """The same sign-in, proven better, under a new handle: when it began and when it ends stay as they are, for
        what it began with was not proven anew. Raises `Gone` if it has ended meanwhile: a second factor alone is no
        sign-in."""
        head = replace(session.head, aal=aal, amr=amr)
        return self._open(head, Replaces(session.key, LEG + ":", issued=self.limits.absolute, must_live=True), [])

    def _open(
        self, head: Head, replaces: Replaces | None, before: Sequence[Event], handle: str = ""
    ) -> tuple[str, Session]:
        """`before` is told before the opening."""
        handle = handle or self._handle(head.citizen_id)
        key = session_key(handle)
        fields = self._state.open_session(
            key,
            owner_key(head.citizen_id),
            _fields(head),
            note(citizen_id=head.citizen_id),
            self.limits.idle,
            self.limits.absolute,
            replaces,
            [*before, event(EventType.SESSION_OPENED, self._clock.now(), amr=head.amr, aal=head.aal)],
        )
        return handle, Session(key, head, _legs(fields))

    def _handle(self, citizen_id: str) -> str:
        return mint(self._randomness, shard_for(citizen_id))

    def load(self, handle: str) -> Session | None:
        """The live session of a handle, whose idle time starts anew; None if there is none."""
        return self.load_key(session_key(handle))

    def load_to_end(self, handle: str) -> Session | None:
        """As `load`; or the session that took its place, of which the browser is still to learn the handle. To be ended
        and for nothing else: the old handle opens nothing."""
        key = session_key(handle)
        session = self.load_key(key)
        if session is not None:
            return session
        successor = self._state.get(_successor_key(key))
        return self.load_key(session_key_of(key.shard, successor.decode())) if successor else None

    def load_key(self, key: Key) -> Session | None:
        return self.read(key, self._state.load_session(key, self.limits.idle))

    def of_lineage(self, citizen_id: str, lineage: str) -> Session | None:
        """A live session of that sign-in, whichever handle it has by now."""
        found = (self.load_key(key) for key in self._state.sessions_of(owner_key(citizen_id)))
        return next((session for session in found if session and session.head.lineage == lineage), None)

    def read(self, key: Key, fields: Mapping[str, bytes]) -> Session | None:
        """Stored fields as a session; None if they are of none, or of one past its absolute limit."""
        if "head" not in fields:
            return None
        head = decode(fields["head"], Head)
        if head.ends_at <= self._clock.now():
            return None
        return Session(key, head, _legs(fields))

    def guard(self, leg: str, aal: int, authenticated_since: int) -> Guard:
        """What the store checks at the moment a code is issued under a session."""
        bounds = (("ends", int(self._clock.now()) + 1), ("aal", aal), ("auth_time", authenticated_since))
        return Guard(has=(leg,), at_least=bounds)

    def add_leg(self, session: Session, leg: str, granted: bytes) -> Session:
        """Remember what a client was granted. Raises `Gone` if the session has ended meanwhile.

        Whatever a browser can be led to ask, a session stays small: a client with many different requests loses its
        earlier legs, and its next hop with one of those costs a look at what was agreed to.
        """
        known = [name for name in session.legs if client_of_leg(name) == client_of_leg(leg)]
        drop = known if len(known) >= LEGS_OF_CLIENT and leg not in known else []
        self._state.set_fields(session.key, {leg: granted}, drop=drop)
        legs = {name: value for name, value in session.legs.items() if name not in drop}
        return Session(session.key, session.head, legs | {leg: granted})

    def end(self, session: Session, reason: str) -> None:
        """End a session. Nobody waits for its relying parties: they are told soon after, from the ledger."""
        self._end(session, session.key, reason, 0)

    def end_with_twins(self, session: Session, reason: str) -> Session | None:
        """End a session, and whichever the same sign-in opened beside it; they come as one. One caller gets it, to tell
        the relying parties at once; every other gets None."""
        lineage = session.head.lineage
        ended = self._end_all(
            session.head.citizen_id, reason, lambda each: each.head.lineage == lineage, known_as=session.key
        )
        legs = {name: leg for each in ended for name, leg in each.legs.items()}
        return replace(ended[0], key=session.key, legs=legs) if ended else None

    def reopen_without(self, session: Session, client_id: str, reason: str) -> tuple[str, Session]:
        """The same sign-in under a new handle, without the legs of a client; what was issued under the old one ends.

        A leg cannot be taken out of a live session: a hop in flight might already rest on it. Raises `Gone`.

        The browser learns the new handle only once relying parties were told, which may take seconds. So the way from
        the old one to the new is kept for who signs out meanwhile, from before there is a new one.
        """
        handle = self._handle(session.head.citizen_id)
        self._state.put(_successor_key(session.key), session_key(handle).name.encode(), SUCCESSOR_SECONDS)
        replaces = Replaces(session.key, LEG + ":", drop=leg_field(client_id, ""), must_live=True)
        now = self._clock.now()
        ended = event(EventType.SESSION_ENDED, now, reason=reason)
        due = [owed(each, now, AWAITED_SECONDS) for each in duties(session, reason, now) if each.client_id == client_id]
        return self._open(session.head, replaces, [ended, *due], handle)

    def end_those_with(self, citizen_id: str, client_id: str, reason: str) -> Sequence[Session]:
        """End a citizen's sessions, in all browsers, that carry legs of a client; gives those that this call ended."""
        return self._end_all(citizen_id, reason, lambda session: client_id in session.clients())

    def end_all_of(self, citizen_id: str, reason: str) -> Sequence[Session]:
        """End every session of a citizen, in all browsers; gives those that this call ended."""
        return self._end_all(citizen_id, reason, lambda _: True)

    def change_legs(self, citizen_id: str, client_id: str, change: Callable[[bytes], bytes]) -> None:
        """Change what a client was granted, in all of a citizen's browsers: its next hop there gives what is left."""
        for key in self._state.sessions_of(owner_key(citizen_id)):
            session = self.load_key(key)
            legs = session.legs.items() if session else ()
            changed = {name: change(leg) for name, leg in legs if client_of_leg(name) == client_id}
            if changed:
                with suppress(Gone):
                    self._state.set_fields(key, changed)

    def _end_all(
        self, citizen_id: str, reason: str, which: Callable[[Session], bool], known_as: Key | None = None
    ) -> Sequence[Session]:
        ended = []
        for key in self._state.sessions_of(owner_key(citizen_id)):
            session = self.load_key(key)
            if session and which(session) and (last := self._end(session, known_as or key, reason, AWAITED_SECONDS)):
                ended.append(last)
        return ended

    def _end(self, session: Session, known_as: Key, reason: str, wait: int) -> Session | None:
        """`known_as` is the session's key, or the one of another that ends with it and is told of as one with it. A leg
        that is added at this very moment is told of by who waits for it, and by nobody else."""
        head, now = session.head, self._clock.now()
        told = event(EventType.SESSION_ENDED, now, citizen_id=head.citizen_id, reason=reason)
        due = [owed(each, now, wait) for each in duties(replace(session, key=known_as), reason, now)]
        fields = self._state.end_session(session.key, events=[told, *due])
        return self.read(session.key, fields)


def duties(ended: Session, reason: str, now: float) -> Sequence[Duty]:
    """Who has to be told that a session ended `now`."""
    head = ended.head
    return [
        Duty(
            ended.key.name,
            client_id,
            head.citizen_id,
            head.lineage,
            reason,
            int(now),
            KINDS_APART.join(ended.kinds(client_id)),
        )
        for client_id in ended.clients()
    ]


def _legs(fields: Mapping[str, bytes]) -> dict[str, bytes]:
    return {name: value for name, value in fields.items() if name.startswith(LEG + ":")}


def _fields(head: Head) -> dict[str, bytes]:
    numbers = {"auth_time": head.auth_time, "aal": head.aal, "ends": head.ends_at}
    return {"head": encode(head)} | {name: str(value).encode() for name, value in numbers.items()}


__all__ = [
    "KINDS_APART",
    "Gone",
    "Head",
    "Limits",
    "Session",
    "Sessions",
    "client_of_leg",
    "duties",
    "leg_field",
    "owner_key",
    "session_key",
    "session_key_of",
]
