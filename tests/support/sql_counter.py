"""Which SQL statements a piece of code sends: the budget of an endpoint is asserted in counts, which are exact."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine, event

_NOT_COUNTED = ("BEGIN", "PRAGMA")


@dataclass
class StatementLog:
    """Statements sent so far by all engines of this process, in order."""

    statements: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        return len(self.statements)


@contextmanager
def counted_statements() -> Iterator[StatementLog]:
    log = StatementLog()

    def note(_c: Connection, _cursor: Any, statement: str, _p: Any, _context: Any, _many: bool) -> None:
        if not statement.startswith(_NOT_COUNTED):
            log.statements.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield log
    finally:
        event.remove(Engine, "before_cursor_execute", note)
