"""A whole provider for a file whose tests leave it as it was. One for each test: `provider` of `tests/conftest.py`."""

from collections.abc import Iterator

import pytest

from tests.support.known import Known, acquainted
from tests.support.provider import Provider, running_provider, settings_for


@pytest.fixture(scope="module")
def shared_provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    with running_provider(settings_for(tmp_path_factory.mktemp("provider"))) as running:
        yield running


@pytest.fixture(scope="module")
def known(shared_provider: Provider) -> Known:
    return acquainted(shared_provider)
