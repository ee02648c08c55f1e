"""The name of a leg: which request of which client a session knows. It takes some hashing, and stands in every hop, so
it is remembered for as long as the client is the same."""

from typing import Final

from idp.login.consent import ask_digest
from idp.login.transaction import Ask
from idp.oidc.clients.client import Client
from idp.sessions import leg_field

CAPACITY: Final = 4_096
"""Requests that a worker remembers; a client has a few."""

_Asked = tuple[str, tuple[str, ...], tuple[str, ...], tuple[str, ...]]


class LegNames:
    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._known: dict[_Asked, tuple[Client, str]] = {}

    def of(self, client: Client, ask: Ask) -> str:
        """The field of a session for this request; `client` is as it is registered now."""
        asked = (client.client_id, ask.scopes, ask.claims, ask.essential_claims)
        known = self._known.get(asked)
        if known is not None and known[0] is client:
            return known[1]
        name = leg_field(client.client_id, ask_digest(ask, client.party))
        if len(self._known) >= self._capacity:
            self._known.clear()
        self._known[asked] = (client, name)
        return name
