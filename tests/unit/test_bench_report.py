"""What the bench says of its numbers, and when it fails: as tables, because a run of it takes minutes."""

import pytest

from tests.bench import signing
from tests.bench.machine import Memory
from tests.bench.report import BUSY, Call, Growth, Row, Stock, busy_line, calls_table, growth_line, status, stock_lines
from tests.bench.rounds import Comparison, Seen
from tests.bench.signing import Rate
from tests.bench.turns import Signed, Turns, turns_report

SAME = [1.0] * 9


def comparison(*ratios: float, floor_share: float = 1.0, our_share: float = 1.0) -> Comparison:
    """Rounds of one second, the floor with 1000 walks in each and ours with `ratios` of them."""
    seconds = float(len(ratios))
    floor, ours = [1000.0] * len(ratios), [1000.0 * ratio for ratio in ratios]
    return Comparison(
        Seen(floor, [0.001] * round(sum(floor)), seconds, floor_share * seconds),
        Seen(ours, [0.001] * round(sum(ours)), seconds, our_share * seconds),
    )


def growth(*ratios: float) -> Growth:
    return Growth(comparison(*ratios), 100, 1_000_000)


QUARTILES = [
    ((0.5, 0.6, 0.7, 0.8, 0.9), (0.6, 0.8)),
    ((0.9, 0.5, 0.7, 0.6, 0.8), (0.6, 0.8)),
    ((0.4, 0.8), (0.5, 0.7)),
    ((0.4,), (0.4, 0.4)),
]


@pytest.mark.parametrize(("ratios", "quartiles"), QUARTILES)
def test_the_quartiles_of_the_rounds(ratios: tuple[float, ...], quartiles: tuple[float, float]) -> None:
    assert comparison(*ratios).quartiles == pytest.approx(quartiles)


GROWTHS = [
    pytest.param(SAME, False, id="the same"),
    pytest.param([1.2] * 9, False, id="faster"),
    pytest.param([0.98] * 9, False, id="within what two runs differ"),
    pytest.param([0.96] * 9, True, id="a little slower in every round"),
    pytest.param([0.5] * 8 + [1.1], True, id="one lucky round excuses nothing"),
    pytest.param([0.5] * 7 + [1.1] * 2, True, id="nor do two"),
    pytest.param([0.5] * 6 + [1.1] * 3, False, id="three do: a quarter of the rounds"),
    pytest.param([1.0] * 8 + [0.3], False, id="one spoilt round proves nothing"),
    pytest.param([0.8, 0.9, 0.95, 1.0, 1.0, 1.0, 1.05, 1.1, 1.2], False, id="noise around the same"),
    pytest.param([0.9], True, id="a single round"),
]


@pytest.mark.parametrize(("ratios", "missed"), GROWTHS)
def test_hops_that_get_slower_with_stored_citizens_fail_the_bench(ratios: list[float], missed: bool) -> None:
    found = growth(*ratios)
    assert found.missed is missed
    assert status([], found) == int(missed)


def test_the_line_about_growth_says_what_was_measured() -> None:
    assert growth_line(growth(0.4, 0.5, 0.6)) == (
        "from 100 to 1,000,000 stored citizens: 1,000 -> 500 hops/s, -50.0 % (half of the rounds 0.45-0.55, "
        "by CPU 0.50): slower, and by more than the noise"
    )
    assert growth_line(growth(*SAME)) == (
        "from 100 to 1,000,000 stored citizens: 1,000 -> 1,000 hops/s, +0.0 % (half of the rounds 1.00-1.00, "
        "by CPU 1.00): not slower beyond the noise"
    )


ROWS = [
    pytest.param("redis", "RS256", 0.59, True, "missed", id="under its bar"),
    pytest.param("redis", "RS256", 0.60, False, "met", id="just at its bar"),
    pytest.param("redis", "ES256", 0.49, True, "missed", id="each has its own bar"),
    pytest.param("redis", "ES256", 0.59, False, "met", id="which another would miss"),
    pytest.param("embedded", "RS256", 0.49, True, "missed", id="and so has each store"),
    pytest.param("embedded", "ES256", 0.41, False, "met", id="the lowest"),
    pytest.param("embedded", "ES256", 0.39, True, "missed", id="under the lowest"),
    pytest.param("embedded", "sign-ins", 0.01, False, "", id="what has no bar misses none"),
]


