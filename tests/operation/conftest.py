"""An issuer for the demo's portals, and a browser at one of them."""

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from tests.support.demo_portal import portal
from tests.support.issuer import Issuer, issuer


@pytest.fixture(scope="module")
def issuer_of_portals() -> Iterator[Issuer]:
    with issuer() as told:
        yield told


@pytest.fixture
def told(issuer_of_portals: Issuer) -> Issuer:
    """Honest at the start of each test."""
    honest = issuer_of_portals
    honest.id_token, honest.userinfo, honest.metadata, honest.signed_by = {}, {}, {}, "RS256"
    honest.forged = str
    honest.token_requests.clear()
    return honest


@pytest.fixture
def portal_browser(told: Issuer) -> FlaskClient:
    return portal(told)
