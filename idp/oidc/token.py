"""The token endpoint (RFC 6749 section 3.2): the pipeline that every grant goes through, so that no grant can forget a
step.

Syntax, client authentication, whether the client may use the grant; then the grant itself; then the answer.
"""

from collections.abc import Sequence
from typing import Any, Final, Protocol

from idp.audit.events import EventType
from idp.audit.recorder import event
from idp.clock import Clock
from idp.errors import InvalidClient, InvalidGrant, TooManyRequests, UnauthorizedClient, UnsupportedGrantType
from idp.oidc.client_auth import AuthenticatedClient, authenticate
from idp.oidc.target import ClientSource
from idp.parameters import Parameters, parse
from idp.secrets import SHARDS
from idp.sources import Bucket, Sources, source_of
from idp.storage.state import StateStore, Throttled

FAILURES: Final = Bucket(size=30, drain=2)
"""Wrong client authentications of one source, and wrong grants of clients that cannot authenticate: thirty at once,
then one every two seconds."""


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

    def __init__(self, clients: ClientSource, grants: Sequence[Grant], state: StateStore, clock: Clock) -> None:
        self._clients = clients
        self._grants = {grant.grant_type: grant for grant in grants}
        self._state = state
        self._clock = clock
        self._failures = Sources(state, clock, FAILURES, "client-source")

    def answer(self, form: str, authorization: str | None, source: str) -> dict[str, Any]:
        """Raises an `OAuthError`."""
        parameters = parse(form)
        parameters.refuse_repeated()
        try:
            authenticated = authenticate(parameters, authorization, self._clients)
        except InvalidClient as error:
            self._count_failure(source)
            self._tell(EventType.CLIENT_AUTHENTICATION_FAILED, source)
            raise error from None
        grant = self._grant(authenticated, parameters)
        try:
            return grant.redeem(authenticated, parameters)
        except InvalidGrant as error:
            if not authenticated.client.confidential:  # anybody can be this client
                self._count_failure(source)
            self._tell(EventType.TOKEN_REFUSED, source, client_id=authenticated.client.client_id)
            raise error from None

    def _count_failure(self, source: str) -> None:
        """Raises `TooManyRequests` (RFC 6749 section 2.3.1), which is not told to the trail: a flood must not fill it.

        A right secret is never counted and never refused. Secrets have 256 random bits, so nobody comes by one by
        guessing; and a stranger behind the same address cannot shut a relying party out.
        """
        try:
            self._failures.count(source_of(source))
        except Throttled as throttled:
            raise TooManyRequests(throttled.retry_after, "client authentication") from None

    def _grant(self, authenticated: AuthenticatedClient, parameters: Parameters) -> Grant:
        grant = self._grants.get(parameters.require("grant_type"))
        if grant is None:
            raise UnsupportedGrantType
        if grant.grant_type not in authenticated.client.grant_types:
            raise UnauthorizedClient(grant.grant_type)
        return grant

    def _tell(self, what: EventType, source: str, client_id: str | None = None) -> None:
        self._state.queue(SHARDS[0], [event(what, self._clock.now(), source=source, client_id=client_id)])
