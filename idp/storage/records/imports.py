"""How far each import has come, kept in the transaction that adds its citizens: so it goes on exactly there."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, bindparam, select, text, update
from sqlalchemy.exc import IntegrityError

from idp.storage.records.citizens import Enrolment, add_all
from idp.storage.records.database import Database
from idp.storage.records.errors import Changed, IdentifierTaken
from idp.storage.records.schema import citizen_identifiers, citizens, imports, passwords, totp_secrets

_GROWING = (citizens, citizen_identifiers, passwords, totp_secrets)
_c = imports.c
_BY_SOURCES = select(_c.source, _c.line, _c.offset, _c.added, _c.refused, _c.report_size, _c.finished).where(
    _c.source.in_(bindparam("sources", expanding=True))
)
_ADVANCE = (
    update(imports)
    .where(_c.source == bindparam("of_source"), _c.offset == bindparam("expected"))
    .values(
        line=bindparam("line"),
        offset=bindparam("offset"),
        added=bindparam("added"),
        refused=bindparam("refused"),
        report_size=bindparam("report_size"),
        finished=bindparam("finished"),
    )
)


@dataclass(frozen=True, slots=True)
class ImportCheckpoint:
    """`source` names the file by a fingerprint of its content; `line` and `offset` say how much of it is done.

    `report_size` is the size in bytes of the report of refused lines that goes with it.
    """

    source: str
    line: int = 0
    offset: int = 0
    added: int = 0
    refused: int = 0
    report_size: int = 0
    finished: bool = False


class ImportRecords:
    """How far each import came, so that one that broke off goes on where it was."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._begin = database.insert(imports).on_conflict_do_nothing()

    def find(self, sources: Sequence[str]) -> ImportCheckpoint | None:
        """The checkpoint of a file, by its fingerprints under every master key."""
        row = self._database.one(_BY_SOURCES, {"sources": list(sources)})
        return None if row is None else ImportCheckpoint(*row)

    def begin(self, source: str) -> ImportCheckpoint:
        """The checkpoint of a file of which nothing is done, unless somebody else began it."""
        self._database.execute(self._begin, asdict(ImportCheckpoint(source)))
        return self.find([source]) or ImportCheckpoint(source)

    def analyze(self) -> None:
        """Let PostgreSQL see how the tables have grown: plans made for empty ones would go on reading them whole."""
        if not self._database.embedded:
            for table in _GROWING:
                self._database.execute(text(f"ANALYZE {table.name}"), {})

    def advance(self, before: ImportCheckpoint, after: ImportCheckpoint, enrolments: Sequence[Enrolment]) -> None:
        """Add citizens and move the checkpoint, both or neither.

        Raises `Changed` if another import of the same file moved it, `IdentifierTaken` if any citizen cannot be added.
        """
        values = asdict(after) | {"of_source": before.source, "expected": before.offset}
        del values["source"]

        def work(connection: Connection) -> None:
            if not connection.execute(_ADVANCE, values).rowcount:
                raise Changed("import")
            if enrolments:
                add_all(connection, enrolments)

        try:
            self._database.write(work)
        except IntegrityError:
            raise IdentifierTaken("identifier") from None
