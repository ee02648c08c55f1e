"""RFC 7009: a client gives a token back."""

import pytest

from tests.support.answers import token_refused
from tests.support.known import Known, acquainted
from tests.support.provider import ISSUER, Provider, Registered

SCOPE = "openid profile offline_access"


def revoke(
    provider: Provider, client: Registered, headers: dict[str, str] | None = None, **fields: str
) -> tuple[int, object]:
    answer = provider.machine().post(
        "/revoke", base_url=ISSUER, data=fields, headers=client.basic if headers is None else headers
    )
    return answer.status_code, answer.get_json()


def refreshed(known: Known, refresh_token: str) -> int:
    fields = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    return known.provider.token(known.client, fields).status_code


@pytest.mark.parametrize("hint", ["", "access_token", "refresh_token", "x"])
def test_rfc7009_2_1_an_access_token_ends_alone(known: Known, hint: str) -> None:
    first, second = known.tokens()["access_token"], known.tokens()["access_token"]
    assert revoke(known.provider, known.client, token=first, token_type_hint=hint) == (200, {})
    assert [known.provider.userinfo(token).status_code for token in (first, second)] == [401, 200]
    assert known.code()


@pytest.mark.parametrize("hint", ["", "access_token"])
def test_rfc7009_2_1_a_refresh_token_ends_its_family_and_what_came_of_it(provider: Provider, hint: str) -> None:
    known = acquainted(provider, scope=SCOPE)
    first, other = known.tokens(scope=SCOPE), known.tokens(scope=SCOPE)
    fields = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    second = provider.token(known.client, fields).get_json()
    assert revoke(provider, known.client, token=second["refresh_token"], token_type_hint=hint) == (200, {})
    assert [provider.userinfo(told["access_token"]).status_code for told in (first, second, other)] == [401, 401, 200]
    assert [refreshed(known, told["refresh_token"]) for told in (second, other)] == [400, 200]


def test_rfc7009_2_1_an_access_token_of_a_family_ends_alone(provider: Provider) -> None:
    known = acquainted(provider, scope=SCOPE)
    first = known.tokens(scope=SCOPE)
    fields = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    second = provider.token(known.client, fields).get_json()
    assert revoke(provider, known.client, token=second["access_token"]) == (200, {})
    assert [provider.userinfo(told["access_token"]).status_code for told in (first, second)] == [200, 401]
    assert refreshed(known, second["refresh_token"]) == 200


def test_rfc7009_2_1_another_clients_token_stays_and_the_answer_tells_nothing(provider: Provider) -> None:
    known, thief = acquainted(provider, scope=SCOPE), provider.client()
    told = known.tokens(scope=SCOPE)
    for token in (told["access_token"], told["refresh_token"]):
        assert revoke(provider, thief, token=token) == (200, {})
    assert provider.userinfo(told["access_token"]).status_code == 200
    assert refreshed(known, told["refresh_token"]) == 200


@pytest.mark.parametrize("token", ["x", "0" * 44, f"{'0' * 44}.{'0' * 32}", "\N{SNOWMAN}", " "])
def test_rfc7009_2_2_an_unknown_token_is_no_error(known: Known, token: str) -> None:
    assert revoke(known.provider, known.client, token=token) == (200, {})


def test_rfc7009_2_1_twice_is_once(known: Known) -> None:
    token = known.tokens()["access_token"]
    assert [revoke(known.provider, known.client, token=token) for _ in range(2)] == [(200, {})] * 2


def test_rfc7009_2_1_a_public_client_gives_back_its_own(provider: Provider) -> None:
    known = acquainted(provider, token_endpoint_auth_method="none")
    token = known.tokens()["access_token"]
    assert revoke(provider, known.client, {}, token=token, client_id=known.client.id) == (200, {})
    assert provider.userinfo(token).status_code == 401


def test_rfc7009_2_1_and_2_2_1_bad_requests_have_their_errors(known: Known) -> None:
    machine = known.provider.machine()
    token = known.tokens()["access_token"]
    token_refused(machine.post("/revoke", base_url=ISSUER, data={}, headers=known.client.basic), "invalid_request")
    twice = {"token": [token, token]}
    token_refused(machine.post("/revoke", base_url=ISSUER, data=twice, headers=known.client.basic), "invalid_request")
    unproved = machine.post("/revoke", base_url=ISSUER, data={"token": token})
    token_refused(unproved, "invalid_client", 401)
    assert unproved.headers["WWW-Authenticate"].startswith("Basic ")
    assert machine.get("/revoke", base_url=ISSUER, query_string={"token": token}).status_code == 405
    assert known.provider.userinfo(token).status_code == 200
