"""Entries that live only while their session (or another entry) lives."""

import pytest

from idp.storage.state import Conflict, Event, Gone, Guard, Issued, Key, Refused, Replaces, Replayed, StateStore
from tests.support.state_worker import Elapse, Fresh, drain, open_simply

NOTE = b'{"citizen":"c"}'
TOLD = Event(b'{"type":"told"}')
FIELDS = {"head": b"h", "at": b"1000", "minus": b"-5", "long": b"9" * 16, "word": b"1e3", "blank": b"", "sign": b"+1"}

GUARDS = [
    (Guard(), True),
    (Guard(has=("head",)), True),
    (Guard(has=("head", "blank")), True),
    (Guard(has=("absent",)), False),
    (Guard(has=("head", "absent")), False),
    (Guard(at_least=(("at", 999),)), True),
    (Guard(at_least=(("at", 1000),)), True),
    (Guard(at_least=(("at", 1001),)), False),
    (Guard(at_least=(("minus", -5),)), True),
    (Guard(at_least=(("minus", -4),)), False),
    (Guard(at_least=(("at", 1000), ("minus", -4))), False),
    (Guard(at_least=(("absent", -1),)), False),
    (Guard(at_least=(("word", 0),)), False),
    (Guard(at_least=(("blank", -1),)), False),
    (Guard(at_least=(("sign", 0),)), False),
    (Guard(at_least=(("long", 0),)), False),
    (Guard(has=("absent",), at_least=(("at", 1),)), False),
]


def issue(state: StateStore, session: Key, key: Key, guard: Guard, *copy: str) -> Issued | Refused:
    return state.issue_under(session, guard, key, b"record", 60, 3600, copy, [TOLD])


@pytest.mark.parametrize(("guard", "holds"), GUARDS, ids=str)
def test_issue_under_writes_when_the_guard_holds_and_nothing_when_not(
    state: StateStore, fresh: Fresh, guard: Guard, holds: bool
) -> None:
    session, code = fresh("session"), fresh("code")
    open_simply(state, session, FIELDS, NOTE)
    outcome = issue(state, session, code, guard, "head", "at", "absent")
    if holds:
        assert outcome == Issued({"head": b"h", "at": b"1000"})
        assert state.take_once(code, "mine", b"", 60).fields == {"head": b"h", "at": b"1000"}
        assert [(queued.event, queued.note) for queued in drain(state)] == [(TOLD, NOTE)]
    else:
        assert outcome == Refused(FIELDS)
        with pytest.raises(Gone):
            state.take_once(code, "mine", b"", 60)
        assert drain(state) == []


def test_issue_under_no_session_is_refused_without_fields(state: StateStore, fresh: Fresh) -> None:
    session, code = fresh("session"), fresh("code")
    assert issue(state, session, code, Guard()) == Refused({})
    with pytest.raises(Gone):
        state.take_once(code, "mine", b"", 60)
    assert drain(state) == []


@pytest.mark.parametrize("guard", [Guard(), Guard(has=("absent",))], ids=["issued", "refused"])
def test_issue_under_keeps_the_session_alive(state: StateStore, fresh: Fresh, elapse: Elapse, guard: Guard) -> None:
    session = fresh("session")
    state.open_session(session, fresh("owner"), {"head": b"h"}, NOTE, 1, 60)
    state.issue_under(session, guard, fresh("code"), b"record", 60, 60)
    elapse(1.1)
    assert state.load_session(session, 60) == {"head": b"h"}


def test_what_was_issued_lets_itself_be_taken_once(state: StateStore, fresh: Fresh) -> None:
    session, code = fresh("session"), fresh("code")
    open_simply(state, session)
    issue(state, session, code, Guard(), "head")
    for _ in range(2):
        taken = state.take_once(code, "mine", b"marker", 60)
        assert (taken.value, taken.fields) == (b"record", {"head": b"h"})
    state.end_session(session)
    assert state.take_once(code, "mine", b"marker", 60).value == b"record"  # the answer that was lost, not a new one
    with pytest.raises(Replayed) as replay:
        state.take_once(code, "theirs", b"", 60)
    assert replay.value.marker == b"marker"


def test_entries_die_with_their_session(state: StateStore, fresh: Fresh, elapse: Elapse) -> None:
    for end in (state.end_session, lambda key: state.load_session(key, 1)):
        session, code, token = fresh("session"), fresh("code"), fresh("access")
        open_simply(state, session)
        issue(state, session, code, Guard())
        state.put_under(session, token, b"token", 60, NOTE)
        assert state.read_under(token).value == b"token"
        drain(state)
        end(session)
        elapse(1.1)
        with pytest.raises(Gone):
            state.take_once(code, "mine", b"", 60)
        with pytest.raises(Gone):
            state.read_under(token, [TOLD])
        with pytest.raises(Gone):
            state.put_under(session, fresh("access"), b"token", 60, NOTE, [TOLD])
        assert drain(state) == []


def test_entries_die_with_the_session_that_is_replaced(state: StateStore, fresh: Fresh) -> None:
    old, new, token = fresh("session"), fresh("session"), fresh("access")
    open_simply(state, old)
    state.put_under(old, token, b"token", 60)
    state.open_session(new, fresh("owner"), {"head": b"h"}, NOTE, 60, 60, replaces=Replaces(old))
    with pytest.raises(Gone):
        state.read_under(token)


