"""`provider_on_redis`: a provider whose state is in Redis, where parallel callers matter."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.clock import FrozenClock
from tests.support.provider import Provider, running_provider, settings_for
from tests.support.redis_service import RedisServer


@pytest.fixture
def provider_on_redis(tmp_path: Path, clock: FrozenClock, redis_server: RedisServer) -> Iterator[Provider]:
    redis_server.start()
    redis_server.flush()
    with running_provider(settings_for(tmp_path, IDP_STATE_URL=redis_server.url), clock) as running:
        yield running
