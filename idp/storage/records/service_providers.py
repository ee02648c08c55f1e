"""SAML service providers: what their metadata says, by each source of it, and what operators set of them.

The two stand apart. Metadata comes and goes with its source; what an operator set stays until he removes it.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, delete, select, union, update

from idp.storage.records.database import Database
from idp.storage.records.errors import NotFound
from idp.storage.records.schema import entities, metadata_sources, service_providers

FILE: Final = ""
"""The source of what an operator brought as a file. What is fetched for one service provider alone comes from a source
that has its party id as its name."""

_e, _s, _m = entities.c, service_providers.c, metadata_sources.c
_SAYS_COLUMNS = (
    *(_e.party_id, _e.entity_id, _e.source, _e.document, _e.digest, _e.valid_until, _e.checked_at),
    _m.valid_until.label("source_valid_until"),
)
_SAYS_FROM = entities.outerjoin(metadata_sources, _m.name == _e.source)
_SAYS = select(*_SAYS_COLUMNS).select_from(_SAYS_FROM)
_FIND = (
    select(*_SAYS_COLUMNS, _s.document.label("settings"), _s.enabled)
    .select_from(_SAYS_FROM.outerjoin(service_providers, _s.party_id == _e.party_id))
    .where(_e.party_id == bindparam("id"))
)
_SETTINGS = select(_s.party_id, _s.entity_id, _s.document, _s.enabled)
_SETTINGS_OF = _SETTINGS.where(_s.party_id == bindparam("id"))
_EVERY = union(select(_e.party_id), select(_s.party_id)).subquery()
_PAGE = (
    select(_EVERY.c.party_id)
    .where(_EVERY.c.party_id > bindparam("after"))
    .order_by(_EVERY.c.party_id)
    .limit(bindparam("limit"))
)
_FILES = select(_e.entity_id, _e.document).where(_e.source == FILE).order_by(_e.entity_id)
_DIGESTS = select(_e.party_id, _e.digest).where(_e.source == bindparam("of_source"))
_SET_ENABLED = update(service_providers).where(_s.party_id == bindparam("id")).values(enabled=bindparam("enabled"))
_REMOVE_SETTINGS = delete(service_providers).where(_s.party_id == bindparam("id"))
_REMOVE_FILE = delete(entities).where(_e.party_id == bindparam("id"), _e.source == FILE)
_REMOVE_FETCHED = delete(entities).where(_e.party_id == bindparam("id"), _e.source == bindparam("id"))
_REMOVE_SOURCE = delete(metadata_sources).where(_m.name == bindparam("id"))


@dataclass(frozen=True, slots=True)
class StoredEntity:
    """What one source says of an entity. `document` is a `SpEntity` as JSON, `digest` of what it was read from. Times
    are seconds since the epoch: until when it may be used, if it says so itself, and when its source, asked for it
    alone, had it last."""

    party_id: str
    entity_id: str
    source: str
    document: bytes
    digest: str
    valid_until: int | None = None
    checked_at: int | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """An entity as a source says it is, with the limit that its source sets to all it says."""

    entity: StoredEntity
    source_valid_until: int | None


@dataclass(frozen=True, slots=True)
class StoredSettings:
    """What an operator set, as JSON that `idp.saml` understands."""

    party_id: str
    entity_id: str
    document: bytes
    enabled: bool


@dataclass(frozen=True, slots=True)
class StoredServiceProvider:
    """A service provider: what each source says of it, and what an operator set, if he did."""

    party_id: str
    says: tuple[Said, ...]
    settings: StoredSettings | None


class ServiceProviderRecords:
    def __init__(self, database: Database) -> None:
        self._database = database
        put = database.insert(entities)
        self._put = put.on_conflict_do_update(
            index_elements=["party_id", "source"],
            set_={name: put.excluded[name] for name in ("document", "digest", "valid_until", "checked_at")},
        )
        settings = database.insert(service_providers)
        self._save = settings.on_conflict_do_update(
            index_elements=["party_id"],
            set_={"document": settings.excluded.document, "updated_at": settings.excluded.updated_at},
        )

    def find(self, party_id: str) -> StoredServiceProvider | None:
        """A service provider of which some source says something, in one round trip."""
        rows = self._database.all(_FIND, {"id": party_id})
        if not rows:
            return None
        settings = None
        if rows[0].settings is not None:
            settings = StoredSettings(party_id, rows[0].entity_id, rows[0].settings, rows[0].enabled)
        return StoredServiceProvider(party_id, tuple(map(_said, rows)), settings)

    def settings(self, party_id: str) -> StoredSettings | None:
        """What an operator set of it, whether or not any source still says something."""
        row = self._database.one(_SETTINGS_OF, {"id": party_id})
        return None if row is None else StoredSettings(*row)

    def whole(self, party_id: str) -> StoredServiceProvider | None:
        """The same, and also one of which no source says anything any more, while an operator's settings are there."""
        found = self._gathered([party_id])[0]
        return found if found.says or found.settings else None

    def page(self, after: str, limit: int) -> Sequence[StoredServiceProvider]:
        """Service providers in the order of their party ids, from the first beyond `after`, as `whole` has them."""
        return self._gathered([row.party_id for row in self._database.all(_PAGE, {"after": after, "limit": limit})])

    def _gathered(self, ids: Sequence[str]) -> Sequence[StoredServiceProvider]:
        said: dict[str, list[Said]] = {}
        for row in self._database.all(_SAYS.where(_e.party_id.in_(ids))):
            said.setdefault(row.party_id, []).append(_said(row))
        stored = self._database.all(_SETTINGS.where(_s.party_id.in_(ids)))
        settings = {row.party_id: StoredSettings(*row) for row in stored}
        return [StoredServiceProvider(each, tuple(said.get(each, ())), settings.get(each)) for each in ids]

    def files(self) -> Sequence[tuple[str, bytes]]:
        """Entity ids and documents of those that operators brought as files, which nobody fetches again."""
        return [(row.entity_id, row.document) for row in self._database.all(_FILES)]

    def digests(self, source: str) -> dict[str, str]:
        """Of each entity of a source, by its party id."""
        return {row.party_id: row.digest for row in self._database.all(_DIGESTS, {"of_source": source})}

    def put(self, entity: StoredEntity) -> None:
        """What one source says of one entity, in the place of what it said before."""
        self._database.execute(self._put, asdict(entity))

    def bring(self, entity: StoredEntity, settings: bytes, at: int) -> None:
        """What an operator brings: an entity, as a file or from a source of its own, and what he sets of it, in one
        transaction; in the place of what he brought before. One that is disabled stays so."""

        def work(connection: Connection) -> None:
            forget = (_REMOVE_FETCHED, _REMOVE_SOURCE) if entity.source == FILE else (_REMOVE_FILE,)
            for statement in forget:
                connection.execute(statement, {"id": entity.party_id})
            connection.execute(self._put, asdict(entity))
            connection.execute(self._save, _settings_row(entity.party_id, entity.entity_id, settings, at))

        self._database.write(work)

    def set(self, party_id: str, entity_id: str, settings: bytes, at: int) -> None:
        """What an operator sets of a service provider. One that is disabled stays so."""
        self._database.execute(self._save, _settings_row(party_id, entity_id, settings, at))

    def set_enabled(self, party_id: str, enabled: bool) -> None:
        """Raises `NotFound` where an operator has set nothing yet."""
        if not self._database.execute(_SET_ENABLED, {"id": party_id, "enabled": enabled}):
            raise NotFound(party_id)

    def remove(self, party_id: str) -> None:
        """All that an operator brought and set; what others say of it stays. Raises `NotFound` if there is nothing."""

        def work(connection: Connection) -> None:
            statements = (_REMOVE_SETTINGS, _REMOVE_FILE, _REMOVE_FETCHED, _REMOVE_SOURCE)
            if not sum(connection.execute(each, {"id": party_id}).rowcount for each in statements):
                raise NotFound(party_id)

        self._database.write(work)


def _settings_row(party_id: str, entity_id: str, settings: bytes, at: int) -> dict[str, Any]:
    return {"party_id": party_id, "entity_id": entity_id, "document": settings, "enabled": True, "updated_at": at}


def _said(row: Row[Any]) -> Said:
    entity = StoredEntity(
        *(row.party_id, row.entity_id, row.source, row.document, row.digest, row.valid_until, row.checked_at)
    )
    return Said(entity, row.source_valid_until)
