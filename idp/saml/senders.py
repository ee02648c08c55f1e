"""Who sent a message, proved before it is acted on: a service provider that we know, for this address, and just
now."""

from collections.abc import Callable
from typing import TypeVar

from federation.saml import conditions
from federation.saml.arriving import Arrived, Message, Unreadable
from federation.saml.artifact import ArtifactResolve
from federation.saml.authn_request import AuthnRequest
from federation.saml.conditions import Unmet
from federation.saml.logout import LogoutRequest, LogoutResponse
from federation.saml.names import SOAP
from federation.saml.verifying import BadSignature, keys_of
from idp.clock import Clock
from idp.saml.directory import ServiceProviders
from idp.saml.service_provider import ServiceProvider

T = TypeVar("T", AuthnRequest, ArtifactResolve, LogoutRequest, LogoutResponse)


class NotProved(Exception):
    """Nothing is done and nobody answered. The text is for logs."""


class TooOld(NotProved):
    """It was written too long ago, or in the future: a page that was left open, or a clock that is wrong."""


class UnknownProvider(NotProved):
    """Nobody of that name may ask here. `party_id` is there if he once could."""

    def __init__(self, party_id: str | None = None) -> None:
        super().__init__("not registered, disabled, or its metadata has expired")
        self.party_id = party_id


def always(_: ServiceProvider) -> bool:
    """For messages that are signed, whoever sends them."""
    return True


class Senders:
    def __init__(self, providers: ServiceProviders, clock: Clock) -> None:
        self._providers = providers
        self._clock = clock

    def provider(self, entity_id: str) -> ServiceProvider:
        """Raises `UnknownProvider`."""
        provider = self._providers.get(entity_id)
        if provider is None or not provider.enabled:
            raise UnknownProvider(provider.party_id if provider else None)
        return provider

    def proved(
        self,
        arrived: Arrived,
        address: str,
        read: Callable[[Message], T],
        must_sign: Callable[[ServiceProvider], bool],
    ) -> tuple[ServiceProvider, T]:
        """The sender, and the message as `read` reads it. `address` is where it arrived; `must_sign` says of whom a
        signature is demanded, and one that is there is checked, whoever sent it. Raises `NotProved`."""
        provider = self.provider(arrived.issuer)
        try:
            if arrived.has_signature or must_sign(provider):
                message = arrived.proved(keys_of(provider.entity.keys, "signing"))
            else:
                message = arrived.unproved()
            content = read(message)
            conditions.check_destination(content.destination, address, message.signed and arrived.binding != SOAP)
        except (Unreadable, BadSignature, Unmet) as error:
            raise NotProved(str(error)) from None
        try:
            conditions.check_instant(content.issue_instant, self._clock.now())
        except Unmet as error:
            raise TooOld(str(error)) from None
        return provider, content
