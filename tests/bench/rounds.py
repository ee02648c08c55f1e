"""Two servers in turn, round by round, with the same client: what one says of the other although the machine is noisy.

Neighbours on a shared machine slow both sides of a round alike, so a ratio is taken in each round and the median of
them is what counts.
"""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests.bench.load import Load
from tests.bench.machine import processor_seconds


@dataclass(frozen=True, slots=True)
class Side:
    """One of two: how it is loaded for some seconds, and its worker."""

    load: Callable[[float], Load]
    worker: int


@dataclass(slots=True)
class Seen:
    """What all rounds saw of one side."""

    rates: list[float] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    seconds: float = 0.0
    processor_seconds: float = 0.0

    @property
    def share(self) -> float:
        """Of its processor, how much the worker got; a saturated one gets all but a little, unless others take it."""
        return self.processor_seconds / self.seconds

    @property
    def rate(self) -> float:
        """Walks a second."""
        return statistics.median(self.rates)

    @property
    def processor_milliseconds(self) -> float:
        """Of the worker, for one walk: it hardly depends on what else the machine does."""
        return self.processor_seconds / len(self.latencies) * 1000

    def milliseconds(self, share: float) -> float:
        """The latency that `share` of all walks did not exceed."""
        ordered = sorted(self.latencies)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)] * 1000


@dataclass(frozen=True, slots=True)
class Comparison:
    floor: Seen
    ours: Seen

    @property
    def ratios(self) -> list[float]:
        return sorted(ours / floor for floor, ours in zip(self.floor.rates, self.ours.rates, strict=True))

    @property
    def ratio(self) -> float:
        return statistics.median(self.ratios)

    @property
    def quartiles(self) -> tuple[float, float]:
        """Half of all ratios lie between these: one round that a neighbour spoilt moves neither of them far."""
        if len(self.ratios) == 1:
            return self.ratio, self.ratio
        lower, _, upper = statistics.quantiles(self.ratios, n=4, method="inclusive")
        return lower, upper

    @property
    def processor_ratio(self) -> float:
        """The same by processor time, which a busy machine changes least."""
        return self.floor.processor_milliseconds / self.ours.processor_milliseconds


def compare(floor: Side, ours: Side, rounds: int, seconds: float) -> Comparison:
    """Each side once a round for `seconds`, the first of one round being the second of the next."""
    return Comparison(*in_turn((floor, ours), rounds, seconds))


def in_turn(sides: Sequence[Side], rounds: int, seconds: float) -> Sequence[Seen]:
    """The same for any number of sides."""
    seen = [Seen() for _ in sides]
    for side in sides:
        side.load(min(seconds, 1.0))  # caches and connections are warm when it counts
    for count in range(rounds):
        pairs = list(zip(sides, seen, strict=True))
        for side, each in pairs if count % 2 == 0 else pairs[::-1]:
            _round(side, each, seconds)
    return seen


def alone(side: Side, rounds: int, seconds: float) -> Seen:
    """One server, for what no floor stands beside."""
    seen = Seen()
    side.load(min(seconds, 1.0))
    for _ in range(rounds):
        _round(side, seen, seconds)
    return seen


def _round(side: Side, seen: Seen, seconds: float) -> None:
    before = processor_seconds(side.worker)
    load = side.load(seconds)
    seen.processor_seconds += processor_seconds(side.worker) - before
    seen.seconds += load.seconds
    seen.rates.append(load.per_second)
    seen.latencies += load.latencies
