"""Time, asked for and never taken, so that a test can stop it."""

import time
from typing import Protocol


class Clock(Protocol):
    def now(self) -> float:
        """Seconds since 1970-01-01T00:00:00Z."""
        ...


class SystemClock:
    def now(self) -> float:
        return time.time()
