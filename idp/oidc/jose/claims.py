"""What a JWT that somebody else made must say, so that it is for us, and good now (RFC 7519 sections 4.1.3 to 4.1.6).

Which claims have to be there, and for how long a JWT may be good, its own specification says.
"""

from collections.abc import Mapping
from typing import Any, Final

from idp.oidc.jose.numeric_date import numeric_date

SKEW_SECONDS: Final = 10
"""By how much the clock of who made it may be fast."""


class InvalidClaims(ValueError):
    """A claim says that it is for others, or for another time. Says which, and quotes nothing."""


def for_us(claims: Mapping[str, Any], us: str) -> None:
    """`aud` names us, alone or among others. Raises `InvalidClaims`."""
    aud = claims.get("aud")
    if us not in (aud if isinstance(aud, list) else [aud]):
        raise InvalidClaims("another audience")


def begun(claims: Mapping[str, Any], now: float) -> None:
    """Neither `iat` nor `nbf`, where they are there, is in the future. Raises `InvalidClaims`."""
    for name in ("iat", "nbf"):
        if name in claims and not numeric_date(claims[name]) <= now + SKEW_SECONDS:
            raise InvalidClaims(f"{name} in the future")


def young(claims: Mapping[str, Any], name: str, now: float, seconds: int) -> None:
    """This time is there, and no longer ago than `seconds`. Raises `InvalidClaims`."""
    if not numeric_date(claims.get(name)) >= now - seconds:
        raise InvalidClaims(f"{name} is missing, or too long ago")


def seconds_left(exp: Any, now: float, longest: float) -> float:
    """Until `exp`, which is to come, and in `longest` seconds at the latest. Raises `InvalidClaims`."""
    left = numeric_date(exp) - now
    if not 0 < left <= longest:
        raise InvalidClaims("expired, for too long, or without a time")
    return left
