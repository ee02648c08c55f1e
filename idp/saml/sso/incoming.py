"""A request that came by a browser, proved: by whom, and that it is for us and of now (saml-profiles-2.0-os section
4.1.4.2). Nothing is answered before that; until then an error is a page of our own."""

from dataclasses import dataclass

from federation.saml import authn_request
from federation.saml.arriving import Arrived
from federation.saml.authn_request import AuthnRequest
from idp.saml.senders import Senders
from idp.saml.service_provider import ServiceProvider


@dataclass(frozen=True, slots=True)
class Proved:
    """A request that this service provider may make. Made here alone. Unless its `signed` says otherwise, anybody may
    have written it: what is answered goes to an address of the metadata all the same."""

    provider: ServiceProvider
    request: AuthnRequest
    relay_state: str | None


class Incoming:
    def __init__(self, senders: Senders, address: str) -> None:
        """`address` is the one that requests are sent to."""
        self._senders = senders
        self._address = address

    def prove(self, arrived: Arrived) -> Proved:
        """Raises `NotProved`."""
        provider, request = self._senders.proved(arrived, self._address, authn_request.read, _must_sign)
        return Proved(provider, request, arrived.relay_state)

    def provider(self, entity_id: str) -> ServiceProvider:
        """Who asks nothing, but may be answered. Raises `UnknownProvider`."""
        return self._senders.provider(entity_id)


def _must_sign(provider: ServiceProvider) -> bool:
    if provider.require_signed_requests is not None:
        return provider.require_signed_requests
    return provider.entity.authn_requests_signed
