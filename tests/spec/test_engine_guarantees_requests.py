"""Guarantees 1, 3, 12, 13 and 14 of the sixteen that hold whatever engine stands behind the endpoints: how requests are
read. (`test_engine_guarantees_grants.py` has those of codes and tokens, `test_engine_guarantees_state.py` those of
subjects, of what is kept and of what it costs.)

All of them apply to requests that any stranger can send, so all are tried over HTTP. Number 12 holds by construction
too: there is one comparison of secrets, `idp.secrets.equal`, and it takes the same time whatever it is given.
"""

import base64
import hashlib
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from urllib.parse import urlencode

import pytest

from idp.oidc.tokens.grant import code_proof
from idp.secrets import urlsafe
from tests.support.answers import refused, refused_on_a_page, token_refused
from tests.support.known import Known
from tests.support.provider import CALLBACK, ISSUER, VERIFIER, Provider
from tests.support.signed_in import SignedIn

ELSEWHERE = "https://elsewhere.example/phish"
FORM = "application/x-www-form-urlencoded"
DENIED = ("invalid_client", 401)


# -- 1: where an error goes -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("redirect_uri", [ELSEWHERE, "javascript:alert(1)", "//elsewhere.example", CALLBACK + "/x"])
@pytest.mark.parametrize("fault", [{"scope": "profile"}, {"response_type": "none"}, {"max_age": "x"}, {"request": "x"}])
@pytest.mark.parametrize("whose", ["a client's", "nobody's"])
def test_d01_an_error_is_redirected_only_to_a_proved_address(
    known: Known, redirect_uri: str, fault: dict[str, str], whose: str
) -> None:
    asked = known.client.request(redirect_uri=redirect_uri, **fault)
    if whose == "nobody's":
        asked |= {"client_id": "anything"}
    response = known.provider.visitor().get("/authorize?" + urlencode(asked))
    refused_on_a_page(response, redirect_uri)


@pytest.mark.parametrize("missing", ["client_id", "redirect_uri"])
def test_d01_without_a_client_or_an_address_the_error_is_a_page(known: Known, missing: str) -> None:
    refused_on_a_page(known.provider.visitor().authorize(known.client, **{missing: None}))


# -- 3: what ends a session -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("header", [{"alg": "none"}, {"alg": "None", "typ": "JWT"}, {"alg": "HS256", "typ": "JWT"}])
def test_d03_nobody_is_signed_out_by_a_hint_that_we_did_not_sign(provider: Provider, header: dict[str, str]) -> None:
    signed_in = SignedIn(provider)
    payload = signed_in.id_token.split(".")[1]
    forged = base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode() + f".{payload}."
    for session in (signed_in.visitor, provider.visitor()):
        refused_on_a_page(session.get("/logout?" + urlencode({"id_token_hint": forged})))
    refused(signed_in.visitor.authorize(signed_in.client, id_token_hint=forged), signed_in.client, "invalid_request")
    assert signed_in.still_in
    assert "code" in signed_in.visitor.hop(signed_in.client)


# -- 12: time ---------------------------------------------------------------------------------------------------------


@contextmanager
def compared() -> Iterator[list[set[str | bytes]]]:
    """What is compared in constant time meanwhile, by `idp.secrets.equal`."""
    calls: list[set[str | bytes]] = []

    def note(frame: FrameType, event: str, function: Callable[..., object]) -> None:
        if event == "c_call" and getattr(function, "__name__", "") in ("compare_digest", "_compare_digest"):
            calls.append({value for value in frame.f_locals.values() if isinstance(value, str | bytes)})

    sys.setprofile(note)
    try:
        yield calls
    finally:
        sys.setprofile(None)


def test_d12_client_secrets_and_verifiers_are_compared_in_constant_time(known: Known) -> None:
    code = known.code()
    with compared() as calls:
        token_refused(known.provider.token(known.client, {"grant_type": "x"}, _basic(known.client.id, "x")), *DENIED)
    assert len(calls) == 1
    with compared() as calls:
        wrong = known.client.exchange(code, code_verifier=VERIFIER[:-1] + "x")
        token_refused(known.provider.token(known.client, wrong), "invalid_grant")
    right = code_proof(known.client.id, CALLBACK, urlsafe(hashlib.sha256(VERIFIER.encode()).digest()), None)
    assert any(right.hex() in operands for operands in calls)


def test_d12_form_tokens_are_compared_in_constant_time(provider: Provider) -> None:
    signed_in = SignedIn(provider)
    signed_in.logout()
    with compared() as calls:
        answer = signed_in.visitor.post("/logout/confirm", {"csrf": "x", "decision": "allow"})
    assert answer.status_code == 403
    assert calls


# -- 13: whatever comes, its error has a name -------------------------------------------------------------------------

