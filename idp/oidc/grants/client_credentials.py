"""`grant_type=client_credentials` (RFC 6749 section 4.4): a client acts for itself, at one resource server.

No citizen is signed in, so there is no session, no ID token, no refresh token (section 4.4.3) and no scope of citizens.
"""

from typing import Any, Final

from idp.errors import InvalidAuthorizationDetails, InvalidScope, InvalidTarget
from idp.oidc.clients.client import CLIENT_CREDENTIALS
from idp.oidc.clients.client_auth import AuthenticatedClient
from idp.oidc.resources.resources import Resource, ResourceDirectory
from idp.oidc.tokens.resource_tokens import ResourceTokens
from idp.parameters import Parameters


class ClientCredentialsGrant:
    """A client's own authentication for an access token."""

    grant_type: Final = CLIENT_CREDENTIALS

    def __init__(self, resources: ResourceDirectory, tokens: ResourceTokens) -> None:
        self._resources = resources
        self._tokens = tokens

    def redeem(self, authenticated: AuthenticatedClient, parameters: Parameters) -> dict[str, Any]:
        """The token response. Raises `InvalidScope`, `InvalidTarget` or `InvalidAuthorizationDetails`."""
        if parameters.get("authorization_details") is not None:
            raise InvalidAuthorizationDetails("records of citizens, and none has granted any")
        client = authenticated.client
        asked = tuple(dict.fromkeys((parameters.get("scope") or "").split()))
        if not set(asked) <= set(client.scope) or not all(map(self._resources.of_scope, asked)):
            raise InvalidScope("more than the client is registered for, or a scope of citizens")
        resource = self._resource(parameters.get("resource"), asked or client.scope)
        scopes = resource.own(asked or client.scope)
        if not scopes or len(scopes) < len(asked):
            raise InvalidScope("not of this resource")
        issued = self._tokens.issue_to_client(authenticated, resource, scopes)
        return {
            "access_token": issued.token,
            "token_type": issued.token_type,
            "expires_in": issued.seconds,
            "scope": " ".join(issued.scopes),
        }

    def _resource(self, named: str | None, scopes: tuple[str, ...]) -> Resource:
        """The one that is named (RFC 8707 section 2.2), or else the only one whose scopes these are."""
        if named is not None:
            return self._resources.known(named)
        found = {resource.resource: resource for resource in map(self._resources.of_scope, scopes) if resource}
        if len(found) != 1:
            raise InvalidTarget("none, or one of several, which has to be named")
        return next(iter(found.values()))
