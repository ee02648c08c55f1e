"""The revocation endpoint (RFC 7009): a client gives a token back.

An access token ends alone; a refresh token ends its family, with every access token that came of it (section 2.1). A
token that is unknown, or has ended, is no error (section 2.2); one of another client's stays as it is, and the answer
is the same, so that nobody learns which tokens there are.
"""

from idp.oidc.call import Call
from idp.oidc.clients.client_auth import ClientAuthentication
from idp.oidc.tokens.access import AccessTokens
from idp.oidc.tokens.families import Families
from idp.oidc.tokens.resource_tokens import ResourceTokens, is_for_a_resource


class RevocationEndpoint:
    """/revoke. `token_type_hint` is not needed: the kinds of token look different."""

    def __init__(
        self,
        authentication: ClientAuthentication,
        access_tokens: AccessTokens,
        resource_tokens: ResourceTokens,
        families: Families,
    ) -> None:
        self._authentication = authentication
        self._access_tokens = access_tokens
        self._resource_tokens = resource_tokens
        self._families = families

    def answer(self, call: Call) -> None:
        """Raises an `OAuthError`."""
        parameters = call.parameters()
        client = self._authentication.prove(parameters, call).client
        token = parameters.require("token")
        if self._families.give_back(token, client):
            return
        if is_for_a_resource(token):
            self._resource_tokens.give_back(token, client)
        else:
            self._access_tokens.give_back(token, client)
