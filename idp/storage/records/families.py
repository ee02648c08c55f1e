"""Families of refresh tokens (RFC 9700 section 4.14.2): the tokens that follow one another from one grant.

Each token is used once. A client that lost the answer may present the same token again for a few seconds, as long as
nobody used what was answered; after that, a used token, or one the family never had, means that two parties hold it,
and the family ends.

So a family has the token that was used last and its successors, and no other: the first use of one of these forgets its
siblings and its parent.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, tuple_, update

from idp.storage.records.database import Database
from idp.storage.records.errors import NotFound, RecordsError
from idp.storage.records.schema import refresh_families, refresh_tokens

_f, _t = refresh_families.c, refresh_tokens.c
_MEMBERS = (
    _f.id,
    _f.citizen_id,
    _f.client_id,
    _f.document,
    _f.created_at,
    _f.expires_at,
    _f.revoked_at,
    _f.reason,
)
_BY_ID = select(*_MEMBERS).where(_f.id == bindparam("id"))
_TOKEN = select(_t.issued_at, _t.used_at).where(_t.family_id == bindparam("id"), _t.digest == bindparam("digest"))
_FORGET_OTHERS = delete(refresh_tokens).where(_t.family_id == bindparam("of_id"), _t.digest != bindparam("of_digest"))
_USE = (
    update(refresh_tokens)
    .where(_t.family_id == bindparam("of_id"), _t.digest == bindparam("of_digest"), _t.used_at.is_(None))
    .values(used_at=bindparam("now"))
)
_PROLONG = (
    update(refresh_tokens)
    .where(_t.family_id == bindparam("of_id"), _t.digest == bindparam("of_digest"))
    .values(issued_at=bindparam("now"))
)
_REVOKE = (
    update(refresh_families)
    .where(_f.id == bindparam("of_id"), _f.revoked_at.is_(None))
    .values(revoked_at=bindparam("at"), reason=bindparam("why"))
)
_REVOKE_OF_CITIZEN = (
    update(refresh_families)
    .where(_f.citizen_id == bindparam("citizen"), _f.revoked_at.is_(None))
    .values(revoked_at=bindparam("at"), reason=bindparam("why"))
    .returning(_f.id)
)
_REVOKE_OF_CLIENT = _REVOKE_OF_CITIZEN.where(_f.client_id == bindparam("client"))
_OVER = select(_f.id).where((_f.expires_at < bindparam("before")) | (_f.revoked_at < bindparam("before")))
_PURGE = delete(refresh_families).where(_f.id.in_(_OVER.limit(bindparam("limit"))))
_USED = select(_t.family_id, _t.digest).where(_t.used_at < bindparam("before")).limit(bindparam("limit"))
_PURGE_USED = delete(refresh_tokens).where(tuple_(_t.family_id, _t.digest).in_(_USED))


@dataclass(frozen=True, slots=True)
class Family:
    """`document` is what was granted. Times are seconds since the epoch."""

    id: str
    citizen_id: str
    client_id: str
    document: bytes
    created_at: int
    expires_at: int
    revoked_at: int | None = None
    reason: str | None = None


class RefreshReused(RecordsError):
    """A used or unknown token was presented; its family is revoked now."""


class FamilyRecords:
    """Families and their tokens, kept as digests; a family is locked while one of its tokens is used."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._locked_by_id = database.locked(_BY_ID)

    def create(self, family: Family, first_digest: str) -> None:
        """Begin a family with its first token."""

        def work(connection: Connection) -> None:
            connection.execute(insert(refresh_families), asdict(family))
            _issue(connection, family.id, first_digest, family.created_at)

        self._database.write(work)

    def get(self, family_id: str) -> Family | None:
        """The family of that id, live or ended; None if it is unknown or was purged."""
        row = self._database.one(_BY_ID, {"id": family_id})
        return None if row is None else Family(*row)

    def rotate(
        self,
        family_id: str,
        presented_digest: str,
        successor_digest: str,
        now: float,
        grace: float,
        *,
        idle: float | None = None,
    ) -> Family:
        """Use a token and store the digest of its successor.

        A token used at most `grace` seconds ago gets another successor (0: none ever), unless one was used meanwhile.
        Raises `RefreshReused` for any other used or unknown token, and the family is revoked; `NotFound` if there is no
        such family, it expired or was revoked, or the token was issued more than `idle` seconds ago.
        """

        def work(connection: Connection) -> Family | RefreshReused:
            family = self._presented(connection, family_id, presented_digest, now, grace, idle)
            if isinstance(family, Family):
                connection.execute(_USE, {"of_id": family_id, "of_digest": presented_digest, "now": now})
                _issue(connection, family_id, successor_digest, now)
            return family

        return self._settled(work)

    def prolong(self, family_id: str, presented_digest: str, now: float, *, idle: float | None = None) -> Family:
        """Use a token that stays the family's only one, and is as good as new from now on. Raises as `rotate` does."""

        def work(connection: Connection) -> Family | RefreshReused:
            family = self._presented(connection, family_id, presented_digest, now, 0, idle)
            if isinstance(family, Family):
                connection.execute(_PROLONG, {"of_id": family_id, "of_digest": presented_digest, "now": now})
            return family

        return self._settled(work)

    def _presented(
        self, connection: Connection, family_id: str, digest: str, now: float, grace: float, idle: float | None
    ) -> Family | RefreshReused:
        """The family of a token that may be used; at its first use it is left alone in the family."""
        family = self._live(connection, family_id, now)
        token = connection.execute(_TOKEN, {"id": family_id, "digest": digest}).first()
        if token is None or (token.used_at is not None and not (grace > 0 and now - token.used_at <= grace)):
            _revoke(connection, family_id, "reuse", now)
            return RefreshReused(family_id)
        if idle is not None and now - token.issued_at > idle:
            raise NotFound(family_id)
        if token.used_at is None:
            connection.execute(_FORGET_OTHERS, {"of_id": family_id, "of_digest": digest})
        return family

    def _settled(self, work: Callable[[Connection], Family | RefreshReused]) -> Family:
        """Reuse is an outcome of the transaction and no error in it: raised inside, it would undo the revocation."""
        outcome = self._database.write(work)
        if isinstance(outcome, RefreshReused):
            raise outcome
        return outcome

    def revoke(self, family_id: str, reason: str, at: int) -> None:
        """End a family. Does nothing to one that is unknown or ended."""
        self._database.write(lambda connection: _revoke(connection, family_id, reason, at))

    def revoke_of_citizen(self, citizen_id: str, client_id: str | None, reason: str, at: int) -> list[str]:
        """End a citizen's families, all or those of one client; the ids of those that were ended by this call."""
        statement = _REVOKE_OF_CITIZEN if client_id is None else _REVOKE_OF_CLIENT
        parameters: dict[str, Any] = {"citizen": citizen_id, "why": reason, "at": at}
        if client_id is not None:
            parameters["client"] = client_id
        return self._database.write(lambda connection: list(connection.execute(statement, parameters).scalars()))

    def purge(self, before: int, limit: int) -> int:
        """Remove up to `limit` families that expired or were revoked before that time; how many."""
        return self._database.execute(_PURGE, {"before": before, "limit": limit})

    def purge_used(self, before: int, limit: int) -> int:
        """Forget up to `limit` tokens used before that time; how many.

        Presented again, a forgotten token is an unknown one, which ends its family all the same.
        """
        return self._database.execute(_PURGE_USED, {"before": before, "limit": limit})

    def _live(self, connection: Connection, family_id: str, now: float) -> Family:
        row = connection.execute(self._locked_by_id, {"id": family_id}).first()
        family = None if row is None else Family(*row)
        if family is None or family.revoked_at is not None or family.expires_at <= now:
            raise NotFound(family_id)
        return family


def _issue(connection: Connection, family_id: str, digest: str, now: float) -> None:
    connection.execute(insert(refresh_tokens), {"family_id": family_id, "digest": digest, "issued_at": now})


def _revoke(connection: Connection, family_id: str, reason: str, at: float) -> None:
    connection.execute(_REVOKE, {"of_id": family_id, "why": reason, "at": int(at)})
