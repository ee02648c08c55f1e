"""What came, proved before it is acted on: from a service provider that we know and by its signature, for this address,
of now, and a request for the first time."""

from dataclasses import dataclass
from functools import partial
from typing import Final

from federation.saml import conditions, logout
from federation.saml.arriving import Arrived
from federation.saml.conditions import LIFE, SKEW, Unmet
from federation.saml.logout import LogoutRequest, LogoutResponse
from idp.clock import Clock
from idp.saml.keys import SamlKeys
from idp.saml.senders import NotProved, Senders, always
from idp.saml.service_provider import ServiceProvider
from idp.secrets import digest, shard_for
from idp.storage.state import Conflict, Key, StateStore

REMEMBERED_SECONDS: Final = LIFE + 2 * SKEW
"""For so long a request could be taken again."""


@dataclass(frozen=True, slots=True)
class ProvedRequest:
    """A LogoutRequest that this service provider signed, for us and just now. Made here alone."""

    provider: ServiceProvider
    request: LogoutRequest
    binding: str
    relay_state: str | None


@dataclass(frozen=True, slots=True)
class ProvedResponse:
    """A LogoutResponse that this service provider signed, for us and just now. Made here alone."""

    provider: ServiceProvider
    response: LogoutResponse
    binding: str


class Proving:
    def __init__(self, senders: Senders, keys: SamlKeys, state: StateStore, clock: Clock) -> None:
        self._senders = senders
        self._keys = keys
        self._state = state
        self._clock = clock

    def request(self, arrived: Arrived, address: str) -> ProvedRequest:
        """`address` is the one it arrived at. Raises `NotProved`."""
        read = partial(logout.read_request, decrypters=self._keys.decrypters())
        provider, request = self._senders.proved(arrived, address, read, always)
        try:
            conditions.check_not_on_or_after(request.not_on_or_after, self._clock.now())
        except Unmet as unmet:
            raise NotProved(str(unmet)) from None
        mark = Key(shard_for(provider.party_id), "saml-logout", digest(f"{provider.party_id} {request.id}"))
        try:
            self._state.replace(mark, None, b"{}", REMEMBERED_SECONDS)
        except Conflict:
            raise NotProved("came before") from None
        return ProvedRequest(provider, request, arrived.binding, arrived.relay_state)

    def response(self, arrived: Arrived, address: str) -> ProvedResponse:
        """Raises `NotProved`."""
        provider, response = self._senders.proved(arrived, address, logout.read_response, always)
        return ProvedResponse(provider, response, arrived.binding)
