"""Audit events reach SQL in order, each once, whatever fails on the way; over every pair of stores."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from idp.audit import recorder
from idp.audit.events import EventType
from idp.audit.writer import LEASE, AuditWriter, Moved
from idp.config import load_settings
from idp.metrics import Metrics
from idp.running.housekeeping import Housekeeper
from idp.running.purging import KEEP_LOGOUTS_SECONDS, Purging
from idp.storage.embedded import EmbeddedState
from idp.storage.open import open_state
from idp.storage.records.audit import AuditEvent
from idp.storage.records.errors import RecordsUnavailable
from idp.storage.records.logouts import Duty
from idp.storage.records.records import Records
from idp.storage.state import Event, Key, StateStore
from tests.support.clock import FrozenClock
from tests.support.redis_service import RedisServer
from tests.support.state_worker import drain

OWNER = "the writer of these tests"


@pytest.fixture(params=["embedded", "redis", "cluster"])
def state(request: pytest.FixtureRequest, tmp_path: Path, clock: FrozenClock) -> Iterator[StateStore]:
    """An open store with an empty outbox, where nobody holds the writer's lease."""
    urls = {"redis": "redis_url", "cluster": "redis_cluster_url"}
    name = urls.get(request.param)
    store = open_state(request.getfixturevalue(name) if name else f"sqlite:///{tmp_path}/state.db", clock)
    drain(store)
    yield store
    store.lease(LEASE, OWNER, 1)
    store.close()


@pytest.fixture
def elapse(state: StateStore, clock: FrozenClock) -> Callable[[float], None]:
    """The embedded store's clock is told; Redis keeps its own and is waited for."""
    return clock.advance if isinstance(state, EmbeddedState) else time.sleep


def event(at: float, count: int = 0) -> Event:
    return recorder.event(EventType.LOGIN_SUCCESS, at, count=count)


def counts(records: Records) -> list[int]:
    return [json.loads(each.event.document)["count"] for each in records.audit.tail(0, 10_000)]


def writer(state: StateStore, records: Records, batch: int = 500) -> AuditWriter:
    return AuditWriter(state, records.audit, OWNER, batch)


def test_events_of_all_shards_come_in_the_order_of_time(state: StateStore, records: Records) -> None:
    for number in range(60):
        state.queue("0123456789abcdef"[number * 7 % 16], [event(1_000.0 + number, number)])
    assert writer(state, records).move().written == 60
    assert counts(records) == list(range(60))
    assert state.queued(100) == []


def test_events_of_one_moment_keep_the_order_of_their_shard(state: StateStore, records: Records) -> None:
    state.queue("5", [event(1_000.0, number) for number in range(10)])
    writer(state, records).move()
    assert counts(records) == list(range(10))


def test_batches_do_not_overtake_each_other(state: StateStore, records: Records) -> None:
    for number in range(40):
        state.queue("1", [event(1_000.0 + number, number)])
    for number in range(40, 44):
        state.queue("2", [event(1_000.0 + number, number)])
    moving = writer(state, records, batch=10)
    while moving.move().written:
        pass
    assert counts(records) == list(range(44))


def test_an_event_and_its_note_become_one_and_are_found_by_what_they_name(state: StateStore, records: Records) -> None:
    told = recorder.event(EventType.TOKEN_ISSUED, 1_000.5, client_id="portal", reference="7KQ2-M4XD")
    state.queue("3", [told], recorder.note(citizen_id="a" * 26, client_id="other", acr="urn:citizen-idp:aal:1"))
    writer(state, records).move()
    (stored,) = records.audit.search(citizen_id="a" * 26)
    assert (stored.event.event, stored.event.at, stored.event.client_id) == ("token:issued", 1_000, "portal")
    assert stored.event.reference == "7KQ2-M4XD"
    assert json.loads(stored.event.document) == {
        "type": "token:issued",
        "at": 1_000.5,
        "client_id": "portal",
        "reference": "7KQ2-M4XD",
        "citizen_id": "a" * 26,
        "acr": "urn:citizen-idp:aal:1",
    }


