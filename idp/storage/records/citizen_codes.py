"""The code of a citizen who wants to be asked for elsewhere only by whom he told it; as a digest."""

from sqlalchemy import bindparam, delete, select

from idp.storage.records.database import Database
from idp.storage.records.schema import citizen_codes

_FIND = select(citizen_codes.c.digest).where(citizen_codes.c.citizen_id == bindparam("of_id"))
_REMOVE = delete(citizen_codes).where(citizen_codes.c.citizen_id == bindparam("of_id"))


class CitizenCodeRecords:
    """At most one for each citizen."""

    def __init__(self, database: Database) -> None:
        self._database = database
        save = database.insert(citizen_codes)
        self._save = save.on_conflict_do_update(index_elements=["citizen_id"], set_={"digest": save.excluded.digest})

    def find(self, citizen_id: str) -> str | None:
        """The digest, if there is a code."""
        row = self._database.one(_FIND, {"of_id": citizen_id})
        return None if row is None else str(row[0])

    def save(self, citizen_id: str, digest: str) -> None:
        """A new code in place of the one before."""
        self._database.execute(self._save, {"citizen_id": citizen_id, "digest": digest})

    def remove(self, citizen_id: str) -> None:
        """No code any more, if there was one."""
        self._database.execute(_REMOVE, {"of_id": citizen_id})