def test_an_entry_may_be_under_another_entry_and_dies_with_it(state: StateStore, fresh: Fresh) -> None:
    session, family, token = fresh("session"), fresh("family"), fresh("access")
    open_simply(state, session)
    state.put_under(session, family, b"family", 60)
    state.put_under(family, token, b"token", 60)
    assert state.read_under(token).value == b"token"
    state.end_session(session)
    with pytest.raises(Gone):
        state.read_under(token)


@pytest.mark.parametrize("end", ["delete", "bury", "take"])
def test_an_entry_dies_with_the_plain_entry_it_is_under(state: StateStore, fresh: Fresh, end: str) -> None:
    family, token = fresh("family"), fresh("access")
    state.put(family, b"{}", 60)
    state.put_under(family, token, b"token", 60)
    assert state.read_under(token).value == b"token"
    {
        "delete": lambda: state.delete(family),
        "bury": lambda: state.bury(family, 60),
        "take": lambda: state.take_once(family, "mine", b"", 60),
    }[end]()
    with pytest.raises(Gone):
        state.read_under(token)


def test_an_entry_of_its_own_time_dies_before_its_session(state: StateStore, fresh: Fresh, elapse: Elapse) -> None:
    session, code, token = fresh("session"), fresh("code"), fresh("access")
    open_simply(state, session)
    state.issue_under(session, Guard(), code, b"record", 1, 3600)
    state.put_under(session, token, b"token", 1)
    elapse(1.1)
    with pytest.raises(Gone):
        state.take_once(code, "mine", b"", 60)
    with pytest.raises(Gone):
        state.read_under(token)
    state.put_under(session, token, b"again", 60)
    assert state.read_under(token).value == b"again"


def test_the_first_put_under_wins(state: StateStore, fresh: Fresh) -> None:
    session, token = fresh("session"), fresh("access")
    open_simply(state, session)
    state.put_under(session, token, b"first", 60)
    with pytest.raises(Conflict):
        state.put_under(session, token, b"second", 60, NOTE, [TOLD])
    assert state.read_under(token).value == b"first"
    assert drain(state) == []


def test_what_is_buried_cannot_be_written_even_if_it_was_not_there_before(state: StateStore, fresh: Fresh) -> None:
    session, written, unwritten = fresh("session"), fresh("access"), fresh("access")
    open_simply(state, session)
    state.put_under(session, written, b"token", 60, NOTE)
    for token in (written, unwritten):
        state.bury(token, 60)
        with pytest.raises(Gone):
            state.read_under(token)
        with pytest.raises(Conflict):
            state.put_under(session, token, b"token", 60, NOTE, [TOLD])
        with pytest.raises(Gone):
            state.take_once(token, "mine", b"", 60)
    assert drain(state) == []


def test_a_grave_is_not_for_ever(state: StateStore, fresh: Fresh, elapse: Elapse) -> None:
    session, token = fresh("session"), fresh("access")
    open_simply(state, session)
    state.bury(token, 1)
    elapse(1.1)
    state.put_under(session, token, b"token", 60)
    assert state.read_under(token).value == b"token"


def test_read_under_knows_only_entries_under_something(state: StateStore, fresh: Fresh) -> None:
    session, plain, code = fresh("session"), fresh("entry"), fresh("code")
    open_simply(state, session)
    state.put(plain, b"plain", 60)
    issue(state, session, code, Guard())
    assert state.get(code) is None
    for key in (plain, session, fresh("access")):
        with pytest.raises(Gone):
            state.read_under(key)


def test_events_about_an_entry_carry_its_note(state: StateStore, fresh: Fresh) -> None:
    session, token = fresh("session"), fresh("access")
    open_simply(state, session)
    state.put_under(session, token, b"token", 60, NOTE, [Event(b"1"), Event(b"2")])
    state.read_under(token, [Event(b"3")])
    state.bury(token, 60, [Event(b"4")])
    assert [(queued.event, queued.note) for queued in drain(state)] == [(b"%d" % n, NOTE) for n in range(1, 5)]


def test_delete_removes_an_entry_under_a_session(state: StateStore, fresh: Fresh) -> None:
    session, token = fresh("session"), fresh("access")
    open_simply(state, session)
    state.put_under(session, token, b"token", 60, NOTE)
    state.delete(token, events=[TOLD])
    with pytest.raises(Gone):
        state.read_under(token)
    assert [(queued.event, queued.note) for queued in drain(state)] == [(TOLD, NOTE)]


def test_what_was_issued_under_a_session_may_live_on_under_the_one_that_replaces_it(
    state: StateStore, fresh: Fresh
) -> None:
    before, after, code, token = fresh("session"), fresh("session"), fresh("code"), fresh("access")
    owner = open_simply(state, before, FIELDS, NOTE)
    issue(state, before, code, Guard(), "head")
    state.put_under(before, token, b"token", 60, NOTE)
    state.open_session(after, owner, FIELDS, NOTE, 60, 60, Replaces(before, issued=60))
    assert state.read_under(token).value == b"token"
    assert state.take_once(code, "mine", b"", 60).fields == {"head": b"h"}
    assert state.load_session(before, 60) == {}
    assert issue(state, before, fresh("code"), Guard()) == Refused({})
    with pytest.raises(Gone):
        state.set_fields(before, {"at": b"1"})
    assert state.end_session(before) == {}
    assert state.sessions_of(owner) == [after]
    assert state.read_under(token).value == b"token"
    state.end_session(after)
    with pytest.raises(Gone):
        state.read_under(token)
