"""Where metadata of service providers comes from over the network, and what is brought from there."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, bindparam, delete, func, or_, select, update

from idp.storage.records.database import Database
from idp.storage.records.errors import NotFound
from idp.storage.records.schema import entities, metadata_sources
from idp.storage.records.service_providers import StoredEntity

_m, _e = metadata_sources.c, entities.c
_MEMBERS = select(_m.name, _m.document, _m.status, _m.valid_until)
_ALL = _MEMBERS.order_by(_m.name)
_FIND = _MEMBERS.where(_m.name == bindparam("of_name"))
_NOTE = (
    update(metadata_sources)
    .where(_m.name == bindparam("of_name"))
    .values(status=bindparam("new_status"), valid_until=func.coalesce(bindparam("until"), _m.valid_until))
)
_REMOVE = delete(metadata_sources).where(_m.name == bindparam("of_name"))
_FORGET_ALL = delete(entities).where(_e.source == bindparam("of_source"))
_FORGET = delete(entities).where(_e.source == bindparam("of_source"), _e.party_id == bindparam("of_party"))
_STALE = (
    select(_e.party_id, _e.entity_id)
    .where(_e.source == bindparam("of_source"), _e.checked_at < bindparam("before"))
    .order_by(_e.checked_at)
    .limit(bindparam("limit"))
)
_ENDING = (
    select(_e.party_id, _e.entity_id, _e.source, _e.valid_until)
    .where(_e.valid_until < bindparam("before"), or_(_e.source == "", _e.source == _e.party_id))
    .order_by(_e.valid_until)
)
_COUNT = select(func.count()).select_from(entities)


@dataclass(frozen=True, slots=True)
class StoredSource:
    """`document` and `status` are JSON that `idp.saml` understands. `valid_until` is the limit that the source sets to
    all that it says, in seconds since the epoch; None before it said anything, and where each entity has its own."""

    name: str
    document: bytes
    status: bytes
    valid_until: int | None = None


@dataclass(frozen=True, slots=True)
class Ending:
    """What an operator brought, file or address, whose metadata ends at `valid_until`."""

    party_id: str
    entity_id: str
    source: str
    valid_until: int


class MetadataSourceRecords:
    def __init__(self, database: Database) -> None:
        self._database = database
        save = database.insert(metadata_sources)
        self._save = save.on_conflict_do_update(
            index_elements=["name"],
            set_={"document": save.excluded.document, "status": save.excluded.status},
        )
        put = database.insert(entities)
        self._put = put.on_conflict_do_update(
            index_elements=["party_id", "source"],
            set_={name: put.excluded[name] for name in ("document", "digest", "valid_until", "checked_at")},
        )

    def all(self) -> Sequence[StoredSource]:
        """Every source, in the order of their names."""
        return [StoredSource(*row) for row in self._database.all(_ALL)]

    def find(self, name: str) -> StoredSource | None:
        row = self._database.one(_FIND, {"of_name": name})
        return None if row is None else StoredSource(*row)

    def save(self, name: str, document: bytes, status: bytes) -> None:
        """Add a source, or change what it is; what it has said stays until it is asked again."""
        self._database.execute(self._save, {"name": name, "document": document, "status": status})

    def note(self, name: str, status: bytes, valid_until: int | None = None) -> None:
        """How a refresh went that changed nothing; without `valid_until` the one there is stays. Raises `NotFound`."""
        row = {"of_name": name, "new_status": status, "until": valid_until}
        if not self._database.execute(_NOTE, row):
            raise NotFound(name)

    def bring(
        self, name: str, changed: Sequence[StoredEntity], gone: Sequence[str], status: bytes, valid_until: int | None
    ) -> None:
        """What a refresh brought, all of it or nothing: entities that are new or others now, party ids of those that
        the source says no more, and how it went. Raises `NotFound` if the source was removed meanwhile."""

        def work(connection: Connection) -> None:
            self._database.lock_table(connection, metadata_sources)
            row = {"of_name": name, "new_status": status, "until": valid_until}
            if not connection.execute(_NOTE, row).rowcount:
                raise NotFound(name)
            if changed:
                connection.execute(self._put, [asdict(each) for each in changed])
            if gone:
                connection.execute(_FORGET, [{"of_source": name, "of_party": each} for each in gone])

        self._database.write(work)

    def remove(self, name: str) -> None:
        """The source and all that it said. Raises `NotFound`."""

        def work(connection: Connection) -> None:
            connection.execute(_FORGET_ALL, {"of_source": name})
            if not connection.execute(_REMOVE, {"of_name": name}).rowcount:
                raise NotFound(name)

        self._database.write(work)

    def stale(self, name: str, before: int, limit: int) -> Sequence[tuple[str, str]]:
        """Party ids and entity ids of those that a source, asked for each alone, said last before that time."""
        rows = self._database.all(_STALE, {"of_source": name, "before": before, "limit": limit})
        return [(row.party_id, row.entity_id) for row in rows]

    def ending(self, before: int) -> Sequence[Ending]:
        """Of what operators brought, what ends before that time, the first end first."""
        return [Ending(*row) for row in self._database.all(_ENDING, {"before": before})]

    def count(self) -> int:
        """How many entities there are, over all sources."""
        row = self._database.one(_COUNT, {})
        return 0 if row is None else int(row[0])
