"""RFC 9068: access tokens that a resource server can read by itself."""

import pytest

from tests.support.answers import tokens
from tests.support.dpop import bound_tokens, holder
from tests.support.provider import ISSUER, Provider
from tests.support.resource_servers import (
    ASKED,
    RECORDS,
    Platform,
    agree,
    introspected,
    machine,
    of_jwt,
    platform,
    revoke,
)

INACTIVE = {"active": False}


@pytest.fixture
def records(provider: Provider) -> Platform:
    return platform(provider, token_format="jwt", token_signing_alg="ES256")


def test_rfc9068_2_every_member_and_no_other(records: Platform) -> None:
    token, now = records.tokens()["access_token"], int(records.provider.clock.now())
    header, claims = of_jwt(token)
    assert (header["alg"], header["typ"]) == ("ES256", "at+jwt")
    assert records.provider.services.keys.verify(token, "at+jwt") == claims
    assert len(claims.pop("jti")) >= 43
    assert len(claims.pop("sub")) == 43
    assert claims == {
        "iss": ISSUER,
        "aud": RECORDS,
        "client_id": records.known.client.id,
        "iat": now,
        "exp": now + 300,
        "scope": "records:read",
        "auth_time": now,
        "acr": "urn:citizen-idp:aal:1",
        "amr": ["pwd"],
    }


def test_rfc9068_2_2_a_client_is_its_own_subject(records: Platform) -> None:
    client = machine(records.provider)
    told = tokens(records.provider.token(client, {"grant_type": "client_credentials"}))
    claims = of_jwt(told["access_token"])[1]
    assert claims["sub"] == claims["client_id"] == client.id
    assert not {"auth_time", "acr", "amr"} & claims.keys()


def test_rfc7662_2_2_introspection_says_the_same(records: Platform) -> None:
    token = records.tokens()["access_token"]
    claims = of_jwt(token)[1]
    del claims["jti"]
    assert records.seen(token) == {"active": True, "token_type": "Bearer"} | claims


def test_rfc7009_2_introspection_knows_what_was_revoked_and_the_jwt_does_not(records: Platform) -> None:
    first, second = (records.tokens()["access_token"] for _ in range(2))
    revoke(records.provider, records.known.client, first)
    assert records.seen(first) == INACTIVE
    assert records.seen(second)["active"]
    assert records.provider.services.keys.verify(first, "at+jwt")["exp"]
    records.provider.clock.advance(300)
    assert records.seen(second) == INACTIVE


def test_introspection_knows_that_the_session_has_ended(records: Platform) -> None:
    client, known = records.provider.client(scope="openid records:read"), records.known
    agree(known, client, scope="openid records:read", resource=RECORDS)
    token = known.tokens(client, scope="openid records:read", resource=RECORDS)["access_token"]
    assert records.seen(token)["active"]
    known.visitor.submit(known.visitor.get("/logout"), "decision", decision="allow")
    assert records.seen(token) == INACTIVE


def test_rfc9068_6_clients_cannot_find_out_by_a_jwt_that_they_serve_the_same_citizen(records: Platform) -> None:
    known, provider = records.known, records.provider
    subjects: dict[str, list[str]] = {"client": [], "resource": []}
    for host in ("one.example", "two.example"):
        client = provider.client(
            scope=str(ASKED["scope"]), redirect_uris=[f"https://{host}/cb"], post_logout_redirect_uris=[]
        )
        agree(known, client, **ASKED)
        told = known.tokens(client, **ASKED)
        subjects["resource"].append(of_jwt(told["access_token"])[1]["sub"])
        subjects["client"].append(str(provider.services.keys.verify(told["id_token"], "JWT")["sub"]))
        own = introspected(provider, client, told["access_token"])
        assert own["sub"] == subjects["client"][-1]
    assert len({*subjects["client"], *subjects["resource"]}) == 4
    assert of_jwt(known.tokens(client, **ASKED)["access_token"])[1]["sub"] == subjects["resource"][-1]


def test_a_resource_server_that_alone_learns_it_knows_a_citizen_by_one_name(provider: Provider) -> None:
    records = platform(provider)
    known, found = records.known, set()
    for host in ("one.example", "two.example"):
        client = provider.client(
            scope=str(ASKED["scope"]), redirect_uris=[f"https://{host}/cb"], post_logout_redirect_uris=[]
        )
        agree(known, client, **ASKED)
        found.add(records.seen(known.tokens(client, **ASKED)["access_token"])["sub"])
    assert len(found) == 1


@pytest.mark.parametrize("token_format", ["opaque", "jwt"])
def test_rfc9449_6_a_token_for_a_resource_is_bound_to_the_key_that_was_shown(
    provider: Provider, token_format: str
) -> None:
    records = platform(provider, token_format=token_format)
    mine = holder(records.known)
    told = bound_tokens(mine.redeem(**ASKED))
    seen = records.seen(told["access_token"])
    assert (seen["token_type"], seen["cnf"]) == ("DPoP", {"jkt": mine.jkt})
    if token_format == "jwt":
        assert of_jwt(told["access_token"])[1]["cnf"] == {"jkt": mine.jkt}
    own = bound_tokens(mine.token(machine(provider), {"grant_type": "client_credentials"}))
    assert records.seen(own["access_token"])["cnf"] == {"jkt": mine.jkt}
    plain = records.tokens()["access_token"]
    assert "cnf" not in records.seen(plain)
