"""A citizen who is signed in, and a client that has met him: an honest request of that client gets a code at once."""

from dataclasses import dataclass
from typing import Any

from tests.support.answers import granted
from tests.support.provider import Person, Provider, Registered, Visitor


@dataclass
class Known:
    provider: Provider
    person: Person
    client: Registered
    visitor: Visitor

    def meet(self, **metadata: Any) -> Registered:
        """Another client that the citizen agreed to, with all it may ever ask."""
        client = self.provider.client(**metadata)
        granted(self.visitor.allow(self.visitor.authorize(client, scope=" ".join(client.client.scope))), client)
        return client

    def code(self, client: Registered | None = None, **changes: str | None) -> str:
        asked = client or self.client
        return granted(self.visitor.authorize(asked, **changes), asked, asked.request(**changes).get("state"))

    def tokens(self, client: Registered | None = None, **changes: str | None) -> dict[str, Any]:
        """What an honest client gets."""
        asking = client or self.client
        exchange = asking.exchange(self.code(asking, **changes))
        if asking.secret:
            answer = self.provider.token(asking, exchange)
        else:
            answer = self.provider.token(asking, exchange | {"client_id": asking.id}, headers={})
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.get_json()
        return told


def acquainted(provider: Provider, **metadata: Any) -> Known:
    """Somebody new, signed in at a new client, which may have all it may ever ask."""
    person, client, visitor = provider.citizen(), provider.client(**metadata), provider.visitor()
    visitor.arrive(client, person, scope=" ".join(client.client.scope))
    return Known(provider, person, client, visitor)
