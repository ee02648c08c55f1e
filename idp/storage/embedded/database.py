"""The SQLite file of the embedded store: its one connection per process, reading and writing.

One connection serves all threads of a process, one verb at a time. A verb takes tens of microseconds and Python runs
one thread at a time anyway; a connection per thread would throw away its page cache at every write of a neighbour.

`synchronous=OFF`: a crash of the process loses nothing; a power cut may lose the last seconds or, at worst, spoil the
file, which is then to be removed. What is in it can be rebuilt (people sign in again), so no sign-in waits for a disk.
"""

import contextlib
import os
import sqlite3
import threading
import weakref
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Final, TypeAlias

from idp.clock import Clock
from idp.storage.embedded.tables import set_up
from idp.storage.embedded.turns import Turns
from idp.storage.state import StateUnavailable

Run: TypeAlias = Callable[..., sqlite3.Cursor]

BUSY_SECONDS: Final = 5.0
"""How long a verb waits for another thread or process before it is `StateUnavailable`."""


class Database:
    """One SQLite connection a process, opened when first used and never carried over a fork."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path, self._clock = path, clock
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self.turns: Turns
        self.reading = Reading(self)
        self.writing = Writing(self)
        _never_fork_open(self)

    def acquire(self) -> Run:
        """The connection's `execute`, for one thread alone until `release`."""
        if not self._lock.acquire(timeout=BUSY_SECONDS):
            raise StateUnavailable("the state file is busy")
        try:
            connection = self._connection or self._open()
        except BaseException:
            self._lock.release()
            raise
        return connection.execute

    def release(self) -> None:
        self._lock.release()

    def close(self) -> None:
        """Close; the next verb opens again."""
        with self._lock:
            self.drop()

    def pause(self) -> None:
        """Close and hold, so that a fork finds no open file: SQLite's locks do not survive one."""
        self._lock.acquire()
        self.drop()

    def drop(self) -> None:
        """Close; only for whoever holds the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
            self.turns.close()

    def _open(self) -> sqlite3.Connection:
        try:
            self.turns = Turns(f"{self._path}-turn")
            try:
                self._connection = self._connect()
            except BaseException:
                self.turns.close()
                raise
        except (sqlite3.Error, OSError) as error:
            raise StateUnavailable("the state file cannot be opened") from error
        return self._connection

    def _connect(self) -> sqlite3.Connection:
        # Never open a file that is there: closing it would take SQLite's locks from every connection we have to it.
        with contextlib.suppress(FileExistsError):
            os.close(os.open(self._path, os.O_CREAT | os.O_EXCL, 0o600))
        connection = sqlite3.connect(
            self._path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=256
        )
        try:
            self.turns.take(BUSY_SECONDS)
            set_up(connection, self._clock.now())
            self.turns.end()
        except BaseException:
            connection.close()
            raise
        return connection


class Reading:
    """`with database.reading as run:` one statement that changes nothing."""

    __slots__ = ("_database",)

    def __init__(self, database: Database) -> None:
        self._database = database

    def __enter__(self) -> Run:
        return self._database.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._database.release()
        if _is_the_file(error):
            raise StateUnavailable("the state file does not answer") from error


class Writing:
    """`with database.writing as run:` one transaction, which holds the write lock from its start."""

    __slots__ = ("_database", "_run")
    _run: Run

    def __init__(self, database: Database) -> None:
        self._database = database

    def __enter__(self) -> Run:
        database = self._database
        run = database.acquire()
        try:
            database.turns.take(BUSY_SECONDS)
            run("BEGIN IMMEDIATE")
        except BaseException as error:
            database.turns.end()
            database.release()
            if _is_the_file(error):
                raise StateUnavailable("the state file is busy") from error
            raise
        self._run = run
        return run

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            self._run("COMMIT" if error is None else "ROLLBACK")
            self._database.turns.end()
        except sqlite3.Error as failure:
            # Closing undoes whatever is half done and ends the turn; the next verb opens the file again.
            self._database.drop()
            raise StateUnavailable("the state file does not answer") from failure
        finally:
            self._database.release()
        if _is_the_file(error):
            raise StateUnavailable("the state file does not answer") from error


class Verbs:
    """What the verbs of every theme stand on."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._database = Database(path, clock)
        self._reading, self._writing = self._database.reading, self._database.writing
        self._now = clock.now


def _is_the_file(error: BaseException | None) -> bool:
    """Busy, full, unreadable or spoiled: the file's fault. Any other error of sqlite3 is ours and stays what it is."""
    return isinstance(error, sqlite3.OperationalError) or type(error) is sqlite3.DatabaseError


def _never_fork_open(database: Database) -> None:
    """Close the file before every fork and let parent and child open it again."""
    seen: Any = weakref.ref(database)

    def before() -> None:
        if (alive := seen()) is not None:
            alive.pause()

    def after() -> None:
        if (alive := seen()) is not None:
            alive.release()

    os.register_at_fork(before=before, after_in_parent=after, after_in_child=after)
