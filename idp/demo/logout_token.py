"""What a Logout Token must say (OIDC Back-Channel Logout 1.0 section 2.4), and how a portal proves it (2.6)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from authlib.oauth2.claims import JWTClaims

from idp.clock import Clock
from idp.demo.refusals import Unproved
from idp.demo.visitors import Marks, SignedIn, UsedBefore

EVENT = "http://schemas.openid.net/event/backchannel-logout"
TYPE = "logout+jwt"
OLDEST_SECONDS = 300
"""A token made longer ago than this is not believed, whatever its `exp` says."""
LEEWAY_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Departure:
    """Proved by the provider: the session `sid` has ended, or, without one, all sessions of `sub`."""

    sub: str | None
    sid: str | None

    def concerns(self, citizen: SignedIn) -> bool:
        """Whether this signed-in citizen is one of those it is about."""
        return self.sub in (None, citizen.sub) and self.sid in (None, citizen.sid)


class LogoutTokenClaims(JWTClaims):  # type: ignore[misc]  # Authlib ships no types
    """Given to Authlib in place of an ID token's claims: the same signature check, but the rules of a Logout Token."""

    def validate(self, now: int | None = None, leeway: int = 0) -> None:
        super().validate(now, leeway)
        for rule in (_typ, _jti, _events, _subject, _no_nonce):
            rule(self.header, self)


def _typ(header: Mapping[str, Any], _: Mapping[str, Any]) -> None:
    if str(header.get("typ", "")).lower() != TYPE:
        raise Unproved("typ")


def _jti(_: Mapping[str, Any], claims: Mapping[str, Any]) -> None:
    if not isinstance(claims["jti"], str) or not claims["jti"]:
        raise Unproved("jti")


def _events(_: Mapping[str, Any], claims: Mapping[str, Any]) -> None:
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(EVENT), dict):
        raise Unproved("events")


def _subject(_: Mapping[str, Any], claims: Mapping[str, Any]) -> None:
    present = [claims[name] for name in ("sub", "sid") if name in claims]
    if not present or not all(isinstance(value, str) and value for value in present):
        raise Unproved("sub or sid")


def _no_nonce(_: Mapping[str, Any], claims: Mapping[str, Any]) -> None:
    """A nonce would make an ID token of it (section 2.4)."""
    if "nonce" in claims:
        raise Unproved("nonce")


class LogoutTokens:
    """What must hold besides the token's own claims: it is recent, and it was not seen before."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen = Marks(clock)

    def accept(self, claims: Mapping[str, Any]) -> Departure:
        """Raises `Unproved`."""
        if self._clock.now() - claims["iat"] > OLDEST_SECONDS:
            raise Unproved("iat is too long ago")
        try:
            self._seen.claim(claims["jti"], OLDEST_SECONDS + 2 * LEEWAY_SECONDS)
        except UsedBefore:
            raise Unproved("jti was seen before") from None
        return Departure(sub=claims.get("sub"), sid=claims.get("sid"))
