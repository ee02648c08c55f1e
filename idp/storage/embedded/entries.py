"""Plain entries of the embedded store."""

import math
from collections.abc import Sequence
from typing import Final

from idp import codec
from idp.storage.embedded.database import Run, Verbs
from idp.storage.embedded.shared import queue_events
from idp.storage.embedded.under import lives
from idp.storage.state import Becomes, Conflict, Event, Gone, Key, Lane, Replayed, Taken, Throttled

_PUT: Final = "INSERT OR REPLACE INTO entries (key, value, expires) VALUES (?, ?, ?)"
_VALUE: Final = "SELECT value FROM entries WHERE key = ? AND expires > ? AND attempt IS NULL AND under IS NULL"
_ENTRY: Final = "SELECT value, under, fields, attempt, marker, note, proof FROM entries WHERE key = ? AND expires > ?"
_TAKE: Final = "UPDATE entries SET attempt = ?, marker = ?, expires = ? WHERE key = ?"
_BECOME: Final = "INSERT OR REPLACE INTO entries (key, value, expires, under, fields, note) VALUES (?, ?, ?, ?, ?, ?)"


class Entries(Verbs):
    def put(self, key: Key, value: bytes, ttl: int, events: Sequence[Event] = ()) -> None:
        with self._writing as run:
            run(_PUT, (str(key), value, self._now() + ttl))
            queue_events(run, key.shard, events, b"")

    def get(self, key: Key) -> bytes | None:
        with self._reading as run:
            return _value(run, str(key), self._now())

    def delete(self, *keys: Key, events: Sequence[Event] = ()) -> None:
        with self._writing as run:
            noted = run("SELECT note FROM entries WHERE key = ?", (str(keys[0]),)).fetchone() if events else None
            for key in keys:
                run("DELETE FROM entries WHERE key = ?", (str(key),))
            queue_events(run, keys[0].shard, events, (noted and noted[0]) or b"")

    def replace(self, key: Key, old: bytes | None, new: bytes, ttl: int) -> None:
        name = str(key)
        with self._writing as run:
            now = self._now()
            present = _value(run, name, now)
            if old is not None and present is None:
                raise Gone
            if present != old or (old is None and run(_ENTRY, (name, now)).fetchone()):
                raise Conflict
            run(_PUT, (name, new, now + ttl))

    def take_once(self, key: Key, attempt: str, marker: bytes, keep: int, becomes: Becomes | None = None) -> Taken:
        name = str(key)
        with self._writing as run:
            now = self._now()
            row = run(_ENTRY, (name, now)).fetchone()
            if row is None:
                raise Gone
            value, under, fields, taker, left, note, proof = row
            became = becomes is not None and bool(proof) and proof == becomes.proof
            if taker is None:
                if value is None or not (under is None or lives(run, under, now)):
                    raise Gone
                run(_TAKE, (attempt, marker, now + keep, name))
                if becomes is not None and became:
                    if becomes.through is not None:
                        run(_BECOME, (str(becomes.through), b"{}", now + becomes.ttl, under, None, note))
                        under = str(becomes.through)
                    run(_BECOME, (str(becomes.key), value, now + becomes.ttl, under, fields, note))
                    queue_events(run, key.shard, becomes.events, note)
            elif taker != attempt:
                raise Replayed(left)
        return Taken(value, {} if fields is None else codec.decode(fields, dict[str, bytes]), became)

    def advance(self, key: Key, to: int, ttl: int) -> None:
        name = str(key)
        with self._writing as run:
            now = self._now()
            present = _value(run, name, now)
            if present is not None and int(present) >= to:
                raise Replayed
            run(_PUT, (name, b"%d" % to, now + ttl))

    def admit(self, lanes: Sequence[Lane], now: float) -> None:
        with self._writing as run:
            today = self._now()
            stands = [_lane(_value(run, str(lane.key), today)) for lane in lanes]
            longest = max((wait(lane, *stand, now) for lane, stand in zip(lanes, stands, strict=True)), default=0.0)
            if longest > 0:
                raise Throttled(math.ceil(longest))
            for lane, (count, last) in zip(lanes, stands, strict=True):
                value = b"%d %.6f" % (count + 1, max(last, now))
                run(_PUT, (str(lane.key), value, today + lane.forget))


def wait(lane: Lane, count: int, last: float, now: float) -> float:
    """Seconds until the next attempt may come (0 or less: now), after `count` attempts, the last of them at `last`."""
    beyond = count + 1 - lane.free
    if beyond < 1 or count == 0:
        return 0.0
    return last + min(lane.cap, lane.base * 2.0 ** min(beyond - 1, 60)) - now


def _lane(value: bytes | None) -> tuple[int, float]:
    if value is None:
        return 0, 0.0
    count, last = value.split()
    return int(count), float(last)


def _value(run: Run, name: str, now: float) -> bytes | None:
    row = run(_VALUE, (name, now)).fetchone()
    return None if row is None else row[0]
