"""How the repositories reach the database: lean reads, whole transactions, and driver errors that become ours.

Two pools. The *reader* is in autocommit, so that one read is one round trip. The *writer* opens a transaction for each
piece of work: `BEGIN IMMEDIATE` on SQLite, where one writer at a time is the rule, READ COMMITTED with row locks on
PostgreSQL.

A pooled connection may have died unnoticed (the database was restarted). Nothing pings it beforehand; the first
statement fails, the pool is emptied, and the work is done once more from its start. That is safe as long as the
commit had not been sent.
"""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Engine, Executable, Row, Select, Table, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from idp.storage.records.errors import RecordsUnavailable

T = TypeVar("T")
Insert = postgresql.Insert | sqlite.Insert

_READ_ONLY_TRANSACTION: Final = "25006"
"""SQLSTATE of a write to a standby, seen while a failover is under way."""

_SQLITE_OWN_FAULTS: Final = frozenset({sqlite3.SQLITE_ERROR, sqlite3.SQLITE_MISUSE, sqlite3.SQLITE_RANGE})
_SQLITE_SPOILT: Final = frozenset({sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT})


_Row = Row[*tuple[Any, ...]]


class Database:
    """Reads, and transactions that write, on two engines. Every failure is `RecordsUnavailable` or a `RecordsError`."""

    def __init__(self, reader: Engine, writer: Engine) -> None:
        self.reader = reader
        self._writer = writer
        self.embedded = writer.dialect.name == "sqlite"

    def one(self, statement: Executable, parameters: Mapping[str, Any]) -> _Row | None:
        """The first row, read in one round trip. Raises `RecordsUnavailable`, as everything here does."""
        return self.read(lambda connection: connection.execute(statement, parameters).first())

    def all(self, statement: Executable, parameters: Mapping[str, Any] | None = None) -> Sequence[_Row]:
        """All rows, read in one round trip."""
        return self.read(lambda connection: connection.execute(statement, parameters).all())

    def read(self, work: Callable[[Connection], T]) -> T:
        """Do reads that need not agree with one another."""
        try:
            return self._read_once(work)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise understood(error) from None
        except PoolTimeout:
            raise RecordsUnavailable("no connection became free in time") from None
        try:
            return self._read_once(work)
        except (DBAPIError, PoolTimeout) as error:
            raise understood(error) from None

    def write(self, work: Callable[[Connection], T]) -> T:
        """Do all of `work` in one transaction, or none of it. It may be called a second time after a lost connection.

        `sqlalchemy.exc.IntegrityError` comes through, for the repository to say what it means.
        """
        for attempts_left in (1, 0):
            try:
                return self._write_once(work)
            except _LostBeforeCommit as lost:
                if not attempts_left:
                    raise understood(lost.error) from None
            except IntegrityError:
                raise
            except (DBAPIError, PoolTimeout) as error:
                raise understood(error) from None
        raise AssertionError("unreachable")

    def execute(self, statement: Executable, parameters: Mapping[str, Any]) -> int:
        """One writing statement as a transaction of its own; how many rows it touched."""
        return self.write(lambda connection: connection.execute(statement, parameters).rowcount)

    def insert(self, table: Table) -> Insert:
        """An INSERT that knows ON CONFLICT in this database's dialect."""
        return sqlite.insert(table) if self.embedded else postgresql.insert(table)

    def locked(self, query: Select[Any]) -> Select[Any]:
        """A query that keeps its rows locked until the transaction ends. On SQLite the transaction is the lock."""
        return query if self.embedded else query.with_for_update()

    def lock_table(self, connection: Connection, table: Table) -> None:
        """Let no other transaction write the table until this one ends; readers go on."""
        if not self.embedded:
            connection.execute(text(f"LOCK TABLE {table.name} IN SHARE ROW EXCLUSIVE MODE"))

    def close(self) -> None:
        """Give the connections back."""
        self.reader.dispose()
        self._writer.dispose()

    def _read_once(self, work: Callable[[Connection], T]) -> T:
        with self.reader.connect() as connection:
            return work(connection)

    def _write_once(self, work: Callable[[Connection], T]) -> T:
        with self._writer.connect() as connection:
            try:
                transaction = connection.begin()
                result = work(connection)
            except DBAPIError as error:
                if error.connection_invalidated:
                    raise _LostBeforeCommit(error) from None
                raise
            transaction.commit()
            return result


class _LostBeforeCommit(Exception):
    def __init__(self, error: DBAPIError) -> None:
        self.error = error


def understood(error: DBAPIError | PoolTimeout) -> Exception:
    """`RecordsUnavailable` if the database could not be reached or did not answer in time, else the error itself."""
    if isinstance(error, PoolTimeout):
        return RecordsUnavailable("no connection became free in time")
    if error.connection_invalidated or isinstance(error, InterfaceError) or _is_outage(error):
        return RecordsUnavailable(type(error.orig).__name__)
    return error


def _is_outage(error: DBAPIError) -> bool:
    if isinstance(error.orig, sqlite3.Error):
        code = getattr(error.orig, "sqlite_errorcode", sqlite3.SQLITE_IOERR) & 0xFF
        return code in _SQLITE_SPOILT or (isinstance(error, OperationalError) and code not in _SQLITE_OWN_FAULTS)
    if isinstance(error, InternalError):
        return getattr(error.orig, "sqlstate", None) == _READ_ONLY_TRANSACTION
    return isinstance(error, OperationalError)
