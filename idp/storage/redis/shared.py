"""Versions, leases and the outbox in Redis."""

from collections.abc import Sequence
from typing import Final

from idp.secrets import SHARDS
from idp.storage.redis.base import Verbs, outbox
from idp.storage.redis.connections import Word
from idp.storage.redis.scripts import OK, script
from idp.storage.state import Event, Queued

LEASE: Final = script("lease")
QUEUE: Final = script("queue")
QUEUED: Final = script("queued")
DEQUEUE: Final = script("dequeue")


class Shared(Verbs):
    def version(self, topic: str) -> int:
        return int(self._line.send("GET", f"version:{topic}") or 0)

    def bump(self, topic: str) -> None:
        self._line.send("INCR", f"version:{topic}")

    def lease(self, name: str, owner: str, ttl: int) -> bool:
        return bool(self._line.run(LEASE, 1, f"lease:{name}", owner, ttl) == OK)

    def queue(self, shard: str, events: Sequence[Event], note: bytes = b"") -> None:
        self._line.run(QUEUE, 1, outbox(shard), note, *events)

    def queued(self, limit: int) -> Sequence[Queued]:
        """One round trip to a single server; on a cluster, where no script may touch two shards, one for each shard."""
        waiting: list[Queued] = []
        for shards in self._together(SHARDS):
            replies = self._line.run(QUEUED, len(shards), *map(outbox, shards), limit)
            for shard, reply in zip(shards, replies, strict=True):
                parts = iter(reply)
                waiting += (
                    Queued(shard, position.decode(), event, note)
                    for position, event, note in zip(parts, parts, parts, strict=True)
                )
        return waiting

    def dequeue(self, events: Sequence[Queued]) -> None:
        for shards in self._together("".join(sorted({queued.shard for queued in events}))):
            words: list[Word] = []
            for queued in events:
                if queued.shard in shards:
                    words += (shards.index(queued.shard) + 1, queued.position)
            self._line.run(DEQUEUE, len(shards), *map(outbox, shards), *words)

    def _together(self, shards: str) -> Sequence[str]:
        """Shards in groups that one script may touch at once."""
        if not shards:
            return ()
        return (shards,) if self._line.one_server else tuple(shards)
