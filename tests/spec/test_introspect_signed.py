"""RFC 9701: the answer of /introspect as a JWT."""

import pytest
from werkzeug.test import TestResponse

from tests.support.jwts import ALGORITHMS, read
from tests.support.known import Known
from tests.support.provider import ISSUER, Registered

JWT = "application/token-introspection+jwt"


def ask(known: Known, client: Registered, token: str, accept: str | None = None) -> TestResponse:
    headers = client.basic | ({"Accept": accept} if accept else {})
    return known.provider.machine().post("/introspect", base_url=ISSUER, data={"token": token}, headers=headers)


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_rfc9701_5_every_claim_and_no_other(known: Known, alg: str) -> None:
    client = known.meet(introspection_signed_response_alg=alg)
    token = known.tokens(client)["access_token"]
    answer = ask(known, client, token)
    assert (answer.status_code, answer.content_type, answer.headers["Cache-Control"]) == (200, JWT, "no-store")
    header, claims = read(known.provider, answer.text)
    assert (header["alg"], header["typ"]) == (alg, "token-introspection+jwt")
    told = claims.pop("token_introspection")
    assert claims == {"iss": ISSUER, "aud": client.id, "iat": int(known.provider.clock.now())}
    assert (told["active"], told["client_id"], told["iss"]) == (True, client.id, ISSUER)


def test_rfc9701_4_whoever_accepts_a_jwt_gets_what_the_json_would_say_signed_with_rs256(known: Known) -> None:
    token = known.tokens()["access_token"]
    answer = ask(known, known.client, token, JWT)
    assert answer.content_type == JWT
    header, claims = read(known.provider, answer.text)
    assert header["alg"] == "RS256"
    assert claims["token_introspection"] == ask(known, known.client, token).get_json()


@pytest.mark.parametrize("accept", [None, "*/*", "application/json", "application/*", f"application/json, {JWT};q=0.5"])
def test_rfc9701_4_whoever_does_not_ask_gets_json(known: Known, accept: str | None) -> None:
    assert ask(known, known.client, "x", accept).get_json() == {"active": False}


def test_rfc9701_5_a_token_that_is_not_active_is_said_so_and_no_more(known: Known) -> None:
    _, claims = read(known.provider, ask(known, known.client, "x", JWT).text)
    assert claims["token_introspection"] == {"active": False}


def test_rfc9701_5_errors_are_plain(known: Known) -> None:
    answer = known.provider.machine().post("/introspect", base_url=ISSUER, data={"token": "x"}, headers={"Accept": JWT})
    assert (answer.status_code, answer.content_type) == (401, "application/json")


def test_rfc9701_8_1_it_passes_for_no_other_jwt(known: Known) -> None:
    told = ask(known, known.client, known.tokens()["access_token"], JWT).text
    assert known.provider.userinfo(told).status_code == 401
    assert known.visitor.get(f"/logout?id_token_hint={told}").status_code == 400
