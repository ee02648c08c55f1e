"""Whatever a browser can be led to ask, what is kept of it stays small (growth, and the time of others)."""

import itertools
import json

import pytest

from idp.sessions import LEGS_OF_CLIENT
from tests.support.cookies import cookie, silent
from tests.support.provider import Provider

NAMES = ("name", "birthdate", "gender", "email", "phone_number", "address")
SCOPE = "openid profile email phone address"


@pytest.fixture(params=["provider", "provider_on_redis"])
def anywhere(request: pytest.FixtureRequest) -> Provider:
    provider: Provider = request.getfixturevalue(request.param)
    return provider


def asking(names: tuple[str, ...]) -> str:
    return json.dumps({"userinfo": dict.fromkeys(names)})


def test_g_growth_requests_that_differ_in_order_alone_are_one(anywhere: Provider) -> None:
    client, person, visitor = anywhere.client(scope=SCOPE), anywhere.citizen(), anywhere.visitor()
    visitor.arrive(client, person, scope=SCOPE, claims=asking(NAMES))
    for order in itertools.islice(itertools.permutations(NAMES), 20):
        assert "code" in silent(visitor, client, scope=SCOPE, claims=asking(order))
    session = anywhere.services.sessions.load(cookie(visitor))
    assert session is not None
    assert len(session.legs) == 1


def test_g_growth_a_session_remembers_few_requests_of_a_client_and_answers_all(anywhere: Provider) -> None:
    client, other = anywhere.client(scope=SCOPE), anywhere.client()
    person, visitor = anywhere.citizen(), anywhere.visitor()
    visitor.arrive(other, person)
    visitor.allow(visitor.authorize(client, scope=SCOPE, claims=asking(NAMES)))
    subsets = [some for size in range(1, 6) for some in itertools.combinations(NAMES, size)]
    for names in subsets[: 3 * LEGS_OF_CLIENT]:
        assert "code" in silent(visitor, client, scope=SCOPE, claims=asking(names))
    session = anywhere.services.sessions.load(cookie(visitor))
    assert session is not None
    assert len(session.legs) <= LEGS_OF_CLIENT + 1
    assert set(session.clients()) == {client.id, other.id}
    assert "code" in silent(visitor, other)
