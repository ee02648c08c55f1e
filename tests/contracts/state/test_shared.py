"""Versions, leases, the outbox, and what an operator does."""

import pytest

from idp.secrets import SHARDS
from idp.storage.state import Event, Queued, StateStore
from tests.support.state_worker import Elapse, Fresh, drain


def test_a_version_counts_its_bumps(state: StateStore, fresh: Fresh) -> None:
    topic, other = str(fresh("topic")), str(fresh("topic"))
    assert state.version(topic) == 0
    state.bump(topic)
    state.bump(topic)
    assert (state.version(topic), state.version(other)) == (2, 0)


def test_a_lease_has_one_holder_until_it_runs_out(state: StateStore, fresh: Fresh, elapse: Elapse) -> None:
    name = str(fresh("lease"))
    assert state.lease(name, "a", 1)
    assert state.lease(name, "a", 2)
    assert not state.lease(name, "b", 60)
    elapse(1.2)
    assert not state.lease(name, "b", 60)
    elapse(1.0)
    assert state.lease(name, "b", 60)
    assert not state.lease(name, "a", 60)


def test_the_outbox_keeps_the_order_of_each_shard(state: StateStore) -> None:
    for number in range(40):
        state.queue(SHARDS[number % 2], [Event(b"%d" % number), Event(b"%d again" % number)], b"note %d" % number)
    waiting = state.queued(1000)
    for shard in (0, 1):
        mine = [(queued.event, queued.note) for queued in waiting if queued.shard == SHARDS[shard]]
        assert mine == [
            (b"%d%s" % (number, again), b"note %d" % number)
            for number in range(shard, 40, 2)
            for again in (b"", b" again")
        ]
    assert len({(queued.shard, queued.position) for queued in waiting}) == 80


def test_the_outbox_is_read_from_its_oldest_end_and_within_bounds(state: StateStore) -> None:
    for number in range(30):
        state.queue("4", [Event(b"%d" % number)])
    seen: list[Queued] = []
    while waiting := state.queued(7):
        assert len(waiting) <= 7
        seen += waiting
        state.dequeue(waiting)
    assert [queued.event for queued in seen] == [b"%d" % number for number in range(30)]


def test_what_is_not_dequeued_comes_again_and_dequeue_may_be_repeated(state: StateStore) -> None:
    for shard in SHARDS:
        state.queue(shard, [Event(b"first"), Event(b"second")])
    waiting = state.queued(100)
    assert state.queued(100) == waiting
    firsts = [queued for queued in waiting if queued.event == b"first"]
    for _ in range(2):
        state.dequeue(firsts)
        assert {(queued.shard, queued.event) for queued in state.queued(100)} == {
            (shard, b"second") for shard in SHARDS
        }
    state.dequeue([])
    assert len(state.queued(100)) == len(SHARDS)


def test_positions_are_never_used_again(state: StateStore) -> None:
    positions: list[str] = []
    for number in range(5):
        state.queue("7", [Event(b"%d" % number)])
        positions += [queued.position for queued in drain(state)]
    assert len(set(positions)) == 5


def test_an_event_may_be_anything(state: StateStore) -> None:
    hostile = [b"", b"\0", b"*\r\n", "事件".encode(), b"x" * 1_000_000]
    state.queue("9", [Event(event) for event in hostile], b"\0note")
    assert [(queued.event, queued.note) for queued in drain(state)] == [(event, b"\0note") for event in hostile]


def test_no_events_leave_nothing(state: StateStore) -> None:
    state.queue("9", [])
    assert state.queued(10) == []


def test_ping_answers(state: StateStore) -> None:
    state.ping()


def test_a_closed_store_opens_again(state: StateStore, fresh: Fresh) -> None:
    key = fresh("entry")
    state.put(key, b"value", 60)
    state.close()
    assert state.get(key) == b"value"


def test_purge_leaves_what_lives(state: StateStore, fresh: Fresh) -> None:
    key = fresh("entry")
    state.put(key, b"value", 60)
    state.purge(100)
    assert state.get(key) == b"value"


@pytest.mark.parametrize("limit", [1, 3, 100])
def test_purge_removes_no_more_than_its_limit(state: StateStore, fresh: Fresh, elapse: Elapse, limit: int) -> None:
    for _ in range(5):
        state.put(fresh("entry"), b"value", 1)
    elapse(1.1)
    assert 0 <= state.purge(limit) <= limit
