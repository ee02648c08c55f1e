"""The numbers as one table, beside the bars they must reach."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.bench.machine import Memory
from tests.bench.rounds import Comparison

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
BUSY = 0.85
"""A worker that gets less of its processor shares it with programs that are not ours."""


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


def table(rows: Sequence[Row]) -> str:
    lines = [HEAD, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    return "\n".join(
        "  ".join(cell.ljust(width) if column < 2 else cell.rjust(width) for column, (cell, width) in enumerate(cells))
        for cells in (list(zip(line, widths, strict=True)) for line in lines)
    )


def busy_line(rows: Sequence[Row]) -> str:
    """Says when the numbers are not to be believed."""
    least = min((side.share for row in rows for side in (row.comparison.floor, row.comparison.ours)), default=1.0)
    if least >= BUSY:
        return ""
    return (
        f"\nThe machine was busy: a worker got only {least:.0%} of its processor. Hops a second and their ratio are\n"
        "then chance; the ratio by processor time (last column) is near what a quiet machine would show.\n"
    )


def memory_line(name: str, memory: Memory) -> str:
    return f"{name:<10} RSS {memory.resident:6.1f} MiB   PSS {memory.proportional:6.1f} MiB"


def growth_line(comparison: Comparison, few: int, many: int) -> str:
    low, high = comparison.ratios[0], comparison.ratios[-1]
    before, after = comparison.floor.rate, comparison.ours.rate
    change = (comparison.ratio - 1) * 100
    verdict = "no change beyond the noise" if low <= 1.0 <= high or abs(change) < 3 else "a change"
    return (
        f"from {few:,} to {many:,} stored citizens: {before:,.0f} -> {after:,.0f} hops/s, "
        f"{change:+.1f} % (rounds {low:.2f}-{high:.2f}): {verdict}"
    )
