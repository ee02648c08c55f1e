"""When the citizen is asked, and when he must not be: prompt, max_age, id_token_hint and the claim sub (OIDC Core
sections 3.1.2.1, 3.1.2.3, 3.1.2.6 and 5.5.1)."""

from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import RSAKey

from idp.codec import decode, encode
from tests.support.answers import granted, refused
from tests.support.known import Known, acquainted
from tests.support.provider import Person, Provider, Visitor


@pytest.fixture
def known(provider: Provider) -> Known:
    return acquainted(provider)


def claims(id_token: str) -> dict[str, Any]:
    return decode(jws.extract_compact(id_token.encode()).payload, dict[str, Any])


def auth_time(known: Known, code: str) -> int:
    return int(
        claims(known.provider.token(known.client, known.client.exchange(code)).get_json()["id_token"])["auth_time"]
    )


def handle(visitor: Visitor) -> str:
    cookie = visitor.http.get_cookie("__Host-idp-session", "id.example")
    return cookie.value if cookie else ""


def sub_claim(sub: str) -> str:
    return encode({"id_token": {"sub": {"value": sub}}}).decode()


# -- prompt=none ------------------------------------------------------------------------------------------------------


def test_oidc_core_3_1_2_6_none_where_nobody_is_signed_in(known: Known) -> None:
    refused(known.provider.visitor().authorize(known.client, prompt="none"), known.client, "login_required")


def test_oidc_core_3_1_2_1_none_where_all_is_known(known: Known) -> None:
    granted(known.visitor.authorize(known.client, prompt="none"), known.client)


def test_oidc_core_3_1_2_6_none_where_consent_is_missing(known: Known) -> None:
    stranger = known.provider.client()
    refused(known.visitor.authorize(stranger, prompt="none"), stranger, "consent_required")
    narrow = known.meet(scope="openid")
    granted(known.visitor.authorize(narrow, prompt="none"), narrow)


@pytest.mark.parametrize("prompt", ["none login", "none consent", "none select_account", "consent none login"])
def test_oidc_core_3_1_2_1_none_stands_alone(known: Known, prompt: str) -> None:
    refused(known.visitor.authorize(known.client, prompt=prompt), known.client, "invalid_request")


# -- prompt=login, select_account, consent ----------------------------------------------------------------------------


@pytest.mark.parametrize("prompt", ["login", "select_account", "login select_account"])
def test_oidc_core_3_1_2_1_login_asks_again_and_opens_a_new_session(known: Known, prompt: str) -> None:
    before = handle(known.visitor)
    known.provider.clock.advance(100)
    page = known.visitor.authorize(known.client, prompt=prompt)
    assert page.request.path == "/login"
    assert known.visitor.get(page.request.url).request.path == "/login"
    code = granted(known.visitor.password(page, known.person), known.client)
    assert auth_time(known, code) == int(known.provider.clock.now())
    assert handle(known.visitor) not in ("", before)


def test_oidc_core_3_1_2_1_at_a_new_sign_in_another_citizen_may_come(known: Known) -> None:
    other = known.provider.citizen()
    page = known.visitor.authorize(known.client, prompt="select_account")
    page = known.visitor.password(page, other)
    assert page.request.path == "/consent"
    granted(known.visitor.allow(page), known.client)


def test_oidc_core_3_1_2_1_consent_asks_again(known: Known) -> None:
    known.provider.clock.advance(1)
    page = known.visitor.authorize(known.client, prompt="consent")
    assert page.request.path == "/consent"
    granted(known.visitor.allow(page), known.client)
    granted(known.visitor.authorize(known.client), known.client)


def test_oidc_core_3_1_2_6_the_citizen_says_no(known: Known) -> None:
    known.provider.clock.advance(1)
    page = known.visitor.authorize(known.client, prompt="consent")
    refused(known.visitor.submit(page, "decision", decision="deny"), known.client, "access_denied")


def test_oidc_core_3_1_2_1_login_and_consent_together(known: Known) -> None:
    known.provider.clock.advance(1)
    page = known.visitor.authorize(known.client, prompt="login consent")
    assert page.request.path == "/login"
    page = known.visitor.password(page, known.person)
    assert page.request.path == "/consent"
    granted(known.visitor.allow(page), known.client)


# -- prompt=create ----------------------------------------------------------------------------------------------------

HOW = "An account is opened at a service counter"


def test_initiating_user_registration_5_whoever_comes_is_told_how_to_open_an_account(known: Known) -> None:
    page = known.visitor.authorize(known.client, prompt="create", ui_locales="en")
    assert page.request.path == "/login"
    assert HOW in page.text
    again = known.visitor.password(page, known.person, "wrong")
    assert HOW in again.text
    granted(known.visitor.password(again, known.person), known.client)


def test_initiating_user_registration_5_nobody_else_is_told(known: Known) -> None:
    assert HOW not in known.visitor.authorize(known.client, prompt="login", ui_locales="en").text


@pytest.mark.parametrize("prompt", ["create login", "create none", "consent create"])
def test_initiating_user_registration_4_create_stands_alone(known: Known, prompt: str) -> None:
    refused(known.visitor.authorize(known.client, prompt=prompt), known.client, "invalid_request")


# -- max_age ----------------------------------------------------------------------------------------------------------


