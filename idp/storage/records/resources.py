"""Registered resource servers, each as one document under its URI. There are few of them."""

from collections.abc import Sequence

from sqlalchemy import bindparam, delete, select

from idp.storage.records.database import Database
from idp.storage.records.errors import NotFound
from idp.storage.records.schema import resource_servers

_ALL = select(resource_servers.c.document).order_by(resource_servers.c.resource)
_REMOVE = delete(resource_servers).where(resource_servers.c.resource == bindparam("resource"))


class ResourceRecords:
    """Resource servers as documents, which `idp.oidc` understands."""

    def __init__(self, database: Database) -> None:
        self._database = database
        insert = database.insert(resource_servers).values(
            resource=bindparam("resource"), document=bindparam("document"), updated_at=bindparam("at")
        )
        self._save = insert.on_conflict_do_update(
            index_elements=["resource"],
            set_={"document": insert.excluded.document, "updated_at": insert.excluded.updated_at},
        )

    def save(self, resource: str, document: bytes, at: int) -> None:
        """Add a resource server, or change its document; `at` is seconds since the epoch."""
        self._database.execute(self._save, {"resource": resource, "document": document, "at": at})

    def remove(self, resource: str) -> None:
        """Raises `NotFound`."""
        if not self._database.execute(_REMOVE, {"resource": resource}):
            raise NotFound(resource)

    def all(self) -> Sequence[bytes]:
        """Every document, in the order of the URIs."""
        return [row.document for row in self._database.all(_ALL, {})]
