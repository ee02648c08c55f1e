"""Plain entries in Redis."""

from collections.abc import Sequence
from typing import Final

from idp.storage.redis.base import Verbs, mapping, outbox
from idp.storage.redis.connections import Word
from idp.storage.redis.scripts import CONFLICT, GONE, OK, script
from idp.storage.state import Becomes, Conflict, Event, Gone, Key, Lane, Replayed, Taken, Throttled

PUT: Final = script("put")
DELETE: Final = script("delete")
REPLACE: Final = script("replace")
TAKE_ONCE: Final = script("take_once")
ADVANCE: Final = script("advance")
ADMIT: Final = script("admit")


class Entries(Verbs):
    def put(self, key: Key, value: bytes, ttl: int, events: Sequence[Event] = ()) -> None:
        self._line.run(PUT, 2, str(key), outbox(key.shard), value, ttl, *events)

    def get(self, key: Key) -> bytes | None:
        value: bytes | None = self._line.send("HGET", str(key), "v")
        return value

    def delete(self, *keys: Key, events: Sequence[Event] = ()) -> None:
        self._line.run(DELETE, len(keys) + 1, *map(str, keys), outbox(keys[0].shard), *events)

    def replace(self, key: Key, old: bytes | None, new: bytes, ttl: int) -> None:
        found = "0" if old is None else "1"
        status = self._line.run(REPLACE, 1, str(key), found, old or b"", new, ttl, self._attempt())
        if status == GONE:
            raise Gone
        if status == CONFLICT:
            raise Conflict

    def take_once(self, key: Key, attempt: str, marker: bytes, keep: int, becomes: Becomes | None = None) -> Taken:
        keys = [str(key)]
        words: list[Word] = [attempt, marker, keep]
        if becomes is not None:
            keys += (str(becomes.key), outbox(becomes.key.shard), *([str(becomes.through)] if becomes.through else []))
            words += (becomes.proof, becomes.ttl, *becomes.events)
        reply = self._line.run(TAKE_ONCE, len(keys), *keys, *words)
        if reply[0] == OK:
            return Taken(reply[1], mapping(reply[2]), bool(reply[3]))
        if reply[0] == GONE:
            raise Gone
        raise Replayed(reply[1])

    def advance(self, key: Key, to: int, ttl: int) -> None:
        if self._line.run(ADVANCE, 1, str(key), to, ttl, self._attempt()) != OK:
            raise Replayed

    def admit(self, lanes: Sequence[Lane], now: float) -> None:
        if not lanes:
            return
        words: list[Word] = [str(lane.key) for lane in lanes]
        words += (f"{now:.6f}", self._attempt())
        for lane in lanes:
            words += (lane.free, lane.base, lane.cap, lane.forget)
        retry_after = self._line.run(ADMIT, len(lanes), *words)
        if retry_after:
            raise Throttled(retry_after)