def test_oidc_core_3_1_2_1_max_age_counts_from_the_sign_in(known: Known) -> None:
    known.provider.clock.advance(100)
    granted(known.visitor.authorize(known.client, max_age="100"), known.client)
    refused(known.visitor.authorize(known.client, max_age="99", prompt="none"), known.client, "login_required")
    page = known.visitor.authorize(known.client, max_age="99")
    assert page.request.path == "/login"
    known.provider.clock.advance(50)
    code = granted(known.visitor.password(page, known.person), known.client)
    assert auth_time(known, code) == int(known.provider.clock.now())


def test_oidc_core_3_1_2_1_max_age_0_is_prompt_login(known: Known) -> None:
    """Even in the very second of the sign-in."""
    refused(known.visitor.authorize(known.client, max_age="0", prompt="none"), known.client, "login_required")
    page = known.visitor.authorize(known.client, max_age="0")
    assert page.request.path == "/login"
    granted(known.visitor.password(page, known.person), known.client)


def test_oidc_registration_2_default_max_age_stands_in_for_max_age(known: Known) -> None:
    client = known.meet(default_max_age=60)
    known.provider.clock.advance(61)
    assert known.visitor.authorize(client).request.path == "/login"
    granted(known.visitor.authorize(client, max_age="61"), client)


def test_oidc_registration_2_default_max_age_0_asks_every_time_and_comes_to_an_end(known: Known) -> None:
    client = known.provider.client(default_max_age=0)
    page = known.visitor.password(known.visitor.authorize(client), known.person)
    granted(known.visitor.allow(page), client)
    assert known.visitor.authorize(client).request.path == "/login"


@pytest.mark.parametrize(
    "asked", [{}, {"max_age": "1000"}, {"claims": '{"id_token": {"auth_time": {"essential": true}}}'}]
)
def test_oidc_core_2_auth_time_is_always_told(known: Known, asked: dict[str, str]) -> None:
    client = known.meet(require_auth_time=True)
    signed_in_at = int(known.provider.clock.now())
    known.provider.clock.advance(30)
    assert claims(known.tokens(client, **asked)["id_token"])["auth_time"] == signed_in_at


# -- id_token_hint and sub --------------------------------------------------------------------------------------------


def test_oidc_core_3_1_2_1_a_hint_of_ours_may_be_expired(known: Known) -> None:
    hint = known.tokens()["id_token"]
    for seconds in (0, 700):
        known.provider.clock.advance(seconds)
        granted(known.visitor.authorize(known.client, id_token_hint=hint, prompt="none"), known.client)


def test_oidc_core_3_1_2_1_a_hint_that_is_not_ours_is_refused(known: Known) -> None:
    honest = known.tokens()["id_token"]
    header, payload, signature = honest.split(".")
    other = known.provider.client(redirect_uris=["https://other.example/cb"])
    foreign_key = RSAKey.generate_key(2048, {"kid": jws.extract_compact(honest.encode()).headers()["kid"]})
    raw = jws.extract_compact(honest.encode()).payload
    foreign = jws.serialize_compact({"alg": "RS256", "kid": foreign_key.kid, "typ": "JWT"}, raw, foreign_key)
    for hint in (
        foreign,
        f"{header}.{payload}.",
        f"{header}.{payload}.{signature[:-4]}AAAA",
        f"eyJhbGciOiJub25lIn0.{payload}.",
        f"{header}.{header}.{signature}",
        known.provider.services.keys.signer("RS256").sign(claims(honest), "logout+jwt"),
        known.provider.services.keys.signer("RS256").sign(claims(honest) | {"iss": "https://evil.example"}, "JWT"),
        "x" * 20_000,
    ):
        refused(known.visitor.authorize(known.client, id_token_hint=hint), known.client, "invalid_request")
    refused(known.visitor.authorize(other, id_token_hint=honest), other, "invalid_request")


def stranger_to(known: Known) -> tuple[Person, str, str]:
    """Another citizen, with an ID token of the same client and its subject."""
    other, visitor = known.provider.citizen(name="王小明"), known.provider.visitor("192.0.2.2")
    visitor.arrive(known.client, other)
    id_token = Known(known.provider, other, known.client, visitor).tokens()["id_token"]
    return other, id_token, claims(id_token)["sub"]


@pytest.mark.parametrize("by_hint", [True, False])
def test_oidc_core_3_1_2_1_only_the_citizen_who_is_meant_will_do(known: Known, by_hint: bool) -> None:
    other, id_token, sub = stranger_to(known)
    asked = {"id_token_hint": id_token} if by_hint else {"claims": sub_claim(sub)}
    refused(known.visitor.authorize(known.client, prompt="none", **asked), known.client, "login_required")
    page = known.visitor.authorize(known.client, **asked)
    assert page.request.path == "/login"
    page = known.visitor.password(page, known.person)  # not he again
    assert page.request.path == "/login"
    code = granted(known.visitor.password(page, other), known.client)
    told = known.provider.token(known.client, known.client.exchange(code)).get_json()
    assert claims(told["id_token"])["sub"] == sub


def test_oidc_core_5_5_1_a_sub_that_is_met_gets_its_code(known: Known) -> None:
    told = known.tokens()
    sub = claims(told["id_token"])["sub"]
    granted(known.visitor.authorize(known.client, claims=sub_claim(sub), prompt="none"), known.client)
    both = {"claims": sub_claim(sub), "id_token_hint": told["id_token"]}
    granted(known.visitor.authorize(known.client, prompt="none", **both), known.client)
    contrary = both | {"claims": sub_claim("somebody else")}
    refused(known.visitor.authorize(known.client, **contrary), known.client, "invalid_request")
    refused(
        known.visitor.authorize(known.client, claims=sub_claim("nobody"), prompt="none"), known.client, "login_required"
    )
