"""The conformance suite's plans FAPI 2.0 Security Profile and Message Signing, with `private_key_jwt` and DPoP. The
other modules are held by the tests that docs/certification.md names."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from werkzeug.test import TestResponse

from tests.support.answers import id_token_claims, token_refused
from tests.support.assertions import STRANGERS, signed
from tests.support.bank import FAPI, Bank
from tests.support.dpop import bound_tokens, fresh_key, holder
from tests.support.known import acquainted
from tests.support.provider import ISSUER, Provider, parameters

SCOPE: str = FAPI["scope"]
EVERY = {"name": None, "birthdate": {"essential": True}, "email": {"essential": False}, "x9Qa": None}


@pytest.fixture(scope="module")
def bank(shared_provider: Provider) -> Bank:
    known = acquainted(shared_provider)
    bank = Bank(known, shared_provider.client(**FAPI | {"scope": f"{SCOPE} email"}), holder(known))
    bank.tokens()
    return bank


@pytest.fixture(scope="module")
def other(bank: Bank) -> Bank:
    return Bank(bank.known, bank.provider.client(**FAPI), holder(bank.known))


def pushed(bank: Bank, **changes: str | None) -> TestResponse:
    return bank.call("/par", bank.client.request(**{"scope": SCOPE} | changes))


def redirected(bank: Bank, answer: TestResponse, **beside: str) -> dict[str, str]:
    """What comes back of a pushed request, whose address had these beside it."""
    query = {"client_id": bank.client.id, "request_uri": answer.get_json()["request_uri"]} | beside
    page = bank.known.visitor.get("/authorize?" + urlencode(query))
    return parameters((bank.known.visitor.allow(page) if page.request.path == "/consent" else page).location)


def request_object(bank: Bank, alg: str = "ES256", key: Any = None, **changes: Any) -> str:
    now = int(bank.provider.clock.now())
    times = {"iss": bank.client.id, "aud": ISSUER, "iat": now, "nbf": now, "exp": now + 300}
    inside = bank.client.request(scope=SCOPE) | times | changes
    return signed({name: value for name, value in inside.items() if value is not None}, alg, key, {})


def pushed_signed(bank: Bank, request: str) -> TestResponse:
    return bank.call("/par", {"client_id": bank.client.id, "request": request})


# -- requests ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"state": None},
        {"nonce": None},
        {"nonce": "n" * 64},
        {"nonce": "n" * 384},
        {"state": "s" * 1000},
        {"scope": " ".join(reversed(SCOPE.split()))},
    ],
)
def test_a_request_that_has_to_succeed(bank: Bank, changes: dict[str, str | None]) -> None:
    told = redirected(bank, pushed(bank, **changes))
    asked = bank.client.request(**changes)
    assert (told.get("state"), told["iss"]) == (asked.get("state"), ISSUER)
    tokens = bound_tokens(bank.call("/token", bank.client.exchange(told["code"])))
    assert id_token_claims(tokens["id_token"]).get("nonce") == asked.get("nonce")


def test_state_and_nonce_beside_a_reference_are_not_used(bank: Bank) -> None:
    told = redirected(bank, pushed(bank, state=None), state="beside", nonce="beside")
    assert "state" not in told
    tokens = bound_tokens(bank.call("/token", bank.client.exchange(told["code"])))
    assert id_token_claims(tokens["id_token"])["nonce"] == "nonce-1"


def test_claims_parameter_identity_claims(bank: Bank) -> None:
    told = redirected(bank, pushed(bank, claims=json.dumps({"id_token": EVERY, "userinfo": EVERY, "zz": {"a": None}})))
    tokens = bound_tokens(bank.call("/token", bank.client.exchange(told["code"])))
    claims = bank.holder.userinfo(tokens["access_token"]).get_json()
    assert claims["sub"] == id_token_claims(tokens["id_token"])["sub"]
    assert claims["name"] == id_token_claims(tokens["id_token"])["name"]


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"redirect_uri": None}, {"invalid_request"}),
        ({"redirect_uri": "https://portal.example/other"}, {"invalid_request"}),
        ({"response_type": "code id_token"}, {"unsupported_response_type"}),
        ({"response_type": "token"}, {"unsupported_response_type"}),
        ({"code_challenge": None, "code_challenge_method": None}, {"invalid_request"}),
        ({"code_challenge_method": "plain"}, {"invalid_request"}),
        ({"request_uri": "https://portal.example/r"}, {"invalid_request"}),
    ],
)
def test_a_pushed_request_that_has_to_fail(bank: Bank, changes: dict[str, str | None], errors: set[str]) -> None:
    answer = pushed(bank, **changes)
    assert (answer.status_code, answer.get_json()["error"] in errors) == (400, True), answer.text


def test_par_attempt_invalid_http_method(bank: Bank) -> None:
    assert bank.provider.machine().put("/par", base_url=ISSUER, data={}).status_code == 405


# -- signed requests --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("changes", [{}, {"aud": [ISSUER, "https://other1.example.com"]}, {"nbf": 8}])
def test_a_request_object_that_has_to_be_taken(bank: Bank, changes: dict[str, Any]) -> None:
    at = {name: int(bank.provider.clock.now()) + changes[name] for name in ("nbf",) if name in changes}
    answer = pushed_signed(bank, request_object(bank, **changes | at))
    assert answer.status_code == 201, answer.text
    assert redirected(bank, answer, state="beside", nonce="beside")["state"] == "state-1"


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": None},
        {"nbf": None},
        {"redirect_uri": None},
        {"exp": -300},
        {"exp": 4_200},
        {"nbf": -4_200},
        {"aud": "https://other1.example.com"},
        {"client_id": "another"},
        {"request_uri": "https://portal.example/r"},
    ],
)
def test_a_request_object_that_has_to_be_refused(bank: Bank, changes: dict[str, Any]) -> None:
    now = int(bank.provider.clock.now())
    told = {name: now + value if isinstance(value, int) else value for name, value in changes.items()}
    answer = pushed_signed(bank, request_object(bank, **told))
    expected = {"invalid_request_object"} if "redirect_uri" not in changes else {"invalid_request"}
    assert (answer.status_code, answer.get_json()["error"] in expected) == (400, True), answer.text


def test_a_request_object_with_another_signature(bank: Bank) -> None:
    good = request_object(bank)
    head, claims, signature = good.split(".")
    of_stranger = request_object(bank, "RS256", STRANGERS["RS256"])
    for wrong in (
        request_object(bank, "RS256"),
        f"{head}.{claims}.{signature[::-1]}",
        f"{head}.{claims}.",
        of_stranger,
    ):
        token_refused(pushed_signed(bank, wrong), "invalid_request_object")


def test_an_unsigned_request_of_a_client_that_signs_its_requests(bank: Bank) -> None:
    strict = bank.provider.client(
        **FAPI | {"require_signed_request_object": True, "request_object_signing_alg": "ES256"}
    )
    signing = Bank(bank.known, strict, bank.holder)
    token_refused(pushed(signing), "invalid_request")
    assert pushed_signed(signing, request_object(signing)).status_code == 201


# -- how the client proves itself -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("seconds", "status"), [(8, 201), (70, 401)])
def test_an_assertion_of_a_clock_that_is_fast(bank: Bank, seconds: int, status: int) -> None:
    then = int(bank.provider.clock.now()) + seconds
    assert bank.call("/par", bank.client.request(), iat=then, nbf=then, exp=then + 60).status_code == status


@pytest.mark.parametrize("wrong", [{"sub": None}, {"exp": 1}, {"aud": f"{ISSUER}/par"}, {"aud": f"{ISSUER}x"}])
def test_an_assertion_that_has_to_be_refused(bank: Bank, wrong: dict[str, Any]) -> None:
    for path, fields in (("/par", bank.client.request()), ("/token", bank.client.exchange("x"))):
        token_refused(bank.call(path, fields, **wrong), "invalid_client", 401)


def test_ensure_client_assertion_in_token_endpoint(bank: Bank) -> None:
    fields = bank.client.exchange(bank.code()) | {"client_id": bank.client.id}
    answer = bank.provider.machine().post("/token", base_url=ISSUER, data=fields, headers={"DPoP": bank.holder.proof()})
    token_refused(answer, "invalid_client", 401)


# -- the token endpoint -----------------------------------------------------------------------------------------------


def test_ensure_client_id_in_token_endpoint_and_authorization_code_is_bound_to_client(bank: Bank, other: Bank) -> None:
    fields = bank.client.exchange(bank.code(), client_id=other.client.id)
    mixed = bank.call("/token", fields, iss=other.client.id, sub=other.client.id, key=STRANGERS["RS256"], alg="RS256")
    token_refused(mixed, "invalid_client", 401)
    token_refused(other.call("/token", bank.client.exchange(bank.code())), "invalid_grant")


@pytest.mark.parametrize("verifier", [None, "w" * 43])
def test_pkce_code_verifier_required_and_incorrect_one_rejected(bank: Bank, verifier: str | None) -> None:
    token_refused(bank.call("/token", bank.client.exchange(bank.code(), code_verifier=verifier)), "invalid_grant")


def test_reuse_of_a_code_after_one_second_and_an_expired_one(bank: Bank) -> None:
    code = bank.code()
    told = bound_tokens(bank.call("/token", bank.client.exchange(code)))
    bank.provider.clock.advance(1)
    token_refused(bank.call("/token", bank.client.exchange(code)), "invalid_grant")
    assert bank.holder.userinfo(told["access_token"]).status_code == 401
    late = bank.code()
    bank.provider.clock.advance(bank.provider.services.settings.lifetimes.code_seconds + 1)
    token_refused(bank.call("/token", bank.client.exchange(late)), "invalid_grant")


def test_refresh_token(bank: Bank, other: Bank) -> None:
    """A new key each time; the token that was used before, half a minute later; no proof; another client's."""
    token = bank.tokens()["refresh_token"]
    for pause in (1, 31):
        bank.provider.clock.advance(pause)
        fresh = Bank(bank.known, bank.client, holder(bank.known))
        assert fresh.holder.userinfo(bound_tokens(fresh.refresh(token))["access_token"]).status_code == 200
    fields = {"grant_type": "refresh_token", "refresh_token": token, "scope": SCOPE} | bank.proof_of_itself()
    token_refused(bank.provider.machine().post("/token", base_url=ISSUER, data=fields), "invalid_request")
    token_refused(other.refresh(token), "invalid_grant")


