"""Redis moves while it is used: a Sentinel makes another server master, a cluster moves slots. No worker restarts."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence

import pytest
import redis

from idp.clock import SystemClock
from idp.storage.open import open_state
from idp.storage.state import Key, Replayed, StateStore, StateUnavailable
from tests.support.redis_service import RedisServer, Replicated, cluster_masters, redis_replicated

RECOVERY_SECONDS = 20


@pytest.fixture
def replicated() -> Iterator[Replicated]:
    with redis_replicated() as running:
        yield running


@pytest.fixture
def masters() -> Iterator[Sequence[RedisServer]]:
    with cluster_masters() as running:
        yield running


def until_it_works(verb: Callable[[], object]) -> object:
    """What a worker would see: `StateUnavailable` for a while, nothing else, and then an answer."""
    deadline = time.monotonic() + RECOVERY_SECONDS
    while True:
        try:
            return verb()
        except StateUnavailable:
            assert time.monotonic() < deadline, "no recovery"
            time.sleep(0.1)


@pytest.mark.slow
def test_a_sentinel_makes_the_replica_master_and_nothing_stored_is_lost(replicated: Replicated) -> None:
    state = open_state(replicated.url, SystemClock())
    key = Key("0", "entry", "kept")
    state.put(key, b"value", 600)
    with replicated.first.client() as client:
        client.execute_command("WAIT", 1, 2000)
    with replicated.sentinel.client() as client:
        client.execute_command("SENTINEL", "FAILOVER", "mymaster")
    deadline = time.monotonic() + RECOVERY_SECONDS
    while replicated.master_port() != replicated.second.port:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert until_it_works(lambda: state.replace(key, b"value", b"newer", 600)) is None
    assert state.get(key) == b"newer"
    with replicated.second.client() as client:
        assert client.info("replication")["role"] == "master"
    state.close()


@pytest.mark.slow
def test_a_master_that_dies_is_replaced_while_codes_are_taken(replicated: Replicated) -> None:
    state = open_state(replicated.url, SystemClock())
    until_it_works(lambda: state.put(Key("0", "code", "before"), b"record", 600))
    with replicated.first.client() as client:
        client.execute_command("WAIT", 1, 2000)
    replicated.first.kill()
    taken = until_it_works(lambda: state.take_once(Key("0", "code", "before"), "mine", b"marker", 60))
    assert taken is not None
    with pytest.raises(Replayed):
        state.take_once(Key("0", "code", "before"), "other", b"marker", 60)
    assert replicated.master_port() == replicated.second.port
    state.close()


@pytest.mark.slow
def test_slots_move_between_masters_under_load_and_every_code_is_taken_once(masters: Sequence[RedisServer]) -> None:
    state = open_state(f"redis+cluster://127.0.0.1:{masters[0].port}", SystemClock())
    keys = [Key(f"{number % 16:x}", "code", f"code-{number}") for number in range(400)]
    for key in keys:
        state.put(key, b"record", 600)
    outcomes: list[str] = []

    def take(some: Sequence[Key]) -> None:
        for key in some:
            until_it_works(lambda key=key: outcomes.append(_taken(state, key)))  # type: ignore[misc]
            time.sleep(0.005)

    threads = [threading.Thread(target=take, args=(keys[start::4] + keys[start::4],)) for start in range(4)]
    for thread in threads:
        thread.start()
    _move_all_slots(masters[0], masters[1], masters)
    for thread in threads:
        thread.join()
    assert outcomes.count("taken") == len(keys)
    assert outcomes.count("replayed") == len(keys)
    with masters[0].client() as emptied:
        assert emptied.dbsize() == 0
    state.close()


def _taken(state: StateStore, key: Key) -> str:
    try:
        state.take_once(key, f"{threading.get_ident()}-{time.monotonic_ns()}", b"marker", 600)
    except Replayed:
        return "replayed"
    return "taken"


def _move_all_slots(source: RedisServer, target: RedisServer, masters: Sequence[RedisServer]) -> None:
    """As `redis-cli --cluster reshard` does it: a slot is on its way, its keys go one by one, then all are told."""
    with source.client() as old, target.client() as new:
        ids = {"old": old.execute_command("CLUSTER MYID"), "new": new.execute_command("CLUSTER MYID")}
        held = [slot for slot in range(16_384 // 3 + 1) if old.execute_command("CLUSTER COUNTKEYSINSLOT", slot)]
        assert held
        for slot in held:
            new.execute_command("CLUSTER SETSLOT", slot, "IMPORTING", ids["old"])
            old.execute_command("CLUSTER SETSLOT", slot, "MIGRATING", ids["new"])
            while names := old.execute_command("CLUSTER GETKEYSINSLOT", slot, 5):
                old.execute_command("MIGRATE", "127.0.0.1", target.port, "", 0, 2000, "KEYS", *names)
            for master in masters:
                _tell(master, slot, ids["new"])


def _tell(master: RedisServer, slot: int, owner: str) -> None:
    with redis.Redis(port=master.port, decode_responses=True) as client:
        client.execute_command("CLUSTER SETSLOT", slot, "NODE", owner)
