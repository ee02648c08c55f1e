"""The private services themselves: a suite that runs over a broken service proves nothing."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
import redis
from playwright.sync_api import Error, Page
from redis.cluster import RedisCluster
from redis.sentinel import Sentinel

from tests.support.clock import FrozenClock
from tests.support.postgres_service import PostgresServer
from tests.support.processes import free_port, program
from tests.support.randomness import CountingRandomness
from tests.support.redis_service import RedisServer


def test_redis_answers_dies_and_comes_back_empty(redis_server: RedisServer) -> None:
    client = redis_server.client()
    client.set("kept", "no")
    redis_server.kill()
    with pytest.raises(redis.ConnectionError):
        redis.Redis(port=redis_server.port, retry=None).get("kept")
    redis_server.start()
    assert redis_server.client().get("kept") is None


def test_sentinel_names_the_master(redis_sentinel_url: str) -> None:
    address, service, _ = redis_sentinel_url.removeprefix("redis+sentinel://").split("/")
    host, port = address.split(":")
    master = Sentinel([(host, int(port))]).master_for(service)
    assert master.set("a", "1")


def test_cluster_has_three_masters_that_hold_all_slots(redis_cluster_url: str) -> None:
    host, port = redis_cluster_url.removeprefix("redis+cluster://").split(":")
    with RedisCluster(host=host, port=int(port), decode_responses=True) as cluster:
        assert len(cluster.get_primaries()) == 3
        for number in range(50):
            cluster.set(f"key{number}", number)
        assert [cluster.get(f"key{number}") for number in range(50)] == [str(number) for number in range(50)]


def test_postgres_gives_fresh_databases_and_copies(postgres_server: PostgresServer) -> None:
    original = postgres_server.create_database()
    with psycopg.connect(original.replace("+psycopg", "")) as connection:
        connection.execute("CREATE TABLE kept (name text)")
    copy, empty = postgres_server.create_database(original), postgres_server.create_database()
    for url, tables in ((copy, 1), (empty, 0)):
        with psycopg.connect(url.replace("+psycopg", "")) as connection:
            counted = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
        assert counted == (tables,)
    for url in (original, copy, empty):
        postgres_server.drop_database(url)


def test_browser_shows_a_page_and_reaches_nothing_else(page: Page) -> None:
    page.goto("data:text/html;charset=utf-8,<h1>登录</h1>")
    assert page.inner_text("h1") == "登录"
    assert page.evaluate("navigator.language") == "zh-CN"
    with pytest.raises(Error, match="ERR_NAME_NOT_RESOLVED"):
        page.goto("http://portal.example/")


def test_services_end_with_the_tests_even_when_those_are_killed(tmp_path: Path) -> None:
    program("redis-server", package="redis-server")
    script = (
        "import sys, time; from tests.support.redis_service import redis_server\n"
        "with redis_server() as server: print(server.process.popen.pid, flush=True); time.sleep(60)"
    )
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, env=environment) as run:
        assert run.stdout
        service = int(run.stdout.readline())
        run.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 10
    while _alive(service):
        assert time.monotonic() < deadline, "redis-server outlived its test run"
        time.sleep(0.05)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


def test_ports_are_distinct() -> None:
    ports = [free_port() for _ in range(50)]
    assert len(set(ports)) == 50


def test_clock_stands_until_told(clock: FrozenClock) -> None:
    before = clock.now()
    clock.advance(1.5)
    assert clock.now() - before == 1.5


def test_randomness_repeats_between_runs_and_never_within_one() -> None:
    one, other = CountingRandomness(), CountingRandomness()
    values = [one.bytes(32) for _ in range(100)]
    assert values == [other.bytes(32) for _ in range(100)]
    assert len(set(values)) == 100
    assert len(one.bytes(100)) == 100
