"""What follows from a service provider alone: worked out once for as long as a worker keeps it, not in every turn."""

from collections.abc import Callable
from typing import Final, Generic, TypeVar

from idp.saml.directory import CAPACITY
from idp.saml.service_provider import ServiceProvider

T = TypeVar("T")


class Derived(Generic[T]):
    def __init__(self, work_out: Callable[[ServiceProvider], T]) -> None:
        self._work_out: Final = work_out
        self._known: dict[str, tuple[ServiceProvider, T]] = {}

    def of(self, provider: ServiceProvider) -> T:
        """Raises what working it out raises, each time."""
        known = self._known.get(provider.party_id)
        if known is not None and known[0] is provider:
            return known[1]
        found = self._work_out(provider)
        if len(self._known) >= CAPACITY:
            self._known.clear()
        self._known[provider.party_id] = (provider, found)
        return found
