"""What came, proved before it is acted on: from a service provider that we know and by its signature, for this address,
of now, and a request for the first time."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeVar

from federation.saml import conditions, logout
from federation.saml.arriving import Arrived, Message, Unreadable
from federation.saml.conditions import LIFE, SKEW, Unmet
from federation.saml.logout import LogoutRequest, LogoutResponse
from federation.saml.names import SOAP
from federation.saml.verifying import BadSignature, keys_of
from idp.clock import Clock
from idp.saml.directory import ServiceProviders
from idp.saml.keys import SamlKeys
from idp.saml.service_provider import ServiceProvider
from idp.secrets import digest, shard_for
from idp.storage.state import Conflict, Key, StateStore

REMEMBERED_SECONDS: Final = LIFE + 2 * SKEW
"""For so long a request could be taken again."""

T = TypeVar("T", LogoutRequest, LogoutResponse)


class NotProved(Exception):
    """Nothing is done and nothing answered. The text is for logs."""


class UnknownProvider(NotProved):
    """Nobody of that name may ask here."""


@dataclass(frozen=True, slots=True)
class ProvedRequest:
    """A LogoutRequest that this service provider signed, for us and just now. Made here alone."""

    sp: ServiceProvider
    request: LogoutRequest
    binding: str
    relay_state: str | None


@dataclass(frozen=True, slots=True)
class ProvedResponse:
    """A LogoutResponse that this service provider signed, for us and just now. Made here alone."""

    sp: ServiceProvider
    response: LogoutResponse
    binding: str


class Proving:
    def __init__(self, providers: ServiceProviders, keys: SamlKeys, state: StateStore, clock: Clock) -> None:
        self._providers = providers
        self._keys = keys
        self._state = state
        self._clock = clock

    def request(self, arrived: Arrived, address: str) -> ProvedRequest:
        """`address` is the one it arrived at. Raises `NotProved`."""
        read = partial(logout.read_request, decrypters=self._keys.decrypters())
        sp, request = self._read(arrived, address, read)
        try:
            conditions.check_not_on_or_after(request.not_on_or_after, self._clock.now())
        except Unmet as unmet:
            raise NotProved(str(unmet)) from None
        mark = Key(shard_for(sp.party_id), "saml-logout", digest(f"{sp.party_id} {request.id}"))
        try:
            self._state.replace(mark, None, b"{}", REMEMBERED_SECONDS)
        except Conflict:
            raise NotProved("came before") from None
        return ProvedRequest(sp, request, arrived.binding, arrived.relay_state)

    def response(self, arrived: Arrived, address: str) -> ProvedResponse:
        """Raises `NotProved`."""
        sp, response = self._read(arrived, address, logout.read_response)
        return ProvedResponse(sp, response, arrived.binding)

    def _read(self, arrived: Arrived, address: str, read: Callable[[Message], T]) -> tuple[ServiceProvider, T]:
        sp = self._providers.get(arrived.issuer)
        if sp is None or not sp.enabled:
            raise UnknownProvider("not registered, disabled, or its metadata has expired")
        try:
            message = read(arrived.proved(keys_of(sp.entity.keys, "signing")))
            conditions.check_destination(message.destination, address, signed=arrived.binding != SOAP)
            conditions.check_instant(message.issue_instant, self._clock.now())
        except (Unreadable, BadSignature, Unmet) as error:
            raise NotProved(str(error)) from None
        return sp, message
