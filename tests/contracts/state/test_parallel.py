"""One winner, however many want the same thing at the same moment, in threads and in processes."""

from collections import Counter
from collections.abc import Callable
from functools import partial

import pytest

from idp.storage.state import (
    Becomes,
    Conflict,
    Event,
    Gone,
    Guard,
    Issued,
    Key,
    Lane,
    Refused,
    Replayed,
    StateError,
    StateStore,
    Taken,
    Throttled,
)
from tests.support.parallel import errors, in_processes, together, winners
from tests.support.state_worker import Fresh, contend, drain, open_simply, prepare

CALLERS = 10
ROUNDS = 20
PROCESSES = 4


@pytest.mark.parametrize("verb", ["take", "replace", "replace_nothing", "advance", "put_under"])
def test_one_thread_wins(state: StateStore, fresh: Fresh, verb: str) -> None:
    for _ in range(ROUNDS):
        key, session = fresh("contested"), fresh("session")
        open_simply(state, session)
        if verb in {"take", "replace"}:
            state.put(key, b"old", 60)
        attempts: dict[str, Callable[[int], object]] = {
            "take": lambda me, key=key: state.take_once(key, f"attempt {me}", b"%d" % me, 60),
            "replace": lambda me, key=key: state.replace(key, b"old", b"new %d" % me, 60),
            "replace_nothing": lambda me, key=key: state.replace(key, None, b"new %d" % me, 60),
            "advance": lambda _, key=key: state.advance(key, 5, 60),
            "put_under": lambda me, key=key, session=session: state.put_under(session, key, b"%d" % me, 60),
        }
        outcomes = together([partial(attempts[verb], me) for me in range(CALLERS)])
        assert len(winners(outcomes)) == 1
        assert set(errors(outcomes)) == {Conflict if verb in {"replace", "replace_nothing", "put_under"} else Replayed}


def test_every_loser_of_a_code_learns_what_the_winner_left(state: StateStore, fresh: Fresh) -> None:
    for _ in range(ROUNDS):
        code = fresh("code")
        state.put(code, b"record", 60)
        outcomes = together([partial(state.take_once, code, f"{me}", b"%d" % me, 60) for me in range(CALLERS)])
        (winner,) = (me for me, outcome in enumerate(outcomes) if isinstance(outcome, Taken))
        assert {outcome.marker for outcome in outcomes if isinstance(outcome, Replayed)} == {b"%d" % winner}


def test_one_thread_ends_a_session(state: StateStore, fresh: Fresh) -> None:
    for _ in range(ROUNDS):
        session = fresh("session")
        open_simply(state, session)
        outcomes = together([partial(state.end_session, session, [Event(b"ended")])] * CALLERS)
        assert sorted(map(len, outcomes), reverse=True) == [1] + [0] * (CALLERS - 1)  # type: ignore[arg-type]
        assert len(drain(state)) == 1


def test_advance_never_goes_down(state: StateStore, fresh: Fresh) -> None:
    key = fresh("step")
    won = winners(together([partial(_advanced, state, key, step) for step in range(1, 40)]))
    highest = max(step for step in won if isinstance(step, int))
    assert highest == 39  # the highest always wins, whenever it came
    with pytest.raises(Replayed):
        state.advance(key, 39, 60)


def _advanced(state: StateStore, key: Key, step: int) -> int:
    state.advance(key, step, 60)
    return step


def test_parallel_guesses_cannot_slip_past(state: StateStore, fresh: Fresh) -> None:
    for _ in range(ROUNDS):
        lanes = [Lane(fresh("lane"), 3, 60, 600, 600), Lane(fresh("lane"), 5, 60, 600, 600)]
        outcomes = together([partial(state.admit, lanes, 1000.0)] * CALLERS)
        assert len(winners(outcomes)) == 3
        assert set(errors(outcomes)) == {Throttled}


def test_fields_that_are_set_at_once_are_all_there(state: StateStore, fresh: Fresh) -> None:
    session = fresh("session")
    open_simply(state, session)
    together([partial(state.set_fields, session, {f"leg {me}": b"%d" % me}) for me in range(CALLERS)])
    assert state.load_session(session, 60) == {"head": b"h"} | {f"leg {me}": b"%d" % me for me in range(CALLERS)}


