"""A one-time entry that turns into an entry under the same session in the move that takes it."""

import sqlite3
from pathlib import Path

import pytest

from idp.storage.open import open_state
from idp.storage.state import (
    Becomes,
    Event,
    Gone,
    Guard,
    Key,
    Replaces,
    Replayed,
    StateStore,
)
from tests.support.clock import FrozenClock
from tests.support.state_worker import Elapse, Fresh, drain, open_simply

NOTE, LEG = b'{"citizen":"c"}', b'{"client":"p"}'
BOTH = NOTE + b"\n" + LEG
FIELDS = {"head": b"h", "leg": LEG}
TOLD, READ = Event(b'{"type":"told"}'), Event(b'{"type":"read"}')
PROOF = b"\0proof"


def issue(state: StateStore, session: Key, code: Key, proof: bytes = PROOF) -> None:
    state.issue_under(session, Guard(), code, b"record", 60, 3600, ("head", "leg"), [TOLD], noted="leg", proof=proof)


def becomes(token: Key, proof: bytes = PROOF, ttl: int = 60) -> Becomes:
    return Becomes(token, proof, ttl, [TOLD])


def notes(state: StateStore) -> list[tuple[bytes, bytes]]:
    return [(queued.event, queued.note) for queued in drain(state)]


def test_the_entry_has_the_value_the_fields_and_the_note(state: StateStore, fresh: Fresh) -> None:
    session, code, token = fresh("session"), fresh("code"), fresh("access")
    open_simply(state, session, FIELDS, NOTE)
    issue(state, session, code)
    assert state.take_once(code, "mine", b"marker", 60, becomes(token)).became
    standing = state.read_under(token, [READ])
    assert (standing.value, standing.fields) == (b"record", FIELDS)
    assert 58 <= standing.seconds <= 60
    assert notes(state) == [(TOLD, BOTH), (TOLD, BOTH), (READ, BOTH)]
    with pytest.raises(Replayed) as replay:
        state.take_once(code, "theirs", b"", 60, becomes(fresh("access")))
    assert replay.value.marker == b"marker"
    state.bury(token, 60)
    with pytest.raises(Gone):
        state.read_under(token)


@pytest.mark.parametrize(
    ("issued", "presented"), [(PROOF, b"another"), (PROOF, b""), (PROOF, PROOF + b"\n"), (b"", b""), (b"", PROOF)]
)
def test_without_the_proof_it_is_taken_and_nothing_comes_of_it(
    state: StateStore, fresh: Fresh, issued: bytes, presented: bytes
) -> None:
    session, code, token = fresh("session"), fresh("code"), fresh("access")
    open_simply(state, session, FIELDS, NOTE)
    issue(state, session, code, issued)
    drain(state)
    taken = state.take_once(code, "mine", b"marker", 60, becomes(token, presented))
    assert (taken.value, taken.became) == (b"record", False)
    with pytest.raises(Gone):
        state.read_under(token)
    assert notes(state) == []
    with pytest.raises(Replayed):
        state.take_once(code, "mine too late", b"", 60, becomes(token))
    with pytest.raises(Gone):
        state.read_under(token)


def test_the_same_attempt_hears_the_same_and_is_told_once(state: StateStore, fresh: Fresh) -> None:
    session, code, token = fresh("session"), fresh("code"), fresh("access")
    open_simply(state, session, FIELDS, NOTE)
    issue(state, session, code)
    first = state.take_once(code, "mine", b"marker", 60, becomes(token))
    assert state.take_once(code, "mine", b"marker", 60, becomes(token)) == first
    assert notes(state) == [(TOLD, BOTH)] * 2


def test_a_plain_entry_becomes_nothing(state: StateStore, fresh: Fresh) -> None:
    plain, token = fresh("entry"), fresh("access")
    state.put(plain, b"plain", 60)
    for proof in (b"", PROOF):
        assert not state.take_once(plain, "mine", b"", 60, becomes(token, proof)).became
    with pytest.raises(Gone):
        state.read_under(token)
    assert notes(state) == []


