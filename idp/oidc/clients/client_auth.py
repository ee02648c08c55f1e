"""Client authentication (RFC 6749 section 2.3, OIDC Core section 9).

One method per request, and only the one that the client registered. `authenticate` is the only maker of an
`AuthenticatedClient`.
"""

import base64
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import unquote_plus

from idp.audit.events import EventType
from idp.audit.recorder import event
from idp.clock import Clock
from idp.errors import InvalidClient, InvalidRequest
from idp.oidc.call import Call, ShownCertificate
from idp.oidc.clients.assertion import JWT_BEARER, Assertions
from idp.oidc.clients.client import (
    ASSERTION_METHODS,
    CLIENT_SECRET_BASIC,
    CLIENT_SECRET_POST,
    MTLS_METHODS,
    NONE,
    Client,
    ClientSource,
    enabled,
)
from idp.oidc.clients.confirmation import UNBOUND, Confirmation
from idp.oidc.clients.mtls import Certificates, InvalidCertificate, thumbprint
from idp.oidc.limits import counted
from idp.pace import Pace
from idp.parameters import Parameters
from idp.secrets import SHARDS, Randomness, digest, equal, mint
from idp.sources import Bucket, Sources, source_of
from idp.storage.state import StateStore

FAILURES: Final = Bucket(size=30, drain=2)
"""Wrong client authentications of one source, and wrong grants of clients that cannot authenticate: thirty at once,
then one every two seconds."""
_NAMED: Final = (NONE, *MTLS_METHODS)
"""What a `client_id` alone may be: a name, and beside it perhaps a certificate (RFC 8705 section 2)."""


@dataclass(frozen=True, slots=True)
class AuthenticatedClient:
    """A client that proved at this very request that it is the one; only `authenticate` makes it. `confirmation` is
    the key it showed beside that, to which every token it is given is bound."""

    client: Client
    confirmation: Confirmation = UNBOUND

    def with_certificate(self, shown: ShownCertificate | None) -> "AuthenticatedClient":
        """Bound to the certificate that it shows, if it registered so (RFC 8705 section 3). Raises `InvalidRequest` if
        there is none."""
        if not self.client.tls_client_certificate_bound_access_tokens:
            return self
        try:
            return replace(self, confirmation=replace(self.confirmation, x5t=thumbprint(shown)))
        except InvalidCertificate:
            raise InvalidRequest("no certificate to bind the tokens to") from None

    def token(self, randomness: Randomness, shard: str) -> str:
        """The text of a new access token of this client's."""
        return self.confirmation.bind(mint(randomness, shard))


@dataclass(frozen=True, slots=True)
class _Credential:
    methods: tuple[str, ...]
    """Those that look like this; which of them it is says the registration alone."""
    client_id: str
    secret: str
    """The secret, or the assertion."""


class ClientAuthentication:
    """What every endpoint needs that a client's server calls: who asks, and failures counted and told."""

    def __init__(
        self,
        clients: ClientSource,
        assertions: Assertions,
        certificates: Certificates,
        state: StateStore,
        clock: Clock,
        pace: Pace,
    ) -> None:
        self._clients = clients
        self._assertions = assertions
        self._certificates = certificates
        self._state = state
        self._clock = clock
        self._pace = pace
        self._failures = Sources(state, clock, FAILURES, "client-source")

    def prove(self, parameters: Parameters, call: Call) -> AuthenticatedClient:
        """Who calls, by the parameters of the call and what stands beside them. Raises `InvalidClient`,
        `InvalidRequest` or `TooManyRequests`."""
        try:
            proved = authenticate(parameters, call, self._clients, self._assertions, self._certificates)
        except InvalidClient as error:
            self.count_failure(call.source)
            told = event(EventType.CLIENT_AUTHENTICATION_FAILED, self._clock.now(), source=call.source)
            self._state.queue(SHARDS[0], [told])
            raise error from None
        self._keep_pace(proved.client, call.source)
        return proved

    def _keep_pace(self, client: Client, source: str) -> None:
        """Only who proved to be the client is counted as it. A public one is each of its devices."""
        who = client.client_id if client.confidential else f"{client.client_id} {source_of(source)}"
        counted(self._pace.count, who, "requests of one client")

    def count_failure(self, source: str) -> None:
        """Raises `TooManyRequests` (RFC 6749 section 2.3.1), which is not told to the trail: a flood must not fill it.

        A right secret is never counted and never refused. Secrets have 256 random bits, so nobody comes by one by
        guessing; and a stranger behind the same address cannot shut a relying party out.
        """
        counted(self._failures.count, source_of(source), "client authentication")


def authenticate(
    parameters: Parameters, call: Call, clients: ClientSource, assertions: Assertions, certificates: Certificates
) -> AuthenticatedClient:
    """Raises `InvalidClient`, or `InvalidRequest` where two methods are used at once (RFC 6749 section 2.3)."""
    credential = _credential(parameters, call.authorization, assertions)
    client = enabled(clients, credential.client_id)
    if client is None:
        raise InvalidClient("unknown or disabled client")
    if client.token_endpoint_auth_method not in credential.methods:
        raise InvalidClient("not the registered method")
    if credential.methods == ASSERTION_METHODS:
        assertions.prove(credential.secret, client)
    elif client.token_endpoint_auth_method in MTLS_METHODS:
        certificates.prove(call.certificate, client)
    elif client.confidential and not equal(client.client_secret_digest or "", digest(credential.secret)):
        raise InvalidClient("wrong secret")
    return AuthenticatedClient(client)


def _credential(parameters: Parameters, authorization: str | None, assertions: Assertions) -> _Credential:
    client_id, secret = parameters.get("client_id"), parameters.get("client_secret")
    assertion = parameters.get("client_assertion")
    if assertion is not None:
        if authorization is not None or secret is not None:
            raise InvalidRequest("two ways of client authentication")
        return _asserted(parameters, assertion, client_id, assertions)
    if authorization is None:
        if client_id is None:
            raise InvalidClient("no client authentication")
        return _Credential(_NAMED if secret is None else (CLIENT_SECRET_POST,), client_id, secret or "")
    basic = _basic(authorization)
    if secret is not None or (client_id is not None and client_id != basic.client_id):
        raise InvalidRequest("two ways of client authentication")
    return basic


def _asserted(parameters: Parameters, assertion: str, client_id: str | None, assertions: Assertions) -> _Credential:
    """RFC 7521 section 4.2; `client_id` may stand beside the assertion and must be the same then."""
    if parameters.get("client_assertion_type") != JWT_BEARER:
        raise InvalidClient("another client_assertion_type")
    asserted = assertions.client_id(assertion)
    if client_id is not None and client_id != asserted:
        raise InvalidClient("client_id and assertion differ")
    return _Credential(ASSERTION_METHODS, asserted, assertion)


def _basic(authorization: str) -> _Credential:
    """RFC 7617, with both parts form-encoded (RFC 6749 section 2.3.1). The scheme's case does not matter."""
    scheme, _, credentials = authorization.partition(" ")
    if scheme.lower() != "basic":
        raise InvalidClient("not Basic")
    try:
        text = base64.b64decode(credentials.strip(), validate=True).decode("utf-8")
        client_id, colon, secret = text.partition(":")
        if not colon or not client_id:
            raise InvalidClient("no colon in Basic credentials")
        return _Credential(
            (CLIENT_SECRET_BASIC,), unquote_plus(client_id, errors="strict"), unquote_plus(secret, errors="strict")
        )
    except ValueError:  # of base64 or of UTF-8; base64 has another one for what is not ASCII
        raise InvalidClient("Basic credentials are not decodable") from None
