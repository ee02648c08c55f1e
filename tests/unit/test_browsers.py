"""The cookie by which a browser proves that a citizen has signed in there before."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.login.browsers import KnownBrowsers
from tests.support.clock import FrozenClock
from tests.support.randomness import CountingRandomness

DAY = 86_400


@pytest.fixture
def browsers(clock: FrozenClock, randomness: CountingRandomness) -> KnownBrowsers:
    return KnownBrowsers(bytes(32), clock, randomness)


def test_a_browser_is_known_after_a_sign_in_and_keeps_its_id(browsers: KnownBrowsers) -> None:
    marker = browsers.remember("", "ada")
    browser = browsers.known(marker, "ada")
    assert browser
    assert browsers.known(browsers.remember(marker, "ada"), "ada") == browser


def test_nobody_is_known_in_a_new_browser(browsers: KnownBrowsers) -> None:
    assert browsers.known("", "ada") is None


def test_a_browser_is_known_for_those_who_signed_in_there_only(browsers: KnownBrowsers) -> None:
    marker = browsers.remember("", "ada")
    assert browsers.known(marker, "bob") is None
    shared = browsers.remember(marker, "bob")
    assert browsers.known(shared, "ada") == browsers.known(shared, "bob") == browsers.known(marker, "ada")


def test_a_counter_remembers_its_last_five(browsers: KnownBrowsers) -> None:
    marker = ""
    for citizen in "abcdefg":
        marker = browsers.remember(marker, citizen)
    assert [citizen for citizen in "abcdefg" if browsers.known(marker, citizen)] == list("cdefg")
    assert len(marker) < 350


def test_two_browsers_have_two_ids(browsers: KnownBrowsers) -> None:
    markers = [browsers.remember("", "ada") for _ in range(2)]
    assert len({browsers.known(marker, "ada") for marker in markers}) == 2


def test_a_browser_is_forgotten_after_180_days(browsers: KnownBrowsers, clock: FrozenClock) -> None:
    marker = browsers.remember("", "ada")
    clock.advance(179 * DAY)
    assert browsers.known(marker, "ada")
    clock.advance(DAY)
    assert browsers.known(marker, "ada") is None


def test_a_sign_in_renews_the_180_days(browsers: KnownBrowsers, clock: FrozenClock) -> None:
    marker = browsers.remember("", "ada")
    clock.advance(179 * DAY)
    marker = browsers.remember(marker, "ada")
    clock.advance(179 * DAY)
    assert browsers.known(marker, "ada")


def test_a_marker_of_the_future_proves_nothing(browsers: KnownBrowsers, clock: FrozenClock) -> None:
    marker = browsers.remember("", "ada")
    clock.advance(-2 * DAY)
    assert browsers.known(marker, "ada") is None


def test_a_marker_under_another_secret_proves_nothing(browsers: KnownBrowsers, clock: FrozenClock) -> None:
    stranger = KnownBrowsers(b"1" * 32, clock, CountingRandomness())
    assert browsers.known(stranger.remember("", "ada"), "ada") is None


def test_every_character_of_a_marker_counts(browsers: KnownBrowsers) -> None:
    marker = browsers.remember("", "ada")
    for place, character in enumerate(marker):
        forged = marker[:place] + ("A" if character != "A" else "B") + marker[place + 1 :]
        assert browsers.known(forged, "ada") is None


def test_the_day_of_an_entry_cannot_be_changed(browsers: KnownBrowsers, clock: FrozenClock) -> None:
    browser, _, entry = browsers.remember("", "ada").partition(".")
    day, _, mac = entry.partition("-")
    clock.advance(DAY)
    assert browsers.known(f"{browser}.{day}-{mac}", "ada") == browser
    assert browsers.known(f"{browser}.{int(day) + 1}-{mac}", "ada") is None


def test_an_entry_of_one_browser_proves_nothing_in_another(browsers: KnownBrowsers) -> None:
    adas, mallorys = browsers.remember("", "ada"), browsers.remember("", "mallory")
    spliced = mallorys.split(".")[0] + "." + adas.split(".")[1]
    assert browsers.known(spliced, "ada") is None


def test_a_marker_names_nobody(browsers: KnownBrowsers) -> None:
    """Nor does anything in it tell that the markers of two browsers are one citizen's."""
    one, other = (browsers.remember("", "citizen-id").replace("-", ".", 1).split(".") for _ in range(2))
    assert "citizen-id" not in one
    assert one[1] == other[1]  # the day
    assert not {one[0], one[2]} & {other[0], other[2]}


@given(st.text(max_size=400))
def test_junk_is_an_unknown_browser_and_does_no_harm(junk: str) -> None:
    browsers = KnownBrowsers(bytes(32), FrozenClock(), CountingRandomness())
    assert browsers.known(junk, "ada") is None
    assert browsers.known(browsers.remember(junk, "ada"), "ada")


@pytest.mark.parametrize(
    "junk", ["x" * 1_000_000, "." * 300, "A" * 22 + ".٣-" + "a" * 43, "A" * 22 + ".-1-" + "a" * 43]
)
def test_hostile_markers(browsers: KnownBrowsers, junk: str) -> None:
    assert browsers.known(junk, "ada") is None
    assert len(browsers.remember(junk, "ada")) < 350
