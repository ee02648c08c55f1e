"""A whole provider for a file whose tests leave it as it was, and relying parties' servers that are told of sign-outs.
One provider for each test: `provider` of `tests/conftest.py`."""

from collections.abc import Iterator

import pytest

from tests.support.known import Known, acquainted
from tests.support.listener import Listener, listening
from tests.support.provider import Provider, running_provider, settings_for
from tests.support.saml_leaving import SoapEnd, soap_end


@pytest.fixture(scope="module")
def shared_provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    with running_provider(settings_for(tmp_path_factory.mktemp("provider"))) as running:
        yield running


@pytest.fixture(scope="module")
def known(shared_provider: Provider) -> Known:
    return acquainted(shared_provider)


@pytest.fixture
def listener() -> Iterator[Listener]:
    """A client's back channel."""
    with listening() as listener:
        yield listener


@pytest.fixture
def end() -> Iterator[SoapEnd]:
    """A service provider's SOAP endpoint."""
    with soap_end() as end:
        yield end