@pytest.mark.parametrize(("state", "measured", "ratio", "missed", "verdict"), ROWS)
def test_a_missed_bar_fails_the_bench(state: str, measured: str, ratio: float, missed: bool, verdict: str) -> None:
    row = Row(state, measured, comparison(ratio, ratio, ratio))
    assert row.missed is missed
    assert row.cells()[7] == verdict
    assert status([Row("embedded", "RS256", comparison(*SAME)), row], None) == int(missed)
    assert status([row], growth(*SAME)) == int(missed)


def test_the_median_of_the_rounds_is_held_against_the_bar() -> None:
    assert not Row("redis", "RS256", comparison(0.1, 0.7, 0.7)).missed
    assert Row("redis", "RS256", comparison(0.5, 0.5, 2.0)).missed


@pytest.mark.parametrize(
    ("floor_share", "our_share", "said"),
    [(1.0, 1.0, None), (BUSY, BUSY, None), (0.6, 1.0, "60%"), (1.0, 0.84, "84%"), (0.7, 0.5, "50%")],
)
def test_a_busy_machine_is_named(floor_share: float, our_share: float, said: str | None) -> None:
    line = busy_line([comparison(*SAME), comparison(1.0, floor_share=floor_share, our_share=our_share)])
    assert bool(line) is (said is not None)
    assert f"only {said} of its processor" in line or said is None


def test_nothing_measured_is_not_busy() -> None:
    assert busy_line([]) == ""


def test_what_has_no_floor_has_its_own_table() -> None:
    seen = Seen([400.0, 500.0, 600.0], [0.002] * 1500, 3.0, 1.5)
    head, row = calls_table([Call("redis", "introspections", seen)]).splitlines()
    assert head.split() == ["state", "measured", "a", "second", "p50", "ms", "p99", "ms", "CPU", "ms"]
    assert row.split() == ["redis", "introspections", "500", "2.0", "2.0", "1.00"]


def test_the_line_about_registered_clients_says_what_was_measured() -> None:
    few = Stock(1_000, 40.2, Memory(130.0, 100.0), 1_000, Memory(135.0, 105.0))
    many = Stock(100_000, 43.1, Memory(131.0, 101.0), 12_000, Memory(180.0, 150.0))
    assert stock_lines(few, many) == (
        "from 1,000 to 100,000 registered clients: a look-up takes 40 -> 43 us of SQL; the worker's RSS 130.0 -> 131.0 "
        "MiB,\nand 180.0 MiB after 12,000 of them came"
    )


TURNS = [
    pytest.param("RSA-2048", 4000, 1600, False, "met", id="just at its bar"),
    pytest.param("RSA-2048", 4000, 1500, True, "missed", id="under it"),
    pytest.param("RSA-2048, both signed", 4000, 800, False, "met", id="two signatures halve the limit"),
    pytest.param("RSA-2048, both signed", 4000, 700, True, "missed", id="and no more than that"),
    pytest.param("P-256", 40_000, 1600, False, "", id="P-256 has no bar"),
]


@pytest.mark.parametrize(("measured", "limit", "rate", "missed", "verdict"), TURNS)
def test_turns_are_held_against_what_is_signed_in_the_same_rounds(
    measured: str, limit: float, rate: float, missed: bool, verdict: str
) -> None:
    seen = [Seen([each] * 3, [0.001] * 3, 3.0, 3.0) for each in (limit, 2000.0, rate)]
    turns = Turns("redis", measured, *seen)
    assert (turns.missed, turns.cells()[6]) == (missed, verdict)
    assert status([turns], None) == int(missed)


def test_signing_alone_has_a_bar_for_rsa() -> None:
    rates = [Rate(f"{kind}: Response signed", 700.0, 1000.0) for kind in ("RSA", "EC")]
    assert [Signed(rate).missed for rate in rates] == [True, False]
    assert not Signed(Rate("RSA: Response signed, Assertion encrypted", 700.0, 1000.0)).missed
    report = turns_report([], [Signed(rate) for rate in rates], None)
    assert "0.70  0.75  missed" in report
    assert "xmlsec1 is missing" in report


@pytest.mark.parametrize("kind", signing.ALGORITHMS)
def test_each_way_of_signing_a_response_is_measured(kind: str) -> None:
    rates = signing.measure(kind, seconds=0.001)
    assert len(rates) == 3
    assert all(rate.ours > 0 and rate.share > 0 for rate in rates)
