"""Software statements (RFC 7591 section 2.3): what somebody the operator trusts has signed of a client's software.

What a statement says counts, and what the developer says of the same member does not, in whatever language he says it:
a name that was vouched for has no other one beside it. A statement gives no rights; what only an operator may grant
stays his to grant.

It is a JWS by a key that the operator configured for its issuer, with one of the algorithms that clients may use. It
need not expire and need not name an audience; if it does, it has to be now, and for us. Nothing is fetched on its word.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from idp.clock import Clock
from idp.codec import decode
from idp.config import SettingsError
from idp.errors import InvalidSoftwareStatement, UnapprovedSoftwareStatement
from idp.oidc.clients.client_keys import key_set
from idp.oidc.jose import jws
from idp.oidc.jose.claims import InvalidClaims, begun, for_us, seconds_left
from idp.oidc.jose.jws import InvalidJwk, PublicJwk, client_jwk
from idp.oidc.registration.members import Metadata

_TYPES: Final = (None, "JWT", "jwt")
_OF_THE_STATEMENT: Final = ("iss", "sub", "aud", "exp", "nbf", "iat", "jti", "software_statement")
"""Claims that say something of the statement, and nothing of the software."""

Issuers = Mapping[str, Sequence[PublicJwk]]
"""Whose statements are taken, and what they sign them with."""


def read_issuers(file: Path) -> Issuers:
    """From a JSON object: the name of each issuer, and its JWK Set. Raises `SettingsError`."""
    try:
        named = decode(file.read_bytes(), dict[str, dict[str, Any]])
        return {issuer: _signing(keys) for issuer, keys in named.items()}
    except (OSError, ValueError):
        problem = "must name a JSON object: issuers, and the JWK Set of each, of public keys only"
        raise SettingsError([f"IDP_SOFTWARE_STATEMENT_ISSUERS {problem}"]) from None


def _signing(document: object) -> Sequence[PublicJwk]:
    """Raises `InvalidJwk`."""
    keys = [client_jwk(key) for key in key_set(document)]
    signing = [key for key in keys if key.get("use", "sig") == "sig"]
    if not signing:
        raise InvalidJwk("no key that signs")
    return signing


class SoftwareStatements:
    def __init__(self, issuers: Issuers, clock: Clock, audience: str) -> None:
        self._issuers = issuers
        self._clock = clock
        self._audience = audience

    def applied(self, metadata: Metadata) -> Metadata:
        """The metadata as its statement, if there is one, has it. Raises `InvalidSoftwareStatement` or
        `UnapprovedSoftwareStatement`."""
        statement = metadata.get("software_statement")
        if statement is None:
            return metadata
        if not isinstance(statement, str):
            raise InvalidSoftwareStatement("not text")
        claims = self._proved(statement)
        said = {name: value for name, value in claims.items() if name not in _OF_THE_STATEMENT}
        members = {_member(name) for name in said}
        return {name: value for name, value in metadata.items() if _member(name) not in members} | said

    def _proved(self, statement: str) -> Mapping[str, Any]:
        try:
            issuer = jws.unproved_claims(statement).get("iss")
            keys = self._issuers.get(issuer) if isinstance(issuer, str) else None
            if keys is None:
                raise UnapprovedSoftwareStatement("an issuer that is not configured")
            claims = jws.verify_of_client(statement, keys, jws.CLIENT_ALGORITHMS, _TYPES)
            self._now(claims)
        except (jws.InvalidJws, InvalidClaims) as invalid:
            raise InvalidSoftwareStatement(f"{invalid}") from None
        try:
            for_us({"aud": self._audience} | claims, self._audience)
        except InvalidClaims as invalid:
            raise UnapprovedSoftwareStatement(f"{invalid}") from None
        return claims

    def _now(self, claims: Mapping[str, Any]) -> None:
        """Raises `InvalidClaims`."""
        now = self._clock.now()
        if "exp" in claims:
            seconds_left(claims["exp"], now, math.inf)
        begun(claims, now)


def _member(name: str) -> str:
    """Without its language (RFC 7591 section 2.2)."""
    return name.partition("#")[0]