def test_what_it_became_dies_in_its_own_time_or_with_the_session(
    state: StateStore, fresh: Fresh, elapse: Elapse
) -> None:
    session, short, long = fresh("session"), fresh("access"), fresh("access")
    open_simply(state, session, FIELDS, NOTE)
    for token, ttl in ((short, 1), (long, 60)):
        code = fresh("code")
        issue(state, session, code)
        state.take_once(code, "mine", b"", 1, becomes(token, ttl=ttl))
    elapse(1.1)
    with pytest.raises(Gone):
        state.read_under(short)
    assert state.read_under(long).value == b"record"
    state.end_session(session)
    with pytest.raises(Gone):
        state.read_under(long)


def test_nothing_comes_of_a_session_that_has_ended(state: StateStore, fresh: Fresh) -> None:
    session, code, token = fresh("session"), fresh("code"), fresh("access")
    open_simply(state, session, FIELDS, NOTE)
    issue(state, session, code)
    drain(state)
    state.end_session(session)
    with pytest.raises(Gone):
        state.take_once(code, "mine", b"", 60, becomes(token))
    with pytest.raises(Gone):
        state.read_under(token)
    assert notes(state) == []


def test_it_follows_the_session_to_its_new_name(state: StateStore, fresh: Fresh) -> None:
    before, after, code, token = fresh("session"), fresh("session"), fresh("code"), fresh("access")
    owner = open_simply(state, before, FIELDS, NOTE)
    issue(state, before, code)
    state.open_session(after, owner, FIELDS, NOTE, 60, 60, Replaces(before, issued=60))
    assert state.take_once(code, "mine", b"", 60, becomes(token)).became
    assert state.read_under(token).fields == FIELDS
    state.end_session(after)
    with pytest.raises(Gone):
        state.read_under(token)


def test_through_another_entry_it_dies_with_that_and_with_the_session(state: StateStore, fresh: Fresh) -> None:
    for end in ("delete", "end_session"):
        session, code, token, family = fresh("session"), fresh("code"), fresh("access"), fresh("family")
        open_simply(state, session, FIELDS, NOTE)
        issue(state, session, code)
        assert state.take_once(code, "mine", b"", 60, Becomes(token, PROOF, 60, through=family)).became
        assert state.read_under(token).fields == FIELDS
        getattr(state, end)(family if end == "delete" else session)
        with pytest.raises(Gone):
            state.read_under(token)
        with pytest.raises(Gone):
            state.outlive(family, 60)


def test_what_outlives_its_session_lives_its_own_time(state: StateStore, fresh: Fresh, elapse: Elapse) -> None:
    session, code, token, family = fresh("session"), fresh("code"), fresh("access"), fresh("family")
    open_simply(state, session, FIELDS, NOTE)
    issue(state, session, code)
    state.take_once(code, "mine", b"", 60, Becomes(token, PROOF, 60, through=family))
    state.outlive(family, 1)
    state.end_session(session)
    assert state.read_under(token).value == b"record"
    elapse(1.1)
    with pytest.raises(Gone):
        state.read_under(token)


def test_what_is_not_there_or_buried_outlives_nothing(state: StateStore, fresh: Fresh) -> None:
    session, family = fresh("session"), fresh("family")
    open_simply(state, session, FIELDS, NOTE)
    state.put_under(session, family, b"{}", 60)
    state.bury(family, 60)
    for key in (family, fresh("family")):
        with pytest.raises(Gone):
            state.outlive(key, 60)


def test_a_noted_field_that_is_not_there_adds_nothing(state: StateStore, fresh: Fresh) -> None:
    session, code = fresh("session"), fresh("code")
    open_simply(state, session, {"head": b"h"}, NOTE)
    issue(state, session, code)
    assert notes(state) == [(TOLD, NOTE)]


def test_an_embedded_file_of_before_goes_on(tmp_path: Path, clock: FrozenClock, fresh: Fresh) -> None:
    path = tmp_path / "state.sqlite"
    url = f"sqlite:///{path}"
    before = open_state(url, clock)
    before.ping()
    before.close()
    with sqlite3.connect(path) as connection:
        connection.execute("ALTER TABLE entries DROP COLUMN proof")
    connection.close()
    state = open_state(url, clock)
    session, code, token = fresh("session"), fresh("code"), fresh("access")
    open_simply(state, session, FIELDS, NOTE)
    issue(state, session, code)
    assert state.take_once(code, "mine", b"", 60, becomes(token)).became
    state.close()
