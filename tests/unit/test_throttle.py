"""Guessing is slowed and the owner never locked out: each lane by itself, over the real embedded store."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier, local

import pytest

from idp.login.throttle import CodesSpent, Throttle
from idp.sources import Bucket, Sources, source_of
from idp.storage.embedded import EmbeddedState
from idp.storage.state import Key, Throttled
from tests.support.clock import FrozenClock

ADA, BOB = "k1:ada", "k1:bob"
HOME, ELSEWHERE = "192.0.2.1", "198.51.100.7"


@pytest.fixture
def state(tmp_path: Path, clock: FrozenClock) -> Iterator[EmbeddedState]:
    store = EmbeddedState(tmp_path / "state.sqlite", clock)
    yield store
    store.close()


@pytest.fixture
def throttle(state: EmbeddedState, clock: FrozenClock) -> Throttle:
    return Throttle(state, clock)


def wait(throttle: Throttle, account: str = ADA, source: str = HOME, browser: str | None = None) -> int:
    """0 if an attempt was admitted, else the seconds to wait."""
    try:
        throttle.admit(account, source, browser)
    except Throttled as throttled:
        return throttled.retry_after
    return 0


def admitted(
    throttle: Throttle, attempts: int, account: str = ADA, source: str = HOME, browser: str | None = None
) -> int:
    return sum(wait(throttle, account, source, browser) == 0 for _ in range(attempts))


def distant(index: int) -> str:
    return f"203.0.{index // 200}.{index % 200}"


def test_brute_25_guesses_are_slowed(throttle: Throttle) -> None:
    assert admitted(throttle, 25) == 4


def test_the_wait_doubles_up_to_a_cap(throttle: Throttle, clock: FrozenClock) -> None:
    admitted(throttle, 5)
    waits = []
    for _ in range(12):
        waits.append(wait(throttle))
        clock.advance(waits[-1])
        assert wait(throttle) == 0
    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]


def test_guesses_made_too_early_do_not_make_the_wait_longer(throttle: Throttle, clock: FrozenClock) -> None:
    admitted(throttle, 5)
    for _ in range(20):
        assert wait(throttle) == 2
    clock.advance(2)
    assert wait(throttle) == 0


def test_parallel_guesses_gain_nothing(throttle: Throttle) -> None:
    with ThreadPoolExecutor(8) as pool:
        waits = list(pool.map(lambda _: wait(throttle), range(40)))
    assert waits.count(0) == 4


def test_another_source_of_the_same_account_has_its_own_wait(throttle: Throttle) -> None:
    admitted(throttle, 25)
    assert wait(throttle, source=ELSEWHERE) == 0


def test_another_account_at_the_same_source_has_its_own_wait(throttle: Throttle) -> None:
    admitted(throttle, 25)
    assert wait(throttle, account=BOB) == 0


def test_guesses_from_many_sources_are_slowed_mildly(throttle: Throttle, clock: FrozenClock) -> None:
    assert sum(wait(throttle, source=distant(index)) == 0 for index in range(60)) == 20
    for index in range(60, 100):
        longest = wait(throttle, source=distant(index))
        assert 1 <= longest <= 30
        clock.advance(longest)
        assert wait(throttle, source=distant(index)) == 0


def test_brute_does_not_lock_out_the_owner(throttle: Throttle) -> None:
    """Neither from the attacker's own address nor while the whole world guesses."""
    admitted(throttle, 25)
    for index in range(60):
        wait(throttle, source=distant(index))
    assert wait(throttle) > 0
    assert wait(throttle, browser="ada's browser") == 0


def test_a_known_browser_is_slowed_by_its_own_guesses_only(throttle: Throttle) -> None:
    assert admitted(throttle, 25, browser="stolen") == 10
    assert wait(throttle, browser="another") == 0
    assert wait(throttle) == 0


def test_a_success_forgets_the_guesses_before_it(throttle: Throttle) -> None:
    for browser in (None, "known"):
        for _ in range(30):
            throttle.forgive(throttle.admit(ADA, HOME, browser))


def test_guesses_are_forgotten_after_a_day(throttle: Throttle, clock: FrozenClock) -> None:
    admitted(throttle, 25)
    clock.advance(24 * 3600 + 1)
    assert admitted(throttle, 25) == 4


def test_brute_spray_one_password_over_many_accounts(throttle: Throttle) -> None:
    assert sum(wait(throttle, account=f"k1:{index}") == 0 for index in range(100)) == 50
    assert wait(throttle, account=BOB) == 10
    assert wait(throttle, account=BOB, source=ELSEWHERE) == 0
    assert wait(throttle, account=BOB, browser="bob's browser") == 0


def test_brute_spray_drains_slowly(throttle: Throttle, clock: FrozenClock) -> None:
    admitted(throttle, 1)
    for index in range(60):
        wait(throttle, account=f"k1:{index}")
    clock.advance(30)
    assert sum(wait(throttle, account=f"k1:{index}") == 0 for index in range(60, 70)) == 3
    clock.advance(50 * 10)
    assert sum(wait(throttle, account=f"k1:{index}") == 0 for index in range(70, 130)) == 50


