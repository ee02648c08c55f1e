"""One-time codes: RFC 6238's own vectors, the window, and each code once."""

import base64
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from idp.citizens.totp_secret import InvalidSecret, parse_secret
from idp.login.totp import ReplayedCode, WrongCode, new_secret, provisioning_uri, verify
from idp.storage.embedded import EmbeddedState
from tests.support.clock import FrozenClock
from tests.support.randomness import CountingRandomness

SECRET = base64.b32encode(b"12345678901234567890").decode()
"""The secret of RFC 6238 appendix B."""

RFC6238_APPENDIX_B = [  # time, the last six of the eight digits printed there
    (59, "287082"),
    (1111111109, "081804"),
    (1111111111, "050471"),
    (1234567890, "005924"),
    (2000000000, "279037"),
    (20000000000, "353130"),
]


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(1234567890)


@pytest.fixture
def state(tmp_path: Path, clock: FrozenClock) -> Iterator[EmbeddedState]:
    store = EmbeddedState(tmp_path / "state.sqlite", clock)
    yield store
    store.close()


@pytest.mark.parametrize(("now", "code"), RFC6238_APPENDIX_B)
def test_rfc6238_appendix_b(state: EmbeddedState, clock: FrozenClock, now: int, code: str) -> None:
    clock.seconds = now
    assert verify(SECRET, code, "c1", state, clock) == now // 30


@pytest.mark.parametrize(("away", "taken"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_rfc6238_5_2_a_code_is_taken_one_step_early_or_late(
    state: EmbeddedState, clock: FrozenClock, away: int, taken: bool
) -> None:
    clock.advance(away)
    if taken:
        assert verify(SECRET, "005924", "c1", state, clock) == 1234567890 // 30
    else:
        with pytest.raises(WrongCode):
            verify(SECRET, "005924", "c1", state, clock)


@pytest.mark.parametrize("typed", ["005924", "005 924", " 005924 ", "0 0 5 9 2 4", "005924\n"])
def test_spaces_in_a_code_do_not_matter(state: EmbeddedState, clock: FrozenClock, typed: str) -> None:
    assert verify(SECRET, typed, "c1", state, clock)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "005925",
        "00592",
        "0059240",
        "5924",
        "+05924",
        "０05924",
        "٠٠٥٩٢٤",
        "00592a",
        "005924\0",
        "0" * 1_000_000,
        "\ud800",
    ],
    ids=ascii,
)
def test_anything_else_is_a_wrong_code(state: EmbeddedState, clock: FrozenClock, typed: str) -> None:
    with pytest.raises(WrongCode) as refused:
        verify(SECRET, typed, "c1", state, clock)
    assert not isinstance(refused.value, ReplayedCode)
    assert verify(SECRET, "005924", "c1", state, clock)  # and takes nothing away from the right one


def test_otp_replay_is_refused_for_as_long_as_the_code_would_be_valid(state: EmbeddedState, clock: FrozenClock) -> None:
    clock.advance(-30)
    verify(SECRET, "005924", "c1", state, clock)
    for _ in range(3):
        with pytest.raises(ReplayedCode):
            verify(SECRET, "005924", "c1", state, clock)
        clock.advance(29)
    clock.advance(4)
    with pytest.raises(WrongCode):
        verify(SECRET, "005924", "c1", state, clock)


def test_an_older_code_than_the_last_one_is_refused(state: EmbeddedState, clock: FrozenClock) -> None:
    clock.seconds = 1111111111  # the first second of its step
    verify(SECRET, "050471", "c1", state, clock)
    with pytest.raises(ReplayedCode):
        verify(SECRET, "081804", "c1", state, clock)


def test_a_code_used_by_one_citizen_is_not_used_by_another(state: EmbeddedState, clock: FrozenClock) -> None:
    verify(SECRET, "005924", "c1", state, clock)
    verify(SECRET, "005924", "c2", state, clock)


def test_otp_replay_of_parallel_callers_one_wins(state: EmbeddedState, clock: FrozenClock) -> None:
    def attempt(_: int) -> bool:
        try:
            return verify(SECRET, "005924", "c1", state, clock) > 0
        except ReplayedCode:
            return False

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(24))) == 1


def test_rfc4226_4_r6_a_new_secret_has_160_bits() -> None:
    randomness = CountingRandomness()
    secrets = {new_secret(randomness) for _ in range(20)}
    assert len(secrets) == 20
    assert {len(base64.b32decode(secret)) for secret in secrets} == {20}


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (SECRET, SECRET),
        ("gezd gnbv gy3t qojq gezd gnbv gy3t qojq", SECRET),
        ("JBSWY3DPEHPK3PXP", "JBSWY3DPEHPK3PXP"),
        (base64.b32encode(bytes(17)).decode(), "A" * 28),
    ],
)
def test_a_secret_from_elsewhere_gets_one_spelling(text: str, secret: str) -> None:
    assert parse_secret(text) == secret


@pytest.mark.parametrize(
    "text", ["", "JBSWY3DP", "not base32!", "JBSWY3DPEHPK3PX1", "A" * 200, "ＪBSWY3DPEHPK3PXP", "A" * 17]
)
def test_an_unusable_secret_is_refused_and_not_quoted(text: str) -> None:
    with pytest.raises(InvalidSecret) as refused:
        parse_secret(text)
    assert not text or text not in str(refused.value)


def test_the_provisioning_uri_is_what_apps_read() -> None:
    uri = urlsplit(provisioning_uri(SECRET, "110***********0013", "全国统一身份认证"))
    assert (uri.scheme, uri.netloc) == ("otpauth", "totp")
    assert parse_qs(uri.query)["secret"] == [SECRET]
    assert parse_qs(uri.query)["issuer"] == ["全国统一身份认证"]
