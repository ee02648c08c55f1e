"""The state store's contract: everything that expires. Two stores keep it, `embedded/` (SQLite) and `redis/`.

Verbs are named for what they guarantee, each costs one round trip, and each is atomic for parallel callers in any
number of processes. `tests/contracts/state/` is the contract in executable form; it runs over every store. Any verb
raises `StateUnavailable`, so no verb says so.

Every entry has a time to live in seconds. Keys carry digests of what a browser or client holds, never the thing itself.
All keys of one call lie in one shard (see `idp.secrets`).

Two exceptions: versions and leases have names and no shard; and `queued` and `dequeue` are about all shards, so that on
a cluster they cost one round trip for each, and are atomic for each and not for all.

Three kinds of entry:

* plain entries: bytes under a key (`put`, `get`, `replace`, `take_once`, `advance`, `admit`);
* sessions: named fields under a key, indexed by owner (`open_session` …);
* entries *under* a session: they live only while their session lives (`issue_under`, `put_under`, `read_under`).

Audit events ride along in the same round trip and wait in an outbox in the store (`events`), from which one writer
moves them to SQL, at least once each. An event is JSON; a *note*, one JSON object a line, is kept with a session or an
entry and travels with each event about it, so that the caller of a one-trip verb need not know whose session it was.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NewType, Protocol

Event = NewType("Event", bytes)


class StateError(Exception):
    """Base of what a state store raises."""


class StateUnavailable(StateError):
    """The store cannot be reached or did not answer in time. What was asked may or may not have happened."""


class Gone(StateError):
    """There is no such entry (any more)."""


class Conflict(StateError):
    """Another caller changed the entry first."""


class Replayed(StateError):
    """A one-time entry was used before. `marker` is what its first user left."""

    def __init__(self, marker: bytes = b"") -> None:
        super().__init__("used before")
        self.marker = marker


class Throttled(StateError):
    """Too many attempts; the next one is admitted in `retry_after` seconds (at least 1)."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"retry after {retry_after} s")
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Key:
    """`kind` is a fixed word of ours ("session", "code"); `name` is a digest or another value that reveals nothing."""

    shard: str
    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}:{{{self.shard}}}:{self.name}"


@dataclass(frozen=True, slots=True)
class Guard:
    """What must be true of a session at the moment something is issued under it.

    `has` names fields that must be there; `at_least` gives lower bounds for fields that hold decimal integers of at
    most 15 digits (a field that is missing, or anything else, fails its bound).
    """

    has: tuple[str, ...] = ()
    at_least: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Issued:
    """The guard held and the entry stands. `fields` are the session fields that were copied into it."""

    fields: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Refused:
    """The guard did not hold and nothing was written. `fields` are all those of the session, empty if there is none."""

    fields: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Becomes:
    """What a one-time entry turns into when it is taken: an entry under the same session, with its value, fields and
    note, which stands for `ttl` seconds.

    Only if `proof` is what the entry was issued with, and that was not empty. Events are queued only then, with the
    note. With `through` the new entry stands under an entry of that name, which is made too and stands under the
    session, until `outlive`. All keys lie in one shard.
    """

    key: Key
    proof: bytes
    ttl: int
    events: Sequence[Event] = ()
    through: Key | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """A one-time entry, given to exactly one attempt; `became`: what it was to become stands."""

    value: bytes
    fields: Mapping[str, bytes]
    became: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """An entry under a session. `fields` are those that were copied from the session; it stands `seconds` more, if the
    session does."""

    value: bytes
    fields: Mapping[str, bytes]
    seconds: int


@dataclass(frozen=True, slots=True)
class Lane:
    """One counter of attempts. The first `free` attempts pass at once; then the wait before the next doubles from
    `base` seconds up to `cap`. The counter is forgotten `forget` seconds after its last attempt."""

    key: Key
    free: int
    base: int
    cap: int
    forget: int


@dataclass(frozen=True, slots=True)
class Replaces:
    """The session whose place a new one takes: it ends in the same move.

    Its fields whose names begin with `carry` come along, but for those that begin with `drop`; an empty word stands for
    no field. What was issued under it lives on under the new one for `issued` seconds at most; with 0 it ends. From a
    session that has ended already nothing comes along, and if `must_live`, no new one is opened in its place.
    """

    key: Key
    carry: str = ""
    drop: str = ""
    issued: int = 0
    must_live: bool = False


@dataclass(frozen=True, slots=True)
class Queued:
    """An event in the outbox. `position` orders events of one shard and is unique over the store's life."""

    shard: str
    position: str
    event: bytes
    note: bytes


