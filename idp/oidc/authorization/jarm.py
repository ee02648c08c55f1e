"""Authorization responses as JWTs (JARM 1.0): whoever stands between, the browser too, can add and change nothing.

Only a request that asks for it (`response_mode=jwt`, or a mode that ends so) has its answer signed, errors too.
"""

from collections.abc import Mapping
from typing import Final

from idp.clock import Clock
from idp.oidc.clients.client import Client
from idp.oidc.envelope import Envelopes

SECONDS: Final = 300
"""How long an answer is good (section 2.1 says ten minutes at most); the code in it is for less."""


class AuthorizationAnswers:
    """As `Answering` of `target.py`."""

    def __init__(self, issuer: str, envelopes: Envelopes, clock: Clock) -> None:
        self.issuer: Final = issuer
        self._envelopes = envelopes
        self._clock = clock

    def jwt(self, client: Client, parameters: Mapping[str, str]) -> str:
        """The value of `response` (section 2.3)."""
        return self._envelopes.authorization(client, {**parameters, "exp": int(self._clock.now()) + SECONDS})
