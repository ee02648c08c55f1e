"""All sealed values of all tables, walked in batches, for `idp.running.rekey`."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Column, Connection, Select, Table, Update, bindparam, func, select, update
from sqlalchemy.exc import IntegrityError

from idp.storage.records.database import Database
from idp.storage.records.schema import citizen_identifiers, citizens, secrets, signing_keys, totp_secrets
from idp.vault import kid_of


@dataclass(frozen=True, slots=True)
class _Place:
    table: Table
    key: Column[Any]
    names: tuple[Column[Any], ...]
    kid: Column[Any]
    start: str | int = ""

    @property
    def sealed(self) -> Column[Any]:
        return self.table.c.sealed

    @property
    def fingerprinted(self) -> bool:
        return "fingerprint" in self.table.c


_i = citizen_identifiers.c
_PLACES: Final[Mapping[str, _Place]] = {
    "secrets": _Place(secrets, secrets.c.name, (secrets.c.name,), secrets.c.kid),
    "signing_keys": _Place(signing_keys, signing_keys.c.kid, (signing_keys.c.kid,), signing_keys.c.sealed_kid),
    "citizens": _Place(citizens, citizens.c.id, (citizens.c.id,), citizens.c.kid),
    "citizen_identifiers": _Place(citizen_identifiers, _i.id, (_i.citizen_id, _i.kind), _i.kid, start=0),
    "totp_secrets": _Place(totp_secrets, totp_secrets.c.citizen_id, (totp_secrets.c.citizen_id,), totp_secrets.c.kid),
}
PLACES: Final = tuple(_PLACES)
"""The tables that hold sealed values."""


@dataclass(frozen=True, slots=True)
class SealedValue:
    """`names` is what the context of the value is made of (`idp.vault.contexts`); `key` finds its row."""

    place: str
    key: str | int
    names: tuple[str, ...]
    sealed: bytes


@dataclass(frozen=True, slots=True)
class Resealed:
    """What takes a value's place. `fingerprint` is given for identifiers."""

    value: SealedValue
    sealed: bytes
    fingerprint: str | None = None


class SealedRecords:
    """Every sealed value there is, in whatever table, for re-keying and for `idp check`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def counts(self) -> Mapping[str, int]:
        """How many values are sealed under each master key."""
        total: Counter[str] = Counter()
        for place in _PLACES.values():
            rows = self._database.all(select(place.kid, func.count()).group_by(place.kid))
            total.update({row[0]: row[1] for row in rows})
        return total

    def batch(self, place: str, current_kid: str, after: str | int | None, limit: int) -> Sequence[SealedValue]:
        """Values under other keys than the current one, in the order of their keys, from the first beyond `after`."""
        start = _PLACES[place].start if after is None else after
        rows = self._database.all(_BATCHES[place], {"current": current_kid, "after": start, "limit": limit})
        return [SealedValue(place, row[0], tuple(row[2:]), row[1]) for row in rows]

    def replace(self, place: str, resealed: Sequence[Resealed]) -> int:
        """Put the resealed values in place, except where a value was changed meanwhile; how many could not be.

        Two current identifiers that turn out to be the same value cannot both be: the second stays as it is.
        """
        try:
            self._database.write(lambda connection: _replace(connection, place, resealed))
        except IntegrityError:
            return sum(self._replace_one(place, each) for each in resealed)
        return 0

    def _replace_one(self, place: str, resealed: Resealed) -> int:
        try:
            self._database.write(lambda connection: _replace(connection, place, [resealed]))
        except IntegrityError:
            return 1
        return 0


def _replace(connection: Connection, place: str, resealed: Sequence[Resealed]) -> None:
    if not resealed:
        return
    values = [
        {
            "of_key": each.value.key,
            "old": each.value.sealed,
            "new": each.sealed,
            "new_kid": kid_of(each.sealed),
            **({} if each.fingerprint is None else {"new_fingerprint": each.fingerprint}),
        }
        for each in resealed
    ]
    connection.execute(_UPDATES[place], values)


def _batch(place: _Place) -> Select[Any]:
    return (
        select(place.key, place.sealed, *(name.label(f"name_{index}") for index, name in enumerate(place.names)))
        .where(place.kid != bindparam("current"), place.key > bindparam("after"))
        .order_by(place.key)
        .limit(bindparam("limit"))
    )


def _update(place: _Place) -> Update:
    values: dict[Column[Any], Any] = {place.sealed: bindparam("new"), place.kid: bindparam("new_kid")}
    if place.fingerprinted:
        values[place.table.c.fingerprint] = bindparam("new_fingerprint")
    return update(place.table).where(place.key == bindparam("of_key"), place.sealed == bindparam("old")).values(values)


_BATCHES: Final = {name: _batch(place) for name, place in _PLACES.items()}
_UPDATES: Final = {name: _update(place) for name, place in _PLACES.items()}
