"""What citizens agreed to, one period a row.

A consent that was withdrawn is evidence of what was lawful until then; it stays as long as the audit trail does.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from idp.storage.records.database import Database
from idp.storage.records.errors import NotFound
from idp.storage.records.schema import consents

_c = consents.c
_MEMBERS = (_c.citizen_id, _c.client_id, _c.document, _c.basis, _c.rule, _c.notice_digest, _c.granted_at)
_CURRENT = _c.ended_at.is_(None)
_ONE = select(*_MEMBERS).where(_c.citizen_id == bindparam("citizen"), _c.client_id == bindparam("client"), _CURRENT)
_ALL = select(*_MEMBERS).where(_c.citizen_id == bindparam("citizen"), _CURRENT).order_by(_c.granted_at, _c.id)
_HISTORY = select(*_MEMBERS, _c.ended_at, _c.ended_by).where(_c.citizen_id == bindparam("citizen")).order_by(_c.id)
_END = (
    update(consents)
    .where(_c.citizen_id == bindparam("citizen"), _c.client_id == bindparam("client"), _CURRENT)
    .values(ended_at=bindparam("at"), ended_by=bindparam("by"))
)
_OLD = select(_c.id).where(_c.ended_at < bindparam("before")).order_by(_c.ended_at).limit(bindparam("limit"))
_PURGE = delete(consents).where(_c.id.in_(_OLD))
_ATTEMPTS: Final = 50
"""Each one that fails is the success of another; so many at once for one citizen and client is somebody's loop."""


@dataclass(frozen=True, slots=True)
class StoredConsent:
    """`document` is the decision as JSON; `basis` is `consent` or `statutory_duty`, with its `rule`; `notice_digest` is
    of what the citizen was shown. `granted_at` is seconds since the epoch."""

    citizen_id: str
    client_id: str
    document: bytes
    basis: str
    rule: str
    notice_digest: str
    granted_at: int


@dataclass(frozen=True, slots=True)
class ConsentPeriod:
    """A consent and how it ended: `superseded` by a later one, `withdrawn`, or not yet."""

    consent: StoredConsent
    ended_at: int | None
    ended_by: str | None


class ConsentRecords:
    """One current consent for a citizen and a client; those before it stay as evidence."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, citizen_id: str, client_id: str) -> StoredConsent | None:
        """The current one."""
        row = self._database.one(_ONE, {"citizen": citizen_id, "client": client_id})
        return None if row is None else StoredConsent(*row)

    def grant(self, consent: StoredConsent) -> None:
        """Record a consent; it takes the place of the citizen's earlier one for this client."""
        ended = _ending(consent.citizen_id, consent.client_id, consent.granted_at, "superseded")

        def work(connection: Connection) -> None:
            connection.execute(_END, ended)
            connection.execute(insert(consents), asdict(consent))

        for attempts_left in reversed(range(_ATTEMPTS)):
            try:
                self._database.write(work)
                return
            except IntegrityError:
                # A parallel first grant was committed between our two statements: now it is there to be superseded.
                if not attempts_left:
                    raise

    def withdraw(self, citizen_id: str, client_id: str, at: int) -> None:
        """Raises `NotFound` if there is no current consent."""
        if not self._database.execute(_END, _ending(citizen_id, client_id, at, "withdrawn")):
            raise NotFound(client_id)

    def purge(self, before: int, limit: int) -> int:
        """Remove up to `limit` of those that ended before that time; how many."""
        return self._database.execute(_PURGE, {"before": before, "limit": limit})

    def of_citizen(self, citizen_id: str) -> Sequence[StoredConsent]:
        """The current ones, the oldest first."""
        return [StoredConsent(*row) for row in self._database.all(_ALL, {"citizen": citizen_id})]

    def history(self, citizen_id: str) -> Sequence[ConsentPeriod]:
        """All that are kept, in the order they were given: what a citizen who asks for a copy (PIPL article 45), or a
        supervisor who asks what was lawful when, is shown."""
        rows = self._database.all(_HISTORY, {"citizen": citizen_id})
        return [ConsentPeriod(StoredConsent(*row[:7]), row.ended_at, row.ended_by) for row in rows]


def _ending(citizen_id: str, client_id: str, at: int, by: str) -> dict[str, Any]:
    return {"citizen": citizen_id, "client": client_id, "at": at, "by": by}
