"""The introspection endpoint (RFC 7662): what an access token is good for, told to the client it was issued to, as JSON
or as a JWT (RFC 9701).

Whatever is not an access token of this client that lives is `{"active": false}` and nothing more (section 2.2): another
client's token, a refresh token, one that has ended, or that of a citizen who may not sign in any more.
"""

from typing import Any, Final

from idp.citizens.registry import Citizens
from idp.clock import Clock
from idp.errors import InvalidClient
from idp.oidc.access import AccessTokens
from idp.oidc.call import Call
from idp.oidc.client import Client
from idp.oidc.client_auth import ClientAuthentication
from idp.oidc.envelope import Envelopes

INACTIVE: dict[str, Any] = {"active": False}
CONTENT_TYPE: Final = "application/token-introspection+jwt"
"""What a client names in `Accept` to have a JWT (RFC 9701 section 4)."""
_TYP: Final = "token-introspection+jwt"
_DEFAULT_ALG: Final = "RS256"
"""Where a client registered none (section 6)."""


class IntrospectionEndpoint:
    """/introspect."""

    def __init__(
        self,
        issuer: str,
        authentication: ClientAuthentication,
        access_tokens: AccessTokens,
        citizens: Citizens,
        envelopes: Envelopes,
        clock: Clock,
    ) -> None:
        self._issuer = issuer
        self._authentication = authentication
        self._access_tokens = access_tokens
        self._citizens = citizens
        self._envelopes = envelopes
        self._clock = clock

    def answer(self, call: Call, as_jwt: bool) -> dict[str, Any] | str:
        """`as_jwt`: the request asks for a JWT; a client that registered an algorithm gets nothing else. Raises an
        `OAuthError`."""
        parameters = call.parameters()
        client = self._authentication.prove(parameters, call).client
        if not client.confidential:  # section 2.1: it must be authorized, and anybody can be a public client
            raise InvalidClient("a public client may not introspect")
        told = self._told(client, parameters.require("token"))
        alg = client.introspection_signed_response_alg
        if alg is None and not as_jwt:
            return told
        claims = {"iat": int(self._clock.now()), "token_introspection": told}  # RFC 9701 section 5: no other
        return self._envelopes.seal(client, claims, alg or _DEFAULT_ALG, _TYP)

    def _told(self, client: Client, token: str) -> dict[str, Any]:
        access = self._access_tokens.look_up(token)
        if access is None or access.client.client_id != client.client_id:
            return INACTIVE
        citizen = self._citizens.by_id(access.citizen_id)
        if citizen is None or not citizen.may_sign_in:
            return INACTIVE
        return {
            "active": True,
            "scope": " ".join(access.scopes),
            "client_id": client.client_id,
            "token_type": "Bearer",
            "exp": int(self._clock.now()) + access.seconds,
            "sub": access.sub,
            "aud": client.client_id,
            "iss": self._issuer,
        }