def test_brute_spray_own_successes_do_not_wash_the_source_clean(throttle: Throttle) -> None:
    guesses = 0
    for index in range(100):
        throttle_wait = wait(throttle, account=f"k1:{index}")
        guesses += throttle_wait == 0
        if throttle_wait == 0 and guesses < 50:
            throttle.forgive(throttle.admit("k1:mallory", HOME, None))
    assert guesses == 50


def test_an_office_that_signs_in_behind_one_address_is_never_slowed(throttle: Throttle) -> None:
    for index in range(200):
        throttle.forgive(throttle.admit(f"k1:{index}", HOME, None))


def test_an_attempt_refused_for_its_account_does_not_count_against_its_source(throttle: Throttle) -> None:
    admitted(throttle, 200)
    assert sum(wait(throttle, account=f"k1:{index}") == 0 for index in range(100)) == 46


def test_parallel_sprays_gain_and_lose_nothing(state: EmbeddedState, clock: FrozenClock) -> None:
    """Exactly what the bucket has room for: whoever loses five times in a row has let five others in before him."""
    sources = Sources(state, clock, Bucket(size=10, drain=10))
    sources.count(HOME)

    def attempt(_: int) -> bool:
        try:
            sources.count(HOME)
        except Throttled:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(60))) == 9


class Together(EmbeddedState):
    """What four threads read first, they have all read before any of them goes on."""

    def __init__(self, file: Path, clock: FrozenClock) -> None:
        super().__init__(file, clock)
        self._together, self._thread = Barrier(4), local()

    def get(self, key: Key) -> bytes | None:
        value = super().get(key)
        if not hasattr(self._thread, "over"):
            self._thread.over = True
            self._together.wait(10)
        return value


def test_parallel_first_attempts_of_a_source_all_count(
    tmp_path: Path, state: EmbeddedState, clock: FrozenClock
) -> None:
    """All have read that there is nothing before any of them writes."""
    four, bucket = Together(tmp_path / "state.sqlite", clock), Bucket(size=4, drain=10)
    sources = Sources(four, clock, bucket)
    with closing(four), ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: sources.count(HOME), range(4)))
    with pytest.raises(Throttled):
        Sources(state, clock, bucket).count(HOME)


def test_taking_back_more_than_was_counted_leaves_an_empty_bucket(state: EmbeddedState, clock: FrozenClock) -> None:
    sources = Sources(state, clock, Bucket(size=2, drain=10))
    key = sources.count(HOME)
    for _ in range(5):
        sources.take_back(key)
    sources.count(HOME)
    sources.count(HOME)
    with pytest.raises(Throttled):
        sources.count(HOME)


@pytest.mark.parametrize(
    ("address", "source"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("unix:", "unix:"),
    ],
)
def test_a_source_is_what_one_customer_gets(address: str, source: str) -> None:
    assert source_of(address) == source


def test_ipv6_addresses_of_one_network_share_their_wait(throttle: Throttle) -> None:
    assert sum(wait(throttle, source=f"2001:db8::{index:x}") == 0 for index in range(25)) == 4


def test_otp_brute_ends_the_transaction_after_five(throttle: Throttle, clock: FrozenClock) -> None:
    for _ in range(5):
        throttle.admit_code("t1", "ada", None)
    for _ in range(5):
        with pytest.raises(CodesSpent):
            throttle.admit_code("t1", "ada", None)
        clock.advance(3600)


def test_otp_brute_over_many_transactions_is_slowed(throttle: Throttle, clock: FrozenClock) -> None:
    waits = []
    for index in range(20):
        try:
            throttle.admit_code(f"t{index}", "ada", None)
        except CodesSpent:
            raise
        except Throttled as throttled:
            waits.append(throttled.retry_after)
            clock.advance(throttled.retry_after)
            throttle.admit_code(f"t{index}", "ada", None)
    assert waits == [5, 10, 20, 40, 80, 160, 320, 640, 900, 900]


def test_otp_brute_does_not_delay_the_owner_in_a_known_browser(throttle: Throttle) -> None:
    for index in range(10):
        throttle.admit_code(f"t{index}", "ada", None)
    with pytest.raises(Throttled):
        throttle.admit_code("mine", "ada", None)
    throttle.admit_code("mine", "ada", "ada's browser")
    throttle.admit_code("other", "bob", None)


def test_a_right_code_forgets_the_wrong_ones(throttle: Throttle) -> None:
    for _ in range(30):
        throttle.forgive(throttle.admit_code("t1", "ada", None))


def test_no_name_and_no_address_is_in_a_key(throttle: Throttle, tmp_path: Path) -> None:
    throttle.admit("k1:fingerprint", HOME, None)
    throttle.admit("k1:fingerprint", HOME, "browserid")
    throttle.admit_code("transactionid", "citizenid", None)
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("state.sqlite*"))
    assert b"guess-here" in kept
    for word in (b"fingerprint", HOME.encode(), b"browserid", b"transactionid", b"citizenid"):
        assert word not in kept
