"""Turns of SAML single sign-on, beside the limit and the floor, and the same built with pysaml2.

The *limit* of a turn is what bare `cryptography` signs in a second, divided by the signatures of one Response; it is
measured round by round with the turns. A turn is a whole HTTP request besides, which the *floor* shows: bare Flask
under the same server, which signs as often, sends a page as long, and knows and proves nothing.
"""

import contextlib
import os
import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from federation.saml.algorithms import EC, RSA
from tests.bench import pysaml, signing, wrk
from tests.bench.load import Load, drive
from tests.bench.machine import Processors
from tests.bench.provider import provider
from tests.bench.report import aligned
from tests.bench.rounds import Seen, Side, in_turn
from tests.bench.saml import Portal, Turning, acquainted, signatures
from tests.bench.signing import Rate

Driver = Callable[[Turning, float], Load]
"""Drives a portal for so many seconds."""
PORTALS = {
    "RSA-2048": Portal(RSA),
    "RSA-2048, both signed": Portal(RSA, both_signed=True),
    "P-256": Portal(EC),
}
TURN_BAR = 0.4
SIGNING_BAR = 0.75
HEAD = (
    *("state", "turns", "a second", "limit", "of it", "bar", "", "by CPU"),
    *("floor", "of it", "p50 ms", "p99 ms", "CPU ms"),
)
SIGNING_HEAD = ("signing alone", "", "a second", "limit", "of it", "bar", "")
ABOUT = """SAML turns: signed request by redirect, signed Response with an encrypted Assertion by POST.
Limit: bare signatures a second in the same rounds, divided by those of one Response: one, or two where both are signed.
Floor: bare Flask that signs as often. With P-256 a signature is a small part of a request, and even the floor is far
from the limit: there is no bar."""


@dataclass(frozen=True, slots=True)
class Turns:
    """One row. `limit` is of bare signatures, of which each turn needs some."""

    state: str
    measured: str
    limit: Seen
    floor: Seen
    ours: Seen

    @property
    def needs(self) -> int:
        return 2 if PORTALS[self.measured].both_signed else 1

    @property
    def share(self) -> float:
        """Of the limit, the median of all rounds."""
        rounds = zip(self.limit.rates, self.ours.rates, strict=True)
        return statistics.median(ours * self.needs / limit for limit, ours in rounds)

    @property
    def bar(self) -> float | None:
        return TURN_BAR if PORTALS[self.measured].kind == RSA else None

    @property
    def missed(self) -> bool:
        return self.bar is not None and self.share < self.bar

    def cells(self) -> tuple[str, ...]:
        """As in `HEAD`."""
        limit, floor, ours = self.limit, self.floor, self.ours
        of_floor = statistics.median(a / b for a, b in zip(ours.rates, floor.rates, strict=True))
        return (
            *(self.state, self.measured, f"{ours.rate:,.0f}", f"{limit.rate / self.needs:,.0f}", f"{self.share:.2f}"),
            *_verdict(self.bar, self.missed),
            f"{limit.processor_milliseconds * self.needs / ours.processor_milliseconds:.2f}",
            *(f"{floor.rate:,.0f}", f"{of_floor:.2f}"),
            *(f"{ours.milliseconds(0.5):.1f}", f"{ours.milliseconds(0.99):.1f}", f"{ours.processor_milliseconds:.2f}"),
        )


@dataclass(frozen=True, slots=True)
class Signed:
    """A way of writing and signing a Response, without HTTP. The bar is for RSA; to encrypt is more than to sign."""

    rate: Rate

    @property
    def bar(self) -> float | None:
        return SIGNING_BAR if self.rate.name.startswith(RSA) and "encrypted" not in self.rate.name else None

    @property
    def missed(self) -> bool:
        return self.bar is not None and self.rate.share < self.bar

    def cells(self) -> tuple[str, ...]:
        """As in `SIGNING_HEAD`."""
        kind, _, name = self.rate.name.partition(": ")
        numbers = (f"{self.rate.ours:,.0f}", f"{self.rate.limit:,.0f}", f"{self.rate.share:.2f}")
        return (name, kind, *numbers, *_verdict(self.bar, self.missed))


def _verdict(bar: float | None, missed: bool) -> tuple[str, str]:
    return ("", "") if bar is None else (f"{bar:.2f}", "missed" if missed else "met")


def turns_report(turns: Sequence[Turns], signed: Sequence[Signed], theirs: float | None) -> str:
    """`theirs`: turns a second with pysaml2; None where xmlsec1 is missing."""
    ours = next((each.ours.rate for each in turns), 0.0)
    beside = (
        f"pysaml2 with xmlsec1, RSA-2048, without HTTP, session and store: {theirs:.1f} turns a second; ours, with all "
        f"of them, {ours / theirs:,.0f} times as many"
        if theirs
        else "pysaml2: left out, xmlsec1 is missing (Debian: apt-get install xmlsec1)"
    )
    table = aligned([HEAD, *(each.cells() for each in turns)])
    return f"{ABOUT}\n\n{table}\n\n{aligned([SIGNING_HEAD, *(each.cells() for each in signed)])}\n\n{beside}"


@contextlib.contextmanager
def turning(
    folder: Path, processors: Processors, state_url: str | None, browsers: int, say: Callable[[str], None]
) -> Iterator[tuple[int, Sequence[Turning]]]:
    """A provider with every portal; its worker."""
    with provider(folder, processors, state_url, browsers, browsers, say) as ours:
        yield ours.worker, [acquainted(folder, state_url, ours, portal) for portal in PORTALS.values()]


def measured(
    state: str,
    found: tuple[int, Sequence[Turning]],
    floor: tuple[int, int],
    drive_by: Driver,
    rounds: int,
    seconds: float,
) -> Iterator[Turns]:
    """`floor` is its port and its worker."""
    worker, all_turning = found
    for name, mine in zip(PORTALS, all_turning, strict=True):
        kind = mine.portal.kind
        bare = replace(mine, port=floor[0], path=f"/saml/{kind}/{2 if mine.portal.both_signed else 1}", least=1)
        sides = (
            Side(signatures(kind), os.getpid()),
            Side(lambda seconds, bare=bare: drive_by(bare, seconds), floor[1]),
            Side(lambda seconds, mine=mine: drive_by(mine, seconds), worker),
        )
        yield Turns(state, name, *in_turn(sides, rounds, seconds))


def driver(by_wrk: bool, connections: int) -> Driver:
    if by_wrk:
        return lambda one, seconds: wrk.turns(one.port, one.addresses(), one.cookies, one.least, connections, seconds)
    return lambda one, seconds: drive(one.port, one.turns(), connections, seconds)


def signing_alone(seconds: float) -> Sequence[Signed]:
    return [Signed(rate) for kind in signing.ALGORITHMS for rate in signing.measure(kind, seconds)]


def with_pysaml2(folder: Path, seconds: float) -> float | None:
    """Turns a second."""
    if not pysaml.present():
        return None
    return pysaml.turns_per_second(folder, PORTALS["RSA-2048"], seconds)
