"""RFC 7662: what an access token is good for, told to the client it was issued to."""

from typing import Any

import pytest

from tests.support.answers import token_refused
from tests.support.known import Known, acquainted
from tests.support.provider import ISSUER, Provider, Registered

SCOPE = "openid profile offline_access"
INACTIVE = {"active": False}


def introspect(provider: Provider, client: Registered, token: str, **fields: str) -> Any:
    answer = provider.machine().post(
        "/introspect", base_url=ISSUER, data={"token": token} | fields, headers=client.basic
    )
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    return answer.get_json()


def test_rfc7662_2_2_every_member_and_no_other(provider: Provider) -> None:
    known = acquainted(provider)
    told = known.tokens()
    provider.clock.advance(100)
    sub = provider.userinfo(told["access_token"]).get_json()["sub"]
    for hint in ({}, {"token_type_hint": "refresh_token"}):
        assert introspect(provider, known.client, told["access_token"], **hint) == {
            "active": True,
            "scope": "openid profile",
            "client_id": known.client.id,
            "token_type": "Bearer",
            "exp": int(provider.clock.now()) + told["expires_in"] - 100,
            "sub": sub,
            "aud": known.client.id,
            "iss": ISSUER,
        }


def test_rfc7662_2_2_the_token_of_a_refresh(provider: Provider) -> None:
    known = acquainted(provider, scope=SCOPE)
    first = known.tokens(scope=SCOPE)
    fields = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"], "scope": "openid"}
    second = provider.token(known.client, fields).get_json()
    found = [introspect(provider, known.client, told["access_token"]) for told in (first, second)]
    assert [each["scope"] for each in found] == [SCOPE, "openid"]
    assert found[0]["sub"] == found[1]["sub"]


def test_rfc7662_2_2_whatever_has_ended_is_inactive(provider: Provider) -> None:
    known = acquainted(provider)
    expired = known.tokens()
    provider.clock.advance(expired["expires_in"])
    assert introspect(provider, known.client, expired["access_token"]) == INACTIVE
    token = known.tokens()["access_token"]
    known.visitor.submit(known.visitor.get("/logout"), "decision", decision="allow")
    assert introspect(provider, known.client, token) == INACTIVE


def test_rfc7662_4_another_clients_token_is_inactive(known: Known) -> None:
    assert introspect(known.provider, known.provider.client(), known.tokens()["access_token"]) == INACTIVE


@pytest.mark.parametrize("token", ["x", "\N{SNOWMAN}", "0" * 44])
def test_rfc7662_2_2_an_unknown_token_is_inactive(known: Known, token: str) -> None:
    assert introspect(known.provider, known.client, token) == INACTIVE


def test_a_refresh_token_and_an_id_token_are_no_access_tokens(provider: Provider) -> None:
    known = acquainted(provider, scope=SCOPE)
    told = known.tokens(scope=SCOPE)
    for token in (told["refresh_token"], told["id_token"], known.code(scope=SCOPE)):
        assert introspect(provider, known.client, token) == INACTIVE


def test_rfc7662_2_1_who_asks_must_be_proved(provider: Provider) -> None:
    known = acquainted(provider, token_endpoint_auth_method="none")
    token = known.tokens()["access_token"]
    for fields in ({}, {"client_id": known.client.id}):
        answer = provider.machine().post("/introspect", base_url=ISSUER, data={"token": token} | fields)
        token_refused(answer, "invalid_client", 401)


def test_rfc7662_2_1_token_is_required_once(known: Known) -> None:
    for fields in ({}, {"token": ["a", "b"]}):
        answer = known.provider.machine().post("/introspect", base_url=ISSUER, data=fields, headers=known.client.basic)
        token_refused(answer, "invalid_request")
