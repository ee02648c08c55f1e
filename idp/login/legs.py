"""The name of a leg: which request of which relying party a session knows. It takes some hashing, and stands in every
hop, so it is remembered for as long as the relying party is the same."""

from typing import Final, Protocol

from idp.login.consent import leg_name
from idp.login.party import RelyingParty
from idp.login.transaction import Ask

CAPACITY: Final = 4_096
"""Requests that a worker remembers; a relying party has a few."""

_Asked = tuple[str, str, tuple[str, ...], tuple[str, ...], tuple[str, ...]]


class Registered(Protocol):
    @property
    def party(self) -> RelyingParty: ...


class LegNames:
    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._known: dict[_Asked, tuple[Registered, str]] = {}

    def of(self, registered: Registered, ask: Ask) -> str:
        """The field of a session for this request; `registered` is who asks, as it is registered now."""
        asked = (ask.client_id, ask.name_format, ask.scopes, ask.claims, ask.essential_claims)
        known = self._known.get(asked)
        if known is not None and known[0] is registered:
            return known[1]
        name = leg_name(ask, registered.party)
        if len(self._known) >= self._capacity:
            self._known.clear()
        self._known[asked] = (registered, name)
        return name
