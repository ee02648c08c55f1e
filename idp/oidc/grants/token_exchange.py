"""`grant_type=urn:ietf:params:oauth:grant-type:token-exchange` (RFC 8693): a token that was presented at one resource
server for one with which it, or the client, goes on to another.

Only within the rules of the other resource: which client, and for which of its scopes the token must have which. So
nothing is given that does not rest on what the citizen agreed to, and it ends no later than the token that was
exchanged, with the same session or family.
"""

from collections.abc import Set
from typing import Any, Final

from idp.citizens.registry import Citizens
from idp.errors import InvalidAuthorizationDetails, InvalidGrant, InvalidRequest, InvalidScope, InvalidTarget
from idp.oidc.clients.client import TOKEN_EXCHANGE, Client
from idp.oidc.clients.client_auth import AuthenticatedClient
from idp.oidc.resources.resources import Resource, ResourceDirectory
from idp.oidc.tokens.resource_record import ResourceAccess
from idp.oidc.tokens.resource_tokens import ResourceTokens
from idp.parameters import Parameters

ACCESS_TOKEN: Final = "urn:ietf:params:oauth:token-type:access_token"
MAX_ACTORS: Final = 3
"""How often a token may have been exchanged."""


class TokenExchangeGrant:
    """An access token for a resource server, for an access token for another one."""

    grant_type: Final = TOKEN_EXCHANGE

    def __init__(self, resources: ResourceDirectory, tokens: ResourceTokens, citizens: Citizens) -> None:
        self._resources = resources
        self._tokens = tokens
        self._citizens = citizens

    def redeem(self, authenticated: AuthenticatedClient, parameters: Parameters) -> dict[str, Any]:
        """The token response (section 2.2.1). Raises `InvalidRequest` for a subject token that will not do (section
        2.2.2), `InvalidTarget`, `InvalidScope` or `InvalidAuthorizationDetails`."""
        _only_what_is_offered(parameters)
        subject = self._subject(authenticated, parameters.require("subject_token"))
        resource = self._resources.known(_target(parameters))
        allowed = _allowed(resource, authenticated.client, subject)
        asked = tuple(dict.fromkeys((parameters.get("scope") or "").split()))
        if not set(asked) <= allowed:
            raise InvalidScope("not in a rule, or the subject token does not have what it rests on")
        scopes = asked or tuple(scope for scope in resource.scopes if scope in allowed)
        try:
            issued = self._tokens.exchange(authenticated, resource, scopes, subject)
        except InvalidGrant:
            raise InvalidRequest("subject_token has ended meanwhile") from None
        return {
            "access_token": issued.token,
            "issued_token_type": ACCESS_TOKEN,
            "token_type": issued.token_type,
            "expires_in": issued.seconds,
            "scope": " ".join(issued.scopes),
        }

    def _subject(self, authenticated: AuthenticatedClient, token: str) -> ResourceAccess:
        """A live token for a resource server, in the hands of that server or of the client it was issued to, which
        proves again whatever key it is bound to."""
        access, client = self._tokens.look_up(token), authenticated.client
        if access is None:
            raise InvalidRequest("subject_token is no access token for a resource server that lives")
        own = access.client.client_id == client.client_id
        if not own and access.resource.introspection_client != client.client_id:
            raise InvalidRequest("subject_token is neither for this client nor was it issued to it")
        if own and not access.record.confirmation.met_by(authenticated.confirmation):
            raise InvalidRequest("subject_token is bound to another key")
        if len(access.record.actors) >= MAX_ACTORS:
            raise InvalidRequest("subject_token was exchanged too often")
        sign_in = access.record.sign_in
        citizen = self._citizens.by_id(sign_in.citizen_id) if sign_in else None
        if sign_in is not None and (citizen is None or not citizen.may_sign_in):
            raise InvalidRequest("the account may not sign in")
        return access


def _only_what_is_offered(parameters: Parameters) -> None:
    """Section 2.1: an access token for an access token, and nobody else acts."""
    if parameters.require("subject_token_type") != ACCESS_TOKEN:
        raise InvalidRequest("another subject_token_type")
    if parameters.get("requested_token_type") not in (None, ACCESS_TOKEN):
        raise InvalidRequest("another requested_token_type")
    if parameters.get("actor_token") is not None or parameters.get("actor_token_type") is not None:
        raise InvalidRequest("an actor_token")
    if parameters.get("authorization_details") is not None:
        raise InvalidAuthorizationDetails("records are granted at one resource, and stay there")


def _target(parameters: Parameters) -> str:
    """The one resource, by `resource` or `audience`, which is the same name here (section 2.1). Raises
    `InvalidTarget`."""
    named = {uri for name in ("resource", "audience") for uri in (parameters.get(name) or "").split(" ") if uri}
    if len(named) != 1:
        raise InvalidTarget("none, or several")
    return named.pop()


def _allowed(resource: Resource, client: Client, subject: ResourceAccess) -> Set[str]:
    """The scopes of this resource that the client may have for this token. Raises `InvalidTarget` if there are none."""
    rules = {rule.client_id: rule.scopes for rule in resource.exchange}.get(client.client_id, {})
    rested = {scope for scope, upon in rules.items() if upon in subject.record.scopes}
    allowed = rested & resource.scopes.keys() & set(client.scope)
    if not allowed:
        raise InvalidTarget("no rule")
    return allowed