# -- proofs at the resource -------------------------------------------------------------------------------------------


def test_dpop_proofs_that_a_resource_has_to_take(bank: Bank) -> None:
    mine, token = bank.holder, bank.tokens()["access_token"]
    now = int(bank.provider.clock.now())
    for changes in (
        {"nbf": now, "exp": now + 300},
        {"iat": now - 10},
        {"iat": now + 10},
        {"htu": f"{ISSUER}/userinfo?a=b#c"},
        {"htu": f"{ISSUER.upper().replace('HTTPS', 'hTTpS')}/userinfo"},
        {"htu": f"{ISSUER}:443/userinfo"},
        {"header": {"xyz": "1"}, "more": {"deep": True}},
    ):
        proof = mine.proof("/userinfo", "GET", token, **changes)
        assert mine.userinfo(token, proof).status_code == 200, changes
    assert mine.userinfo(token, scheme="dPOp").status_code == 200


def test_dpop_proofs_whose_time_is_an_hour_off_are_refused_although_they_carry_a_nonce(bank: Bank) -> None:
    """The suite would have them taken where there is a nonce, and only warns: ours has to be of about now as well."""
    token, now = bank.tokens()["access_token"], int(bank.provider.clock.now())
    for iat in (now - 3_600, now + 3_600):
        proof = bank.holder.proof("/userinfo", "GET", token, iat=iat)
        assert bank.holder.userinfo(token, proof).status_code == 401


def test_dpop_key_of_another_at_the_token_endpoint(bank: Bank) -> None:
    another = holder(bank.known)
    code = redirected(bank, bank.call("/par", bank.client.request(dpop_jkt=bank.holder.jkt)))["code"]
    answer = bank.call("/token", bank.client.exchange(code), another.proof())
    assert answer.get_json()["error"] in ("invalid_request", "invalid_grant", "invalid_dpop_proof")
    token_refused(bank.call("/par", bank.client.request(dpop_jkt=str(fresh_key().thumbprint()))), "invalid_dpop_proof")
