"""The two profiles of the password policy, as tables."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zxcvbn.matching import RANKED_DICTIONARIES

from idp.login.password_policy import (
    DAY,
    MLPS3,
    NIST,
    PROFILES,
    Profile,
    Weakness,
    WeakPassword,
    check,
    must_change,
)

OWNER = ("张伟", "110000199001010013", "+8613800138000", "zhang.wei@mail.example")


def weaknesses(password: str, profile: Profile, personal: tuple[str, ...] = OWNER) -> set[str]:
    try:
        check(password, profile, personal)
    except WeakPassword as weak:
        return {reason.value for reason in weak.reasons}
    return set()


CASES = [
    # password, weaknesses under nist, under mlps3
    ("tianmimi-laoshu-77", set(), set()),
    ("Shebao@2026-lushan", set(), set()),
    ("correct horse battery staple", set(), {"too_few_classes"}),
    ("晴天霹雳雨后彩虹满山坡", set(), {"too_few_classes"}),
    ("Gh7#kLq2", {"guessable"}, set()),
    ("Gh7#kL", {"too_short", "guessable"}, {"too_short", "guessable"}),
    ("", {"too_short"}, {"too_short"}),
    ("12345678", {"guessable"}, {"too_few_classes", "guessable"}),
    ("Passw0rd!", {"guessable"}, {"guessable"}),
    ("Aa@12345678", {"guessable"}, {"guessable"}),
    ("woaini1314", {"guessable"}, {"too_few_classes", "guessable"}),
    ("Woaini5201314", {"guessable"}, {"guessable"}),
    ("qq123456", {"guessable"}, {"too_few_classes", "guessable"}),
    ("aaaaaaaaaaaaaaaaaaaaaaaa", {"guessable"}, {"too_few_classes", "guessable"}),
    ("kVx!19900101.tQw", {"personal"}, {"personal"}),  # birth date
    ("kVx!010013.tQwz", {"personal"}, {"personal"}),  # end of the number
    ("kVx!138000.tQwz", {"personal"}, {"personal"}),  # phone
    ("kVx!ZHANG.WEI.tQwz", {"personal"}, {"personal"}),
    ("kVx!张伟.tQwz7", {"personal"}, {"personal"}),
    ("Kx9." * 65, {"too_long"}, {"too_long"}),
    ("\u0958" * 256, {"too_long"}, {"too_long"}),
    ("kVx!2.tQwz\0", {"unusable"}, {"unusable"}),
    ("kVx!2.tQwz\ud800", {"unusable"}, {"unusable"}),
]


@pytest.mark.parametrize(("password", "nist", "mlps3"), CASES)
def test_profiles(password: str, nist: set[str], mlps3: set[str]) -> None:
    assert weaknesses(password, NIST) == nist
    assert weaknesses(password, MLPS3) == mlps3


def test_data_of_others_do_not_make_a_password_personal() -> None:
    assert weaknesses("kVx!19900101.tQw", NIST, ()) == set()
    assert weaknesses("kVx!Li.tQwz77", NIST, ("Li",)) == set()


def test_the_profiles_by_name() -> None:
    assert PROFILES == {"nist": NIST, "mlps3": MLPS3}
    assert NIST.remembered == 0
    assert MLPS3.remembered == 5


@pytest.mark.parametrize(
    ("profile", "age", "due"),
    [
        (NIST, 0, False),
        (NIST, 3650 * DAY, False),
        (MLPS3, 0, False),
        (MLPS3, 90 * DAY - 1, False),
        (MLPS3, 90 * DAY, True),
    ],
)
def test_periodic_change(profile: Profile, age: int, due: bool) -> None:
    assert must_change(profile, 1_800_000_000, 1_800_000_000 + age) is due


def test_the_reasons_are_codes_and_quote_nothing() -> None:
    with pytest.raises(WeakPassword) as weak:
        check("19900101", MLPS3, OWNER)
    assert weak.value.reasons == (Weakness.TOO_FEW_CLASSES, Weakness.PERSONAL, Weakness.GUESSABLE)
    assert str(weak.value) == "too_few_classes, personal, guessable"


@pytest.fixture
def eager_threads() -> Iterator[None]:
    """Threads take turns every ten microseconds, so that what can get mixed up does."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(usual)


def test_the_estimator_forgets_what_it_was_told() -> None:
    check("tianmimi-laoshu-77", NIST, OWNER)
    assert not RANKED_DICTIONARIES["user_inputs"]


def test_two_citizens_at_once_do_not_share_their_words(eager_threads: None) -> None:
    """Each one's own name makes his password weak, and nobody else's."""
    names = ["qorvexil", "zumbralt", "wyndrake", "plinthog"]

    def weak(case: tuple[str, str]) -> bool:
        return "guessable" in weaknesses(f"{case[0]}-7", NIST, (case[1],))

    cases = [(password, name) for password in names for name in names] * 5
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(weak, cases)) == [password == name for password, name in cases]


@given(st.text(max_size=300), st.lists(st.text(max_size=30), max_size=4))
def test_whatever_is_proposed_is_taken_or_refused(password: str, personal: list[str]) -> None:
    weaknesses(password, MLPS3, tuple(personal))


def test_pw_unicode_the_length_is_that_of_the_composed_form() -> None:
    decomposed = "e\u0301" * 4
    assert "too_short" in weaknesses(decomposed, NIST)
    assert check("kVx!cafe\u0301.tQwz", NIST, ()) == "kVx!caf\u00e9.tQwz"
