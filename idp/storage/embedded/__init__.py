"""The embedded state store: one SQLite file that all worker processes and threads of one machine share.

* `database.py`  the file, one connection per process, reading and writing
* `tables.py`    its tables
* `turns.py`     whose turn it is to write
* `entries.py`   plain entries: put, get, replace, take_once, advance, admit
* `sessions.py`  sessions and their owner index
* `under.py`     entries that live only while their session lives
* `shared.py`    versions, leases, the outbox of events

Each verb is one transaction. An entry that has expired by the injected clock is never seen; `purge` removes it later.
Nothing is sent twice here, so the attempt id of `take_once` matters only to a caller that repeats itself.
"""

from pathlib import Path
from typing import Final

from idp.clock import Clock
from idp.storage.embedded.entries import Entries
from idp.storage.embedded.sessions import Sessions
from idp.storage.embedded.shared import Shared
from idp.storage.embedded.under import Under

_PURGE_ENTRIES: Final = (
    "DELETE FROM entries WHERE key IN (SELECT key FROM entries WHERE expires <= ? ORDER BY expires LIMIT ?)"
)
_PURGE_SESSIONS: Final = (
    "DELETE FROM sessions WHERE key IN (SELECT key FROM sessions WHERE expires <= ? ORDER BY expires LIMIT ?)"
)

__all__ = ["EmbeddedState"]


class EmbeddedState(Entries, Sessions, Under, Shared):
    """`StateStore` on the SQLite file at `path`, which is made (mode 0600) when it is not there."""

    def __init__(self, path: Path | str, clock: Clock) -> None:
        super().__init__(Path(path), clock)

    def ping(self) -> None:
        with self._reading as run:
            run("SELECT count(*) FROM versions").fetchone()

    def purge(self, limit: int) -> int:
        """One transaction: keep `limit` in the hundreds, so that no sign-in waits long for it."""
        with self._writing as run:
            removed = run(_PURGE_ENTRIES, (self._now(), limit)).rowcount
            return removed + run(_PURGE_SESSIONS, (self._now(), limit - removed)).rowcount

    def close(self) -> None:
        self._database.close()
