"""Versions, leases and the outbox of the embedded store."""

from collections.abc import Sequence
from typing import Final

from idp.storage.embedded.database import Run, Verbs
from idp.storage.state import Event, Queued

_QUEUE: Final = "INSERT INTO outbox (shard, event, note) VALUES (?, ?, ?)"
# The oldest of all shards together: never more than `limit` of one, and a long backlog costs no more than a short one.
_QUEUED: Final = "SELECT shard, position, event, note FROM outbox ORDER BY position LIMIT ?"
_BUMP: Final = "INSERT INTO versions VALUES (?, 1) ON CONFLICT (topic) DO UPDATE SET number = number + 1"
_LEASE: Final = "SELECT 1 FROM leases WHERE name = ? AND owner <> ? AND expires > ?"


class Shared(Verbs):
    def version(self, topic: str) -> int:
        with self._reading as run:
            row = run("SELECT number FROM versions WHERE topic = ?", (topic,)).fetchone()
            return 0 if row is None else int(row[0])

    def bump(self, topic: str) -> None:
        with self._writing as run:
            run(_BUMP, (topic,))

    def lease(self, name: str, owner: str, ttl: int) -> bool:
        with self._writing as run:
            now = self._now()
            if run(_LEASE, (name, owner, now)).fetchone() is not None:
                return False
            run("INSERT OR REPLACE INTO leases VALUES (?, ?, ?)", (name, owner, now + ttl))
            return True

    def queue(self, shard: str, events: Sequence[Event], note: bytes = b"") -> None:
        with self._writing as run:
            queue_events(run, shard, events, note)

    def queued(self, limit: int) -> Sequence[Queued]:
        with self._reading as run:
            rows = run(_QUEUED, (limit,)).fetchall()
        return [Queued(shard, str(position), event, note) for shard, position, event, note in rows]

    def dequeue(self, events: Sequence[Queued]) -> None:
        with self._writing as run:
            for queued in events:
                run("DELETE FROM outbox WHERE position = ?", (int(queued.position),))


def queue_events(run: Run, shard: str, events: Sequence[Event], note: bytes) -> None:
    """Leave events in the outbox, in the transaction of what they tell."""
    for event in events:
        run(_QUEUE, (shard, event, note))