HOSTILE = [
    ({"max_age": "abc"}, "invalid_request"),
    ({"max_age": "-1"}, "invalid_request"),
    ({"max_age": "9" * 400}, "invalid_request"),
    ({"claims": "{"}, "invalid_request"),
    ({"claims": '{"id_token": null}'}, None),
    ({"claims": '{"id_token": {"sub": {"essential": true}}}'}, None),
    ({"claims": '{"id_token": {"sub": {"value": 5}}}'}, "invalid_request"),
    ({"claims": '{"userinfo": []}'}, "invalid_request"),
    ({"claims": "[" * 5_000}, "invalid_request"),
    ({"registration": "{"}, "registration_not_supported"),
    ({"prompt": "none login"}, "invalid_request"),
    ({"prompt": "create none"}, "invalid_request"),
    ({"request": "x"}, "invalid_request_object"),
    ({"request": "eyJhbGciOiJub25lIn0.e30."}, "invalid_request_object"),
    ({"request_uri": "https://portal.example/r"}, "request_uri_not_supported"),
    ({"id_token_hint": "x"}, "invalid_request"),
    ({"id_token_hint": "a.b.c"}, "invalid_request"),
    ({"code_challenge_method": "plain"}, "invalid_request"),
    ({"code_challenge": "x" * 43 + "="}, "invalid_request"),
    ({"code_challenge": None}, "invalid_request"),
    ({"response_type": "code token"}, "unsupported_response_type"),
    ({"response_type": None}, "invalid_request"),
    ({"scope": None}, "invalid_scope"),
    ({"nonce": "\0"}, "invalid_request"),
    ({"display": "hologram"}, "invalid_request"),
    ({"ui_locales": "\u4e2d\u6587"}, None),
]


@pytest.mark.parametrize(("fault", "error"), HOSTILE, ids=[str(fault)[:50] for fault, _ in HOSTILE])
def test_d13_a_hostile_authorization_request(known: Known, fault: dict[str, str | None], error: str | None) -> None:
    response = known.visitor.authorize(known.client, **fault)
    if error is None:
        assert response.status_code in (200, 303)
        assert "error=" not in response.headers.get("Location", "")
    else:
        refused(response, known.client, error)


@pytest.mark.parametrize("name", ["scope", "nonce", "prompt", "max_age", "code_challenge", "response_type", "claims"])
def test_d13_a_parameter_twice(known: Known, name: str) -> None:
    asked = urlencode(known.client.request()) + f"&{name}=1&{name}=2"
    refused(known.visitor.get("/authorize?" + asked), known.client, "invalid_request")


def test_d13_a_genuine_hint_is_no_stumbling_block(known: Known) -> None:
    id_token = known.tokens()["id_token"]
    assert known.code(id_token_hint=id_token)


def _basic(client_id: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()}


@pytest.mark.parametrize(
    "header",
    [
        "Basic",
        "Basic ",
        "Basic !!!",
        "Basic " + base64.b64encode(b"no colon").decode(),
        "Basic " + base64.b64encode(b":").decode(),
        "Basic " + base64.b64encode(b"\xff\xfe:x").decode(),
        "Basic " + base64.b64encode(b"%ff:x").decode(),
        "Basic " + base64.b64encode(b"a:b:c:d").decode(),
        "Bearer x",
        "Digest username=x",
    ],
)
def test_d13_hostile_client_credentials(known: Known, header: str) -> None:
    token_refused(known.provider.token(known.client, {"grant_type": "x"}, {"Authorization": header}), *DENIED)


@pytest.mark.parametrize("verifier", ["\u00e9" * 43, "x", "x" * 129, "a b" * 20])
def test_d13_hostile_verifiers(known: Known, verifier: str) -> None:
    fields = known.client.exchange(known.code(), code_verifier=verifier)
    token_refused(known.provider.token(known.client, fields), "invalid_grant")


def test_d13_a_token_request_without_any_client(known: Known) -> None:
    token_refused(known.provider.token(known.client, known.client.exchange("x"), {}), *DENIED)


def test_d13_errors_quote_nothing_that_came(known: Known) -> None:
    secret = "fQuotedNowhere-0123456789"
    answers = [
        known.provider.token(known.client, known.client.exchange(secret)),
        known.provider.token(known.client, {"grant_type": "refresh_token", "refresh_token": secret}),
        known.provider.userinfo(secret),
    ]
    assert [answer.status_code for answer in answers] == [400, 400, 401]
    assert not any(secret in answer.text for answer in answers)


# -- 14: the token endpoint is exact ----------------------------------------------------------------------------------


def test_d14_a_parameter_twice_is_refused_and_burns_nothing(known: Known) -> None:
    code = known.code()
    body = urlencode(known.client.exchange(code)) + "&code=other"
    response = known.provider.machine().post(
        "/token", base_url=ISSUER, data=body, headers=known.client.basic, content_type=FORM
    )
    token_refused(response, "invalid_request")
    assert known.provider.token(known.client, known.client.exchange(code)).status_code == 200


def test_d14_two_ways_of_authenticating_are_refused(known: Known) -> None:
    both = known.client.exchange(known.code(), client_id=known.client.id, client_secret=known.client.secret)
    token_refused(known.provider.token(known.client, both), "invalid_request")


@pytest.mark.parametrize("scheme", ["basic", "BASIC", "Basic"])
def test_d14_the_schemes_case_does_not_matter(known: Known, scheme: str) -> None:
    header = {"authorization": known.client.basic["Authorization"].replace("Basic", scheme)}
    assert known.provider.token(known.client, known.client.exchange(known.code()), header).status_code == 200


@pytest.mark.parametrize("scheme", ["BearerX", "Bearer-", "Bearers"])
def test_d14_a_scheme_is_a_whole_word(known: Known, scheme: str) -> None:
    token = known.tokens()["access_token"]
    for header in (f"{scheme}{token}", f"{scheme} {token}"):
        answer = known.provider.machine().get("/userinfo", base_url=ISSUER, headers={"Authorization": header})
        assert answer.status_code == 401


@pytest.mark.parametrize("stray", ["-", "_", "\t", "%", "=", "\u00e9"])
def test_d14_credentials_with_a_stray_sign_are_not_read(known: Known, stray: str) -> None:
    good = known.client.basic["Authorization"]
    header = {"Authorization": good[:20] + stray + good[20:]}
    token_refused(known.provider.token(known.client, known.client.exchange(known.code()), header), *DENIED)
