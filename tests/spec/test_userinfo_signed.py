"""/userinfo as a JWT: OIDC Core section 5.3.2."""

import pytest
from werkzeug.test import TestResponse

from tests.support.jwts import ALGORITHMS, read
from tests.support.known import Known
from tests.support.provider import ISSUER, Provider


def asked(provider: Provider, method: str, token: str) -> TestResponse:
    if method == "GET":
        return provider.userinfo(token)
    return provider.machine().post("/userinfo", base_url=ISSUER, data={"access_token": token})


@pytest.mark.parametrize("alg", ALGORITHMS)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_oidc_core_5_3_2_claims_with_iss_and_aud(known: Known, alg: str, method: str) -> None:
    client = known.meet(userinfo_signed_response_alg=alg)
    told = known.tokens(client)
    answer = asked(known.provider, method, told["access_token"])
    assert (answer.status_code, answer.content_type) == (200, "application/jwt")
    assert answer.headers["Cache-Control"] == "no-store"
    header, claims = read(known.provider, answer.text)
    assert header["alg"] == alg
    assert (claims["iss"], claims["aud"], claims["name"]) == (ISSUER, client.id, "李静文")
    assert claims["sub"] == read(known.provider, told["id_token"])[1]["sub"]


def test_oidc_core_5_3_2_whoever_registered_nothing_gets_json(known: Known) -> None:
    assert known.provider.userinfo(known.tokens()["access_token"]).content_type == "application/json"


def test_oidc_core_5_3_3_an_error_is_json_all_the_same(known: Known) -> None:
    known.meet(userinfo_signed_response_alg="ES256")
    answer = known.provider.userinfo("x")
    assert (answer.status_code, answer.content_type) == (401, "application/json")


def test_rfc8725_3_11_it_passes_for_no_id_token(known: Known) -> None:
    """Neither here, as a hint, nor at a client: an ID token has `exp`, `iat` and a `typ`."""
    client = known.meet(userinfo_signed_response_alg="RS256")
    told = known.provider.userinfo(known.tokens(client)["access_token"]).text
    header, claims = read(known.provider, told)
    assert "typ" not in header
    assert not {"exp", "iat", "nonce", "at_hash"} & claims.keys()
    answer = known.visitor.get(f"/logout?id_token_hint={told}")
    assert answer.status_code == 400
    hinted = known.visitor.authorize(client, id_token_hint=told, prompt="none")
    assert "error=invalid_request" in hinted.location
