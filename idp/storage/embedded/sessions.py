"""Sessions of the embedded store and their owner index."""

from collections.abc import Mapping, Sequence
from typing import Final

from idp import codec
from idp.storage.embedded.database import Run, Verbs
from idp.storage.embedded.shared import queue_events
from idp.storage.names import key_of
from idp.storage.state import Event, Gone, Key, Replaces

_OPEN: Final = "INSERT OR REPLACE INTO sessions (key, fields, note, expires, owner, listed) VALUES (?, ?, ?, ?, ?, ?)"
_LOAD: Final = "SELECT fields, note, expires FROM sessions WHERE key = ? AND expires > ?"
_EXTEND: Final = "UPDATE sessions SET expires = ? WHERE key = ? AND expires > ?"
_SET: Final = "UPDATE sessions SET fields = ? WHERE key = ?"
_END: Final = "DELETE FROM sessions WHERE key = ?"
_STAND_IN: Final = "INSERT OR REPLACE INTO entries (key, value, expires, under) VALUES (?, ?, ?, ?)"
_OF_OWNER: Final = "SELECT key FROM sessions WHERE owner = ? AND listed > ? AND expires > ? ORDER BY key"

_SLACK_SECONDS: Final = 5.0


def moves(expires: float, target: float, ttl: int) -> bool:
    """Whether a session that is used again is worth a write to move its expiry from `expires` to `target`.

    Each write costs more than the reading, so a session may end up to five seconds (or a tenth of its time to live, if
    that is less) before its time to live since its last use is over; never after it.
    """
    return abs(target - expires) > min(_SLACK_SECONDS, ttl / 10)


class Sessions(Verbs):
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
        with self._writing as run:
            now = self._now()
            carried = _replace(run, replaces, key, now) if replaces else {}
            opened = {**carried, **fields}
            run(_OPEN, (str(key), codec.encode(opened), note, now + ttl, str(owner), now + keep_owner))
            queue_events(run, key.shard, events, note)
        return opened

    def load_session(self, key: Key, ttl: int) -> Mapping[str, bytes]:
        name = str(key)
        now = self._now()
        with self._reading as run:
            row = run(_LOAD, (name, now)).fetchone()
        if row is None:
            return {}
        if moves(row[2], now + ttl, ttl):
            with self._writing as run:
                if run(_EXTEND, (now + ttl, name, now)).rowcount == 0:
                    return {}
        return unpack(row[0])

    def set_fields(
        self, key: Key, fields: Mapping[str, bytes], events: Sequence[Event] = (), drop: Sequence[str] = ()
    ) -> None:
        name = str(key)
        with self._writing as run:
            row = run(_LOAD, (name, self._now())).fetchone()
            if row is None:
                raise Gone
            left = {field: value for field, value in unpack(row[0]).items() if field not in drop}
            run(_SET, (codec.encode({**left, **fields}), name))
            queue_events(run, key.shard, events, row[1])

    def end_session(self, key: Key, events: Sequence[Event] = ()) -> Mapping[str, bytes]:
        name = str(key)
        with self._writing as run:
            row = run(_LOAD, (name, self._now())).fetchone()
            if row is None:
                return {}
            run(_END, (name,))
            queue_events(run, key.shard, events, row[1])
        return unpack(row[0])

    def sessions_of(self, owner: Key) -> Sequence[Key]:
        now = self._now()
        with self._reading as run:
            rows = run(_OF_OWNER, (str(owner), now, now)).fetchall()
        return [key_of(name) for (name,) in rows]


def use_session(run: Run, name: str, now: float, ttl: int) -> tuple[dict[str, bytes], bytes] | None:
    """The fields and note of a live session, which lives `ttl` seconds more."""
    row = run(_LOAD, (name, now)).fetchone()
    if row is None:
        return None
    if moves(row[2], now + ttl, ttl):
        run(_EXTEND, (now + ttl, name, now))
    return unpack(row[0]), row[1]


def _replace(run: Run, replaces: Replaces, by: Key, now: float) -> dict[str, bytes]:
    """End a session for another; gives the fields that come along."""
    name = str(replaces.key)
    row = run(_LOAD, (name, now)).fetchone()
    if row is None:
        if replaces.must_live:
            raise Gone
        return {}
    run(_END, (name,))
    if replaces.issued:
        run(_STAND_IN, (name, b"{}", now + replaces.issued, str(by)))
    return {field: value for field, value in unpack(row[0]).items() if _comes_along(replaces, field)}


def _comes_along(replaces: Replaces, field: str) -> bool:
    carry, drop = replaces.carry, replaces.drop
    return carry != "" and field.startswith(carry) and not (drop and field.startswith(drop))


def unpack(packed: bytes) -> dict[str, bytes]:
    return codec.decode(packed, dict[str, bytes])
