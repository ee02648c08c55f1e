"""How fast one client, or one address, may go at one worker: a bucket that drains, kept in the worker's own memory.

It keeps one runaway program from taking the worker from everybody else, and costs no trip to a store. What has to be
exact over all workers, such as guesses, is counted in the state store (`idp.sources`, `idp.login.throttle`).
"""

import math
from typing import Final

from idp.clock import Clock
from idp.storage.state import Throttled

BURST_SECONDS: Final = 10
"""So many seconds' worth may come at once."""
CAPACITY: Final = 50_000
"""Names that are remembered. Beyond that those are forgotten first that have been quiet."""


class Pace:
    def __init__(self, clock: Clock, rate: int) -> None:
        """`rate` is how many a second one name may make."""
        self._clock = clock
        self._seconds = 1 / rate
        self._full: dict[str, float] = {}

    def count(self, name: str) -> None:
        """One more of this name. Raises `Throttled`."""
        now = self._clock.now()
        after = max(self._full.get(name, 0.0), now) + self._seconds
        if after - now > BURST_SECONDS:
            raise Throttled(math.ceil(after - now - BURST_SECONDS))
        if len(self._full) >= CAPACITY:
            self._forget(now)
        self._full[name] = after

    def _forget(self, now: float) -> None:
        busy = {name: until for name, until in self._full.items() if until > now}
        # with so many at once the limit is not what protects us: rather none than one that grows
        self._full = busy if len(busy) < CAPACITY else {}
