"""What we say to a service provider of the end of a session. Always signed, each time anew.

A LogoutRequest is written from a `Duty` alone, long after the session ended: what it names the citizen and the session
by is computed (`idp.saml.naming`).
"""

from base64 import b64encode
from typing import Final

from federation.saml import redirecting, soap
from federation.saml.credentials import Signer
from federation.saml.logout import LogoutRequest, LogoutResponse, written_request, written_response
from federation.saml.metadata.entity import Endpoint
from federation.saml.names import POST
from federation.saml.response import Status
from federation.saml.writing import ID_BYTES, Xml, new_id
from idp.clock import Clock
from idp.login.door import Redirect
from idp.saml.keys import SamlKeys
from idp.saml.naming import FORMATS, Naming
from idp.saml.service_provider import ServiceProvider
from idp.secrets import Randomness
from idp.sessions import KINDS_APART
from idp.storage.records.logouts import Duty

REQUEST_SECONDS: Final = 300
"""How long a LogoutRequest of ours is good."""
_REASONS: Final = "urn:oasis:names:tc:SAML:2.0:logout:"
_BY_CITIZEN: Final = ("signed_out", "consent_withdrawn")


def kinds(duty: Duty) -> tuple[str, ...]:
    """By which kinds of names the service provider knows the citizen: each is told apart."""
    return tuple(kind for kind in duty.detail.split(KINDS_APART) if kind in FORMATS)


class Messages:
    def __init__(self, naming: Naming, keys: SamlKeys, clock: Clock, randomness: Randomness) -> None:
        self._naming = naming
        self._keys = keys
        self._clock = clock
        self._randomness = randomness

    def new_id(self) -> str:
        return new_id(self._randomness.bytes(ID_BYTES))

    def request_by_soap(self, provider: ServiceProvider, endpoint: Endpoint, duty: Duty, kind: str, id_: str) -> Xml:
        """In its envelope."""
        return soap.wrapped(
            written_request(self._request(provider, endpoint, duty, kind, id_), self._keys.signer_for(provider))
        )

    def request(self, provider: ServiceProvider, endpoint: Endpoint, duty: Duty, kind: str, id_: str) -> Redirect:
        """By way of the browser."""
        request = self._request(provider, endpoint, duty, kind, id_)
        return self._sent(provider, endpoint.binding, endpoint.location, redirecting.REQUEST, None, request)

    def response_by_soap(self, provider: ServiceProvider, in_response_to: str, status: Status) -> Xml:
        """In its envelope."""
        response = self._response(in_response_to, status, None)
        return soap.wrapped(written_response(response, self._keys.signer_for(provider)))

    def response(
        self,
        provider: ServiceProvider,
        endpoint: Endpoint,
        in_response_to: str,
        status: Status,
        relay_state: str | None,
    ) -> Redirect:
        """By way of the browser."""
        location = endpoint.response_location or endpoint.location
        response = self._response(in_response_to, status, location)
        return self._sent(provider, endpoint.binding, location, redirecting.RESPONSE, relay_state, response)

    def _request(self, provider: ServiceProvider, endpoint: Endpoint, duty: Duty, kind: str, id_: str) -> LogoutRequest:
        now, entity_id = int(self._clock.now()), provider.entity.entity_id
        return LogoutRequest(
            id=id_,
            issuer=self._naming.entity_id,
            issue_instant=now,
            name_id=self._naming.name_id(kind, entity_id, duty.citizen_id, duty.lineage),
            session_indexes=(self._naming.session_index(entity_id, duty.citizen_id, duty.lineage),),
            destination=endpoint.location,
            not_on_or_after=now + REQUEST_SECONDS,
            reason=_REASONS + ("user" if duty.reason in _BY_CITIZEN else "admin"),
        )

    def _response(self, in_response_to: str, status: Status, destination: str | None) -> LogoutResponse:
        return LogoutResponse(
            id=self.new_id(),
            issuer=self._naming.entity_id,
            issue_instant=int(self._clock.now()),
            in_response_to=in_response_to,
            status=status.code,
            detail=status.detail,
            destination=destination,
        )

    def _sent(
        self,
        provider: ServiceProvider,
        binding: str,
        location: str,
        parameter: str,
        relay_state: str | None,
        message: LogoutRequest | LogoutResponse,
    ) -> Redirect:
        """By POST the message is signed, by redirect its query."""
        signer = self._keys.signer_for(provider)
        written = _written(message, signer if binding == POST else None)
        if binding != POST:
            return Redirect(redirecting.address(location, parameter, written, relay_state, signer))
        fields = {parameter: b64encode(written.encode()).decode("ascii")}
        return Redirect(location, fields | ({} if relay_state is None else {"RelayState": relay_state}), provider.names)


def _written(message: LogoutRequest | LogoutResponse, signer: Signer | None) -> Xml:
    return written_request(message, signer) if isinstance(message, LogoutRequest) else written_response(message, signer)
