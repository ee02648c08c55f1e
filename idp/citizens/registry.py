"""The registry of citizens: adding, finding and changing them. All that is personal is sealed before it reaches the
records.

A citizen is found by the internal id, or by number or phone through their keyed fingerprints, each in one statement.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from idp.citizens.citizen import Citizen, Profile, Status
from idp.citizens.enrolling import (
    NUMBER,
    PHONE,
    InvalidDetail,
    NewCitizen,
    enrolment,
    identifier,
    identifiers,
    new_citizen,
    proved,
)
from idp.citizens.number import parse_canonical, today_in_china
from idp.clock import Clock
from idp.codec import decode, encode
from idp.secrets import Randomness
from idp.storage.records.citizens import StoredCitizen
from idp.storage.records.credentials import LoginRow
from idp.storage.records.errors import Changed, IdentifierTaken, NotFound
from idp.storage.records.records import Records
from idp.vault import Vault
from idp.vault.contexts import identifier_context, profile_context, totp_context

__all__ = [
    "NUMBER",
    "PHONE",
    "Citizens",
    "InvalidDetail",
    "LoginAccount",
    "NewCitizen",
    "NotFound",
    "NumberPeriod",
    "NumberTaken",
    "PhoneTaken",
]

_ATTEMPTS: Final = 5


class NumberTaken(Exception):
    """Another citizen has this number."""


class PhoneTaken(Exception):
    """Another citizen has this phone."""


@dataclass(frozen=True, slots=True)
class LoginAccount:
    """A citizen and what can be asked for as proof. `recovery_codes` counts those not yet used."""

    citizen: Citizen
    password_hash: str | None
    totp_secret: str | None
    recovery_codes: int
    password_set_at: int | None = None
    must_change_password: bool = False

    def __repr__(self) -> str:
        return f"LoginAccount({self.citizen.id})"


@dataclass(frozen=True, slots=True)
class NumberPeriod:
    """A number a citizen had from `since` on, until `until` or still."""

    number: str
    since: int
    until: int | None

    def __repr__(self) -> str:
        return f"NumberPeriod(since={self.since}, until={self.until})"


class Citizens:
    def __init__(self, records: Records, vault: Vault, clock: Clock, randomness: Randomness) -> None:
        self._records = records
        self._vault = vault
        self._clock = clock
        self._randomness = randomness

    # -- finding ------------------------------------------------------------------------------------------------------

    def by_id(self, citizen_id: str) -> Citizen | None:
        return self._opened(self._records.citizens.by_id(citizen_id))

    def by_number(self, number: str) -> Citizen | None:
        """By the present number, in canonical form."""
        return self._opened(self._records.citizens.by_fingerprints(NUMBER, self._vault.fingerprints(NUMBER, number)))

    def by_phone(self, phone: str) -> Citizen | None:
        """By the present phone, E.164."""
        return self._opened(self._records.citizens.by_fingerprints(PHONE, self._vault.fingerprints(PHONE, phone)))

    def for_sign_in(self, kind: str, value: str) -> LoginAccount | None:
        """Who has this number (canonical) or phone (E.164), with all credentials. `kind` is `number` or `phone`."""
        return self._account(self._records.credentials.login_row(kind, self._vault.fingerprints(kind, value)))

    def account(self, citizen_id: str) -> LoginAccount | None:
        """A citizen with all credentials."""
        return self._account(self._records.credentials.login_row_of(citizen_id))

    def number_history(self, citizen_id: str) -> tuple[NumberPeriod, ...]:
        context = identifier_context(citizen_id, NUMBER)
        return tuple(
            NumberPeriod(self._vault.open(each.sealed, context).decode(), each.since, each.until)
            for each in self._records.citizens.history(citizen_id)
            if each.kind == NUMBER
        )

    # -- adding and changing ------------------------------------------------------------------------------------------

    def add(self, new: NewCitizen) -> Citizen:
        """Raises `NumberTaken`, `PhoneTaken`, `InvalidNumber` or `InvalidDetail`."""
        citizen = new_citizen(new, today_in_china(self._clock), self._randomness, self._now())
        try:
            self._records.citizens.add(enrolment(self._vault, citizen, new))
        except IdentifierTaken as taken:
            raise _taken(taken.kind) from None
        return citizen

    def set_status(self, citizen_id: str, status: Status) -> None:
        """Raises `NotFound`."""
        self._records.citizens.set_status(citizen_id, status.value, self._now())

    def correct_number(self, citizen_id: str, new_number: str) -> Citizen:
        """Another number for the same citizen; the old one stays in the history, and somebody else may have it.

        Birth date and gender follow, where they were those of the old number. Raises `NotFound`, `NumberTaken` or
        `InvalidNumber`.
        """
        return self._rewrite(citizen_id, lambda profile: self._with_number(profile, new_number))

    def change_profile(self, citizen_id: str, change: Callable[[Profile], Profile]) -> Citizen:
        """Replace the profile by what `change` makes of it; it may be called again if the profile changed meanwhile.

        Raises `NotFound`, `NumberTaken`, `PhoneTaken`, `InvalidNumber` or `InvalidDetail`.
        """
        return self._rewrite(citizen_id, change)

    # -- credentials --------------------------------------------------------------------------------------------------

    def set_password_hash(
        self, citizen_id: str, new_hash: str, keep: int = 5, must_change: bool = False, replaces: str | None = None
    ) -> None:
        """A new password; hashes of the last `keep` before it are remembered.

        Raises `NotFound`, or `Changed` if `replaces` is given and is not the present password's hash.
        """
        self._records.credentials.set_password(citizen_id, new_hash, self._now(), keep, must_change, replaces)

    def upgrade_password_hash(self, citizen_id: str, old: str, new: str) -> None:
        """Another hash of the same password. Does nothing if the password was changed meanwhile."""
        self._records.credentials.upgrade_hash(citizen_id, old, new)

    def set_totp_secret(self, citizen_id: str, secret: str) -> None:
        """Raises `NotFound`."""
        sealed = self._vault.seal(secret.encode(), totp_context(citizen_id))
        self._records.credentials.set_totp(citizen_id, sealed, self._now())

    def remove_totp_secret(self, citizen_id: str) -> None:
        """The citizen's authenticator is gone, and with it the recovery codes. Raises `NotFound`."""
        self._records.credentials.remove_totp(citizen_id)

    # -- inside -------------------------------------------------------------------------------------------------------

    def _now(self) -> int:
        return int(self._clock.now())

    def _opened(self, stored: StoredCitizen | None) -> Citizen | None:
        return None if stored is None else self._citizen(stored)

    def _citizen(self, stored: StoredCitizen) -> Citizen:
        profile = decode(self._vault.open(stored.sealed, profile_context(stored.id)), Profile)
        return Citizen(stored.id, Status(stored.status), profile, stored.updated_at)

    def _account(self, row: LoginRow | None) -> LoginAccount | None:
        if row is None:
            return None
        citizen, password, totp = self._citizen(row.citizen), row.password, row.sealed_totp
        return LoginAccount(
            citizen=citizen,
            password_hash=None if password is None else password.hash,
            totp_secret=None if totp is None else self._vault.open(totp, totp_context(citizen.id)).decode(),
            recovery_codes=row.recovery_codes,
            password_set_at=None if password is None else password.set_at,
            must_change_password=password is not None and password.must_change,
        )

    def _with_number(self, profile: Profile, new_number: str) -> Profile:
        today = today_in_china(self._clock)
        new = parse_canonical(new_number, today)
        if profile.number is not None:
            old = parse_canonical(profile.number, today)
            if profile.birthdate == old.birthdate.isoformat():
                profile = replace(profile, birthdate=new.birthdate.isoformat())
            if profile.gender == old.sex.value:
                profile = replace(profile, gender=new.sex.value)
        return replace(profile, number=new.canonical)

    def _rewrite(self, citizen_id: str, change: Callable[[Profile], Profile]) -> Citizen:
        for attempts_left in reversed(range(_ATTEMPTS)):
            stored = self._records.citizens.by_id(citizen_id)
            if stored is None:
                raise NotFound(citizen_id)
            try:
                return self._replace(stored, change)
            except IdentifierTaken as taken:
                raise _taken(taken.kind) from None
            except Changed:
                if not attempts_left:
                    raise
        raise AssertionError("unreachable")

    def _replace(self, stored: StoredCitizen, change: Callable[[Profile], Profile]) -> Citizen:
        before = self._citizen(stored)
        after = replace(
            before, profile=proved(change(before.profile), today_in_china(self._clock)), updated_at=self._now()
        )
        old, new = dict(identifiers(before.profile)), dict(identifiers(after.profile))
        begun = {kind: value for kind, value in new.items() if old.get(kind) != value}
        self._records.citizens.rewrite(
            before.id,
            expected=stored.sealed,
            sealed=self._vault.seal(encode(after.profile), profile_context(before.id)),
            at=after.updated_at,
            ended=[kind for kind, value in old.items() if new.get(kind) != value],
            begun=[identifier(self._vault, before.id, kind, value, after.updated_at) for kind, value in begun.items()],
            known_as=[(kind, each) for kind, value in begun.items() for each in self._vault.fingerprints(kind, value)],
        )
        return after


def _taken(kind: str) -> Exception:
    return PhoneTaken() if kind == PHONE else NumberTaken()
