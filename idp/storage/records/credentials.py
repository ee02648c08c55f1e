"""What citizens prove themselves with: a password hash, a sealed TOTP secret, digests of recovery codes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, FromClause, Select, bindparam, delete, func, insert, select, update

from idp.storage.records.citizens import CITIZEN_MEMBERS, StoredCitizen, current_identifier, fingerprint_parameters
from idp.storage.records.database import Database
from idp.storage.records.errors import Changed, NotFound
from idp.storage.records.schema import (
    citizen_identifiers,
    citizens,
    former_passwords,
    passwords,
    recovery_codes,
    totp_secrets,
)
from idp.vault import kid_of

_p, _f, _r = passwords.c, former_passwords.c, recovery_codes.c

_PASSWORD = select(_p.hash, _p.set_at).where(_p.citizen_id == bindparam("id"))
_UPGRADE_HASH = (
    update(passwords)
    .where(_p.citizen_id == bindparam("of_id"), _p.hash == bindparam("old"))
    .values(hash=bindparam("new"))
)
_FORMER = (
    select(_f.id, _f.hash).where(_f.citizen_id == bindparam("id")).order_by(_f.id.desc()).limit(bindparam("limit"))
)
_FORGET_FORMER = delete(former_passwords).where(_f.citizen_id == bindparam("of_id"), _f.id < bindparam("oldest"))
_FORGET_ALL_FORMER = delete(former_passwords).where(_f.citizen_id == bindparam("of_id"))
_LOCK_CITIZEN = select(citizens.c.id).where(citizens.c.id == bindparam("id"))
_USE_CODE = (
    update(recovery_codes)
    .where(_r.citizen_id == bindparam("of_id"), _r.digest == bindparam("of_digest"), _r.used_at.is_(None))
    .values(used_at=bindparam("at"))
)
_REMOVE_TOTP = delete(totp_secrets).where(totp_secrets.c.citizen_id == bindparam("of_id"))
_REMOVE_CODES = delete(recovery_codes).where(_r.citizen_id == bindparam("of_id"))
_UNUSED_CODES = (
    select(func.count())
    .select_from(recovery_codes)
    .where(_r.citizen_id == citizens.c.id, _r.used_at.is_(None))
    .scalar_subquery()
)


@dataclass(frozen=True, slots=True)
class StoredPassword:
    """`hash` names its own scheme; `set_at` is seconds since the epoch; with `must_change` it opens only its change."""

    hash: str
    set_at: int
    must_change: bool


@dataclass(frozen=True, slots=True)
class LoginRow:
    """All that a sign-in needs to know of a citizen. `recovery_codes` counts the unused ones."""

    citizen: StoredCitizen
    password: StoredPassword | None
    sealed_totp: bytes | None
    recovery_codes: int


class CredentialRecords:
    """Credentials of citizens. Changes to those of one citizen come one after another."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock_citizen = database.locked(_LOCK_CITIZEN)
        save = database.insert(passwords)
        self._save_password = save.on_conflict_do_update(
            index_elements=["citizen_id"],
            set_={
                "hash": save.excluded.hash,
                "set_at": save.excluded.set_at,
                "must_change": save.excluded.must_change,
            },
        )
        enrol = database.insert(totp_secrets)
        self._save_totp = enrol.on_conflict_do_update(
            index_elements=["citizen_id"],
            set_={
                "sealed": enrol.excluded.sealed,
                "kid": enrol.excluded.kid,
                "enrolled_at": enrol.excluded.enrolled_at,
            },
        )

    def login_row(self, kind: str, fingerprints: Sequence[str]) -> LoginRow | None:
        """The citizen who has this identifier now, with all credentials, in one statement."""
        row = self._database.one(_login_row(len(fingerprints)), fingerprint_parameters(kind, fingerprints))
        return None if row is None else _understood(*row)

    def login_row_of(self, citizen_id: str) -> LoginRow | None:
        """A citizen with all credentials, in one statement."""
        row = self._database.one(_LOGIN_ROW_OF, {"id": citizen_id})
        return None if row is None else _understood(*row)

    def set_password(
        self,
        citizen_id: str,
        new_hash: str,
        at: int,
        keep: int,
        must_change: bool = False,
        replaces: str | None = None,
    ) -> None:
        """A new password in place of the one before, of which, with others before it, `keep` hashes are remembered.

        Raises `NotFound` if there is no such citizen, or `Changed` if `replaces` is given and is not the present hash.
        """
        values = {"citizen_id": citizen_id, "hash": new_hash, "set_at": at, "must_change": must_change}

        def work(connection: Connection) -> None:
            before = connection.execute(_PASSWORD, {"id": citizen_id}).first()
            if replaces is not None and (before is None or before.hash != replaces):
                raise Changed(citizen_id)
            if before is not None:
                remembered = {"citizen_id": citizen_id, "hash": before.hash, "set_at": before.set_at}
                connection.execute(insert(former_passwords), remembered)
                _forget_former(connection, citizen_id, keep)
            connection.execute(self._save_password, values)

        self._change(citizen_id, work)

    def upgrade_hash(self, citizen_id: str, old: str, new: str) -> None:
        """Another hash of the same password. Does nothing if the password was changed meanwhile."""
        self._database.execute(_UPGRADE_HASH, {"of_id": citizen_id, "old": old, "new": new})

    def former_hashes(self, citizen_id: str, limit: int) -> Sequence[str]:
        """Hashes of passwords the citizen had before the present one, the latest first."""
        return [row.hash for row in self._database.all(_FORMER, {"id": citizen_id, "limit": limit})]

    def set_totp(self, citizen_id: str, sealed: bytes, at: int) -> None:
        """Enrol, in place of what was enrolled before. Raises `NotFound` if there is no such citizen."""
        values = {"citizen_id": citizen_id, "sealed": sealed, "kid": kid_of(sealed), "enrolled_at": at}
        self._change(citizen_id, lambda connection: connection.execute(self._save_totp, values))

    def remove_totp(self, citizen_id: str) -> None:
        """Forget the authenticator, and the recovery codes that stand in for it. Raises `NotFound`: no such citizen."""

        def work(connection: Connection) -> None:
            connection.execute(_REMOVE_TOTP, {"of_id": citizen_id})
            connection.execute(_REMOVE_CODES, {"of_id": citizen_id})

        self._change(citizen_id, work)

    def replace_recovery_codes(self, citizen_id: str, digests: Sequence[str]) -> None:
        """New codes in place of all before. Raises `NotFound` if there is no such citizen."""

        def work(connection: Connection) -> None:
            connection.execute(_REMOVE_CODES, {"of_id": citizen_id})
            if digests:
                codes = [{"citizen_id": citizen_id, "digest": digest} for digest in digests]
                connection.execute(insert(recovery_codes), codes)

        self._change(citizen_id, work)

    def use_recovery_code(self, citizen_id: str, digest: str, at: int) -> None:
        """Use up a code. Raises `NotFound` if it is unknown or used: of parallel callers exactly one returns."""
        if not self._database.execute(_USE_CODE, {"of_id": citizen_id, "of_digest": digest, "at": at}):
            raise NotFound(citizen_id)

    def _change(self, citizen_id: str, work: Callable[[Connection], object]) -> None:
        """Do `work` while nobody else changes this citizen's credentials. Raises `NotFound`."""

        def locked_work(connection: Connection) -> None:
            if connection.execute(self._lock_citizen, {"id": citizen_id}).first() is None:
                raise NotFound(citizen_id)
            work(connection)

        self._database.write(locked_work)


