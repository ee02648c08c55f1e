"""The introspection endpoint (RFC 7662): what an access token is good for, told to the client it was issued to, and to
the resource server it is for, as JSON or as a JWT (RFC 9701).

Whatever is not an access token for whoever asks that lives is `{"active": false}` and nothing more (section 2.2):
another client's token, a refresh token, one that has ended, or that of a citizen who may not sign in any more.
"""

from typing import Any, Final

from idp.citizens.registry import Citizens
from idp.clock import Clock
from idp.errors import InvalidClient
from idp.oidc.call import Call
from idp.oidc.clients.client import Client
from idp.oidc.clients.client_auth import ClientAuthentication
from idp.oidc.clients.confirmation import confirmation_of
from idp.oidc.envelope import Envelopes
from idp.oidc.subjects import Subjects
from idp.oidc.tokens.access import AccessTokens
from idp.oidc.tokens.resource_tokens import ResourceTokens, is_for_a_resource

INACTIVE: dict[str, Any] = {"active": False}
CONTENT_TYPE: Final = "application/token-introspection+jwt"
"""What a client names in `Accept` to have a JWT (RFC 9701 section 4)."""


class IntrospectionEndpoint:
    """/introspect."""

    def __init__(
        self,
        issuer: str,
        authentication: ClientAuthentication,
        access_tokens: AccessTokens,
        resource_tokens: ResourceTokens,
        subjects: Subjects,
        citizens: Citizens,
        envelopes: Envelopes,
        clock: Clock,
    ) -> None:
        self._issuer = issuer
        self._authentication = authentication
        self._access_tokens = access_tokens
        self._resource_tokens = resource_tokens
        self._subjects = subjects
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
        if not (as_jwt or client.introspection_signed_response_alg or client.introspection_encrypted_response_alg):
            return told
        # RFC 9701 section 5: no other
        return self._envelopes.introspection(client, {"iat": int(self._clock.now()), "token_introspection": told})

    def _told(self, client: Client, token: str) -> dict[str, Any]:
        return self._of_resource(token, client) if is_for_a_resource(token) else self._of_userinfo(token, client)

    def _of_userinfo(self, token: str, client: Client) -> dict[str, Any]:
        access = self._access_tokens.look_up(token)
        if access is None or access.client.client_id != client.client_id:
            return INACTIVE
        if not self._may_sign_in(access.citizen_id):
            return INACTIVE
        bound = confirmation_of(token)
        answer = {
            "active": True,
            "scope": " ".join(access.scopes),
            "client_id": client.client_id,
            "token_type": bound.token_type,
            "exp": int(self._clock.now()) + access.seconds,
            "sub": access.sub,
            "aud": client.client_id,
            "iss": self._issuer,
        }
        return answer | {"cnf": bound.members} if bound.members else answer

    def _of_resource(self, token: str, client: Client) -> dict[str, Any]:
        """The client is told the subject by its own name for the citizen, never by the resource server's."""
        access = self._resource_tokens.look_up(token)
        if access is None:
            return INACTIVE
        record, own = access.record, access.client.client_id == client.client_id
        if not own and access.resource.introspection_client != client.client_id:
            return INACTIVE
        claims = record.claims(self._issuer)
        if record.sign_in is not None:
            if not self._may_sign_in(record.sign_in.citizen_id):
                return INACTIVE
            if own:
                claims["sub"] = self._subjects.subject(client, record.sign_in.citizen_id)
        return {"active": True, "token_type": record.confirmation.token_type} | claims

    def _may_sign_in(self, citizen_id: str) -> bool:
        citizen = self._citizens.by_id(citizen_id)
        return citizen is not None and citizen.may_sign_in
