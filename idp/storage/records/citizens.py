"""Citizens and the identifiers they are found by.

An identifier (a number, a phone) has a history: one row for each period, and at most one citizen has a value now. The
value itself is sealed; rows are found by its fingerprint (`idp.vault.Vault.fingerprint`). A value may have
fingerprints under several master keys while re-keying is under way, so look-ups and the check for takers go by all of
them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Connection,
    Select,
    String,
    any_,
    bindparam,
    insert,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.exc import IntegrityError

from idp.codec import encode
from idp.storage.records.database import Database
from idp.storage.records.errors import Changed, IdentifierTaken, NotFound
from idp.storage.records.quick import QuickRead
from idp.storage.records.schema import citizen_identifiers, citizens, passwords, totp_secrets
from idp.vault import kid_of

_c = citizens.c
_i = citizen_identifiers.c
CITIZEN_MEMBERS = (_c.id, _c.status, _c.sealed, _c.created_at, _c.updated_at)

_BY_ID = select(*CITIZEN_MEMBERS).where(_c.id == bindparam("id"))
_HISTORY = (
    select(_i.citizen_id, _i.kind, _i.fingerprint, _i.sealed, _i.since, _i.until)
    .where(_i.citizen_id == bindparam("id"))
    .order_by(_i.id)
)
_SET_STATUS = (
    update(citizens).where(_c.id == bindparam("of_id")).values(status=bindparam("status"), updated_at=bindparam("at"))
)
_REWRITE = (
    update(citizens)
    .where(_c.id == bindparam("of_id"), _c.sealed == bindparam("expected"))
    .values(sealed=bindparam("new"), kid=bindparam("new_kid"), updated_at=bindparam("at"))
)
_END_IDENTIFIER = (
    update(citizen_identifiers)
    .where(_i.citizen_id == bindparam("of_id"), _i.kind == bindparam("of_kind"), _i.until.is_(None))
    .values(until=bindparam("at"))
)

Known = tuple[str, str]
"""An identifier's kind and one fingerprint of it."""


@dataclass(frozen=True, slots=True)
class StoredCitizen:
    """`sealed` is the profile under the vault; times are seconds since the epoch."""

    id: str
    status: str
    sealed: bytes
    created_at: int
    updated_at: int


@dataclass(frozen=True, slots=True)
class StoredIdentifier:
    """An identifier a citizen has, or had from `since` to `until` (seconds since the epoch; None: has now)."""

    citizen_id: str
    kind: str
    fingerprint: str
    sealed: bytes
    since: int
    until: int | None = None


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A new citizen with identifiers and credentials, all added together."""

    citizen: StoredCitizen
    identifiers: tuple[StoredIdentifier, ...] = ()
    known_as: tuple[Known, ...] = ()
    """The identifiers' fingerprints under every loaded master key: none may be taken."""
    password_hash: str | None = None
    must_change_password: bool = False
    sealed_totp: bytes | None = None


