"""The logout ledger: which relying party has to be told that which session ended, and what came of it.

What is to be tried (again) has a time, `next_try`; what is settled has none. Whoever tries a delivery takes it by
moving that time on, so that nobody else tries it meanwhile, and so that it is tried again should he die.
"""

import enum
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, func, select, tuple_, update

from idp.storage.records.database import Database
from idp.storage.records.schema import logouts

_l = logouts.c
_KEY = tuple_(_l.session, _l.client_id)
_MEMBERS = select(
    *(_l.session, _l.client_id, _l.citizen_id, _l.lineage, _l.reason, _l.ended_at, _l.detail),
    *(_l.state, _l.tries, _l.error, _l.tried_at, _l.next_try),
)
_DUE = (
    select(_l.client_id).where(_l.next_try <= bindparam("now")).group_by(_l.client_id).order_by(func.min(_l.next_try))
)
_OLDEST_DUE = (
    select(_l.session, _l.client_id)
    .where(_l.client_id == bindparam("of_client"), _l.next_try <= bindparam("now"))
    .order_by(_l.next_try)
    .limit(bindparam("limit"))
)
_CLAIM = (
    update(logouts)
    .where(_KEY.in_(_OLDEST_DUE), _l.next_try <= bindparam("now"))
    .values(next_try=bindparam("until"))
    .returning(*_MEMBERS.selected_columns)
)
_SETTLE = (
    update(logouts)
    .where(_l.session == bindparam("of_session"), _l.client_id == bindparam("of_client"), _l.next_try.is_not(None))
    .values(
        state=bindparam("new_state"),
        tries=_l.tries + bindparam("tried"),
        error=bindparam("why"),
        tried_at=bindparam("at"),
        next_try=bindparam("next"),
    )
)
_WAITING = select(func.count()).where(_l.next_try.is_not(None))
_OVER = select(_l.session, _l.client_id).where(_l.ended_at < bindparam("before")).limit(bindparam("limit"))
_PURGE = delete(logouts).where(_KEY.in_(_OVER))


class LogoutState(enum.Enum):
    """Where the telling of one relying party stands."""

    PENDING = "pending"
    """Not tried yet."""
    FAILED = "failed"
    """Tried, and to be tried again."""
    DELIVERED = "delivered"
    """It answered that its own session has ended."""
    GIVEN_UP = "given_up"
    """It was tried for as long as it is worth, or cannot be tried any more."""
    ASKED = "asked"
    """The browser was sent to its front-channel address; nobody can know what came of it."""
    UNREACHABLE = "unreachable"
    """It registered no address to be told at, or is not registered any more."""


@dataclass(frozen=True, slots=True)
class Duty:
    """A relying party has to be told that a session ended. `session` is the digest that the session was kept under,
    `lineage` what its `sid` is made of, `reason` why it ended; `ended_at` is seconds since the epoch. `detail` is what
    its front door needs besides."""

    session: str
    client_id: str
    citizen_id: str
    lineage: str
    reason: str
    ended_at: int
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Settled:
    """What came of one try, or that there was none. `next_try` is None if that is the end of it."""

    duty: Duty
    state: LogoutState
    error: str | None
    at: int
    next_try: int | None
    tried: bool = True


@dataclass(frozen=True, slots=True)
class StoredLogout:
    """A line of the ledger. `error` is why the last try failed. Times are seconds since the epoch."""

    duty: Duty
    state: LogoutState
    tries: int
    error: str | None
    tried_at: int | None
    next_try: int | None


class LogoutRecords:
    """The lines of the ledger, one for each ended session and relying party."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._owe = database.insert(logouts).on_conflict_do_nothing(index_elements=["session", "client_id"])

    def owe(self, duties: Sequence[tuple[Duty, int]]) -> None:
        """Enter duties, each to be tried first at its time; those that are there already are left as they are."""
        values = [
            asdict(duty) | {"state": LogoutState.PENDING.value, "tries": 0, "next_try": at} for duty, at in duties
        ]
        if values:
            self._database.write(lambda connection: _many(connection, self._owe, values))

    def settle(self, outcomes: Sequence[Settled]) -> None:
        """Enter what came of tries, all or none. What is settled already stays so."""
        values = [
            {
                "of_session": each.duty.session,
                "of_client": each.duty.client_id,
                "new_state": each.state.value,
                "tried": int(each.tried),
                "why": each.error,
                "at": each.at,
                "next": each.next_try,
            }
            for each in outcomes
        ]
        if values:
            self._database.write(lambda connection: _many(connection, _SETTLE, values))

    def due(self, now: int) -> Sequence[str]:
        """Relying parties for which something is to be tried now; first who has waited longest."""
        return [row.client_id for row in self._database.all(_DUE, {"now": now})]

    def claim(self, client_id: str, now: int, until: int, limit: int) -> Sequence[StoredLogout]:
        """Take up to `limit` that are to be tried now. Nobody else gets them before `until`."""
        parameters = {"of_client": client_id, "now": now, "until": until, "limit": limit}
        rows = self._database.write(lambda connection: connection.execute(_CLAIM, parameters).all())
        return sorted(map(_stored, rows), key=lambda each: each.duty.ended_at)

    def waiting(self) -> int:
        """How many are not settled."""
        row = self._database.one(_WAITING, {})
        return 0 if row is None else int(row[0])

    def search(
        self,
        session: str | None = None,
        citizen_id: str | None = None,
        client_id: str | None = None,
        state: LogoutState | None = None,
        limit: int = 100,
    ) -> Sequence[StoredLogout]:
        """The newest lines that fit all that is given, the newest first."""
        given = {
            "session": session,
            "citizen_id": citizen_id,
            "client_id": client_id,
            "state": state.value if state else None,
        }
        query = _MEMBERS.order_by(_l.ended_at.desc(), _l.client_id).limit(limit)
        for name, value in given.items():
            if value is not None:
                query = query.where(logouts.c[name] == value)
        return [_stored(row) for row in self._database.all(query)]

    def purge(self, before: int, limit: int) -> int:
        """Remove up to `limit` lines of sessions that ended before that time; how many."""
        return self._database.execute(_PURGE, {"before": before, "limit": limit})


def _many(connection: Connection, statement: Any, values: Sequence[dict[str, Any]]) -> None:
    connection.execute(statement, values)


def _stored(row: Row[Any]) -> StoredLogout:
    duty = Duty(row.session, row.client_id, row.citizen_id, row.lineage, row.reason, row.ended_at, row.detail)
    return StoredLogout(duty, LogoutState(row.state), row.tries, row.error, row.tried_at, row.next_try)
