"""F. A token where another is meant: for another resource, another kind of token, a part of a token (RFC 8725, RFC
9068 section 4, RFC 9700 section 2.3)."""

import base64
import json

import pytest

from tests.support.answers import tokens
from tests.support.provider import ISSUER, Provider, Registered
from tests.support.resource_servers import (
    ASKED,
    RECORDS,
    TAXES,
    Platform,
    asker,
    introspected,
    machine,
    of_jwt,
    platform,
    resource_server,
    revoke,
)

INACTIVE = {"active": False}


@pytest.fixture(params=["opaque", "jwt"])
def records(request: pytest.FixtureRequest, provider: Provider) -> Platform:
    return platform(provider, token_format=request.param)


def other_asker(records: Platform) -> Registered:
    """As which the server of another resource introspects."""
    other = asker(records.provider)
    resource_server(records.provider, TAXES, "taxes:read", "taxes:file", introspection_client=other.id)
    return other


def test_f_a_token_for_one_resource_is_nothing_at_another(records: Platform) -> None:
    token, other = records.tokens()["access_token"], other_asker(records)
    assert introspected(records.provider, other, token) == INACTIVE
    assert records.seen(token)["aud"] == RECORDS


def test_f_a_token_for_a_resource_opens_nothing_at_userinfo(records: Platform) -> None:
    token = records.tokens()["access_token"]
    for text in (token, token.removesuffix(".r"), token.split(".")[0]):
        answer = records.provider.userinfo(text)
        assert (answer.status_code, answer.get_json()["error"]) == (401, "invalid_token")
    answer = records.provider.machine().post("/userinfo", base_url=ISSUER, data={"access_token": token})
    assert answer.status_code == 401


def test_f_a_token_for_userinfo_is_nothing_at_a_resource(records: Platform) -> None:
    token = records.tokens(resource=None)["access_token"]
    for text in (token, f"{token}.r"):
        assert records.seen(text) == INACTIVE


def test_f_no_other_token_is_an_access_token(records: Platform) -> None:
    told = records.tokens()
    code = records.known.code(**ASKED)
    texts = [told["id_token"], told["refresh_token"], code, f"{code}.r", told["refresh_token"].split(".")[0] + ".r"]
    for text in texts:
        assert records.seen(text) == INACTIVE
        assert introspected(records.provider, records.known.client, text) == INACTIVE
        assert records.provider.userinfo(text).status_code == 401


def test_f_an_access_token_is_no_id_token_hint_and_no_refresh_token(records: Platform) -> None:
    known, told = records.known, records.tokens()
    page = known.visitor.authorize(known.client, **(ASKED | {"id_token_hint": told["access_token"]}))
    assert "error=invalid_request" in page.location
    answer = known.visitor.get(f"/logout?id_token_hint={told['access_token']}")
    assert answer.status_code in (200, 400)
    assert records.seen(told["access_token"])["active"], "nobody was signed out"
    fields = {"grant_type": "refresh_token", "refresh_token": told["access_token"]}
    assert records.provider.token(known.client, fields).get_json()["error"] == "invalid_grant"


def test_f_parts_and_forgeries_of_a_jwt(provider: Provider) -> None:
    records = platform(provider, token_format="jwt")
    token = records.tokens()["access_token"]
    head, body, signature = token.split(".")
    header, claims = of_jwt(token)

    def part(members: dict[str, object]) -> str:
        return base64.urlsafe_b64encode(json.dumps(members).encode()).rstrip(b"=").decode()

    forged = [
        f"{part(header | {'alg': 'none'})}.{body}.",
        f"{head}.{body}.",
        f"{head}.{part(claims | {'aud': TAXES})}.{signature}",
        f"{head}.{part(claims | {'scope': 'records:read records:write'})}.{signature}",
        f"{part(header | {'typ': 'JWT'})}.{body}.{signature}",
        f"{part(header | {'kid': 'another'})}.{body}.{signature}",
        claims["jti"],
        f"{claims['jti']}.r",
        f"{token}.x",
        f"eyJ{'0' * 20_000}.x.y",
    ]
    for text in forged:
        assert records.seen(text) == INACTIVE
        revoke(provider, records.known.client, text)
    assert records.seen(token)["active"]


def test_f_another_client_neither_reads_nor_ends_a_token(records: Platform) -> None:
    token = records.tokens()["access_token"]
    for other in (records.provider.client(), other_asker(records), machine(records.provider)):
        revoke(records.provider, other, token)
        assert introspected(records.provider, other, token) == INACTIVE
    revoke(records.provider, records.asker, token)
    assert records.seen(token)["active"]


def test_f_a_refresh_token_reaches_no_resource_of_another_grant(records: Platform) -> None:
    provider, client = records.provider, records.known.client
    refresh = records.tokens(resource=None)["refresh_token"]
    fields = {"grant_type": "refresh_token", "refresh_token": refresh}
    answer = provider.token(client, fields | {"resource": RECORDS})
    assert answer.get_json()["error"] == "invalid_target"
    assert tokens(provider.token(client, fields))["scope"] == "openid profile offline_access"
