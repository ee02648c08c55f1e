"""Redis on the wire: one round trip a verb, answers that get lost, scripts that are forgotten, a server that dies."""

import threading
import time
from collections.abc import Iterator

import pytest

from idp.clock import SystemClock
from idp.storage.open import open_state
from idp.storage.state import (
    Gone,
    Guard,
    Issued,
    Key,
    Lane,
    StateStore,
    StateUnavailable,
    Throttled,
)
from tests.support.lossy_proxy import LossyProxy, lossy_proxy
from tests.support.redis_service import RedisServer
from tests.support.redis_service import redis_server as running_redis
from tests.support.state_verbs import TOLD, verbs
from tests.support.state_worker import Fresh, drain, open_simply


@pytest.fixture
def proxy(redis_server: RedisServer) -> Iterator[LossyProxy]:
    redis_server.start()
    with lossy_proxy(redis_server.port) as running:
        yield running


@pytest.fixture
def state(proxy: LossyProxy) -> Iterator[StateStore]:
    store = open_state(f"redis://127.0.0.1:{proxy.port}/0", SystemClock())
    drain(store)
    yield store
    store.close()


def test_each_verb_costs_one_round_trip(state: StateStore, proxy: LossyProxy, fresh: Fresh) -> None:
    for call in verbs(state, fresh).values():
        call()  # now every script is known to the server
    waiting = state.queued(1000)
    assert len({queued.shard for queued in waiting}) == 2
    state.dequeue(waiting)  # it may be done twice
    counts = {}
    for name, call in (verbs(state, fresh) | {"dequeue": lambda: state.dequeue(waiting)}).items():
        before = proxy.commands
        call()
        counts[name] = proxy.commands - before
    assert counts == dict.fromkeys(counts, 1)


def test_everything_but_versions_and_the_outbox_has_a_time_to_live(
    state: StateStore, redis_server: RedisServer, fresh: Fresh
) -> None:
    redis_server.flush()
    for call in verbs(state, fresh).values():
        call()
    with redis_server.client() as client:
        names = list(client.scan_iter(count=1000))
        assert {name.partition(":")[0] for name in names} >= {
            "s",
            "ended-s",
            "owner",
            "access",
            "code",
            "entry",
            "step",
            "lane",
            "lease",
        }
        lasting = {name.partition(":")[0] for name in names if client.ttl(name) < 0}
    assert lasting == {"version", "outbox"}


@pytest.mark.parametrize(
    "verb",
    [
        "put",
        "delete",
        "replace",
        "take_once",
        "advance",
        "admit",
        "open_session",
        "load_session",
        "set_fields",
        "end_session",
        "issue_under",
        "put_under",
        "read_under",
        "outlive",
        "bury",
        "lease",
    ],
)
def test_a_command_whose_answer_was_lost_is_sent_again_and_does_not_meet_itself(
    state: StateStore, proxy: LossyProxy, fresh: Fresh, verb: str
) -> None:
    unharmed, harmed = verbs(state, fresh), verbs(state, fresh)
    for name in unharmed:
        if name == verb:
            break
        unharmed[name]()
        harmed[name]()
    expected = unharmed[verb]()
    proxy.lose(1)
    assert harmed[verb]() == expected
    assert expected is not False


def test_a_code_taken_with_a_lost_answer_is_a_replay_for_others_alone(
    state: StateStore, proxy: LossyProxy, fresh: Fresh
) -> None:
    code = fresh("code")
    state.put(code, b"record", 60)
    proxy.lose(1)
    assert state.take_once(code, "mine", b"marker", 60).value == b"record"
    with pytest.raises(Exception, match="used before"):
        state.take_once(code, "theirs", b"", 60)


def test_an_attempt_that_was_counted_with_a_lost_answer_is_counted_once(
    state: StateStore, proxy: LossyProxy, fresh: Fresh
) -> None:
    lanes = [Lane(fresh("lane"), 2, 60, 60, 60)]
    proxy.lose(1)
    state.admit(lanes, 1000.0)
    state.admit(lanes, 1000.0)
    with pytest.raises(Throttled):
        state.admit(lanes, 1000.0)


def test_a_session_ended_with_a_lost_answer_tells_its_event_once(
    state: StateStore, proxy: LossyProxy, fresh: Fresh
) -> None:
    session = fresh("session")
    open_simply(state, session)
    proxy.lose(1)
    assert state.end_session(session, TOLD[:1]) == {"head": b"h"}
    assert state.end_session(session, TOLD[:1]) == {}
    assert len(drain(state)) == 1


def test_two_lost_answers_are_one_failure_and_the_next_call_works(
    state: StateStore, proxy: LossyProxy, fresh: Fresh
) -> None:
    proxy.lose(2)
    with pytest.raises(StateUnavailable):
        state.advance(fresh("mark"), 1, 60)
    state.advance(fresh("mark"), 1, 60)