class CitizenRecords:
    """Citizens and their identifiers, each found by its fingerprint and one citizen's at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._by_id = QuickRead(database, _BY_ID)

    def by_id(self, citizen_id: str) -> StoredCitizen | None:
        """The citizen of that id, whatever the status; None if there is none."""
        row = self._by_id.one({"id": citizen_id})
        return None if row is None else StoredCitizen(*row)

    def by_fingerprints(self, kind: str, fingerprints: Sequence[str]) -> StoredCitizen | None:
        """The citizen who has this identifier now."""
        row = self._database.one(_by_fingerprints(len(fingerprints)), fingerprint_parameters(kind, fingerprints))
        return None if row is None else StoredCitizen(*row)

    def history(self, citizen_id: str) -> Sequence[StoredIdentifier]:
        """All identifiers a citizen has or had, in the order they were recorded."""
        return [StoredIdentifier(*row) for row in self._database.all(_HISTORY, {"id": citizen_id})]

    def taken(self, known: Iterable[Known]) -> frozenset[Known]:
        """Which of these fingerprints some citizen has now."""
        return self._database.read(lambda connection: taken(connection, known))

    def add(self, enrolment: Enrolment) -> None:
        """Raises `IdentifierTaken`."""
        try:
            self._database.write(lambda connection: add_all(connection, [enrolment]))
        except IntegrityError:
            # Somebody else was faster: now it can be seen who has what.
            for kind, _ in self.taken(enrolment.known_as):
                raise IdentifierTaken(kind) from None
            raise

    def set_status(self, citizen_id: str, status: str, at: int) -> None:
        """Raises `NotFound`."""
        if not self._database.execute(_SET_STATUS, {"of_id": citizen_id, "status": status, "at": at}):
            raise NotFound(citizen_id)

    def rewrite(
        self,
        citizen_id: str,
        expected: bytes,
        sealed: bytes,
        at: int,
        ended: Sequence[str] = (),
        begun: Sequence[StoredIdentifier] = (),
        known_as: Sequence[Known] = (),
    ) -> None:
        """Replace the sealed profile `expected`, end the current identifiers of the kinds `ended`, and begin others.

        Raises `Changed` if the profile is no longer the expected one, `IdentifierTaken`.
        """

        def work(connection: Connection) -> None:
            changes = {"of_id": citizen_id, "expected": expected, "new": sealed, "new_kid": kid_of(sealed), "at": at}
            if not connection.execute(_REWRITE, changes).rowcount:
                raise Changed(citizen_id)
            for kind in ended:
                connection.execute(_END_IDENTIFIER, {"of_id": citizen_id, "of_kind": kind, "at": at})
            _refuse_taken(connection, known_as)
            _insert_identifiers(connection, begun)

        try:
            self._database.write(work)
        except IntegrityError:
            for kind, _ in self.taken(known_as):
                raise IdentifierTaken(kind) from None
            raise


def add_all(connection: Connection, enrolments: Sequence[Enrolment]) -> None:
    """Add citizens as part of a transaction. Raises `IdentifierTaken`, or IntegrityError if another was faster."""
    _refuse_taken(connection, [known for each in enrolments for known in each.known_as])
    connection.execute(insert(citizens), [_citizen_values(each.citizen) for each in enrolments])
    _insert_identifiers(connection, [identifier for each in enrolments for identifier in each.identifiers])
    _insert_credentials(connection, enrolments)


# The list travels as one parameter: hundreds of them would take longer to send than to look up.
_TAKEN = select(_i.fingerprint).where(_i.kind == bindparam("kind"), _i.until.is_(None))
_TAKEN_ON_SQLITE = _TAKEN.where(_i.fingerprint.in_(text("SELECT value FROM json_each(:fingerprints)")))
_TAKEN_ON_POSTGRESQL = _TAKEN.where(_i.fingerprint == any_(bindparam("fingerprints", type_=ARRAY(String))))


def taken(connection: Connection, known: Iterable[Known]) -> frozenset[Known]:
    by_kind: dict[str, list[str]] = {}
    for kind, fingerprint in known:
        by_kind.setdefault(kind, []).append(fingerprint)
    return frozenset(
        (kind, fingerprint)
        for kind, fingerprints in by_kind.items()
        for fingerprint in _taken_of_kind(connection, kind, fingerprints)
    )


def _taken_of_kind(connection: Connection, kind: str, fingerprints: Sequence[str]) -> Iterable[str]:
    if connection.dialect.name == "sqlite":
        parameters = {"kind": kind, "fingerprints": encode(fingerprints).decode()}
        return connection.execute(_TAKEN_ON_SQLITE, parameters).scalars()
    return connection.execute(_TAKEN_ON_POSTGRESQL, {"kind": kind, "fingerprints": fingerprints}).scalars()


def _refuse_taken(connection: Connection, known: Sequence[Known]) -> None:
    for kind, _ in taken(connection, known):
        raise IdentifierTaken(kind)


def _citizen_values(citizen: StoredCitizen) -> dict[str, Any]:
    return {
        "id": citizen.id,
        "status": citizen.status,
        "sealed": citizen.sealed,
        "kid": kid_of(citizen.sealed),
        "created_at": citizen.created_at,
        "updated_at": citizen.updated_at,
    }


def _insert_identifiers(connection: Connection, identifiers: Sequence[StoredIdentifier]) -> None:
    if identifiers:
        connection.execute(insert(citizen_identifiers), [_identifier_values(each) for each in identifiers])


def _identifier_values(identifier: StoredIdentifier) -> dict[str, Any]:
    return {
        "citizen_id": identifier.citizen_id,
        "kind": identifier.kind,
        "fingerprint": identifier.fingerprint,
        "sealed": identifier.sealed,
        "kid": kid_of(identifier.sealed),
        "since": identifier.since,
        "until": identifier.until,
    }


def _insert_credentials(connection: Connection, enrolments: Sequence[Enrolment]) -> None:
    hashes = [
        {
            "citizen_id": each.citizen.id,
            "hash": each.password_hash,
            "set_at": each.citizen.created_at,
            "must_change": each.must_change_password,
        }
        for each in enrolments
        if each.password_hash is not None
    ]
    totps = [
        {
            "citizen_id": each.citizen.id,
            "sealed": each.sealed_totp,
            "kid": kid_of(each.sealed_totp),
            "enrolled_at": each.citizen.created_at,
        }
        for each in enrolments
        if each.sealed_totp is not None
    ]
    for table, values in ((passwords, hashes), (totp_secrets, totps)):
        if values:
            connection.execute(insert(table), values)


def current_identifier(count: int) -> ColumnElement[bool]:
    """The condition that a row is the current identifier of a kind with one of `count` fingerprints.

    Spelled out for each count, because an IN list is expanded anew for every call.
    """
    same = or_(*(_i.fingerprint == bindparam(f"fingerprint_{index}") for index in range(count)))
    return (_i.kind == bindparam("kind")) & same & _i.until.is_(None)


def fingerprint_parameters(kind: str, fingerprints: Sequence[str]) -> dict[str, str]:
    return {"kind": kind} | {f"fingerprint_{index}": value for index, value in enumerate(fingerprints)}


@lru_cache
def _by_fingerprints(count: int) -> Select[Any]:
    return select(*CITIZEN_MEMBERS).join_from(citizen_identifiers, citizens).where(current_identifier(count))
