"""`private_key_jwt` and `client_secret_jwt`: a client proves by a signature, or by a MAC under its secret, that it is
the one (RFC 7523, OIDC Core section 9). Which of the two says its registration, and never the assertion.

An assertion is for us alone and good once: its one audience is our issuer, the token endpoint or /ciba (CIBA Core
section 7.1), these also under the address where certificates are asked for (RFC 8705 section 5), and its `jti` is
remembered until it expires.
"""

from typing import Any, Final

from idp.clock import Clock
from idp.errors import InvalidClient
from idp.oidc.clients import fapi2
from idp.oidc.clients.client import FAPI2, Client
from idp.oidc.clients.client_keys import ClientKeys
from idp.oidc.clients.client_secrets import ClientSecrets
from idp.oidc.jose import jws
from idp.oidc.jose.claims import InvalidClaims, begun, seconds_left
from idp.oidc.jose.jti import InvalidJti, jti_of, once
from idp.secrets import equal
from idp.storage.state import StateStore

JWT_BEARER: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
"""The only `client_assertion_type` (RFC 7523 section 2.2)."""
_TYPES: Final = (None, "JWT", "jwt", "client-authentication+jwt")
"""No other JWT of the client's is an assertion (RFC 8725 section 3.11)."""
LONGEST_SECONDS: Final = 3_700
"""How far in the future an assertion may expire. Most clients say a minute; widespread libraries say an hour."""


class Assertions:
    def __init__(
        self, keys: ClientKeys, secrets: ClientSecrets, state: StateStore, clock: Clock, origins: tuple[str, ...]
    ) -> None:
        """`origins` are those that our addresses begin with, the issuer first."""
        self._keys = keys
        self._secrets = secrets
        self._state = state
        self._clock = clock
        self._issuer = origins[0]
        self._audiences = (self._issuer, *(f"{origin}{path}" for origin in origins for path in ("/token", "/ciba")))

    def client_id(self, assertion: str) -> str:
        """Whose assertion it says to be. Raises `InvalidClient`."""
        try:
            sub = jws.unproved_claims(assertion).get("sub")
        except jws.InvalidJws as invalid:
            raise InvalidClient(f"assertion: {invalid}") from None
        if not isinstance(sub, str):
            raise InvalidClient("assertion without sub")
        return sub

    def prove(self, assertion: str, client: Client) -> None:
        """That this client signed it, for us, just now and for the first time (RFC 7523 section 3). Raises
        `InvalidClient`."""
        try:
            claims = self._signed_by(client, assertion)
            self._for_us_and_now(claims, client)
        except (jws.InvalidJws, InvalidClaims, InvalidJti) as invalid:
            raise InvalidClient(f"assertion: {invalid}") from None

    def _signed_by(self, client: Client, assertion: str) -> dict[str, Any]:
        """Raises `InvalidJws`."""
        if client.client_secret_salt is not None:
            secret = self._secrets.made_of(client.client_id, client.client_secret_salt)
            return jws.verify_of_secret(assertion, secret, _TYPES)
        chosen = client.token_endpoint_auth_signing_alg
        return self._keys.verify(client, assertion, fapi2.algorithms(client, chosen), _TYPES)

    def _for_us_and_now(self, claims: dict[str, Any], client: Client) -> None:
        """Raises `InvalidClaims` or `InvalidJti`."""
        if claims.get("iss") != client.client_id or claims.get("sub") != client.client_id:
            raise InvalidClaims("of another client")
        if not (self._for_us_alone if client.profile == FAPI2 else self._for_us)(claims.get("aud")):
            raise InvalidClaims("for another audience")
        now = self._clock.now()
        left = seconds_left(claims.get("exp"), now, LONGEST_SECONDS)
        begun(claims, now)
        once(self._state, "assertion", client.client_id, jti_of(claims), int(left) + 1)

    def _for_us(self, aud: Any) -> bool:
        """One audience: with two, what one of them is given the other could use."""
        only = aud[0] if isinstance(aud, list) and len(aud) == 1 else aud
        return isinstance(only, str) and any(equal(only, ours) for ours in self._audiences)

    def _for_us_alone(self, aud: Any) -> bool:
        """FAPI 2.0 Security Profile section 5.3.2.1: the issuer, as a text."""
        return isinstance(aud, str) and equal(aud, self._issuer)