def test_what_is_no_answer_of_redis_is_unavailable_and_the_next_call_works(
    state: StateStore, proxy: LossyProxy, fresh: Fresh
) -> None:
    key = fresh("entry")
    state.put(key, b"value", 60)
    proxy.spoiled = lambda _: b"HTTP/1.1 502 Bad Gateway\r\n\r\n"
    with pytest.raises(StateUnavailable, match="InvalidResponse"):
        state.get(key)
    proxy.spoiled = bytes
    assert state.get(key) == b"value"


def test_what_came_beside_an_answer_meets_no_other_question(state: StateStore, proxy: LossyProxy, fresh: Fresh) -> None:
    mine, theirs = fresh("entry"), fresh("entry")
    state.put(mine, b"mine", 60)
    state.put(theirs, b"theirs", 60)
    proxy.spoiled = lambda answer: answer * 2
    with pytest.raises(StateUnavailable, match="InvalidResponse"):
        state.get(mine)
    proxy.spoiled = bytes
    assert state.get(theirs) == b"theirs"


def test_scripts_that_the_server_forgot_are_sent_again(
    state: StateStore, redis_server: RedisServer, fresh: Fresh
) -> None:
    session = fresh("session")
    open_simply(state, session)
    redis_server.command("SCRIPT", "FLUSH")
    assert state.load_session(session, 60) == {"head": b"h"}
    redis_server.command("SCRIPT", "FLUSH")
    assert isinstance(state.issue_under(session, Guard(), fresh("code"), b"r", 60, 60), Issued)


def test_a_server_that_refuses_is_unavailable(redis_server: RedisServer, fresh: Fresh) -> None:
    store = open_state(redis_server.url, SystemClock())
    redis_server.command("REPLICAOF", "127.0.0.1", 1)
    try:
        with pytest.raises(StateUnavailable, match="ReadOnlyError"):
            store.put(fresh("entry"), b"value", 60)
    finally:
        redis_server.command("REPLICAOF", "NO", "ONE")
    store.put(fresh("entry"), b"value", 60)
    redis_server.command("CONFIG", "SET", "maxmemory", 1)
    try:
        with pytest.raises(StateUnavailable, match="OutOfMemoryError"):
            store.advance(fresh("mark"), 1, 60)
    finally:
        redis_server.command("CONFIG", "SET", "maxmemory", 0)
    store.put(fresh("entry"), b"value", 60)
    store.close()


def test_a_silent_server_costs_two_seconds_and_not_more(redis_server: RedisServer, fresh: Fresh) -> None:
    store = open_state(redis_server.url, SystemClock())
    store.ping()
    redis_server.command("CLIENT", "PAUSE", 4000, "ALL")
    begun = time.monotonic()
    with pytest.raises(StateUnavailable, match="TimeoutError"):
        store.get(fresh("entry"))
    assert 1.5 < time.monotonic() - begun < 3.0
    time.sleep(4.0 - (time.monotonic() - begun))
    store.ping()
    store.close()


def test_a_wrong_password_is_unavailable_and_not_told(redis_server: RedisServer) -> None:
    store = open_state(f"redis://someone:geheim-7731@127.0.0.1:{redis_server.port}/0", SystemClock())
    with pytest.raises(StateUnavailable) as refused:
        store.ping()
    assert "geheim" not in str(refused.value)
    store.close()


@pytest.mark.slow
def test_redis_killed_in_the_middle_of_a_load_gives_no_wrong_answer_and_recovers() -> None:
    with running_redis() as server:
        store = open_state(server.url, SystemClock())
        store.ping()
        load = Load(store)
        load.run(1.0)
        server.kill()
        load.run(0.5)
        server.start()
        load.run(1.0)
        load.stop()
        store.close()
    assert load.wrong == []
    assert load.unavailable > 0
    assert min(load.last_success.values()) > load.begun + 1.6  # every caller works again


class Load:
    """Eight callers that write, read back and take, each its own entries, and note what cannot be right."""

    def __init__(self, store: StateStore) -> None:
        self.wrong: list[str] = []
        self.unavailable = 0
        self.begun = time.monotonic()
        self.last_success: dict[int, float] = {}
        self._store, self._running = store, True
        self._threads = [threading.Thread(target=self._work, args=(me,)) for me in range(8)]
        for thread in self._threads:
            thread.start()

    def run(self, seconds: float) -> None:
        time.sleep(seconds)

    def stop(self) -> None:
        self._running = False
        for thread in self._threads:
            thread.join()

    def _work(self, me: int) -> None:
        number = 0
        while self._running:
            number += 1
            try:
                self._once(me, Key("d", "load", f"{me}-{number}"), b"%d %d" % (me, number))
                self.last_success[me] = time.monotonic()
            except StateUnavailable:
                self.unavailable += 1
                time.sleep(0.01)
            except Exception as error:
                self.wrong.append(repr(error))

    def _once(self, me: int, key: Key, value: bytes) -> None:
        self._store.put(key, value, 60)
        if (read := self._store.get(key)) not in {value, None}:
            self.wrong.append(f"{me} read {read!r}")
        try:
            if (taken := self._store.take_once(key, "mine", b"", 60)).value != value:
                self.wrong.append(f"{me} took {taken.value!r}")
        except Gone:
            if time.monotonic() < self.begun + 0.9:
                self.wrong.append("gone although nothing was lost yet")
