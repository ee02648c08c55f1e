"""Calls that hang at one place hold up no other place."""

import threading
from concurrent.futures import Future

import pytest

from federation.shares import Shares


def test_one_place_has_its_share_and_no_more() -> None:
    shares: Shares[int] = Shares(4, 2, "test")
    gate, two, running, most, lock = threading.Event(), threading.Event(), 0, 0, threading.Lock()

    def hang() -> int:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
            if running == 2:
                two.set()
        gate.wait(10)
        with lock:
            running -= 1
        return 1

    hanging = [shares.submit("slow.example", hang) for _ in range(20)]
    assert shares.submit("fast.example", lambda: 7).result(5) == 7
    assert two.wait(10)
    gate.set()
    assert sum(each.result(5) for each in hanging) == 20
    assert most == 2


def test_calls_of_one_place_come_in_their_order() -> None:
    shares: Shares[None] = Shares(4, 1, "test")
    seen: list[int] = []
    calls = [shares.submit("a.example", lambda n=n: seen.append(n)) for n in range(50)]  # type: ignore[misc]
    for call in calls:
        call.result(5)
    assert seen == list(range(50))


def test_what_a_call_raises_is_told_and_the_next_one_runs() -> None:
    shares: Shares[float] = Shares(1, 1, "test")
    failing, after = shares.submit("a.example", lambda: 1 / 0), shares.submit("a.example", lambda: 2.0)
    with pytest.raises(ZeroDivisionError):
        failing.result(5)
    assert after.result(5) == 2.0


def test_a_cancelled_call_is_never_made_and_takes_no_room() -> None:
    shares: Shares[int] = Shares(2, 1, "test")
    gate = threading.Event()
    first: Future[bool] = shares.submit("a.example", lambda: gate.wait(10))  # type: ignore[assignment]
    cancelled = shares.submit("a.example", lambda: 1)
    after = shares.submit("a.example", lambda: 2)
    assert cancelled.cancel()
    gate.set()
    assert (first.result(5), after.result(5)) == (True, 2)


def test_nothing_is_kept_of_a_place_that_nobody_calls() -> None:
    shares: Shares[int] = Shares(4, 2, "test")
    for number in range(100):
        shares.submit(f"{number}.example", lambda: 1).result(5)
    shares._threads.shutdown()
    assert (dict(shares._running), dict(shares._running_of_part), shares._waiting) == ({}, {}, {})


def test_a_part_that_hangs_leaves_its_place_to_the_other_parts() -> None:
    """A province's gateway has one host and many services."""
    shares: Shares[int] = Shares(8, 4, "test", of_part=2)
    gate = threading.Event()
    hanging = [shares.submit("gateway", lambda: int(gate.wait(10)), "dead") for _ in range(20)]
    others = [shares.submit("gateway", lambda n=n: n, f"part {n % 9}") for n in range(90)]  # type: ignore[misc]
    assert [each.result(5) for each in others] == list(range(90))
    assert sum(each.running() for each in hanging) == 2
    gate.set()
    assert sum(each.result(5) for each in hanging) == 20


def test_many_at_once_are_all_made() -> None:
    shares: Shares[int] = Shares(4, 2, "test")
    calls: list[Future[int]] = []

    def submit(place: str) -> None:
        calls.extend(shares.submit(place, lambda: 1) for _ in range(200))

    submitting = [threading.Thread(target=submit, args=(f"{place}.example",)) for place in range(6)]
    for thread in submitting:
        thread.start()
    for thread in submitting:
        thread.join()
    assert sum(call.result(5) for call in calls) == 1_200