def test_nothing_that_was_issued_outlives_a_session_that_ends_meanwhile(state: StateStore, fresh: Fresh) -> None:
    for _ in range(ROUNDS):
        session, codes = fresh("session"), [fresh("code") for _ in range(CALLERS)]
        open_simply(state, session)
        issues = [partial(state.issue_under, session, Guard(), code, b"record", 60, 60) for code in codes]
        outcomes = together([*issues, partial(state.end_session, session)])
        assert {type(outcome) for outcome in outcomes[:-1]} <= {Issued, Refused}
        for code in codes:
            with pytest.raises(Gone):
                state.take_once(code, "mine", b"", 60)


def test_of_a_code_one_caller_makes_one_token(state: StateStore, fresh: Fresh) -> None:
    """And a session that ends meanwhile takes it along."""
    for ends in (False, True) * (ROUNDS // 2):
        session, code, tokens = fresh("session"), fresh("code"), [fresh("access") for _ in range(CALLERS)]
        open_simply(state, session)
        state.issue_under(session, Guard(), code, b"record", 60, 60, proof=b"proof")
        takes = [
            partial(state.take_once, code, f"{me}", b"", 60, Becomes(token, b"proof", 60))
            for me, token in enumerate(tokens)
        ]
        together([*takes, partial(state.end_session, session)] if ends else takes)
        assert sum(1 for token in tokens if standing(state, token)) == (0 if ends else 1)


def standing(state: StateStore, token: Key) -> bool:
    try:
        state.read_under(token)
    except Gone:
        return False
    return True


def test_a_token_is_never_readable_after_it_was_buried(state: StateStore, fresh: Fresh) -> None:
    for _ in range(ROUNDS):
        session, token = fresh("session"), fresh("access")
        open_simply(state, session)
        together([partial(state.put_under, session, token, b"token", 60), partial(state.bury, token, 60)])
        with pytest.raises(Gone):
            state.read_under(token)


def test_events_queued_at_once_are_all_there_each_once(state: StateStore) -> None:
    together([partial(state.queue, "5", [Event(b"%d" % me)] * 5) for me in range(CALLERS)])
    assert Counter(queued.event for queued in drain(state)) == {b"%d" % me: 5 for me in range(CALLERS)}


def test_a_lease_is_won_by_one(state: StateStore, fresh: Fresh) -> None:
    name = str(fresh("lease"))
    assert together([partial(state.lease, name, f"{me}", 60) for me in range(CALLERS)]).count(True) == 1


def test_bumps_are_all_counted(state: StateStore, fresh: Fresh) -> None:
    topic = str(fresh("topic"))
    together([partial(state.bump, topic)] * CALLERS)
    assert state.version(topic) == CALLERS


@pytest.mark.slow
def test_one_process_wins(state: StateStore, state_url: str, fresh: Fresh) -> None:
    # The workers keep the time of day: the entries they meet must not have been written by a clock that stands.
    topic = fresh("topic").name
    prepare_with_real_time(state_url, topic, 200)
    outcomes = in_processes(contend, [(state_url, me, PROCESSES, topic, 200) for me in range(PROCESSES)])
    verbs = sorted(["take", "replace", "advance", "session"])
    for number in range(200):
        assert sorted(verb for won in outcomes for verb in won[number]) == verbs


def prepare_with_real_time(url: str, topic: str, rounds: int) -> None:
    from idp.clock import SystemClock
    from idp.storage.open import open_state

    store = open_state(url, SystemClock())
    prepare(store, topic, rounds)
    store.close()


def test_a_refusal_is_never_a_failure_of_the_store(state: StateStore, fresh: Fresh) -> None:
    """Under contention a loser is told why it lost; no verb answers with an error of the machinery below."""
    session, key, step = fresh("session"), fresh("contested"), fresh("step")
    open_simply(state, session)
    calls: list[Callable[[], object]] = [
        partial(state.advance, step, 1, 60),
        partial(state.put, key, b"x", 60),
        partial(state.set_fields, session, {"leg": b"l"}),
        partial(state.load_session, session, 60),
        partial(state.end_session, session),
        partial(state.get, key),
    ]
    for outcome in together(calls * 4):
        assert not isinstance(outcome, Exception) or type(outcome) in {Replayed, Gone}
        assert type(outcome) is not StateError
