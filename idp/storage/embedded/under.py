"""Entries of the embedded store that live only while their session (or another entry) lives."""

from collections.abc import Sequence
from typing import Final

from idp import codec
from idp.storage.embedded.database import Run, Verbs
from idp.storage.embedded.sessions import use_session
from idp.storage.embedded.shared import queue_events
from idp.storage.names import holds
from idp.storage.state import Conflict, Event, Gone, Guard, Issued, Key, Refused, Standing

_ISSUE: Final = (
    "INSERT OR REPLACE INTO entries (key, value, expires, under, fields, note, proof) VALUES (?, ?, ?, ?, ?, ?, ?)"
)
_PUT_UNDER: Final = "INSERT OR REPLACE INTO entries (key, value, expires, under, note) VALUES (?, ?, ?, ?, ?)"
_READ: Final = (
    "SELECT value, under, note, fields, expires FROM entries"
    " WHERE key = ? AND expires > ? AND under IS NOT NULL AND value IS NOT NULL AND attempt IS NULL"
)
_OUTLIVE: Final = "UPDATE entries SET under = NULL, expires = ? WHERE key = ?"
_BURY: Final = "INSERT OR REPLACE INTO entries (key, expires) VALUES (?, ?)"
_LIVES: Final = (
    "SELECT NULL FROM sessions WHERE key = ?1 AND expires > ?2 UNION ALL"
    " SELECT under FROM entries WHERE key = ?1 AND expires > ?2 AND value IS NOT NULL AND attempt IS NULL"
)
_DEPTH: Final = 8


class Under(Verbs):
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
        name = str(session)
        with self._writing as run:
            now = self._now()
            used = use_session(run, name, now, session_ttl)
            if used is None:
                return Refused({})
            fields, note = used
            if not holds(guard, fields):
                return Refused(fields)
            copied = {field: fields[field] for field in copy if field in fields}
            if noted in fields:
                note += b"\n" + fields[noted]
            run(_ISSUE, (str(key), value, now + ttl, name, codec.encode(copied), note, proof))
            queue_events(run, session.shard, events, note)
        return Issued(copied)

    def put_under(
        self, liveness: Key, key: Key, value: bytes, ttl: int, note: bytes = b"", events: Sequence[Event] = ()
    ) -> None:
        under, name = str(liveness), str(key)
        with self._writing as run:
            now = self._now()
            if not lives(run, under, now):
                raise Gone
            if run("SELECT 1 FROM entries WHERE key = ? AND expires > ?", (name, now)).fetchone() is not None:
                raise Conflict
            run(_PUT_UNDER, (name, value, now + ttl, under, note))
            queue_events(run, key.shard, events, note)

    def read_under(self, key: Key, events: Sequence[Event] = ()) -> Standing:
        with self._writing if events else self._reading as run:
            now = self._now()
            row = run(_READ, (str(key), now)).fetchone()
            if row is None or not lives(run, row[1], now):
                raise Gone
            queue_events(run, key.shard, events, row[2] or b"")
        fields = {} if row[3] is None else codec.decode(row[3], dict[str, bytes])
        return Standing(row[0], fields, int(row[4] - now))

    def outlive(self, key: Key, ttl: int) -> None:
        name = str(key)
        with self._writing as run:
            now = self._now()
            if not lives(run, name, now):
                raise Gone
            run(_OUTLIVE, (now + ttl, name))

    def bury(self, key: Key, ttl: int, events: Sequence[Event] = ()) -> None:
        name = str(key)
        with self._writing as run:
            noted = run("SELECT note FROM entries WHERE key = ?", (name,)).fetchone() if events else None
            run(_BURY, (name, self._now() + ttl))
            queue_events(run, key.shard, events, (noted and noted[0]) or b"")


def lives(run: Run, name: str | None, now: float) -> bool:
    """Whether a session lives, or an entry is standing and so is whatever it is under, up to eight deep."""
    for _ in range(_DEPTH):
        row = run(_LIVES, (name, now)).fetchone()
        if row is None:
            return False
        name = row[0]
        if name is None:
            return True
    return False