def _forget_former(connection: Connection, citizen_id: str, keep: int) -> None:
    kept = connection.execute(_FORMER, {"id": citizen_id, "limit": keep}).all()
    if kept:
        connection.execute(_FORGET_FORMER, {"of_id": citizen_id, "oldest": kept[-1].id})
    else:
        connection.execute(_FORGET_ALL_FORMER, {"of_id": citizen_id})


def _understood(*members: Any) -> LoginRow:
    *citizen, hash_, set_at, must_change, sealed_totp, unused_codes = members
    password = None if hash_ is None else StoredPassword(hash_, set_at, must_change)
    return LoginRow(StoredCitizen(*citizen), password, sealed_totp, unused_codes)


def _with_credentials(people: FromClause) -> Select[Any]:
    members = (*CITIZEN_MEMBERS, _p.hash, _p.set_at, _p.must_change, totp_secrets.c.sealed, _UNUSED_CODES)
    joined = people.outerjoin(passwords, _p.citizen_id == citizens.c.id)
    return select(*members).select_from(joined.outerjoin(totp_secrets, totp_secrets.c.citizen_id == citizens.c.id))


@lru_cache
def _login_row(count: int) -> Select[Any]:
    return _with_credentials(citizen_identifiers.join(citizens)).where(current_identifier(count))


_LOGIN_ROW_OF = _with_credentials(citizens).where(citizens.c.id == bindparam("id"))
