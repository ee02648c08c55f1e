"""A store goes away in the middle of a load and comes back: clear refusals, no wrong answer, nothing that hangs, and
recovery by itself. Real servers, real Redis, real PostgreSQL."""

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import pytest

from idp.storage.records.upgrade import upgrade
from idp.vault.master_keys import ensure_key_file
from tests.support.load import REFUSED, Load, Seen, Watching
from tests.support.parallel import together
from tests.support.postgres_service import PostgresServer
from tests.support.processes import wait_until
from tests.support.randomness import CountingRandomness
from tests.support.redis_service import RedisServer
from tests.support.serving import Served, ready, served

PEOPLE = 6
LONGEST = 5.0
"""Seconds that an answer may take, whatever happens."""
MOVED = 2.0
"""After this long, an event is in SQL."""
SETTLED = 0.3
"""After this long, what was on its way when the store went is answered."""


@contextmanager
def under_load(running: Served) -> Iterator[Load]:
    people = [running.provider.citizen() for _ in range(PEOPLE)]
    load = Load(running, people, running.provider.client(), Watching(running.proxy.port))
    load.start()
    try:
        yield load
    finally:
        load.stop()


def outage(
    load: Load, running: Served, away: Callable[[], None], back: Callable[[], None], seconds: float
) -> list[Seen]:
    """Let it work, take the store away for a while, and see everything well again; gives what was seen without it."""
    wait_until(lambda: len(load.hops) > 20 and len(load.arrivals) > 10, running.process, seconds=60)
    time.sleep(MOVED)
    away()
    gone = time.monotonic()
    time.sleep(seconds)
    until = time.monotonic()
    back()
    before = len(load.hops)
    wait_until(lambda: ready(running.proxy), running.process, seconds=20)
    wait_until(lambda: len(load.hops) > before + 20, running.process, seconds=30)
    load.stop()
    assert not load.wrong, load.wrong
    assert not [seen for seen in load.watching.seen if seen.status == 500]
    slow = [seen for seen in load.watching.seen if seen.seconds > LONGEST]
    assert not slow, slow[0]
    for seen in load.watching.seen:
        assert seen.status != 503 or seen.is_clear_refusal, seen
        assert seen.status != REFUSED or gone < seen.at + seen.seconds, seen
    return [seen for seen in load.watching.seen if gone + SETTLED < seen.at and seen.at + seen.seconds < until]


def test_redis_killed_in_the_middle_of_a_load(tmp_path: Path, redis_server: RedisServer) -> None:
    redis_server.start()
    with served(tmp_path, IDP_STATE_URL=redis_server.url) as running, under_load(running) as load:
        workers = running.workers()
        killed: list[float] = []

        def kill() -> None:
            killed.append(time.monotonic())
            redis_server.kill()

        meanwhile = outage(load, running, kill, redis_server.start, seconds=3)
        assert len(meanwhile) > 20
        assert {seen.status for seen in meanwhile} == {503}
        assert {"/authorize"} <= {seen.path for seen in meanwhile}
        assert running.workers() == workers  # nobody had to be started again
        _are_all_in_sql(running, Counter(who for at, who in load.arrivals if at < killed[0] - MOVED))


def test_a_token_request_meanwhile_is_temporarily_unavailable(tmp_path: Path, redis_server: RedisServer) -> None:
    redis_server.start()
    with served(tmp_path, workers=1, IDP_STATE_URL=redis_server.url) as running:
        client, visitor = running.provider.client(), running.provider.visitor()
        visitor.arrive(client, running.provider.citizen())
        code = visitor.hop(client)["code"]
        redis_server.kill()
        refused = running.provider.token(client, client.exchange(code))
        assert (refused.status_code, refused.json["error"]) == (503, "temporarily_unavailable")
        assert refused.headers["Retry-After"]
        assert running.get("/healthz").status == 200
        unready = running.get("/readyz")
        assert (unready.status, unready.json) == (503, {"status": "unavailable", "store": "state"})
        page = visitor.get("/")
        assert page.status_code == 503
        assert 'idp_store_failures_total{store="state"}' in running.get("/metrics").text
        redis_server.start()
        # what Redis forgot is gone for good, and nobody is told that it works
        assert running.provider.token(client, client.exchange(code)).json["error"] == "invalid_grant"


