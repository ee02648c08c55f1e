"""Sessions: opened, used, changed, ended once, listed under their owner."""

import pytest

from idp.storage.state import Event, Gone, Key, Replaces, StateStore
from tests.support.state_worker import Elapse, Fresh, drain, open_simply

NOTE = b'{"citizen":"c"}'
TOLD = Event(b'{"type":"told"}')


def test_a_session_gives_back_its_fields(state: StateStore, fresh: Fresh) -> None:
    key = fresh("session")
    fields = {
        "head": b"\0\xff",
        "": b"empty name",
        "leg:client": b"",
        "=": b"sign",
        "n": b"short",
        "姓名": b"x" * 100_000,
    }
    open_simply(state, key, fields)
    assert state.load_session(key, 3600) == fields


def test_a_session_of_thousands_of_fields_is_taken_along_whole(state: StateStore, fresh: Fresh) -> None:
    old, new = fresh("session"), fresh("session")
    legs = {f"leg:{number}": b"l" for number in range(4_500)}
    owner = open_simply(state, old, {"head": b"1"})
    for start in range(0, 4_500, 500):
        state.set_fields(old, dict(list(legs.items())[start : start + 500]))
    opened = state.open_session(new, owner, {"head": b"2"}, NOTE, 60, 60, Replaces(old, "leg:"))
    assert opened == {"head": b"2", **legs}


def test_an_unknown_session_is_empty(state: StateStore, fresh: Fresh) -> None:
    key = fresh("session")
    assert state.load_session(key, 3600) == {}
    assert state.end_session(key, [TOLD]) == {}
    with pytest.raises(Gone):
        state.set_fields(key, {"head": b""}, [TOLD])
    assert state.load_session(key, 3600) == {}
    assert drain(state) == []


def test_set_fields_takes_out_what_is_to_go_in_the_same_move(state: StateStore, fresh: Fresh) -> None:
    key = fresh("session")
    open_simply(state, key, {"head": b"1", "a": b"a", "b": b"b"})
    state.set_fields(key, {"c": b"c"}, drop=["a", "b", "absent"])
    assert state.load_session(key, 60) == {"head": b"1", "c": b"c"}
    state.set_fields(key, {"c": b"d"}, drop=["c"])
    assert state.load_session(key, 60) == {"head": b"1", "c": b"d"}


def test_set_fields_adds_and_changes(state: StateStore, fresh: Fresh) -> None:
    key = fresh("session")
    open_simply(state, key, {"head": b"1", "kept": b"k"})
    state.set_fields(key, {"head": b"2", "leg": b"l"})
    assert state.load_session(key, 3600) == {"head": b"2", "kept": b"k", "leg": b"l"}


def test_a_session_that_is_used_lives_and_one_that_is_not_dies(state: StateStore, fresh: Fresh, elapse: Elapse) -> None:
    used, idle, changed = fresh("session"), fresh("session"), fresh("session")
    for key in (used, idle, changed):
        state.open_session(key, Key("a", "owner", key.name), {"head": b"h"}, NOTE, ttl=2, keep_owner=60)
    for _ in range(3):
        elapse(1.2)
        assert state.load_session(used, 2) == {"head": b"h"}
        if _ == 0:
            state.set_fields(changed, {"leg": b"l"})  # its time to live stays
    assert state.load_session(idle, 2) == {}
    assert state.load_session(changed, 2) == {}
    assert state.end_session(idle) == {}


def test_a_session_may_be_given_less_time(state: StateStore, fresh: Fresh, elapse: Elapse) -> None:
    key = fresh("session")
    open_simply(state, key)
    assert state.load_session(key, 1)
    elapse(1.1)
    assert state.load_session(key, 1) == {}


def test_end_gives_one_caller_the_fields(state: StateStore, fresh: Fresh) -> None:
    key = fresh("session")
    open_simply(state, key, {"head": b"h"}, NOTE)
    assert state.end_session(key, [TOLD]) == {"head": b"h"}
    assert state.end_session(key, [TOLD]) == {}
    assert state.load_session(key, 3600) == {}
    assert [(queued.event, queued.note) for queued in drain(state)] == [(TOLD, NOTE)]


