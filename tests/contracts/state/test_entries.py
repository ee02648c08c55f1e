"""Plain entries: written, read, replaced, claimed, taken once, counted."""

import pytest

from idp.storage.state import Conflict, Gone, Key, Lane, Replayed, StateStore, Throttled
from tests.support.state_worker import Elapse, Fresh

HOSTILE_VALUES = [
    b"",
    b"\0",
    b"\0\r\n$3\r\nfoo\r\n",
    "公民身份号码".encode(),
    b"\xff\xfe",
    b"x" * 1_000_000,
    b"-1",
    b"null",
]
HOSTILE_NAMES = ["", "\0", "a\0b", "{b}", "}:{", "a b\r\nDEL x", "公民", "'; DROP TABLE entries; --", "k" * 10_000, "*"]


@pytest.mark.parametrize("value", HOSTILE_VALUES, ids=lambda value: repr(value[:12]))
def test_what_was_put_is_what_comes_back(state: StateStore, fresh: Fresh, value: bytes) -> None:
    key = fresh("entry")
    state.put(key, value, 60)
    assert state.get(key) == value
    assert state.take_once(key, "attempt", value, 60).value == value
    with pytest.raises(Replayed) as replay:
        state.take_once(key, "another", b"", 60)
    assert replay.value.marker == value


@pytest.mark.parametrize("name", HOSTILE_NAMES, ids=lambda name: repr(name[:12]))
def test_names_of_every_kind_stay_apart(state: StateStore, name: str) -> None:
    key, neighbour = Key("c", "hostile", name), Key("c", "hostile", f"{name}x")
    state.delete(key, neighbour)
    state.put(key, b"mine", 60)
    assert state.get(neighbour) is None
    assert state.get(Key("c", "other", name)) is None
    assert state.get(key) == b"mine"


def test_an_unknown_entry_is_none(state: StateStore, fresh: Fresh) -> None:
    assert state.get(fresh("entry")) is None


def test_the_last_put_wins(state: StateStore, fresh: Fresh) -> None:
    key = fresh("entry")
    state.put(key, b"first", 60)
    state.put(key, b"second", 60)
    assert state.get(key) == b"second"


def test_delete_removes_all_that_are_named_and_needs_none_to_be_there(state: StateStore, fresh: Fresh) -> None:
    first, second, absent = fresh("entry"), fresh("entry"), fresh("entry")
    state.put(first, b"1", 60)
    state.put(second, b"2", 60)
    state.delete(first, absent, second)
    assert state.get(first) is None
    assert state.get(second) is None


def test_an_entry_dies_when_its_time_is_over(state: StateStore, fresh: Fresh, elapse: Elapse) -> None:
    put, raised, replaced, taken = (fresh("entry") for _ in range(4))
    state.put(put, b"value", 1)
    state.advance(raised, 9, 1)
    state.put(replaced, b"old", 60)
    state.replace(replaced, b"old", b"new", 1)
    state.put(taken, b"value", 60)
    state.take_once(taken, "attempt", b"", 1)
    elapse(1.1)
    assert state.get(put) is None
    assert state.get(replaced) is None
    state.advance(raised, 1, 60)
    with pytest.raises(Gone):
        state.take_once(taken, "attempt", b"", 60)


def test_an_entry_written_with_no_time_left_is_not_there(state: StateStore, fresh: Fresh) -> None:
    key = fresh("entry")
    state.put(key, b"value", 0)
    assert state.get(key) is None


def test_replace_needs_the_value_that_was_read(state: StateStore, fresh: Fresh) -> None:
    key = fresh("entry")
    with pytest.raises(Gone):
        state.replace(key, b"old", b"new", 60)
    state.put(key, b"old", 60)
    with pytest.raises(Conflict):
        state.replace(key, b"other", b"new", 60)
    state.replace(key, b"old", b"new", 60)
    with pytest.raises(Conflict):
        state.replace(key, b"old", b"newer", 60)
    assert state.get(key) == b"new"


def test_replace_of_nothing_needs_that_there_is_nothing(state: StateStore, fresh: Fresh) -> None:
    key, taken = fresh("entry"), fresh("code")
    state.replace(key, None, b"first", 60)
    with pytest.raises(Conflict):
        state.replace(key, None, b"second", 60)
    assert state.get(key) == b"first"
    state.replace(key, b"first", b"", 60)
    with pytest.raises(Conflict):
        state.replace(key, None, b"second", 60)
    state.put(taken, b"record", 60)
    state.take_once(taken, "mine", b"", 60)
    with pytest.raises(Conflict):
        state.replace(taken, None, b"second", 60)


def test_what_replaced_nothing_ends_in_its_time(state: StateStore, fresh: Fresh) -> None:
    key = fresh("entry")
    state.replace(key, None, b"first", 0)
    assert state.get(key) is None


