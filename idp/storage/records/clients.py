"""Registered clients, each as one document."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from idp.storage.records.database import Database
from idp.storage.records.errors import Changed, NotFound
from idp.storage.records.schema import client_origins, clients

_MEMBERS = select(clients.c.client_id, clients.c.document, clients.c.enabled, clients.c.updated_at)
_BY_ID = _MEMBERS.where(clients.c.client_id == bindparam("id"))
_PAGE = _MEMBERS.where(clients.c.client_id > bindparam("after")).order_by(clients.c.client_id).limit(bindparam("limit"))
_SET_ENABLED = (
    update(clients)
    .where(clients.c.client_id == bindparam("id"))
    .values(enabled=bindparam("enabled"), updated_at=bindparam("at"))
)
_CHANGE = (
    update(clients)
    .where(
        clients.c.client_id == bindparam("id"),
        clients.c.document == bindparam("before"),
        clients.c.enabled.is_(True),
    )
    .values(document=bindparam("after"), updated_at=bindparam("at"))
)
_INSERT = insert(clients).values(
    client_id=bindparam("id"), document=bindparam("after"), enabled=True, updated_at=bindparam("at")
)
_REPLACE = (
    update(clients)
    .where(clients.c.client_id == bindparam("id"), clients.c.document == bindparam("before"))
    .values(document=bindparam("after"), updated_at=bindparam("at"))
)
_HAS_ORIGIN = (
    select(clients.c.client_id)
    .join(client_origins)
    .where(client_origins.c.origin == bindparam("origin"), clients.c.enabled.is_(True))
    .limit(1)
)
_FORGET_ORIGINS = delete(client_origins).where(client_origins.c.client_id == bindparam("id"))
_REMOVE = delete(clients).where(clients.c.client_id == bindparam("id"))


@dataclass(frozen=True, slots=True)
class StoredClient:
    """`document` is the client's metadata as JSON; `updated_at` is seconds since the epoch."""

    client_id: str
    document: bytes
    enabled: bool
    updated_at: int


@dataclass(frozen=True, slots=True)
class ChangedClient:
    """`after` in the place of `before`, which is None for a client that is new, and its web origins."""

    client_id: str
    before: bytes | None
    after: bytes
    origins: Sequence[str]


class ClientRecords:
    """Registered clients as documents, which `idp.oidc` understands."""

    def __init__(self, database: Database) -> None:
        self._database = database
        insert = database.insert(clients).values(
            client_id=bindparam("id"), document=bindparam("document"), enabled=True, updated_at=bindparam("at")
        )
        self._save = insert.on_conflict_do_update(
            index_elements=["client_id"],
            set_={"document": insert.excluded.document, "updated_at": insert.excluded.updated_at},
        )

    def get(self, client_id: str) -> StoredClient | None:
        """The client of that id, enabled or not; None if there is none."""
        row = self._database.one(_BY_ID, {"id": client_id})
        return None if row is None else StoredClient(*row)

    def has_origin(self, origin: str) -> bool:
        """Whether an enabled client has this web origin."""
        return self._database.one(_HAS_ORIGIN, {"origin": origin}) is not None

    def save(self, client_id: str, document: bytes, at: int, origins: Sequence[str] = ()) -> None:
        """Add an enabled client, or change its document and its web origins; a disabled one stays disabled."""

        def work(connection: Connection) -> None:
            connection.execute(self._save, {"id": client_id, "document": document, "at": at})
            _put_origins(connection, client_id, origins)

        self._database.write(work)

    def change(self, client_id: str, before: bytes, after: bytes, at: int, origins: Sequence[str] = ()) -> None:
        """Another document in the place of `before`, and other web origins. Raises `NotFound` if the client is gone,
        disabled or another one by now."""

        def work(connection: Connection) -> None:
            row = {"id": client_id, "before": before, "after": after, "at": at}
            if not connection.execute(_CHANGE, row).rowcount:
                raise NotFound(client_id)
            _put_origins(connection, client_id, origins)

        self._database.write(work)

    def bring(self, changes: Sequence[ChangedClient], at: int) -> None:
        """All of these changes, or none. A client that is new is enabled, one that is disabled stays so. Raises
        `Changed` if a client is there already, or gone, or another one by now."""

        def work(connection: Connection) -> None:
            for each in changes:
                statement = _INSERT if each.before is None else _REPLACE
                row = {"id": each.client_id, "before": each.before, "after": each.after, "at": at}
                if each.before is None:
                    del row["before"]
                if not connection.execute(statement, row).rowcount:
                    raise Changed(each.client_id)
                _put_origins(connection, each.client_id, each.origins)

        try:
            self._database.write(work)
        except IntegrityError:
            raise Changed("a client is there already") from None

    def set_enabled(self, client_id: str, enabled: bool, at: int) -> None:
        """Raises `NotFound`."""
        if not self._database.execute(_SET_ENABLED, {"id": client_id, "enabled": enabled, "at": at}):
            raise NotFound(client_id)

    def remove(self, client_id: str) -> None:
        """Raises `NotFound`."""
        if not self._database.execute(_REMOVE, {"id": client_id}):
            raise NotFound(client_id)

    def page(self, after: str, limit: int) -> Sequence[StoredClient]:
        """Clients in the order of their ids, from the first beyond `after`."""
        rows = self._database.all(_PAGE, {"after": after, "limit": limit})
        return [StoredClient(*row) for row in rows]


def _put_origins(connection: Connection, client_id: str, origins: Sequence[str]) -> None:
    connection.execute(_FORGET_ORIGINS, {"id": client_id})
    if origins:
        rows = [{"client_id": client_id, "origin": origin} for origin in dict.fromkeys(origins)]
        connection.execute(insert(client_origins), rows)
