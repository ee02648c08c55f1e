"""One row by its key, for what every hop reads: a statement spelled out once in the driver's own words.

SQLAlchemy's pool gives the connection; its execution of the statement costs ten times what the driver takes, so that is
left out. Whatever goes wrong here is done again in the ordinary way, which knows what errors mean and what to do.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Engine, Select
from sqlalchemy.exc import SQLAlchemyError

from idp.storage.records.database import Database


class QuickRead:
    """One prepared read that stands in every hop, without what SQLAlchemy does for each execution."""

    def __init__(self, database: Database, statement: Select[Any]) -> None:
        """`statement` has named parameters, none of them a list, and columns that need no conversion."""
        self._database = database
        self._statement = statement
        self._reader: Engine = database.reader
        compiled = statement.compile(dialect=self._reader.dialect)
        self._sql = str(compiled)
        self._order: list[str] | None = getattr(compiled, "positiontup", None)
        self._errors: tuple[type[Exception], ...] = (SQLAlchemyError, self._reader.dialect.loaded_dbapi.Error)

    def one(self, parameters: Mapping[str, Any]) -> tuple[Any, ...] | None:
        """The row, read in one round trip. Raises `RecordsUnavailable`."""
        try:
            return self._row(parameters if self._order is None else [parameters[name] for name in self._order])
        except self._errors:
            return self._database.one(self._statement, parameters)

    def _row(self, parameters: Any) -> tuple[Any, ...] | None:
        connection = self._reader.raw_connection()
        try:
            cursor = connection.cursor()
            for listener in self._reader.dispatch.before_cursor_execute:  # who counts statements counts this one too
                listener(None, cursor, self._sql, parameters, None, False)
            cursor.execute(self._sql, parameters)
            row: tuple[Any, ...] | None = cursor.fetchone()
            cursor.close()
        except BaseException:
            connection.invalidate()
            raise
        connection.close()
        return row
