"""Authentication levels and their names, one place for both front doors.

A1 is one factor, A2 is two; A3 (two factors, one of them in hardware and phishing-resistant) has no authenticator yet,
so no session reaches it. `amr` values are those of RFC 8176.
"""

from collections.abc import Iterable
from typing import Final

_PREFIX: Final = "urn:citizen-idp:aal:"
LEVELS: Final = (1, 2, 3)
OFFERED: Final = (1, 2)
"""The levels that an authenticator here can reach; what discovery says (`acr_values_supported`)."""


def acr(aal: int) -> str:
    return f"{_PREFIX}{aal}"


def level_of(acr_value: str) -> int | None:
    """The level an acr value names, or None if it names none of ours."""
    return next((level for level in LEVELS if acr(level) == acr_value), None)


def lowest(acr_values: Iterable[str]) -> int:
    """The lowest of our levels among `acr_values`: any of them satisfies the request. 0 if none is ours."""
    return min((level for value in acr_values if (level := level_of(value))), default=0)


def aal_of(amr: Iterable[str]) -> int:
    """The level that authentication methods reach together: two factors of different kinds are A2."""
    return 2 if {"pwd", "otp"} <= set(amr) else 1
