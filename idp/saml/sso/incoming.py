"""A request that came by a browser, proved: by whom, and that it is for us and of now (saml-profiles-2.0-os section
4.1.4.2). Nothing is answered before that; until then an error is a page of our own."""

from dataclasses import dataclass

from federation.saml import authn_request, conditions
from federation.saml.arriving import Arrived, Unreadable
from federation.saml.authn_request import AuthnRequest
from federation.saml.conditions import Unmet
from federation.saml.verifying import BadSignature, keys_of
from idp.clock import Clock
from idp.saml.directory import ServiceProviders
from idp.saml.service_provider import ServiceProvider


class NotProved(Exception):
    """Nobody is answered. The text is for logs."""


class TooOld(NotProved):
    """It was written too long ago, or in the future: a page that was left open, or a clock that is wrong."""


class UnknownProvider(NotProved):
    """Nobody of that name may ask here. `party_id` is there if he once could."""

    def __init__(self, party_id: str | None = None) -> None:
        super().__init__("not registered, disabled, or its metadata has expired")
        self.party_id = party_id


@dataclass(frozen=True, slots=True)
class Proved:
    """A request that this service provider may make. Made here alone. Unless its `signed` says otherwise, anybody may
    have written it: what is answered goes to an address of the metadata all the same."""

    provider: ServiceProvider
    request: AuthnRequest
    relay_state: str | None


class Incoming:
    def __init__(self, providers: ServiceProviders, clock: Clock, address: str) -> None:
        """`address` is the one that requests are sent to."""
        self._providers = providers
        self._clock = clock
        self._address = address

    def prove(self, arrived: Arrived) -> Proved:
        """Raises `NotProved`."""
        provider = self.provider(arrived.issuer)
        try:
            keys = keys_of(provider.entity.keys, "signing")
            request = authn_request.read(arrived.proved(keys) if arrived.has_signature else arrived.unproved())
            if not request.signed and _must_sign(provider):
                raise NotProved("not signed")
            conditions.check_destination(request.destination, self._address, request.signed)
        except (Unreadable, BadSignature, Unmet) as error:
            raise NotProved(str(error)) from None
        try:
            conditions.check_instant(request.issue_instant, self._clock.now())
        except Unmet as error:
            raise TooOld(str(error)) from None
        return Proved(provider, request, arrived.relay_state)

    def provider(self, entity_id: str) -> ServiceProvider:
        """Raises `UnknownProvider`."""
        provider = self._providers.get(entity_id)
        if provider is None or not provider.enabled:
            raise UnknownProvider(provider.party_id if provider else None)
        return provider


def _must_sign(provider: ServiceProvider) -> bool:
    if provider.require_signed_requests is not None:
        return provider.require_signed_requests
    return provider.entity.authn_requests_signed
