"""What a citizen may type to say who he is: the citizen ID number, or the phone number of the account."""

import re
from dataclasses import dataclass
from typing import Final

from idp.citizens.number import InvalidNumber, parse_typed, today_in_china
from idp.clock import Clock

_MOBILE: Final = re.compile(r"(?:\+?86)?(1[3-9][0-9]{9})", re.ASCII)
_INTERNATIONAL: Final = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
_NOISE: Final = str.maketrans("", "", " -()")
_FULL_WIDTH: Final = str.maketrans("０１２３４５６７８９＋", "0123456789+")


class InvalidIdentifier(ValueError):
    """Neither a number nor a phone number. Quotes nothing."""


@dataclass(frozen=True, slots=True)
class Identifier:
    """`kind` is "number" (canonical form) or "phone" (E.164)."""

    kind: str
    value: str

    def __repr__(self) -> str:
        return f"Identifier(kind={self.kind!r})"


def parse_phone(typed: str) -> str:
    """A phone number as E.164; without a country it is one of mainland China. Raises `InvalidIdentifier`."""
    plain = typed.strip().translate(_FULL_WIDTH).translate(_NOISE)
    if domestic := _MOBILE.fullmatch(plain):
        return f"+86{domestic[1]}"
    if _INTERNATIONAL.fullmatch(plain):
        return plain
    raise InvalidIdentifier("not a phone number")


def parse_identifier(typed: str, clock: Clock) -> Identifier:
    """Raises `InvalidIdentifier`."""
    if len(typed) > 64:
        raise InvalidIdentifier("too long")
    try:
        return Identifier("number", parse_typed(typed, today_in_china(clock)).canonical)
    except InvalidNumber:
        return Identifier("phone", parse_phone(typed))
