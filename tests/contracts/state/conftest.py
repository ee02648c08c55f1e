"""The state stores under contract: each test that asks for `state` runs over SQLite, one Redis and a cluster of three.

`elapse` lets time pass: the embedded store's clock is told to, Redis keeps its own and is waited for.
"""

import itertools
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from idp.secrets import digest
from idp.storage.open import open_state
from idp.storage.state import Key, StateStore
from tests.support.clock import FrozenClock
from tests.support.state_worker import drain

_numbers = itertools.count()


@pytest.fixture
def embedded_state_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'state.sqlite'}"


@pytest.fixture(params=["embedded_state_url", "redis_url", "redis_cluster_url"], ids=["embedded", "redis", "cluster"])
def state_url(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue(request.param)
    return url


@pytest.fixture
def state(state_url: str, clock: FrozenClock) -> Iterator[StateStore]:
    """An open store with an empty outbox."""
    store = open_state(state_url, clock)
    drain(store)
    yield store
    store.close()


@pytest.fixture
def elapse(state_url: str, clock: FrozenClock) -> Callable[[float], None]:
    return clock.advance if state_url.startswith("sqlite") else time.sleep


@pytest.fixture
def fresh() -> Callable[[str], Key]:
    """A key of that kind that no other test has."""
    return lambda kind: Key("a", kind, digest(f"{time.time_ns()} {next(_numbers)}"))