def test_redis_that_hangs_holds_nobody_up_and_forgets_nothing(tmp_path: Path, redis_server: RedisServer) -> None:
    redis_server.start()
    assert redis_server.process
    process = redis_server.process.popen
    with served(tmp_path, IDP_STATE_URL=redis_server.url) as running, under_load(running) as load:
        hung, awake = lambda: os.kill(process.pid, signal.SIGSTOP), lambda: os.kill(process.pid, signal.SIGCONT)
        try:
            meanwhile = outage(load, running, hung, awake, seconds=5)
        finally:
            awake()
        assert {seen.status for seen in meanwhile} == {503}
        _are_all_in_sql(running, Counter(who for _, who in load.arrivals))


def test_a_crowd_before_a_redis_that_hangs_is_told_at_once(tmp_path: Path, redis_server: RedisServer) -> None:
    """More callers than a worker has threads: else each would wait for all those before it."""
    redis_server.start()
    assert redis_server.process
    with served(tmp_path, workers=1, IDP_STATE_URL=redis_server.url) as running:
        client = running.provider.client()
        target = "/authorize?" + urlencode(client.request())
        assert running.get(target).status == 303
        os.kill(redis_server.process.popen.pid, signal.SIGSTOP)
        try:
            answers = together([lambda: _timed(running, target)] * 80)
        finally:
            os.kill(redis_server.process.popen.pid, signal.SIGCONT)
        assert {answer if isinstance(answer, Exception) else answer[0] for answer in answers} == {503}
        assert max(answer[1] for answer in answers if not isinstance(answer, Exception)) < LONGEST
        wait_until(lambda: running.get(target).status == 303, running.process, seconds=5)


def _timed(running: Served, target: str) -> tuple[int, float]:
    began = time.monotonic()
    return running.get(target).status, time.monotonic() - began


def test_postgresql_restarted_in_the_middle_of_a_load(
    tmp_path: Path, postgres_server: PostgresServer, postgres_url: str, redis_server: RedisServer
) -> None:
    redis_server.start()
    upgrade(postgres_url)
    ensure_key_file(tmp_path / "master.key", CountingRandomness(), 0)
    stores = {"IDP_STATE_URL": redis_server.url, "IDP_RECORDS_URL": postgres_url}
    with served(tmp_path, **stores) as running, under_load(running) as load:
        workers = running.workers()
        try:
            meanwhile = outage(load, running, postgres_server.kill, postgres_server.start, seconds=3)
        finally:
            postgres_server.start()
        needs_records = [
            seen for seen in meanwhile if (seen.method, seen.path) in {("GET", "/userinfo"), ("POST", "/login")}
        ]
        assert needs_records
        assert {seen.status for seen in needs_records} == {503}
        assert running.workers() == workers
        _are_all_in_sql(running, Counter(who for _, who in load.arrivals))


def test_a_worker_that_starts_without_a_store_waits_for_it(tmp_path: Path, redis_server: RedisServer) -> None:
    redis_server.start()
    with served(tmp_path, workers=1, IDP_STATE_URL=redis_server.url) as running:
        redis_server.kill()
        (worker,) = running.workers()
        os.kill(worker, signal.SIGKILL)
        wait_until(lambda: running.workers() not in ([], [worker]), running.process, seconds=30)
        assert running.get("/healthz").status == 200
        redis_server.start()
        wait_until(lambda: ready(running.proxy), running.process, seconds=20)
        client, visitor = running.provider.client(), running.provider.visitor()
        assert visitor.arrive(client, running.provider.citizen())["code"]


def _are_all_in_sql(running: Served, expected: Counter[str]) -> None:
    """The trail has every sign-in that somebody was told of."""
    audit = running.provider.services.records.audit

    def missing() -> Counter[str]:
        stored = audit.search(event="login:success", limit=100_000)
        return expected - Counter(str(each.event.citizen_id) for each in stored)

    assert expected
    wait_until(lambda: not missing(), running.process, seconds=20)


@pytest.fixture(autouse=True)
def redis_is_back(redis_server: RedisServer) -> Iterator[None]:
    """Others use it after us."""
    yield
    redis_server.start()
