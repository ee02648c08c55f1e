"""The token endpoint (RFC 6749 section 3.2): the pipeline that every grant goes through, so that no grant can forget a
step.

Syntax, client authentication, whether the client may use the grant, whether it could be answered, the key its tokens
are bound to; then the grant itself; then the answer.
"""

from collections.abc import Sequence
from typing import Any, Final, Protocol

from idp.audit.events import EventType
from idp.audit.recorder import event
from idp.clock import Clock
from idp.errors import InvalidDpopProof, InvalidGrant, UnauthorizedClient, UnsupportedGrantType
from idp.oidc.call import Call
from idp.oidc.clients.client import OF_CLIENTS
from idp.oidc.clients.client_auth import AuthenticatedClient, ClientAuthentication
from idp.oidc.envelope import Envelopes
from idp.oidc.tokens.dpop import Proofs
from idp.parameters import Parameters
from idp.secrets import SHARDS
from idp.storage.state import StateStore

PATH: Final = "/token"


class Grant(Protocol):
    """One `grant_type`."""

    @property
    def grant_type(self) -> str:
        """Its registered name."""
        ...

    def redeem(self, authenticated: AuthenticatedClient, parameters: Parameters) -> dict[str, Any]:
        """The token response. Raises an `OAuthError`."""
        ...


class TokenEndpoint:
    """/token (RFC 6749 section 3.2): what every grant needs before it, so that none can forget it."""

    def __init__(
        self,
        authentication: ClientAuthentication,
        proofs: Proofs,
        envelopes: Envelopes,
        grants: Sequence[Grant],
        state: StateStore,
        clock: Clock,
    ) -> None:
        self._authentication = authentication
        self._proofs = proofs
        self._envelopes = envelopes
        self._grants = {grant.grant_type: grant for grant in grants}
        self._state = state
        self._clock = clock

    def answer(self, call: Call) -> dict[str, Any]:
        """Raises an `OAuthError`. `TemporarilyUnavailable`, because the client publishes no key for an ID token, costs
        it no code, refresh token or handle."""
        parameters = call.parameters()
        authenticated = self._authentication.prove(parameters, call)
        grant = self._grant(authenticated, parameters)
        if grant.grant_type not in OF_CLIENTS:
            self._envelopes.prove_id_token(authenticated.client)
        try:
            return grant.redeem(self._bound(authenticated, call), parameters)
        except (InvalidGrant, InvalidDpopProof) as error:
            if not authenticated.client.vetted:  # anybody can be this client, or become it
                self._authentication.count_failure(call.source)
            self._tell(EventType.TOKEN_REFUSED, call.source, client_id=authenticated.client.client_id)
            raise error from None

    def _bound(self, authenticated: AuthenticatedClient, call: Call) -> AuthenticatedClient:
        return self._proofs.bound(authenticated.with_certificate(call.certificate), call, PATH)

    def _grant(self, authenticated: AuthenticatedClient, parameters: Parameters) -> Grant:
        grant = self._grants.get(parameters.require("grant_type"))
        if grant is None:
            raise UnsupportedGrantType
        if grant.grant_type not in authenticated.client.grant_types:
            raise UnauthorizedClient(grant.grant_type)
        return grant

    def _tell(self, what: EventType, source: str, client_id: str | None = None) -> None:
        self._state.queue(SHARDS[0], [event(what, self._clock.now(), source=source, client_id=client_id)])
