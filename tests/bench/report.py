"""The numbers as one table, beside the bars they must reach."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from tests.bench.machine import Memory
from tests.bench.rounds import Comparison, Seen

BARS = {
    ("redis", "RS256"): 0.6,
    ("redis", "ES256"): 0.5,
    ("embedded", "RS256"): 0.5,
    ("embedded", "ES256"): 0.4,
}
"""The least share of the floor's hops a second, by where the state is and how the ID token is signed."""
HEAD = (
    *("state", "measured", "a second", "floor", "ratio", "of rounds", "bar", ""),
    *("p50 ms", "p99 ms", "CPU ms", "floor", "by CPU"),
)
ALONE = ("state", "measured", "a second", "p50 ms", "p99 ms", "CPU ms")
BUSY = 0.85
"""A worker that gets less of its processor shares it with programs that are not ours."""
UNCHANGED = 0.97
"""Hops beside many stored citizens may be fewer than beside few by what two runs of the same thing differ."""


@dataclass(frozen=True, slots=True)
class Row:
    state: str
    measured: str
    """RS256 or ES256 for hops, or what else it is."""
    comparison: Comparison

    @property
    def bar(self) -> float | None:
        return BARS.get((self.state, self.measured))

    @property
    def missed(self) -> bool:
        return self.bar is not None and self.comparison.ratio < self.bar

    def cells(self) -> tuple[str, ...]:
        """As in `HEAD`."""
        ours, floor, ratios = self.comparison.ours, self.comparison.floor, self.comparison.ratios
        verdict = "" if self.bar is None else "missed" if self.missed else "met"
        return (
            self.state,
            f"hops {self.measured}" if self.bar else self.measured,
            f"{ours.rate:,.0f}",
            f"{floor.rate:,.0f}",
            f"{self.comparison.ratio:.2f}",
            f"{ratios[0]:.2f}-{ratios[-1]:.2f}",
            "" if self.bar is None else f"{self.bar:.2f}",
            verdict,
            f"{ours.milliseconds(0.5):.1f}",
            f"{ours.milliseconds(0.99):.1f}",
            f"{ours.processor_milliseconds:.2f}",
            f"{floor.processor_milliseconds:.2f}",
            f"{self.comparison.processor_ratio:.2f}",
        )


@dataclass(frozen=True, slots=True)
class Growth:
    """Hops beside `few` stored citizens, as the floor, and beside `many`."""

    comparison: Comparison
    few: int
    many: int

    @property
    def missed(self) -> bool:
        """Whether they are fewer in most rounds: not in the middle alone, nor in one round that a neighbour spoilt."""
        return self.comparison.quartiles[1] < UNCHANGED


@dataclass(frozen=True, slots=True)
class Call:
    """What has neither floor nor bar."""

    state: str
    measured: str
    seen: Seen

    def cells(self) -> tuple[str, ...]:
        """As in `ALONE`."""
        seen = self.seen
        times = (
            f"{seen.milliseconds(0.5):.1f}",
            f"{seen.milliseconds(0.99):.1f}",
            f"{seen.processor_milliseconds:.2f}",
        )
        return (self.state, self.measured, f"{seen.rate:,.0f}", *times)


@dataclass(frozen=True, slots=True)
class Stock:
    """Registered clients in number: microseconds of SQL to look one up, and the worker's memory before any came and
    after `came` of them."""

    clients: int
    microseconds: float
    before: Memory
    came: int
    after: Memory


def stock_lines(few: Stock, many: Stock) -> str:
    return (
        f"from {few.clients:,} to {many.clients:,} registered clients: a look-up takes {few.microseconds:.0f} -> "
        f"{many.microseconds:.0f} us of SQL; the worker's RSS {few.before.resident:.1f} -> {many.before.resident:.1f} "
        f"MiB,\nand {many.after.resident:.1f} MiB after {many.came:,} of them came"
    )


def calls_table(calls: Sequence[Call]) -> str:
    return aligned([ALONE, *(call.cells() for call in calls)])


def table(rows: Sequence[Row]) -> str:
    return aligned([HEAD, *(row.cells() for row in rows)])


def aligned(lines: Sequence[Sequence[str]]) -> str:
    """A table. The first two columns are words."""
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) if column < 2 else cell.rjust(width) for column, (cell, width) in enumerate(cells))
        for cells in (list(zip(line, widths, strict=True)) for line in lines)
    )


def busy_line(comparisons: Sequence[Comparison]) -> str:
    """Says when the numbers are not to be believed."""
    least = min((side.share for one in comparisons for side in (one.floor, one.ours)), default=1.0)
    if least >= BUSY:
        return ""
    return (
        f"\nThe machine was busy: a worker got only {least:.0%} of its processor. Hops a second and their ratio are\n"
        'then chance; the ratio by processor time, "by CPU", is near what a quiet machine would show.\n'
    )


def memory_line(name: str, memory: Memory) -> str:
    return f"{name:<10} RSS {memory.resident:6.1f} MiB   PSS {memory.proportional:6.1f} MiB"


def growth_line(growth: Growth) -> str:
    found = growth.comparison
    low, high = found.quartiles
    verdict = "slower, and by more than the noise" if growth.missed else "not slower beyond the noise"
    return (
        f"from {growth.few:,} to {growth.many:,} stored citizens: {found.floor.rate:,.0f} -> {found.ours.rate:,.0f} "
        f"hops/s, {(found.ratio - 1) * 100:+.1f} % (half of the rounds {low:.2f}-{high:.2f}, "
        f"by CPU {found.processor_ratio:.2f}): {verdict}"
    )


class Barred(Protocol):
    @property
    def missed(self) -> bool: ...


def status(rows: Iterable[Barred], growth: Growth | None) -> int:
    """Of the whole program: 1 if a bar is missed, or if many stored citizens make a hop slower."""
    return int(any(row.missed for row in rows) or (growth is not None and growth.missed))
