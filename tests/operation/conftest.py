"""An issuer for the demo's portals, and a browser at one of them."""

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from tests.support.demo_portal import portal
from tests.support.issuer import Issuer, issuer


@pytest.fixture(scope="module")
def running() -> Iterator[Issuer]:
    with issuer() as told:
        yield told


@pytest.fixture
def told(running: Issuer) -> Issuer:
    """Honest at the start of each test."""
    running.id_token, running.userinfo, running.metadata, running.signed_by = {}, {}, {}, "RS256"
    running.token_requests.clear()
    return running


@pytest.fixture
def browser(told: Issuer) -> FlaskClient:
    return portal(told)
