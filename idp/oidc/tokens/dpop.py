"""DPoP (RFC 9449): a client proves with each call that it holds a key, and its tokens are bound to that key.

A proof is for one method and address, carries a nonce of ours that is some minutes old at most, and is good once. The
nonce is the same for everybody and made of the time and a secret, so that no store keeps it; it says that the proof was
made now and not put by earlier, whatever the client's clock shows.
"""

import hashlib
import hmac
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlsplit

from idp.clock import Clock
from idp.errors import InvalidDpopProof, InvalidRequest, UseDpopNonce
from idp.oidc.call import Call
from idp.oidc.clients import fapi2
from idp.oidc.clients.client_auth import AuthenticatedClient
from idp.oidc.jose import jws
from idp.oidc.jose.jti import InvalidJti, jti_of, once
from idp.oidc.jose.numeric_date import numeric_date
from idp.oidc.limits import counted
from idp.pace import Pace
from idp.secrets import equal, urlsafe
from idp.sources import source_of
from idp.storage.state import StateStore

TYPE: Final = "dpop+jwt"
LONGEST: Final = 8_192
"""Characters of a proof: twice what the longest RSA key and its signature need."""
NONCE_SECONDS: Final = 120
"""How long a nonce is the newest; it is taken as long again."""
PAST_SECONDS: Final = 300
AHEAD_SECONDS: Final = 60
"""By how much a client's clock, which may be a telephone's, may be slow or fast: the nonce tells the age."""
OF_STRANGERS: Final = 20
"""Proofs a second that one worker takes of one source for clients that anybody can be or become: each is remembered for
some minutes."""
_PORTS: Final = {"https": 443, "http": 80}


class Nonces:
    """Server nonces (section 8): a MAC of the time, so that every worker makes and knows the same."""

    def __init__(self, secret: bytes, clock: Clock) -> None:
        self._secret = secret
        self._clock = clock

    def newest(self) -> str:
        """What the next proof is to carry."""
        return self._of(self._window())

    def fresh(self, nonce: str) -> bool:
        """Whether it is the newest, or the one before."""
        window = self._window()
        return nonce.isascii() and (equal(nonce, self._of(window)) or equal(nonce, self._of(window - 1)))

    def _window(self) -> int:
        return int(self._clock.now()) // NONCE_SECONDS

    def _of(self, window: int) -> str:
        return urlsafe(hmac.digest(self._secret, b"dpop-nonce %d" % window, "sha256")[:18])


class Proofs:
    """`prove` is what every address asks that a proof is sent to."""

    def __init__(self, origins: tuple[str, ...], nonces: Nonces, state: StateStore, clock: Clock) -> None:
        """`origins` are those that our addresses begin with."""
        self._origins = origins
        self._nonces = nonces
        self._state = state
        self._clock = clock
        self._strangers = Pace(clock, OF_STRANGERS)

    def bound(self, authenticated: AuthenticatedClient, call: Call, path: str) -> AuthenticatedClient:
        """The client with the key that its tokens are to be bound to, if it shows one in this call. Raises
        `InvalidRequest` where a client shows none that registered to (section 5.2; `invalid_dpop_proof` is for a proof
        that there is), `InvalidDpopProof`, `UseDpopNonce`, or `TooManyRequests`."""
        if call.dpop is None:
            if authenticated.client.dpop_bound_access_tokens:
                raise InvalidRequest("no proof")
            return authenticated
        if not authenticated.client.vetted:
            self._count(call.source)
        jkt = self.once(call.dpop, path, fapi2.algorithms(authenticated.client))
        return replace(authenticated, confirmation=replace(authenticated.confirmation, jkt=jkt))

    def _count(self, source: str) -> None:
        counted(self._strangers.count, source_of(source), "proofs")

    def once(self, proof: str, path: str, algorithms: tuple[str, ...]) -> str:
        """The thumbprint of the key of a proof for a POST to `path`, which is taken this once. Raises
        `InvalidDpopProof` or `UseDpopNonce`."""
        jkt, claims = self.read(proof, "POST", path, algorithms=algorithms)
        try:
            once(self._state, "proof", jkt, claims["jti"], self.seconds_left(claims))
        except InvalidJti as invalid:
            raise InvalidDpopProof(f"proof: {invalid}") from None
        return jkt

    def read(
        self,
        proof: str,
        method: str,
        path: str,
        token: str | None = None,
        algorithms: tuple[str, ...] = jws.CLIENT_ALGORITHMS,
    ) -> tuple[str, dict[str, Any]]:
        """All of section 4.3 but that it is used once: the key's thumbprint, and the claims. Raises `InvalidDpopProof`
        or `UseDpopNonce`."""
        if len(proof) > LONGEST:
            raise InvalidDpopProof("too long")
        try:
            jkt, claims = jws.verify_of_holder(proof, algorithms, TYPE)
            jti_of(claims)
        except (jws.InvalidJws, InvalidJti) as invalid:
            raise InvalidDpopProof(f"proof: {invalid}") from None
        ours = any(_same(claims.get("htu"), f"{origin}{path}") for origin in self._origins)
        if claims.get("htm") != method or not ours:
            raise InvalidDpopProof("for another method or address")
        if token is not None and claims.get("ath") != token_digest(token):
            raise InvalidDpopProof("for another token")
        self._now(claims)
        return jkt, claims

    def seconds_left(self, claims: dict[str, Any]) -> int:
        """How long a proof that was read must be remembered."""
        return int(numeric_date(claims["iat"]) + PAST_SECONDS - self._clock.now()) + 1

    def _now(self, claims: dict[str, Any]) -> None:
        """Sections 4.3 (points 10 and 11) and 8. A proof without our nonce is an honest client's first one."""
        if not -AHEAD_SECONDS <= self._clock.now() - numeric_date(claims.get("iat")) <= PAST_SECONDS:
            raise InvalidDpopProof("iat is too far from now")
        nonce = claims.get("nonce")
        if not isinstance(nonce, str) or not self._nonces.fresh(nonce):
            raise UseDpopNonce


def token_digest(token: str) -> str:
    """`ath` (section 4.2)."""
    return urlsafe(hashlib.sha256(token.encode()).digest())


def _same(htu: Any, ours: str) -> bool:
    """Section 4.3, point 9: without query and fragment, and however scheme, host and port are written (RFC 3986
    sections 6.2.2 and 6.2.3)."""
    if htu == ours:
        return True
    try:
        return isinstance(htu, str) and _normal(htu) == _normal(ours)
    except ValueError:  # no URI, or no port
        return False


def _normal(uri: str) -> tuple[object, ...]:
    parts = urlsplit(uri)
    port = parts.port or _PORTS.get(parts.scheme)
    return parts.scheme, parts.username, parts.password, parts.hostname, port, parts.path
