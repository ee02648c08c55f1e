"""`make bench`: see `--help`."""

import argparse
import contextlib
import itertools
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench import load, wrk
from tests.bench.calling import calling
from tests.bench.citizens import stocked
from tests.bench.clients import stock
from tests.bench.leaving import leaving_line
from tests.bench.machine import Processors, divide, memory
from tests.bench.metadata import MEMBERS, Federation, federation, federation_line
from tests.bench.provider import ALGORITHMS, Ours, arriving, provider
from tests.bench.report import (
    Call,
    Growth,
    Row,
    busy_line,
    calls_table,
    growth_line,
    memory_line,
    status,
    stock_lines,
    table,
)
from tests.bench.rounds import Side, alone, compare
from tests.bench.serving import floor, private_redis
from tests.bench.turns import Signed, Turns, driver, measured, signing_alone, turning, turns_report, with_pysaml2
from tests.bench.walks import Place, Walk, WrongAnswer, hashing, hop

KEPT = Path("var/bench")
FEW, MANY = 100, 1_000_000
FEW_CLIENTS, MANY_CLIENTS = 1_000, 100_000
BROWSERS, CALLING = 64, 16
SIGN_IN_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Bench:
    """One run: its options, where everything of it lies, and what has been found."""

    options: argparse.Namespace
    folder: Path
    processors: Processors
    floor_port: int
    floor_worker: int
    rows: list[Row] = field(default_factory=list)
    memories: list[str] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    turns: list[Turns] = field(default_factory=list)
    signed: list[Signed] = field(default_factory=list)

    def hops(self, place: Place, cookies: list[str], worker: int) -> Side:
        connections = self.options.connections
        if self.options.client == "wrk":
            return Side(lambda seconds: wrk.hops(place, cookies, connections, seconds), worker)
        turns = itertools.cycle(cookies)
        return Side(
            lambda seconds: load.drive(place.port, lambda: hop(place, next(turns)), connections, seconds), worker
        )

    def measure(self, state: str, state_url: str | None) -> None:
        """Everything that a state store stands behind."""
        if self.options.hops:
            self.measure_hops(state, state_url)
        if self.options.saml:
            self.measure_turns(state, state_url)
        if self.options.calls:
            self.measure_calls(state, state_url)

    def measure_hops(self, state: str, state_url: str | None) -> None:
        """Hops and sign-ins."""
        with provider(self.folder / state, self.processors, state_url, FEW, BROWSERS, say) as ours:
            for alg in self.options.algorithms:
                say(f"{state}: hops, {alg}")
                base = self.hops(Place(self.floor_port, alg, "secret"), list(ours.cookies), self.floor_worker)
                mine = self.hops(ours.places[alg], list(ours.cookies), ours.worker)
                found = compare(base, mine, self.options.rounds, self.options.seconds)
                self.rows.append(Row(state, alg, found))
            if self.options.sign_ins:
                self.sign_ins(state, ours)
            self.memories.append(memory_line(state, memory(ours.worker)))

    def measure_turns(self, state: str, state_url: str | None) -> None:
        """SAML single sign-on."""
        folder = self.folder / f"{state}-saml"
        folder.mkdir()
        options = self.options
        by = driver(options.client == "wrk", options.connections)
        with turning(folder, self.processors, state_url, options.connections, say) as found:
            floor = (self.floor_port, self.floor_worker)
            for each in measured(state, found, floor, by, options.rounds, options.seconds):
                say(f"{state}: SAML turns, {each.measured}")
                self.turns.append(each)

    def measure_calls(self, state: str, state_url: str | None) -> None:
        """What relying parties' servers ask, and the hop of FAPI 2.0."""
        folder = self.folder / f"{state}-calls"
        folder.mkdir()
        browsers = max(self.options.connections, CALLING)
        with calling(folder, self.processors, state_url, browsers, say) as (ours, walks):
            for name, walk in walks.items():
                say(f"{state}: {name}")
                side = self.driven(ours.port, ours.worker, walk)
                self.calls.append(
                    Call(state, name, alone(side, max(2, self.options.rounds // 3), self.options.seconds))
                )

    def sign_ins(self, state: str, ours: Ours) -> None:
        say(f"{state}: sign-ins with a password")
        people, place = itertools.cycle(ours.people), ours.places["ES256"]
        base = self.driven(self.floor_port, self.floor_worker, lambda: hashing(Place(self.floor_port, "", "")))
        mine = self.driven(ours.port, ours.worker, lambda: arriving(place, next(people), {}))
        rounds = max(2, self.options.rounds // 2)
        self.rows.append(Row(state, "sign-ins", compare(base, mine, rounds, SIGN_IN_SECONDS)))

    def driven(self, port: int, worker: int, walks: Callable[[], Walk]) -> Side:
        return Side(lambda seconds: load.drive(port, walks, self.options.connections, seconds), worker)

    def growth(self) -> Growth:
        """Hops beside few stored citizens and beside many."""
        stocked(KEPT, self.folder / "many", MANY, say)
        say("hops beside few and many citizens")
        with (
            provider(self.folder / "few", self.processors, None, FEW, FEW, say) as few,
            provider(self.folder / "many", self.processors, None, MANY, FEW, say) as many,
        ):
            one = self.hops(few.places["ES256"], list(few.cookies), few.worker)
            other = self.hops(many.places["ES256"], list(many.cookies), many.worker)
            return Growth(compare(one, other, self.options.rounds, self.options.seconds), FEW, MANY)

    def stocks(self) -> str:
        """Few registered clients and many."""
        few, many = (stock(self.folder, count, self.processors, say) for count in (FEW_CLIENTS, MANY_CLIENTS))
        return stock_lines(few, many)

    def federations(self) -> list[Federation]:
        """Metadata of a federation of today, and of one five times as large."""
        return [federation(self.folder, members, self.processors, say) for members in MEMBERS]

    def report(self, growth: Growth | None, stocks: str, federations: Sequence[Federation]) -> None:
        tool = "wrk" if self.options.client == "wrk" else "our own client"
        where = "the worker on a processor of its own" if self.processors.apart else "ONE processor for all"
        connections, rounds = self.options.connections, self.options.rounds
        print(f"\nHops by {tool}, {connections} connections, {where}; medians of {rounds} rounds.")
        print("Floor: bare Flask over dictionaries, same server and client; for sign-ins, one argon2id hash alone.\n")
        print(table(self.rows) if self.rows else "Left out.")
        measured = [row.comparison for row in self.rows] + ([growth.comparison] if growth else [])
        print(busy_line(measured), end="")
        print("\nMemory of the worker\n" + "\n".join(self.memories))
        print(f"\n{growth_line(growth)}" if growth else "\nGrowth with stored citizens: left out.")
        if self.turns:
            self.signed.extend(signing_alone(self.options.seconds))
            theirs = with_pysaml2(self.folder, self.options.seconds)
            print(f"\n{turns_report(self.turns, self.signed, theirs)}")
        if self.calls:
            print(f"\nBetween sign-ins, by our own client; no floor and no bar\n\n{calls_table(self.calls)}")
        if stocks:
            print(f"\n{stocks}")
        for each in federations:
            print(f"\n{federation_line(each)}")
        print(f"\n{leaving_line(self.folder, rounds)}")


def say(what: str) -> None:
    """Progress, so that nobody wonders."""
    print(f"  {what}", file=sys.stderr, flush=True)


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench",
        description="Measure SSO hops (/authorize, /token, /userinfo of a signed-in citizen) and sign-ins with a "
        "password, beside a bare floor that is measured in the same run; and what relying parties ask in between.",
    )
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds, without the million citizens")
    parser.add_argument("--client", choices=("wrk", "own"), help="who makes the load (wrk where it is installed)")
    parser.add_argument("--state", choices=("embedded", "redis"), action="append", help="only this store")
    parser.add_argument("--alg", choices=ALGORITHMS, action="append", dest="algorithms", help="only this algorithm")
    parser.add_argument("--rounds", type=int, help="rounds of each comparison (9; quick: 3)")
    parser.add_argument("--seconds", type=float, help="length of each side of a round (2; quick: 1)")
    parser.add_argument("--connections", type=int, default=8, help="browsers at a time (8)")
    parser.add_argument("--no-sign-ins", action="store_false", dest="sign_ins", help="hops only")
    parser.add_argument("--no-calls", action="store_false", dest="calls", help="without what servers ask in between")
    parser.add_argument("--no-hops", action="store_false", dest="hops", help="without hops and sign-ins")
    parser.add_argument("--no-saml", action="store_false", dest="saml", help="without turns of SAML single sign-on")
    parser.add_argument(
        "--no-growth",
        action="store_false",
        dest="growth",
        help="without the million citizens, the hundred thousand clients and the federations",
    )
    chosen = parser.parse_args()
    chosen.client = chosen.client or ("wrk" if wrk.present() else "own")
    chosen.rounds = chosen.rounds or (3 if chosen.quick else 9)
    chosen.seconds = chosen.seconds or (1.0 if chosen.quick else 2.0)
    chosen.algorithms = chosen.algorithms or ALGORITHMS
    chosen.state = chosen.state or ["embedded", "redis"]
    chosen.growth = chosen.growth and not chosen.quick
    return chosen


@contextlib.contextmanager
def bench(chosen: argparse.Namespace) -> Iterator[Bench]:
    KEPT.mkdir(parents=True, exist_ok=True)
    processors = divide()
    with tempfile.TemporaryDirectory(dir=KEPT.absolute(), prefix="run-") as folder:
        place = Path(folder)
        for state in ("embedded", "redis", "few"):
            (place / state).mkdir()
        with floor(place, processors) as (port, worker):
            yield Bench(chosen, place, processors, port, worker)


def run(chosen: argparse.Namespace) -> int:
    """The exit status."""
    with bench(chosen) as one:
        if "embedded" in chosen.state:
            one.measure("embedded", None)
        if "redis" in chosen.state and shutil.which("redis-server") is None:
            say("redis: left out, redis-server is missing (Debian: apt-get install redis-server)")
        elif "redis" in chosen.state:
            with private_redis(one.processors) as url:
                one.measure("redis", url)
        one.memories.append(memory_line("floor", memory(one.floor_worker)))
        growth = one.growth() if chosen.growth else None
        federations = one.federations() if chosen.growth else []
        one.report(growth, one.stocks() if chosen.growth else "", federations)
        return status([*one.rows, *one.turns, *one.signed, *federations], growth)


def main() -> int:
    for number in (signal.SIGINT, signal.SIGTERM):  # also where a shell that started us in the background ignores one
        signal.signal(number, signal.default_int_handler)
    try:
        return run(options())
    except KeyboardInterrupt:
        print("\nstopped; nothing is left running", file=sys.stderr)
        return 130
    except WrongAnswer as wrong:
        print(f"\na server did not answer as it should: {wrong}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