class StateStore(Protocol):
    # -- plain entries ------------------------------------------------------------------------------------------

    """What every store guarantees; see the head of this file. `now` of `admit` is seconds since the epoch."""

    def put(self, key: Key, value: bytes, ttl: int, events: Sequence[Event] = ()) -> None:
        """Write; the last writer wins."""
        ...

    def get(self, key: Key) -> bytes | None:
        """The value of a plain entry; None if there is none, its time is over, or it was taken."""
        ...

    def delete(self, *keys: Key, events: Sequence[Event] = ()) -> None:
        """Remove plain entries and entries under a session. At least one key."""
        ...

    def replace(self, key: Key, old: bytes | None, new: bytes, ttl: int) -> None:
        """Write `new` only if the entry is still `old`, or, for None, if there is none. Raises `Conflict` (changed, or
        there is one now) or `Gone`."""
        ...

    def take_once(self, key: Key, attempt: str, marker: bytes, keep: int, becomes: Becomes | None = None) -> Taken:
        """Consume an entry made by `put` or `issue_under`. `marker` stays for `keep` seconds in its place.

        Exactly one attempt gets the entry; the same `attempt` gets it again (a command whose reply was lost is sent
        twice). An entry issued under a session that has ended is `Gone`. Raises `Replayed` with the marker of the
        attempt that got it, or `Gone`.
        """
        ...

    def advance(self, key: Key, to: int, ttl: int) -> None:
        """Raise a counter. Raises `Replayed` if it already stands at `to` or higher."""
        ...

    def admit(self, lanes: Sequence[Lane], now: float) -> None:
        """Count one attempt in every lane, or in none if any lane must wait. Raises `Throttled` with the longest wait.

        The attempt is counted before its outcome is known, so parallel guesses cannot slip past; success is told by
        `delete`.
        The n-th attempt beyond `free` must come `base * 2**(n-1)` seconds (at most `cap`) after the one before it.
        """
        ...

    # -- sessions -----------------------------------------------------------------------------------------------

    def open_session(
        self,
        key: Key,
        owner: Key,
        fields: Mapping[str, bytes],
        note: bytes,
        ttl: int,
        keep_owner: int,
        replaces: Replaces | None = None,
        events: Sequence[Event] = (),
    ) -> Mapping[str, bytes]:
        """Create a session, list it under its owner for `keep_owner` seconds, and end the session it replaces.

        Gives all its fields, also those that came along. Raises `Gone` if the one it replaces had to live and does not.
        """
        ...

    def load_session(self, key: Key, ttl: int) -> Mapping[str, bytes]:
        """All fields, empty if there is no such session; a live one lives `ttl` seconds more from now."""
        ...

    def set_fields(
        self, key: Key, fields: Mapping[str, bytes], events: Sequence[Event] = (), drop: Sequence[str] = ()
    ) -> None:
        """Add or change fields of a live session, and take others out; its time to live stays. Raises `Gone`."""
        ...

    def end_session(self, key: Key, events: Sequence[Event] = ()) -> Mapping[str, bytes]:
        """End a session and all that was issued under it. One caller gets its fields, every other gets none."""
        ...

    def sessions_of(self, owner: Key) -> Sequence[Key]:
        """The owner's live sessions."""
        ...

    # -- entries that live only while their session lives ------------------------------------------------------------

    def issue_under(
        self,
        session: Key,
        guard: Guard,
        key: Key,
        value: bytes,
        ttl: int,
        session_ttl: int,
        copy: Sequence[str] = (),
        events: Sequence[Event] = (),
        noted: str = "",
        proof: bytes = b"",
    ) -> Issued | Refused:
        """Write an entry if the session lives and `guard` holds, and copy session fields into it; else change nothing.

        The session, if it lives, lives `session_ttl` seconds more. The entry's note is the session's and, below it, the
        copied field that `noted` names. Events are queued only when the entry was written, with that note. `proof` is
        for `Becomes`.
        """
        ...

    def put_under(
        self, liveness: Key, key: Key, value: bytes, ttl: int, note: bytes = b"", events: Sequence[Event] = ()
    ) -> None:
        """Write an entry that lives only while the entry or session `liveness` lives; the first writer wins.

        `liveness` may itself be under something; an entry that was taken or buried lives no longer. Events are queued
        with `note`. Raises `Gone` if `liveness` does not live, `Conflict` if the entry is there (even a buried one).
        """
        ...

    def read_under(self, key: Key, events: Sequence[Event] = ()) -> Standing:
        """Read an entry of `put_under`, or what an entry became; events are queued with its note. Raises `Gone`
        (unknown, ended or buried)."""
        ...

    def outlive(self, key: Key, ttl: int) -> None:
        """An entry under a session lives on its own from now on, for `ttl` seconds. Raises `Gone` if it does not live
        at this moment."""
        ...

    def bury(self, key: Key, ttl: int, events: Sequence[Event] = ()) -> None:
        """End what `read_under` reads, also what `put_under` is yet to write: that it cannot for `ttl` seconds."""
        ...

    # -- shared numbers, leadership, outbox ------------------------------------------------------------------------

    def version(self, topic: str) -> int:
        """How often `topic` was bumped; 0 at first. Versions never expire."""
        ...

    def bump(self, topic: str) -> None:
        """Raise the version of `topic` by one."""
        ...

    def lease(self, name: str, owner: str, ttl: int) -> bool:
        """True if `owner` now holds the lease `name`, newly or still; it is lost after `ttl` seconds without a call."""
        ...

    def queue(self, shard: str, events: Sequence[Event], note: bytes = b"") -> None:
        """Put events into the outbox of a shard, each with `note`."""
        ...

    def queued(self, limit: int) -> Sequence[Queued]:
        """The oldest events of the outbox, in order within each shard, at most `limit` of each shard."""
        ...

    def dequeue(self, events: Sequence[Queued]) -> None:
        """Remove events that are safely in SQL."""
        ...

    # -- operation ------------------------------------------------------------------------------------------------

    def ping(self) -> None:
        """Raises `StateUnavailable`."""
        ...

    def purge(self, limit: int) -> int:
        """Remove up to `limit` expired entries where the store does not do so by itself; how many were removed."""
        ...

    def close(self) -> None:
        """Give connections and files back; the store cannot be used afterwards."""
        ...