def test_a_replaced_entry_can_be_replaced_again_and_taken(state: StateStore, fresh: Fresh) -> None:
    key = fresh("entry")
    state.put(key, b"1", 60)
    state.replace(key, b"1", b"2", 60)
    state.replace(key, b"2", b"1", 60)
    assert state.take_once(key, "attempt", b"", 60).value == b"1"


def test_take_once_gives_one_attempt_the_entry_and_every_other_its_marker(state: StateStore, fresh: Fresh) -> None:
    key = fresh("code")
    state.put(key, b"record", 60)
    assert state.take_once(key, "mine", b"the first was here", 60).value == b"record"
    assert state.take_once(key, "mine", b"asked again", 60).value == b"record"
    with pytest.raises(Replayed) as replay:
        state.take_once(key, "theirs", b"", 60)
    assert replay.value.marker == b"the first was here"


def test_a_taken_entry_is_not_there_for_other_verbs(state: StateStore, fresh: Fresh) -> None:
    key = fresh("code")
    state.put(key, b"record", 60)
    state.take_once(key, "mine", b"", 60)
    assert state.get(key) is None
    with pytest.raises(Gone):
        state.replace(key, b"record", b"new", 60)


def test_take_once_of_nothing_is_gone(state: StateStore, fresh: Fresh) -> None:
    with pytest.raises(Gone):
        state.take_once(fresh("code"), "mine", b"", 60)


def test_advance_goes_up_alone(state: StateStore, fresh: Fresh) -> None:
    key = fresh("step")
    state.advance(key, 9, 60)
    state.advance(key, 10, 60)
    for used in (10, 9, 0):
        with pytest.raises(Replayed):
            state.advance(key, used, 60)
    state.advance(key, 100, 60)


def lane(key: Key, free: int = 2, base: int = 4, cap: int = 10, forget: int = 600) -> Lane:
    return Lane(key, free, base, cap, forget)


def test_admit_lets_the_free_attempts_pass_and_then_doubles_the_wait_up_to_the_cap(
    state: StateStore, fresh: Fresh
) -> None:
    lanes, now = [lane(fresh("lane"))], 1000.0
    state.admit(lanes, now)
    state.admit(lanes, now)
    for wait in (4, 8, 10, 10):
        with pytest.raises(Throttled) as refused:
            state.admit(lanes, now)
        assert refused.value.retry_after == wait
        with pytest.raises(Throttled) as refused:
            state.admit(lanes, now + wait - 0.25)
        assert refused.value.retry_after == 1
        now += wait
        state.admit(lanes, now)


def test_admit_counts_in_every_lane_or_in_none(state: StateStore, fresh: Fresh) -> None:
    narrow, wide = lane(fresh("lane"), free=1), lane(fresh("lane"), free=3)
    state.admit([narrow, wide], 1000.0)
    for _ in range(5):
        with pytest.raises(Throttled):
            state.admit([narrow, wide], 1000.0)
    state.admit([wide], 1000.0)
    state.admit([wide], 1000.0)
    with pytest.raises(Throttled):
        state.admit([wide], 1000.0)


def test_admit_names_the_longest_wait(state: StateStore, fresh: Fresh) -> None:
    short, long = lane(fresh("lane"), 1, 2, 60), lane(fresh("lane"), 1, 30, 60)
    state.admit([short, long], 1000.0)
    with pytest.raises(Throttled) as refused:
        state.admit([short, long], 1000.0)
    assert refused.value.retry_after == 30


def test_admit_counts_a_millionth_attempt_like_any_other(state: StateStore, fresh: Fresh) -> None:
    lanes, now = [lane(fresh("lane"), 0, 1, 60)], 1000.0
    for _ in range(80):
        now += 60
        state.admit(lanes, now)
    with pytest.raises(Throttled) as refused:
        state.admit(lanes, now)
    assert refused.value.retry_after == 60


def test_admit_of_a_clock_that_went_back_waits_from_the_later_time(state: StateStore, fresh: Fresh) -> None:
    lanes = [lane(fresh("lane"), 2, 4, 60)]
    state.admit(lanes, 1000.0)
    state.admit(lanes, 990.0)
    with pytest.raises(Throttled):
        state.admit(lanes, 1003.0)
    state.admit(lanes, 1004.0)


def test_success_is_told_by_delete_and_a_lane_is_forgotten_in_time(
    state: StateStore, fresh: Fresh, elapse: Elapse
) -> None:
    told, forgotten = lane(fresh("lane"), free=1, forget=600), lane(fresh("lane"), free=1, forget=1)
    state.admit([told, forgotten], 1000.0)
    state.delete(told.key)
    state.admit([told], 1000.0)
    elapse(1.1)
    state.admit([forgotten], 1000.0)
    with pytest.raises(Throttled):
        state.admit([told], 1000.0)


def test_admit_without_lanes_admits(state: StateStore) -> None:
    state.admit([], 1000.0)
