"""The `jti` of a JWT that somebody else made (RFC 7519 section 4.1.7): each is good once."""

from collections.abc import Mapping
from typing import Any, Final

from idp.secrets import digest, shard_for
from idp.storage.state import Conflict, Key, StateStore

LONGEST: Final = 256


class InvalidJti(ValueError):
    """It is missing, too long, or was used before. Says which, and quotes nothing."""


def jti_of(claims: Mapping[str, Any]) -> str:
    """Raises `InvalidJti`."""
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 0 < len(jti) <= LONGEST:
        raise InvalidJti("jti is missing, or too long")
    return jti


def once(state: StateStore, kind: str, owner: str, jti: str, seconds: int) -> None:
    """Remember it for so long, among those of its kind that `owner` used: of callers at one time one gets through.
    Raises `InvalidJti`."""
    mark = Key(shard_for(owner), kind, digest(f"{owner} {jti}"))
    try:
        state.replace(mark, None, b"{}", seconds)
    except Conflict:
        raise InvalidJti("was used before") from None
