"""Signing keys, private parts sealed: of each algorithm one signs, one is next, the retired are still published."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from idp.storage.records.database import Database
from idp.storage.records.errors import NotFound
from idp.storage.records.schema import signing_keys
from idp.vault import kid_of

_c = signing_keys.c
_MEMBERS = select(_c.kid, _c.alg, _c.state, _c.sealed, _c.public_jwk, _c.created_at, _c.activated_at, _c.retired_at)
_ALL = _MEMBERS.order_by(_c.created_at, _c.kid)
_NEXT = select(_c.kid).where(_c.alg == bindparam("of_alg"), _c.state == "next")
_ACTIVE = select(_c.kid).where(_c.alg == bindparam("of_alg"), _c.state == "active")
_RETIRE = (
    update(signing_keys)
    .where(_c.alg == bindparam("of_alg"), _c.state == "active")
    .values(state="retired", retired_at=bindparam("at"))
)
_ACTIVATE = (
    update(signing_keys).where(_c.kid == bindparam("of_kid")).values(state="active", activated_at=bindparam("at"))
)
_REMOVE_RETIRED = delete(signing_keys).where(
    _c.alg.in_(bindparam("algs", expanding=True)), _c.state == "retired", _c.retired_at < bindparam("before")
)


@dataclass(frozen=True, slots=True)
class StoredKey:
    """`state` is `next`, `active` or `retired`. `sealed` is the private key
    (`idp.vault.contexts.signing_key_context`)."""

    kid: str
    alg: str
    state: str
    sealed: bytes
    public_jwk: bytes
    created_at: int
    activated_at: int | None = None
    retired_at: int | None = None


class KeyRecords:
    """Signing keys. Whoever rotates at the same time, each algorithm has one active key and one next."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> Sequence[StoredKey]:
        """Every key, the oldest first."""
        return [StoredKey(*row) for row in self._database.all(_ALL)]

    def start(self, alg: str, active: StoredKey, following: StoredKey, at: int) -> None:
        """Store the first two keys of `alg`, unless it has any: of parallel callers one does. `at` is seconds since the
        epoch."""

        def work(connection: Connection) -> None:
            self._database.lock_table(connection, signing_keys)
            if connection.execute(_ACTIVE, {"of_alg": alg}).first() is None:
                _add(connection, replace(active, state="active", activated_at=at))
                _add(connection, replace(following, state="next"))

        self._database.write(work)

    def rotate(self, alg: str, fresh: StoredKey, at: int) -> None:
        """Retire the active key of `alg`, activate its next one and store `fresh` as the next. `at` is seconds since
        the epoch. Raises `NotFound` if `alg` was never started."""

        def work(connection: Connection) -> None:
            self._database.lock_table(connection, signing_keys)
            following = connection.execute(_NEXT, {"of_alg": alg}).scalar()
            if following is None:
                raise NotFound(alg)
            connection.execute(_RETIRE, {"of_alg": alg, "at": at})
            connection.execute(_ACTIVATE, {"of_kid": following, "at": at})
            _add(connection, replace(fresh, state="next"))

        self._database.write(work)

    def remove_retired(self, algs: Sequence[str], before: int) -> int:
        """Remove keys of these algorithms that were retired before that time; how many."""
        return self._database.execute(_REMOVE_RETIRED, {"algs": algs, "before": before})


def _add(connection: Connection, key: StoredKey) -> None:
    values: Mapping[str, Any] = asdict(key) | {"sealed_kid": kid_of(key.sealed)}
    connection.execute(insert(signing_keys), values)
