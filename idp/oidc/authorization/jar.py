"""Signed authorization requests (RFC 9101, OIDC Core section 6.1): the parameters as a client signed them, and, where
nobody on the way should read them, encrypted to us.

What stands in the object counts, and nothing beside it (RFC 9101 section 6.3), so that a browser can add and change
nothing. An object is for us, of this client, and lives an hour at most. Addresses of objects are not fetched; a request
that is too long is pushed (`par.py`).
"""

from collections.abc import Mapping
from typing import Any, Final

from idp.clock import Clock
from idp.errors import InvalidRequestObject
from idp.oidc.authorization.request import PARAMETERS
from idp.oidc.clients import fapi2
from idp.oidc.clients.client import FAPI2, Client, ClientSource
from idp.oidc.clients.client_keys import ClientKeys
from idp.oidc.jose import jwe, jws
from idp.oidc.jose.claims import SKEW_SECONDS, InvalidClaims, begun, for_us, seconds_left, young
from idp.oidc.jose.keys import KeyRing
from idp.oidc.jose.numeric_date import numeric_date
from idp.parameters import Parameters, as_sent

LONGEST_SECONDS: Final = 3_600
"""FAPI 2.0 Message Signing section 5.3.1."""
_TYPES: Final = (None, "oauth-authz-req+jwt", "JWT", "jwt")
_NEVER_INSIDE: Final = ("request", "request_uri", "client_secret", "client_assertion")


class RequestObjects:
    def __init__(self, clients: ClientSource, keys: ClientKeys, ours: KeyRing, clock: Clock, issuer: str) -> None:
        self._clients = clients
        self._keys = keys
        self._ours = ours
        self._clock = clock
        self._issuer = issuer

    def resolve(self, parameters: Parameters) -> Parameters:
        """The request that is meant: that in `request`, or the plain one. Raises `InvalidRequestObject`."""
        signed = parameters.get("request")
        client = self._clients.get(parameters.get("client_id") or "")
        if signed is None or client is None or parameters.repeated:
            return parameters  # whoever asks without a client or with two is told so by the rules
        return Parameters(self._proved(signed, client), pushed=parameters.pushed, signed=True)

    def _proved(self, signed: str, client: Client) -> Mapping[str, str]:
        chosen = client.request_object_signing_alg
        try:
            inner = self._ours.decrypt(signed) if jwe.encrypted(signed) else signed
            claims = self._keys.verify(client, inner, fapi2.algorithms(client, chosen), _TYPES)
            self._for_us_and_now(claims, client)
        except (jwe.InvalidJwe, jws.InvalidJws, InvalidClaims) as invalid:
            raise InvalidRequestObject(f"{invalid}") from None
        if any(name in claims for name in _NEVER_INSIDE):
            raise InvalidRequestObject("a request within a request")
        if claims.get("client_id") != client.client_id:
            raise InvalidRequestObject("client_id inside is missing, or another one")
        return {name: _text(name, value) for name, value in claims.items() if name in PARAMETERS and value != ""}

    def _for_us_and_now(self, claims: Mapping[str, Any], client: Client) -> None:
        """RFC 9101 section 4 and FAPI 2.0 Message Signing section 5.3.1; without `exp`, `iat` tells the age. Raises
        `InvalidClaims`."""
        if claims.get("iss", client.client_id) != client.client_id or claims.get("sub") == client.client_id:
            raise InvalidClaims("another issuer, or an assertion (RFC 9101 section 10.8)")
        for_us(claims, self._issuer)
        now = self._clock.now()
        until = claims["exp"] if "exp" in claims else numeric_date(claims.get("iat")) + LONGEST_SECONDS
        seconds_left(until, now, LONGEST_SECONDS + SKEW_SECONDS)
        begun(claims, now)
        if client.profile == FAPI2:
            young(claims, "nbf", now, LONGEST_SECONDS)
            if "exp" not in claims:
                raise InvalidClaims("without exp")


def _text(name: str, value: Any) -> str:
    try:
        return as_sent(name, value)
    except ValueError:
        raise InvalidRequestObject("a parameter that is no text") from None
