"""Connections: SQLite as one file shared by all worker processes, PostgreSQL through psycopg 3.

SQLite: write-ahead log, so that readers never wait for a writer; `synchronous=FULL`, because a recovery code that was
used must stay used after a power cut; one writing connection in a process, which queues its threads without polling
the file lock.

PostgreSQL: time limits on everything that could hang, since a citizen waits; no ping before a statement (see
`database`).
"""

import os
import sqlite3
import time
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event, make_url

from idp.storage.records.database import Database
from idp.storage.records.errors import RecordsUnavailable

_BUSY_MILLISECONDS: Final = 10_000
_POOL_TIMEOUT: Final = 5
_POSTGRESQL_ARGUMENTS: Final = {
    "connect_timeout": 3,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
    "application_name": "citizen-idp",
}
_POSTGRESQL_LIMITS: Final = "-c statement_timeout=10s -c lock_timeout=5s -c idle_in_transaction_session_timeout=30s"


def connect(url: str, pool: int) -> Database:
    """A database with at most `pool` reading connections and as many writing ones (one on SQLite)."""
    parsed = make_url(url)
    return _sqlite(parsed, pool) if parsed.get_backend_name() == "sqlite" else _postgresql(parsed, pool)


def migrating_engine(url: str) -> Engine:
    """An engine for changing the schema: one connection, and no limit on how long a statement may take."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(parsed, poolclass=NullPool, hide_parameters=True, connect_args=_POSTGRESQL_ARGUMENTS)
    _make_file(parsed)
    engine = create_engine(parsed, poolclass=NullPool, hide_parameters=True)
    event.listen(engine, "connect", _prepare_writer)
    event.listen(engine, "begin", _begin_immediate)
    return engine


def _sqlite(url: URL, pool: int) -> Database:
    _make_file(url)
    common: dict[str, Any] = {"hide_parameters": True, "pool_timeout": _POOL_TIMEOUT, "max_overflow": 0}
    reader = create_engine(
        url, isolation_level="AUTOCOMMIT", skip_autocommit_rollback=True, pool_size=pool, pool_use_lifo=True, **common
    )
    event.listen(reader, "connect", _prepare_reader)
    writer = create_engine(url, pool_size=1, **common)
    event.listen(writer, "connect", _prepare_writer)
    event.listen(writer, "begin", _begin_immediate)
    return Database(reader, writer)


def _postgresql(url: URL, pool: int) -> Database:
    arguments = dict(_POSTGRESQL_ARGUMENTS)
    if "options" not in url.query:
        arguments["options"] = _POSTGRESQL_LIMITS
    common: dict[str, Any] = {
        "hide_parameters": True,
        "connect_args": arguments,
        "pool_size": pool,
        "max_overflow": 0,
        "pool_timeout": _POOL_TIMEOUT,
        "pool_use_lifo": True,
        "pool_recycle": 1800,
    }
    reader = create_engine(url, isolation_level="AUTOCOMMIT", skip_autocommit_rollback=True, **common)
    return Database(reader, create_engine(url, **common))


def _make_file(url: URL) -> None:
    """The file with mode 0600, before SQLite makes it with what the umask says; log files take the same mode."""
    if not url.database or url.database == ":memory:":
        raise ValueError("records need a file: sqlite:///path")
    path = Path(url.database)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise RecordsUnavailable(f"{path}: {error.strerror}") from None


def _prepare_reader(connection: sqlite3.Connection, _record: object) -> None:
    _prepare(connection)
    connection.execute("PRAGMA query_only = ON")


def _prepare_writer(connection: sqlite3.Connection, _record: object) -> None:
    # The driver must not open transactions by itself: `_begin_immediate` does.
    connection.isolation_level = None
    _prepare(connection)


def _prepare(connection: sqlite3.Connection) -> None:
    connection.execute(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}")
    _use_write_ahead_log(connection)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA cache_size = -16000")


def _use_write_ahead_log(connection: sqlite3.Connection) -> None:
    """The first switch of a new file needs it alone and does not heed the busy timeout, so it is tried again."""
    deadline = time.monotonic() + _BUSY_MILLISECONDS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
