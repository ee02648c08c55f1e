"""RFC 9101: authorization requests that the client signed; OIDC Core section 6.1, FAPI 2.0 Message Signing 5.3.1."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from joserfc import jwk
from werkzeug.test import TestResponse

from idp.codec import encode
from tests.support.answers import granted, refused, refused_on_a_page, token_refused, tokens
from tests.support.assertions import ALGORITHMS, JWKS, STRANGERS, signed
from tests.support.known import Known
from tests.support.provider import CALLBACK, ISSUER, Registered

ERROR = "invalid_request_object"


@pytest.fixture(scope="module")
def signing(known: Known) -> Registered:
    return known.meet(jwks=JWKS)


def request_object(
    known: Known, client: Registered, alg: str = "RS256", key: Any = None, header: Any = None, **changes: Any
) -> str:
    """An honest one, but for `changes` (None: left out)."""
    now = int(known.provider.clock.now())
    honest = client.request() | {"iss": client.id, "aud": ISSUER, "exp": now + 300, "nbf": now, "iat": now}
    told = {name: value for name, value in (honest | changes).items() if value is not None}
    return signed(told, alg, key, {"typ": "oauth-authz-req+jwt"} | (header or {}))


def ask(known: Known, client: Registered, request: str, **beside: str) -> TestResponse:
    query = {"client_id": client.id, "redirect_uri": CALLBACK, "state": "beside", "request": request} | beside
    return known.visitor.get("/authorize?" + urlencode(query))


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_rfc9101_5_a_signed_request_is_answered(known: Known, signing: Registered, alg: str) -> None:
    code = granted(ask(known, signing, request_object(known, signing, alg, state="inside")), signing, "inside")
    tokens(known.provider.token(signing, signing.exchange(code)))


def test_rfc9101_6_3_what_stands_beside_the_object_does_not_count(known: Known, signing: Registered) -> None:
    beside = {"scope": "openid phone", "prompt": "login", "code_challenge": "x" * 43, "response_mode": "fragment"}
    granted(ask(known, signing, request_object(known, signing, state="inside"), **beside), signing, "inside")
    without = ask(known, signing, request_object(known, signing, state=None))
    granted(without, signing, None)


def test_rfc9101_4_numbers_and_objects_are_parameters_too(known: Known, signing: Registered) -> None:
    token = request_object(known, signing, max_age=100_000, claims={"id_token": {"auth_time": {"essential": True}}})
    granted(ask(known, signing, token), signing)


def test_what_lies_longer_than_a_browser_carries_is_pushed(known: Known, signing: Registered) -> None:
    answer = known.provider.machine().post(
        "/par", base_url=ISSUER, headers=signing.basic, data={"request": request_object(known, signing, state="inside")}
    )
    assert answer.status_code == 201, answer.text
    query = urlencode({"client_id": signing.id, "request_uri": answer.get_json()["request_uri"]})
    granted(known.visitor.get("/authorize?" + query), signing, "inside")


BROKEN: dict[str, dict[str, Any]] = {
    "expired": {"exp": -1},
    "for too long": {"exp": 4_000},
    "not yet": {"nbf": 100},
    "issued in the future": {"iat": 100},
    "an expiry that is no number": {"exp": "soon"},
    "another audience": {"aud": "https://other.example"},
    "no audience": {"aud": None},
    "another issuer": {"iss": "other"},
    "another client inside": {"client_id": "other"},
    "no client inside": {"client_id": None},
    "a request within": {"request": "x"},
    "a reference within": {"request_uri": "https://portal.example/r"},
    "a list": {"scope": ["openid"]},
    "a truth": {"prompt": True},
}


@pytest.mark.parametrize("fault", BROKEN)
def test_rfc9101_6_2_an_object_that_breaks_a_rule_is_told_at_the_registered_address(
    known: Known, signing: Registered, fault: str
) -> None:
    now = int(known.provider.clock.now())
    changes = {
        name: now + value if name in ("exp", "iat", "nbf") and type(value) is int else value
        for name, value in BROKEN[fault].items()
    }
    refused(ask(known, signing, request_object(known, signing, **changes)), signing, ERROR, "beside")
    pushed = known.provider.machine().post(
        "/par", base_url=ISSUER, headers=signing.basic, data={"request": request_object(known, signing, **changes)}
    )
    token_refused(pushed, ERROR)


def test_rfc8725_3_1_signature_algorithm_and_type(known: Known, signing: Registered) -> None:
    honest = request_object(known, signing)
    secret = jwk.OctKey.import_key(encode(JWKS["keys"][0]), {"kid": "rsa"})
    for token in (
        request_object(known, signing, key=STRANGERS["RS256"]),
        request_object(known, signing, "HS256", secret),
        request_object(known, signing, header={"typ": "logout+jwt"}),
        request_object(known, signing, header={"kid": "unknown"}),
        "eyJhbGciOiJub25lIn0." + honest.split(".")[1] + ".",
        honest.rpartition(".")[0] + ".",
        "x",
        "a.b.c",
    ):
        refused(ask(known, signing, token), signing, ERROR, "beside")


def test_oidc_registration_2_a_chosen_algorithm_is_the_only_one(known: Known) -> None:
    client = known.meet(jwks=JWKS, request_object_signing_alg="ES256")
    granted(ask(known, client, request_object(known, client, "ES256")), client)
    refused(ask(known, client, request_object(known, client, "RS256")), client, ERROR, "beside")


def test_a_client_without_keys_signs_nothing(known: Known) -> None:
    refused(ask(known, known.client, request_object(known, known.client)), known.client, ERROR, "beside")


def test_an_evil_address_inside_is_a_page_of_ours(known: Known, signing: Registered) -> None:
    token = request_object(known, signing, redirect_uri="https://evil.example/")
    refused_on_a_page(ask(known, signing, token), "evil.example")


def test_a_broken_object_without_an_address_beside_it_is_a_page_of_ours(known: Known, signing: Registered) -> None:
    token = request_object(known, signing, aud="x")
    refused_on_a_page(known.visitor.get("/authorize?" + urlencode({"client_id": signing.id, "request": token})))


def test_rfc9101_10_5_a_client_that_registered_so_must_sign(known: Known) -> None:
    client = known.provider.client(jwks=JWKS, require_signed_request_object=True)
    granted(known.visitor.allow(ask(known, client, request_object(known, client))), client)
    refused(known.visitor.authorize(client), client, "invalid_request")


def test_the_object_of_another_client_is_refused(known: Known, signing: Registered) -> None:
    other = known.meet(jwks=JWKS)
    refused(ask(known, other, request_object(known, signing)), other, ERROR, "beside")


def test_a_stranger_signs_in_for_a_signed_request(known: Known, signing: Registered) -> None:
    visitor = known.provider.visitor()
    query = {"client_id": signing.id, "request": request_object(known, signing, login_hint=known.person.number)}
    page = visitor.get("/authorize?" + urlencode(query))
    assert page.request.path == "/login"
    assert json.dumps(known.person.number) not in page.request.url
    granted(visitor.password(page, known.person), signing)
