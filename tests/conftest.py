"""The real parts tests ask for by name, each started once for a test process, on first use, and ended whatever happens.

redis_server, redis_url     one Redis; the object can be killed and started again
redis_sentinel_url          one master behind one Sentinel
redis_cluster_url           three masters
postgres_server             a PostgreSQL cluster; `create_database()` gives the URL of a fresh database
postgres_url                a fresh, empty database for one test
browser, page               Chromium; a page of a fresh profile, in Chinese
clock, randomness           time that stands, bytes that repeat
provider                    a whole provider in this process, on fresh embedded stores, at the time of `clock`
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from playwright.sync_api import Browser, Page

from tests.support.browser import chromium, chromium_browser, visitor
from tests.support.clock import FrozenClock
from tests.support.postgres_service import PostgresServer
from tests.support.postgres_service import postgres_server as running_postgres
from tests.support.provider import Provider, running_provider, settings_for
from tests.support.randomness import CountingRandomness
from tests.support.redis_service import RedisServer, redis_cluster, redis_sentinel
from tests.support.redis_service import redis_server as running_redis

# Two cores shared with servers and a browser make single examples slow at times, which says nothing about the code.
settings.register_profile("shared-cores", deadline=None)
settings.load_profile("shared-cores")


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Long texts go by their argument: they may be random, and two test processes must give the same names."""
    return argname if isinstance(val, str) and len(val) > 40 else None


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    with running_redis() as server:
        yield server


@pytest.fixture(scope="session")
def redis_url(redis_server: RedisServer) -> str:
    return redis_server.url


@pytest.fixture(scope="session")
def redis_sentinel_url() -> Iterator[str]:
    with redis_sentinel() as url:
        yield url


@pytest.fixture(scope="session")
def redis_cluster_url() -> Iterator[str]:
    with redis_cluster() as url:
        yield url


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    with running_postgres() as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    url = postgres_server.create_database()
    yield url
    postgres_server.drop_database(url)


@pytest.fixture(scope="session")
def chromium_path() -> Path:
    return chromium()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium_browser() as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with visitor(browser) as context:
        yield context.new_page()


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


@pytest.fixture
def randomness() -> CountingRandomness:
    return CountingRandomness()


@pytest.fixture
def provider(tmp_path: Path, clock: FrozenClock) -> Iterator[Provider]:
    with running_provider(settings_for(tmp_path), clock) as running:
        yield running
