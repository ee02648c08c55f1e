"""What was proved of a citizen before the browser showed its cookie.

The provider's page posts the assertion to the portal from another site, and browsers leave a `SameSite=Lax` cookie at
home then. So the answer is proved, kept here, and taken by a request that the browser makes with its cookie.
"""

import threading
from collections.abc import Collection

from idp.clock import Clock
from idp.demo.visitors import LARGEST, SignedIn
from idp.secrets import Randomness, digest, urlsafe

WAIT_SECONDS = 60


class Arrivals:
    def __init__(self, clock: Clock, randomness: Randomness) -> None:
        self._clock = clock
        self._randomness = randomness
        self._waiting: dict[str, tuple[float, str, SignedIn]] = {}
        self._lock = threading.Lock()

    def keep(self, request_id: str, citizen: SignedIn) -> str:
        """A ticket for the answer to `request_id`, good once and for a minute."""
        ticket = urlsafe(self._randomness.bytes(32))
        now = self._clock.now()
        with self._lock:
            self._waiting = {key: each for key, each in self._waiting.items() if each[0] > now}
            while len(self._waiting) >= LARGEST:
                del self._waiting[next(iter(self._waiting))]
            self._waiting[digest(ticket)] = (now + WAIT_SECONDS, request_id, citizen)
        return ticket

    def take(self, ticket: str, asked: Collection[str]) -> SignedIn | None:
        """Who it is, if the ticket is of the answer to one of the requests that this very browser `asked`."""
        with self._lock:
            until, answered, citizen = self._waiting.pop(digest(ticket), (0, "", None))
        return citizen if until > self._clock.now() and answered in asked else None
