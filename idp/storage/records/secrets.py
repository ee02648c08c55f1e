"""Named secrets of the whole deployment, sealed: such as the one that pairwise subjects are computed with."""

from collections.abc import Callable

from sqlalchemy import Connection, bindparam, select

from idp.storage.records.database import Database
from idp.storage.records.schema import secrets
from idp.vault import kid_of

_BY_NAME = select(secrets.c.sealed).where(secrets.c.name == bindparam("name"))


class SecretRecords:
    """Sealed secrets of the whole deployment, by name; each is made once and stays."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._add = database.insert(secrets).on_conflict_do_nothing()

    def get(self, name: str) -> bytes | None:
        """The sealed secret of that name; None if it was never made."""
        row = self._database.one(_BY_NAME, {"name": name})
        return None if row is None else bytes(row[0])

    def get_or_create(self, name: str, make: Callable[[], bytes]) -> bytes:
        """The sealed secret of that name, made by `make` if there is none; all parallel callers get the same."""
        return self.get(name) or self._create(name, make())

    def _create(self, name: str, sealed: bytes) -> bytes:
        def work(connection: Connection) -> bytes:
            connection.execute(self._add, {"name": name, "sealed": sealed, "kid": kid_of(sealed)})
            return bytes(connection.execute(_BY_NAME, {"name": name}).scalar_one())

        return self._database.write(work)