class FailsAfter:
    """The real audit records, except that the answer to one commit is lost on its way back."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self.lost = 0

    def append(self, batch: Sequence[AuditEvent]) -> None:
        self._records.audit.append(batch)
        if not self.lost:
            self.lost = len(batch)
            raise RecordsUnavailable("the answer was lost")


def test_a_writer_that_dies_after_the_commit_leaves_no_event_twice(state: StateStore, records: Records) -> None:
    state.queue("4", [event(1_000.0, number) for number in range(5)])
    moving = AuditWriter(state, FailsAfter(records), OWNER)
    with pytest.raises(RecordsUnavailable):
        moving.move()
    assert len(state.queued(100)) == 5
    assert moving.move().written == 5
    assert counts(records) == list(range(5))


def test_nothing_leaves_the_outbox_while_sql_is_away(state: StateStore, records: Records) -> None:
    class Away:
        def append(self, batch: Sequence[AuditEvent]) -> None:
            raise RecordsUnavailable("away")

    state.queue("4", [event(1_000.0, 1)])
    with pytest.raises(RecordsUnavailable):
        AuditWriter(state, Away(), OWNER).move()
    assert writer(state, records).move().written == 1


def test_one_of_parallel_writers_works_and_nothing_is_lost_or_doubled(
    state: StateStore, records: Records, elapse: Callable[[float], None]
) -> None:
    elapse(1.1)

    def work(owner: str) -> None:
        moving = AuditWriter(state, records.audit, owner, batch=7)
        for _ in range(20):
            moving.move()

    threads = [threading.Thread(target=work, args=(f"writer {number}",)) for number in range(3)]
    for thread in threads:
        thread.start()
    for number in range(100):
        state.queue("0123456789abcdef"[number % 16], [event(1_000.0 + number, number)])
    for thread in threads:
        thread.join()
    owners = [AuditWriter(state, records.audit, f"writer {number}") for number in range(3)]
    while sum(owner.move().written for owner in owners):
        pass
    assert sorted(counts(records)) == list(range(100))
    for owner in owners:
        owner.rest()
    elapse(1.1)


def test_a_writer_that_rests_is_replaced_within_a_second(
    state: StateStore, records: Records, elapse: Callable[[float], None]
) -> None:
    elapse(1.1)
    state.queue("0", [event(1_000.0, 1)])
    one, other = (AuditWriter(state, records.audit, name) for name in ("one", "other"))
    assert one.move().written == 1
    state.queue("0", [event(1_000.0, 2)])
    assert other.move() == Moved(0, 0)
    one.rest()
    elapse(1.1)
    assert other.move().written == 1
    other.rest()
    elapse(1.1)


def test_an_event_that_cannot_be_read_holds_up_nobody(state: StateStore, records: Records) -> None:
    state.queue("6", [Event(b"{"), event(1_000.0, 1), Event(b'{"type":"x"}'), Event(b"[]")])
    assert writer(state, records).move().written == 4
    kinds = [each.event.event for each in records.audit.tail(0)]
    assert sorted(kinds) == ["error:unreadable_event"] * 3 + ["login:success"]


def test_a_state_store_that_begins_anew_loses_no_event(tmp_path: Path, clock: FrozenClock, records: Records) -> None:
    positions = set()
    for life in range(2):
        store = open_state(f"sqlite:///{tmp_path}/life-{life}.db", clock)
        store.queue("0", [event(1_000.0 + life, life)])
        positions.add(store.queued(1)[0].position)
        writer(store, records).move()
        store.close()
    assert len(positions) == 1
    assert counts(records) == [0, 1]


def keeper(
    state: StateStore,
    records: Records,
    clock: FrozenClock,
    retell: Callable[[], None] = lambda: None,
    owner: str = OWNER,
) -> Housekeeper:
    purging = Purging(state, records, clock, load_settings({"IDP_ISSUER": "http://localhost"}))
    return Housekeeper(state, records, clock, Metrics(), owner, purging, retell, lambda: None)


def test_the_housekeeper_moves_events_and_removes_what_expired(
    tmp_path: Path, clock: FrozenClock, records: Records
) -> None:
    store = open_state(f"sqlite:///{tmp_path}/state.db", clock)
    for number in range(700):
        store.put(Key("0", "code", str(number)), b"x", ttl=60)
    store.queue("0", [event(clock.now(), 1)])
    keeping = keeper(store, records, clock)
    assert keeping.tick()
    assert counts(records) == [1]
    clock.advance(61)
    assert keeping.tick()
    assert store.purge(1) == 0
    store.close()


def test_the_housekeeper_forgets_sign_outs_of_long_ago_and_tells_of_those_of_now(
    tmp_path: Path, clock: FrozenClock, records: Records
) -> None:
    store = open_state(f"sqlite:///{tmp_path}/state.db", clock)
    rounds: list[float] = []
    now = int(clock.now())
    duties = [Duty(str(at), "portal", "ada", "lineage", "signed_out", at) for at in (now, now - 1)]
    records.logouts.owe([(duty, now) for duty in duties])
    keeping = keeper(store, records, clock, lambda: rounds.append(clock.now()))
    clock.advance(KEEP_LOGOUTS_SECONDS)
    assert keeping.tick()
    assert keeping.tick()
    assert [line.duty for line in records.logouts.search()] == duties[:1]
    assert rounds == [now + KEEP_LOGOUTS_SECONDS], "once a second"
    assert not keeper(store, records, clock, lambda: rounds.append(0), "another")._leads()
    store.close()


def test_the_housekeeper_outlives_an_outage_and_loses_nothing(
    redis_server: RedisServer, clock: FrozenClock, records: Records, caplog: pytest.LogCaptureFixture
) -> None:
    store = open_state(redis_server.url, clock)
    drain(store)
    keeping = keeper(store, records, clock)
    assert keeping.tick()
    redis_server.kill()
    assert not keeping.tick()
    clock.advance(10)
    assert not keeping.tick()
    assert [record.reason for record in caplog.records] == ["state_away"]
    redis_server.start()
    store.queue("0", [event(clock.now(), 1)])
    assert keeping.tick()
    assert [record.reason for record in caplog.records] == ["state_away", "state_back"]
    assert counts(records) == [1]
    store.close()