def test_a_new_session_closes_the_one_it_replaces(state: StateStore, fresh: Fresh) -> None:
    old, new, owner = fresh("session"), fresh("session"), fresh("owner")
    state.open_session(old, owner, {"head": b"old"}, NOTE, 60, 60)
    state.open_session(new, owner, {"head": b"new"}, NOTE, 60, 60, replaces=Replaces(old))
    assert state.load_session(old, 60) == {}
    assert state.load_session(new, 60) == {"head": b"new"}
    assert state.sessions_of(owner) == [new]


LEGS = {"leg:a:1": b"a1", "leg:a:2": b"a2", "leg:ab:1": b"ab", "": b"no name", "other": b"o"}


@pytest.mark.parametrize(
    ("carry", "drop", "names"),
    [
        ("", "", []),
        ("leg:", "", ["leg:a:1", "leg:a:2", "leg:ab:1"]),
        ("leg:", "leg:a:", ["leg:ab:1"]),
        ("leg:", "leg:", []),
        ("none", "", []),
    ],
)
def test_fields_that_come_along_are_those_at_the_moment_it_is_replaced(
    state: StateStore, fresh: Fresh, carry: str, drop: str, names: list[str]
) -> None:
    old, new = fresh("session"), fresh("session")
    owner = open_simply(state, old, {"head": b"old", "leg:a:1": b"before"})
    state.set_fields(old, LEGS)
    expected = {"head": b"new"} | {name: LEGS[name] for name in names}
    assert state.open_session(new, owner, {"head": b"new"}, NOTE, 60, 60, Replaces(old, carry, drop)) == expected
    assert state.load_session(new, 60) == expected


def test_from_a_session_that_has_ended_nothing_comes_along(state: StateStore, fresh: Fresh) -> None:
    old, new, token = fresh("session"), fresh("session"), fresh("access")
    owner = open_simply(state, old, {"head": b"old"} | LEGS)
    state.put_under(old, token, b"token", 60)
    state.end_session(old)
    replaces = Replaces(old, "leg:", issued=60)
    assert state.open_session(new, owner, {"head": b"new"}, NOTE, 60, 60, replaces) == {"head": b"new"}
    assert state.load_session(new, 60) == {"head": b"new"}
    with pytest.raises(Gone):
        state.read_under(token)


def test_a_session_that_had_to_live_and_does_not_is_not_replaced(state: StateStore, fresh: Fresh) -> None:
    old, new, newest = (fresh("session") for _ in range(3))
    owner = open_simply(state, old)
    replaces = Replaces(old, "leg:", issued=60, must_live=True)
    state.open_session(new, owner, {"head": b"new"}, NOTE, 60, 60, replaces)
    with pytest.raises(Gone):
        state.open_session(newest, owner, {"head": b"newest"}, NOTE, 60, 60, replaces, [TOLD])
    assert state.load_session(newest, 60) == {}
    assert state.sessions_of(owner) == [new]
    assert drain(state) == []


def test_an_owner_has_the_sessions_that_live(state: StateStore, fresh: Fresh, elapse: Elapse) -> None:
    owner, other = fresh("owner"), fresh("owner")
    keys = [fresh("session") for _ in range(4)]
    for key, ttl, keep in zip(keys, (60, 60, 1, 60), (60, 60, 60, 1), strict=True):
        state.open_session(key, owner, {"head": b"h"}, NOTE, ttl, keep)
    state.open_session(fresh("session"), other, {"head": b"h"}, NOTE, 60, 60)
    assert set(state.sessions_of(owner)) == set(keys)
    state.end_session(keys[0])
    elapse(2.1)
    assert state.sessions_of(owner) == [keys[1]]  # ended, kept, dead, no longer listed
    assert state.load_session(keys[3], 60) == {"head": b"h"}
    assert state.sessions_of(fresh("owner")) == []


def test_events_of_a_session_carry_its_note(state: StateStore, fresh: Fresh) -> None:
    key = fresh("session")
    state.open_session(key, fresh("owner"), {"head": b"h"}, NOTE, 60, 60, None, [Event(b"1"), Event(b"2")])
    state.set_fields(key, {"leg": b"l"}, [Event(b"3")])
    state.end_session(key, [Event(b"4")])
    assert [(queued.event, queued.note) for queued in drain(state)] == [(b"%d" % n, NOTE) for n in range(1, 5)]
