"""Identity numbers of eighteen characters: the citizen ID number (公民身份号码, GB 11643-1999) and two permits.

    AAAAAA YYYYMMDD SSS C     address code, birth date, sequence (odd male, even female), check character

* citizens: the address code starts with a province of GB/T 2260;
* residents from Hong Kong, Macao and Taiwan: 810000, 820000, 830000 and nothing else (Taiwan is 83 here, not 71);
* foreigners with permanent residence, cards since 2023-12-01: 9, two digits of a mainland province, three digits of
  nationality (ISO 3166-1 numeric).

Not checked, because real numbers would be refused: the county (abolished codes live on in numbers, new ones appear each
year) and the age (the standard's own example was born in 1880). Sex and age read from a number are derived, not proven.

`parse_canonical` is for machines and takes one spelling. `parse_typed` is for forms and forgives what people type.
A number is personal data: it prints masked, and `InvalidNumber` says what was wrong and never with which value.
"""

import enum
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Final

from idp.clock import Clock

CHINA_STANDARD_TIME: Final = timezone(timedelta(hours=8))

MAINLAND_PROVINCES: Final = frozenset(
    {"11", "12", "13", "14", "15"}
    | {"21", "22", "23"}
    | {"31", "32", "33", "34", "35", "36", "37"}
    | {"41", "42", "43", "44", "45", "46"}
    | {"50", "51", "52", "53", "54"}
    | {"61", "62", "63", "64", "65"}
)
"""GB/T 2260. 66, the Production and Construction Corps, is an access point of the national platform and in no number:
its people's numbers begin with 65."""

CITIZEN_PROVINCES: Final = MAINLAND_PROVINCES | {"71"}
RESIDENCE_PERMIT_CODES: Final = frozenset({"810000", "820000", "830000"})

WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK_CHARACTERS: Final = "10X98765432"

# An explicit table and not NFKC, which would turn Ⅹ (U+2169), ① and ² into characters of a number.
TYPED: Final = str.maketrans("０１２３４５６７８９Ｘｘx", "0123456789XXX", " -")
EDGES: Final = " \t\r\n\u3000"
LONGEST_TYPED: Final = 64

# [0-9] and not \d, which matches the digits of every script.
EIGHTEEN: Final = re.compile(r"[0-9]{17}[0-9X]")
FIFTEEN: Final = re.compile(r"[0-9]{15}")
CENTENARIAN_SEQUENCES: Final = frozenset({"996", "997", "998", "999"})


class Kind(enum.Enum):
    CITIZEN = "citizen"
    RESIDENCE_PERMIT = "residence_permit"
    PERMANENT_RESIDENCE = "permanent_residence"


class Sex(enum.Enum):
    """The values of the OIDC claim `gender`."""

    FEMALE = "female"
    MALE = "male"


class Reason(enum.Enum):
    LENGTH = "length"
    CHARACTERS = "characters"
    CHECK = "check"
    REGION = "region"
    DATE = "date"
    FUTURE = "future"


class InvalidNumber(ValueError):
    """Not an identity number. The message is the reason alone."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True, repr=False)
class CitizenNumber:
    """A number that passed every check. Only the parsers of this module make one."""

    canonical: str
    kind: Kind
    birthdate: date
    sex: Sex

    @property
    def masked(self) -> str:
        return mask(self.canonical)

    def __str__(self) -> str:
        return self.masked

    def __repr__(self) -> str:
        return f"CitizenNumber({self.masked})"


def parse_canonical(text: str, today: date) -> CitizenNumber:
    """Parse what a machine sent: eighteen ASCII characters, capital X. Raises `InvalidNumber`."""
    if len(text) != 18:
        raise InvalidNumber(Reason.LENGTH)
    if EIGHTEEN.fullmatch(text) is None:
        raise InvalidNumber(Reason.CHARACTERS)
    if check_character(text[:17]) != text[17]:
        raise InvalidNumber(Reason.CHECK)
    return CitizenNumber(text, _kind(text[:6]), _birthdate(text[6:14], today), _sex(text[14:17]))


def parse_typed(text: str, today: date) -> CitizenNumber:
    """Parse what a person typed: spaces, hyphens, full-width characters, a small x; fifteen digits are upgraded.

    Raises `InvalidNumber`.
    """
    if len(text) > LONGEST_TYPED:
        raise InvalidNumber(Reason.LENGTH)
    plain = text.strip(EDGES).translate(TYPED)
    if len(plain) != 15:
        return parse_canonical(plain, today)
    number = parse_canonical(_upgraded(plain), today)
    if number.kind is not Kind.CITIZEN:  # the permits are younger than the fifteen-digit form
        raise InvalidNumber(Reason.REGION)
    return number


def check_character(body: str) -> str:
    """The eighteenth character for seventeen digits (GB 11643; the same as ISO 7064 MOD 11-2)."""
    total = sum(weight * int(digit) for weight, digit in zip(WEIGHTS, body, strict=True))
    return CHECK_CHARACTERS[total % 11]


def today_in_china(clock: Clock) -> date:
    """The date birth dates are compared with."""
    return datetime.fromtimestamp(clock.now(), CHINA_STANDARD_TIME).date()


def mask(text: str) -> str:
    """Any identifier as it may be shown: `110***********0013`; of a short one only the last quarter."""
    head, tail = (3, 4) if len(text) >= 14 else (0, len(text) // 4)
    stars = "*" * min(len(text) - head - tail, 11)
    return text[:head] + stars + text[len(text) - tail :]


def _upgraded(fifteen: str) -> str:
    """A first-generation number with century and check character; sequences 996 to 999 meant born in the 1800s."""
    if FIFTEEN.fullmatch(fifteen) is None:
        raise InvalidNumber(Reason.CHARACTERS)
    century = "18" if fifteen[12:] in CENTENARIAN_SEQUENCES else "19"
    body = fifteen[:6] + century + fifteen[6:]
    return body + check_character(body)


def _kind(address: str) -> Kind:
    if address[:2] in CITIZEN_PROVINCES:
        return Kind.CITIZEN
    if address in RESIDENCE_PERMIT_CODES:
        return Kind.RESIDENCE_PERMIT
    if address[0] == "9" and address[1:3] in MAINLAND_PROVINCES:
        return Kind.PERMANENT_RESIDENCE
    raise InvalidNumber(Reason.REGION)


def _birthdate(digits: str, today: date) -> date:
    try:
        birthdate = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        raise InvalidNumber(Reason.DATE) from None
    if birthdate > today:
        raise InvalidNumber(Reason.FUTURE)
    return birthdate


def _sex(sequence: str) -> Sex:
    return Sex.MALE if int(sequence) % 2 else Sex.FEMALE
