"""Audit events as they are kept: appended, never changed, removed by age alone."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, Select, bindparam, delete, select

from idp.storage.records.database import Database
from idp.storage.records.schema import audit_events

_a = audit_events.c
_MEMBERS = select(
    _a.seq, _a.shard, _a.position, _a.at, _a.event, _a.citizen_id, _a.client_id, _a.reference, _a.document
)
_AFTER = _MEMBERS.where(_a.seq > bindparam("after")).limit(bindparam("limit"))
_TAIL = _AFTER.order_by(_a.seq)
_NEWEST = _AFTER.order_by(_a.seq.desc())
_LAST = select(_a.seq).order_by(_a.seq.desc()).limit(1)

_OLD = select(_a.seq).where(_a.at < bindparam("before")).order_by(_a.at).limit(bindparam("limit"))
_PURGE = delete(audit_events).where(_a.seq.in_(_OLD))


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """`shard` and `position` say where the event waited before (`idp.storage.state.Queued`); together they are unique.

    `document` is the whole event as JSON. `at` is in seconds since the epoch.
    """

    shard: str
    position: str
    at: int
    event: str
    citizen_id: str | None
    client_id: str | None
    reference: str | None
    document: str


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """`seq` grows in the order events were stored."""

    seq: int
    event: AuditEvent


class AuditRecords:
    """The audit trail: events are appended, read, never changed, removed by age; one written twice is one."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._append = database.insert(audit_events).on_conflict_do_nothing(index_elements=["shard", "position"])

    def append(self, batch: Sequence[AuditEvent]) -> None:
        """Store events in their order, all or none; those that are there already are left as they are."""
        values = [asdict(event) for event in batch]

        def work(connection: Connection) -> None:
            # One appender at a time: numbers are given out in the order of commits, so that a reader who goes on
            # from the last number it saw misses none.
            self._database.lock_table(connection, audit_events)
            connection.execute(self._append, values)

        if values:
            self._database.write(work)

    def search(
        self,
        event: str | None = None,
        citizen_id: str | None = None,
        client_id: str | None = None,
        since: int | None = None,
        until: int | None = None,
        reference: str | None = None,
        limit: int = 100,
    ) -> Sequence[StoredEvent]:
        """Events with `since <= at < until` and all else that is given; the newest, the oldest of them first."""
        given: dict[str, Any] = {
            "event": event,
            "citizen_id": citizen_id,
            "client_id": client_id,
            "reference": reference,
        }
        query: Select[Any] = _NEWEST
        for name, value in given.items():
            if value is not None:
                query = query.where(audit_events.c[name] == value)
        if since is not None:
            query = query.where(_a.at >= since)
        if until is not None:
            query = query.where(_a.at < until)
        return self._found(query, 0, limit)[::-1]

    def tail(self, after_seq: int, limit: int = 100) -> Sequence[StoredEvent]:
        """The first events beyond `after_seq`."""
        return self._found(_TAIL, after_seq, limit)

    def last_seq(self) -> int:
        """Number of the last event stored; 0 if there is none."""
        row = self._database.one(_LAST, {})
        return 0 if row is None else int(row[0])

    def purge(self, before: int, limit: int) -> int:
        """Remove up to `limit` of the events before that time; how many."""
        return self._database.execute(_PURGE, {"before": before, "limit": limit})

    def _found(self, query: Select[Any], after: int, limit: int) -> Sequence[StoredEvent]:
        rows = self._database.all(query, {"after": after, "limit": limit})
        return [StoredEvent(row[0], AuditEvent(*row[1:])) for row in rows]
