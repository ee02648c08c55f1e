"""The introspection endpoint (RFC 7662): what an access token is good for, told to the client it was issued to.

Whatever is not an access token of this client that lives is `{"active": false}` and nothing more (section 2.2): another
client's token, a refresh token, one that has ended, or that of a citizen who may not sign in any more.
"""

from typing import Any

from idp.citizens.registry import Citizens
from idp.clock import Clock
from idp.errors import InvalidClient
from idp.oidc.access import AccessTokens
from idp.oidc.call import Call
from idp.oidc.client_auth import ClientAuthentication

INACTIVE: dict[str, Any] = {"active": False}


class IntrospectionEndpoint:
    """/introspect."""

    def __init__(
        self,
        issuer: str,
        authentication: ClientAuthentication,
        access_tokens: AccessTokens,
        citizens: Citizens,
        clock: Clock,
    ) -> None:
        self._issuer = issuer
        self._authentication = authentication
        self._access_tokens = access_tokens
        self._citizens = citizens
        self._clock = clock

    def answer(self, call: Call) -> dict[str, Any]:
        """Raises an `OAuthError`."""
        parameters = call.parameters()
        client = self._authentication.prove(parameters, call).client
        if not client.confidential:  # section 2.1: it must be authorized, and anybody can be a public client
            raise InvalidClient("a public client may not introspect")
        access = self._access_tokens.look_up(parameters.require("token"))
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
