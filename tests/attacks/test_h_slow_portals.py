"""H. A portal that never answers keeps others from nothing: neither citizens from signing out, nor portals from being
told (Back-Channel Logout 1.0 section 2.8)."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.support.listener import Listener, listening
from tests.support.provider import Provider, Registered, Visitor, running_provider, settings_for
from tests.support.signed_in import SignedIn

CROWD = 40


@pytest.fixture
def slow() -> Iterator[Listener]:
    with listening() as listener:
        listener.gate.clear()
        yield listener


@pytest.fixture
def fast() -> Iterator[Listener]:
    with listening() as listener:
        yield listener


@pytest.fixture
def provider(tmp_path: Path, slow: Listener, fast: Listener) -> Iterator[Provider]:
    with running_provider(settings_for(tmp_path, IDP_OUTBOUND_ALLOW=f"{slow.place},{fast.place}")) as running:
        yield running


def portal(provider: Provider, listener: Listener) -> Registered:
    return provider.client(backchannel_logout_uri=listener.url)


def sign_out(at: SignedIn) -> float:
    """Seconds it took."""
    began = time.monotonic()
    assert at.visitor.get("/logout?" + urlencode({"id_token_hint": at.id_token})).status_code == 200
    return time.monotonic() - began


def again(provider: Provider, number: int, known: SignedIn) -> SignedIn:
    """The same citizen and portal in one more browser."""
    return SignedIn(provider, provider.visitor(f"198.51.100.{number}"), known.person, known.client)


def withdraw(visitor: Visitor, client: Registered) -> float:
    csrf = visitor.get("/account").text.partition('name="csrf" value="')[2].partition('"')[0]
    began = time.monotonic()
    assert visitor.post("/account/withdraw", {"csrf": csrf, "client": client.id}).status_code == 200
    return time.monotonic() - began


@pytest.mark.slow
def test_h_logout_a_portal_that_never_answers_delays_no_other(
    provider: Provider, slow: Listener, fast: Listener
) -> None:
    first = SignedIn(provider, provider.visitor(), provider.citizen(), portal(provider, slow))
    crowd = [first, *(again(provider, number, first) for number in range(1, CROWD))]
    good = SignedIn(provider, provider.visitor("203.0.113.1"), provider.citizen(), portal(provider, fast))
    with ThreadPoolExecutor(CROWD) as pool:
        leaving = [pool.submit(sign_out, each) for each in crowd]
        time.sleep(1)
        assert sign_out(good) < 2
        assert len(fast.told) == 1
        assert max(each.result() for each in leaving) < 9


@pytest.mark.slow
def test_h_logout_a_withdrawal_tells_all_browsers_at_once(provider: Provider, slow: Listener) -> None:
    first = SignedIn(provider, provider.visitor(), provider.citizen(), portal(provider, slow))
    for number in range(1, 4):
        again(provider, number, first)
    assert withdraw(first.visitor, first.client) < 7
    assert len(slow.told) == 4


@pytest.mark.slow
def test_h_logout_what_found_no_room_in_time_is_told_to_the_trail(provider: Provider, slow: Listener) -> None:
    first = SignedIn(provider, provider.visitor(), provider.citizen(), portal(provider, slow))
    for number in range(1, 6):
        again(provider, number, first)
    assert withdraw(first.visitor, first.client) < 7
    for _ in range(100):
        events = [each.event for each in provider.services.state.queued(1_000)]
        if sum(b"logout:failed" in each for each in events) == 6:
            break
        time.sleep(0.05)
    assert sum(b"logout:failed" in each for each in events) == 6
    assert len(slow.told) == 4
