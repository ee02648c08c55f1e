"""From what somebody says of a new citizen to what the records keep: proved, completed and sealed."""

import re
from base64 import b32encode
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from idp.citizens.citizen import Citizen, Profile, Status
from idp.citizens.identifiers import InvalidIdentifier, parse_phone
from idp.citizens.number import parse_canonical
from idp.codec import encode
from idp.secrets import Randomness
from idp.storage.records.citizens import Enrolment, StoredCitizen, StoredIdentifier
from idp.vault import Vault
from idp.vault.contexts import identifier_context, profile_context, totp_context

NUMBER: Final = "number"
PHONE: Final = "phone"
LONGEST_NAME: Final = 100

# Control characters, line and paragraph separators, marks that turn the direction of text, halves of surrogate pairs.
_UNSEEN: Final = r"\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff"
_CONTROL: Final = re.compile(f"[{_UNSEEN}]")
_EMAIL: Final = re.compile(rf"[^\s@<>\"{_UNSEEN}]{{1,64}}@[^\s@<>\"{_UNSEEN}]{{1,190}}\.[^\s@<>.\"{_UNSEEN}]{{2,63}}")
_GENDERS: Final = frozenset({"female", "male"})


class InvalidDetail(ValueError):
    """A member of a profile is not acceptable. Names the member and the rule, never the value."""


@dataclass(frozen=True, slots=True)
class NewCitizen:
    """What is known of a new citizen. Birth date and gender default to what the number says."""

    name: str
    number: str | None = None
    phone: str | None = None
    email: str | None = None
    birthdate: str | None = None
    gender: str | None = None
    address: str | None = None
    password_hash: str | None = None
    must_change_password: bool = False
    totp_secret: str | None = None

    @property
    def profile(self) -> Profile:
        return Profile(self.name, self.number, self.phone, self.email, self.birthdate, self.gender, self.address)

    def __repr__(self) -> str:
        return "NewCitizen(…)"


def proved(profile: Profile, today: date) -> Profile:
    """The profile with every member checked and in its one spelling. Raises `InvalidDetail` or `InvalidNumber`."""
    number = None if profile.number is None else parse_canonical(profile.number, today)
    birthdate = profile.birthdate or (None if number is None else number.birthdate.isoformat())
    return replace(
        profile,
        name=_name(profile.name),
        phone=_phone(profile.phone),
        email=_email(profile.email),
        birthdate=_birthdate(birthdate, today),
        gender=_gender(profile.gender or (None if number is None else number.sex.value)),
        address=_address(profile.address),
    )


def enrolment(vault: Vault, citizen: Citizen, new: NewCitizen) -> Enrolment:
    """Everything of a new citizen, sealed."""
    at = citizen.updated_at
    sealed = vault.seal(encode(citizen.profile), profile_context(citizen.id))
    totp = new.totp_secret
    known = identifiers(citizen.profile)
    return Enrolment(
        citizen=StoredCitizen(citizen.id, citizen.status.value, sealed, at, at),
        identifiers=tuple(identifier(vault, citizen.id, kind, value, at) for kind, value in known),
        known_as=tuple((kind, each) for kind, value in known for each in vault.fingerprints(kind, value)),
        password_hash=new.password_hash,
        must_change_password=new.must_change_password,
        sealed_totp=None if totp is None else vault.seal(totp.encode(), totp_context(citizen.id)),
    )


def new_citizen(new: NewCitizen, today: date, randomness: Randomness, now: int) -> Citizen:
    """Raises `InvalidDetail` or `InvalidNumber`."""
    return Citizen(new_id(randomness), Status.ACTIVE, proved(new.profile, today), now)


def new_id(randomness: Randomness) -> str:
    """130 random bits as 26 letters and digits."""
    return b32encode(randomness.bytes(20))[:26].decode("ascii").lower()


def identifiers(profile: Profile) -> tuple[tuple[str, str], ...]:
    """What a citizen is found by, as pairs of kind and value."""
    both = ((NUMBER, profile.number), (PHONE, profile.phone))
    return tuple((kind, value) for kind, value in both if value is not None)


def identifier(vault: Vault, citizen_id: str, kind: str, value: str, at: int) -> StoredIdentifier:
    sealed = vault.seal(value.encode(), identifier_context(citizen_id, kind))
    return StoredIdentifier(citizen_id, kind, vault.fingerprint(kind, value), sealed, at)


def _name(name: str) -> str:
    plain = name.strip()
    if not plain or len(plain) > LONGEST_NAME or _CONTROL.search(plain):
        raise InvalidDetail(f"name must have 1 to {LONGEST_NAME} characters and no control character")
    return plain


def _phone(phone: str | None) -> str | None:
    try:
        return None if phone is None else parse_phone(phone)
    except InvalidIdentifier:
        raise InvalidDetail("phone is not a telephone number") from None


def _email(email: str | None) -> str | None:
    if email is not None and not _EMAIL.fullmatch(email):
        raise InvalidDetail("email is not an e-mail address")
    return email


def _birthdate(birthdate: str | None, today: date) -> str | None:
    if birthdate is None:
        return None
    try:
        born = date.fromisoformat(birthdate)
    except ValueError:
        raise InvalidDetail("birthdate is not a date such as 1990-01-31") from None
    if born > today:
        raise InvalidDetail("birthdate is in the future")
    return born.isoformat()


def _gender(gender: str | None) -> str | None:
    if gender is not None and gender not in _GENDERS:
        raise InvalidDetail("gender is neither female nor male")
    return gender


def _address(address: str | None) -> str | None:
    if address is not None and (not address.strip() or len(address) > 500 or _CONTROL.search(address)):
        raise InvalidDetail("address must have 1 to 500 characters and no control character")
    return address
