"""Moves events from the outbox in the state store to SQL: in order, in batches, losing none.

An event leaves the outbox only after SQL has committed it. If the writer dies between the two, the event is moved
again and SQL keeps what it has: an event is known by its shard, its position and a digest of its content. The digest
is there because positions begin anew when somebody replaces an embedded state store.

Of several writers one works at a time, by a lease. Should the lease change hands in the middle of a batch, two may
append the same events, which does no harm.
"""

import hashlib
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from idp.codec import Malformed, decode, encode
from idp.storage.records.audit import AuditEvent
from idp.storage.state import Queued, StateStore

LEASE: Final = "audit-writer"
LEASE_SECONDS: Final = 30
BATCH: Final = 500
"""Events taken from each shard at a time."""

_log = logging.getLogger(__name__)


class AuditLog(Protocol):
    """`idp.storage.records.audit.AuditRecords`, as far as the writer needs it."""

    def append(self, batch: Sequence[AuditEvent]) -> None:
        """Keep events, each once however often it comes. Raises `RecordsUnavailable`."""
        ...


@dataclass(frozen=True, slots=True)
class Moved:
    """`written` events are in SQL now; `waiting` were seen and wait for the next turn."""

    written: int
    waiting: int


class AuditWriter:
    """Moves events from the outbox of the state store to SQL, under a lease: of all writers one works at a time."""

    def __init__(self, state: StateStore, log: AuditLog, owner: str, batch: int = BATCH) -> None:
        """`owner` names this writer among all that share the state store."""
        self._state = state
        self._log = log
        self._owner = owner
        self._batch = batch

    def move(self) -> Moved:
        """Move one batch. Raises `StateUnavailable` or `RecordsUnavailable`, and has lost nothing then."""
        if not self._state.lease(LEASE, self._owner, LEASE_SECONDS):
            return Moved(0, 0)
        queued = self._state.queued(self._batch)
        ready = in_order([_told(each) for each in queued], self._batch)
        if ready:
            self._log.append([told.stored for told in ready])
            self._state.dequeue([told.queued for told in ready])
        return Moved(len(ready), len(queued) - len(ready))

    def rest(self) -> None:
        """Let another writer have the work from a second on. Raises `StateUnavailable`."""
        self._state.lease(LEASE, self._owner, 1)


@dataclass(frozen=True, slots=True)
class Told:
    """An event of the outbox, read."""

    queued: Queued
    at: float
    stored: AuditEvent


def in_order(told: Sequence[Told], limit: int) -> Sequence[Told]:
    """By time, then shard, then position. A shard that gave `limit` events may hold more: what is later than the last
    it gave waits, so that the next batch does not come before this one."""
    counts = Counter(each.queued.shard for each in told)
    last = {each.queued.shard: each.at for each in told}
    horizon = min((last[shard] for shard, count in counts.items() if count >= limit), default=float("inf"))
    return sorted((each for each in told if each.at <= horizon), key=lambda each: (each.at, each.queued.shard))


def _told(queued: Queued) -> Told:
    facts = _facts(queued)
    at = facts["at"]
    stored = AuditEvent(
        shard=queued.shard,
        position=f"{queued.position}.{hashlib.sha256(queued.event + queued.note).hexdigest()[:16]}",
        at=int(at),
        event=str(facts["type"]),
        citizen_id=facts.get("citizen_id"),
        client_id=facts.get("client_id"),
        reference=facts.get("reference"),
        document=encode(facts).decode(),
    )
    return Told(queued, float(at), stored)


def _facts(queued: Queued) -> Mapping[str, Any]:
    """What the event says and, where it says nothing, what its note says."""
    try:
        event = decode(queued.event, dict[str, Any])
        noted: dict[str, Any] = {}
        for line in queued.note.splitlines():
            noted |= decode(line, dict[str, Any])
        if isinstance(event["at"], int | float) and isinstance(event["type"], str):
            return noted | event
    except (Malformed, KeyError):
        pass
    # It must not hold up the others, nor vanish; what it says cannot be trusted to be fit to keep.
    _log.error("an event in the outbox cannot be read", extra={"reason": "unreadable_event"})
    return {"type": "error:unreadable_event", "at": 0}
