"""A clock that moves only when it is told to."""

from dataclasses import dataclass


@dataclass
class FrozenClock:
    """`idp.clock.Clock` for tests: stands at `seconds` (Unix time) until `advance`."""

    seconds: float = 1_800_000_000.0

    def now(self) -> float:
        return self.seconds

    def advance(self, seconds: float) -> None:
        self.seconds += seconds
