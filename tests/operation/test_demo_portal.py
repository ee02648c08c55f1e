"""The demo's portals as relying parties: what they ask, what they believe, and what they do not."""

import base64
import hashlib
import hmac
import json
import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support.answers import id_token_claims
from tests.support.demo_portal import PORTAL, begin, go, portal, sign_in, signed_in
from tests.support.issuer import CLIENT_ID, EVENT, Issuer

Forgery = Callable[[str], str]
"""An honest ID token in, what the portal gets out."""


def part(members: dict[str, Any]) -> str:
    """Of a JWS."""
    return base64.urlsafe_b64encode(json.dumps(members).encode()).rstrip(b"=").decode()


def hs256(claims: dict[str, Any], secret: bytes) -> str:
    signed = f"{part({'alg': 'HS256'})}.{part(claims)}"
    tag = base64.urlsafe_b64encode(hmac.digest(secret, signed.encode(), "sha256"))
    return f"{signed}.{tag.rstrip(b'=').decode()}"


# -- asking -----------------------------------------------------------------------------------------------------------


def test_rfc7636_4_2_the_challenge_is_s256_of_the_verifier(portal_browser: FlaskClient, told: Issuer) -> None:
    asked = begin(portal_browser, told)
    go(portal_browser, "/callback", code="good", state=asked["state"], iss=told.url)
    verifier = told.token_requests[0]["code_verifier"]
    digest = hashlib.sha256(verifier.encode()).digest()
    assert asked["code_challenge_method"] == "S256"
    assert asked["code_challenge"] == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@pytest.mark.parametrize("name", ["state", "nonce", "code_challenge"])
def test_rfc9700_2_1_every_request_has_a_new_value(portal_browser: FlaskClient, told: Issuer, name: str) -> None:
    assert begin(portal_browser, told)[name] != begin(portal_browser, told)[name]


def test_the_request_carries_the_language_that_was_chosen(portal_browser: FlaskClient, told: Issuer) -> None:
    go(portal_browser, "/", lang="en")
    assert begin(portal_browser, told)["ui_locales"] == "en"


def test_nothing_of_the_request_but_a_random_value_reaches_the_browser(
    portal_browser: FlaskClient, told: Issuer
) -> None:
    answer = go(portal_browser, "/login")
    asked = told.saw(answer.headers["Location"])
    (cookie,) = answer.headers.getlist("Set-Cookie")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert not any(asked[name] in cookie for name in ("state", "nonce", "code_challenge"))


# -- believing ---------------------------------------------------------------------------------------------------------


def test_a_citizen_signs_in_and_sees_only_masked_data(portal_browser: FlaskClient, told: Issuer) -> None:
    told.userinfo = {"citizen_id_number": "110000199001010021"}
    assert sign_in(portal_browser, told).headers["Location"] == "/me"
    page = go(portal_browser, "/me").text
    assert "李静文" in page
    assert "110***********0021" in page
    assert "154****0021" in page
    assert "110000199001010021" not in page


def test_a_session_gets_a_new_cookie_value_at_sign_in(portal_browser: FlaskClient, told: Issuer) -> None:
    begin(portal_browser, told)
    before = portal_browser.get_cookie("portal-social")
    sign_in(portal_browser, told)
    after = portal_browser.get_cookie("portal-social")
    assert before is not None
    assert after is not None
    assert before.value != after.value


def test_a_second_tab_can_finish_too(portal_browser: FlaskClient, told: Issuer) -> None:
    first, second = begin(portal_browser, told), begin(portal_browser, told)
    told.nonce = second["nonce"]
    assert go(portal_browser, "/callback", code="good", state=second["state"], iss=told.url).status_code == 303
    assert first["state"] != second["state"]


@pytest.mark.parametrize(
    ("clause", "lie"),
    [
        ("3.1.3.7-2 iss", {"iss": "https://other.example"}),
        ("3.1.3.7-2 no iss", {"iss": None}),
        ("3.1.3.7-3 aud", {"aud": "another"}),
        ("3.1.3.7-3 aud with our azp", {"aud": "another", "azp": CLIENT_ID}),
        ("3.1.3.7-3 no aud", {"aud": None}),
        ("3.1.3.7-3 others in aud", {"aud": [CLIENT_ID, "another"]}),
        ("3.1.3.7-5 azp", {"azp": "another"}),
        ("3.1.3.7-9 exp", {"exp": int(time.time()) - 600}),
        ("3.1.3.7-9 no exp", {"exp": None}),
        ("3.1.3.7-10 iat in the future", {"iat": int(time.time()) + 3600}),
        ("3.1.3.7-11 nonce", {"nonce": "another"}),
        ("3.1.3.7-11 no nonce", {"nonce": None}),
        ("3.1.3.6 at_hash", {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}),
        ("2 no sub", {"sub": None}),
        ("2 sub is no text", {"sub": 7}),
    ],
)
def test_oidc_core_an_id_token_that_breaks_a_rule_signs_nobody_in(
    portal_browser: FlaskClient, told: Issuer, clause: str, lie: dict[str, Any]
) -> None:
    told.id_token = lie
    assert sign_in(portal_browser, told).status_code == 400, clause
    assert not signed_in(portal_browser)


def by_another_key(told: Issuer) -> Forgery:
    return lambda token: told.sign(id_token_claims(token), key=told.foreign)


def by_a_key_of_its_own(told: Issuer) -> Forgery:
    """The header brings the key that proves it (RFC 8725 section 3.10)."""
    header = {"kid": None, "jwk": told.foreign.as_dict(private=False)}
    return lambda token: told.sign(id_token_claims(token), header, told.foreign)


def without_a_signature(told: Issuer) -> Forgery:
    return lambda token: f"{part({'alg': 'none'})}.{token.split('.')[1]}."


def with_its_signature_cut(told: Issuer) -> Forgery:
    return lambda token: token.rpartition(".")[0] + "."


def with_other_claims_under_it(told: Issuer) -> Forgery:
    def forge(token: str) -> str:
        header, _, signature = token.split(".")
        claims = id_token_claims(token) | {"sub": "sub-2"}
        return f"{header}.{part(claims)}.{signature}"

    return forge


def by_the_public_key_as_a_secret(told: Issuer) -> Forgery:
    """HS256 keyed with what everybody knows (RFC 8725 section 2.1)."""
    return lambda token: hs256(id_token_claims(token), told.rsa.as_pem(private=False))


def by_the_clients_own_secret(told: Issuer) -> Forgery:
    """HS256, which the portal did not register."""
    return lambda token: hs256(id_token_claims(token), b"secret")


def typed_as_a_logout_token(told: Issuer) -> Forgery:
    """A logout token with a nonce, so that it has all an ID token has."""
    return lambda token: told.sign(id_token_claims(token) | {"events": {EVENT: {}}}, {"typ": "logout+jwt"})


@pytest.mark.parametrize(
    "forger",
    [
        by_another_key,
        by_a_key_of_its_own,
        without_a_signature,
        with_its_signature_cut,
        with_other_claims_under_it,
        by_the_public_key_as_a_secret,
        by_the_clients_own_secret,
        typed_as_a_logout_token,
    ],
)
def test_oidc_core_3_1_3_7_6_a_forged_id_token_signs_nobody_in(
    portal_browser: FlaskClient, told: Issuer, forger: Callable[[Issuer], Forgery]
) -> None:
    told.forged = forger(told)
    assert sign_in(portal_browser, told).status_code == 400
    assert not signed_in(portal_browser)


@pytest.mark.parametrize("alg", ["ES256", "RS512"])
def test_oidc_core_3_1_3_7_7_the_algorithm_is_the_one_registered(
    portal_browser: FlaskClient, told: Issuer, alg: str
) -> None:
    told.signed_by = alg
    assert sign_in(portal_browser, told).status_code == 400
    assert not signed_in(portal_browser)


def test_a_portal_that_registered_es256_takes_es256(told: Issuer) -> None:
    told.signed_by = "ES256"
    portal_browser = portal(told, "vehicles", "ES256")
    assert sign_in(portal_browser, told).status_code == 303
    assert signed_in(portal_browser)


def test_oidc_core_5_3_2_userinfo_of_somebody_else_is_refused(portal_browser: FlaskClient, told: Issuer) -> None:
    told.userinfo = {"sub": "sub-2"}
    assert sign_in(portal_browser, told).status_code == 400
    assert not signed_in(portal_browser)


@pytest.mark.parametrize(
    "answer",
    [
        {"iss": "https://other.example"},
        {"iss": ""},
        {"state": "guessed"},
        {"state": ""},
        {"code": "bad"},
        {"code": ""},
        {"error": "access_denied", "iss": "https://other.example"},
    ],
)
def test_rfc9207_2_4_and_rfc6749_10_12_an_answer_that_is_not_to_us_is_refused(
    portal_browser: FlaskClient, told: Issuer, answer: dict[str, str]
) -> None:
    assert sign_in(portal_browser, told, **answer).status_code == 400
    assert not signed_in(portal_browser)


def test_rfc9207_2_4_an_answer_without_iss_is_refused(portal_browser: FlaskClient, told: Issuer) -> None:
    asked = begin(portal_browser, told)
    assert go(portal_browser, "/callback", code="good", state=asked["state"]).status_code == 400


def test_rfc6749_10_12_another_browser_cannot_finish(portal_browser: FlaskClient, told: Issuer) -> None:
    asked = begin(portal_browser, told)
    stranger = portal_browser.application.test_client()
    assert go(stranger, "/callback", code="good", state=asked["state"], iss=told.url).status_code == 400


def test_a_state_is_good_once(portal_browser: FlaskClient, told: Issuer) -> None:
    asked = begin(portal_browser, told)
    answer = {"code": "good", "state": asked["state"], "iss": told.url}
    assert go(portal_browser, "/callback", **answer).status_code == 303
    assert go(portal_browser, "/callback", **answer).status_code == 400


def test_oidc_discovery_4_3_metadata_of_another_issuer_is_refused(told: Issuer) -> None:
    told.metadata = {"issuer": "https://other.example"}
    assert go(portal(told), "/login").status_code == 503


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        ("access_denied", 403, "您选择了不同意"),
        ("temporarily_unavailable", 400, "暂时没有应答"),
        ("login_required", 400, "没有完成"),
        ("<script>", 400, "没有完成"),
    ],
)
def test_rfc6749_4_1_2_1_an_error_is_told_in_our_own_words(
    portal_browser: FlaskClient, told: Issuer, error: str, status: int, words: str
) -> None:
    asked = begin(portal_browser, told)
    answer = go(
        portal_browser, "/callback", error=error, error_description="<b>x</b>", state=asked["state"], iss=told.url
    )
    assert answer.status_code == status
    assert words in answer.text
    assert "<script>" not in answer.text
    assert "<b>x" not in answer.text


# -- showing -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/login", "/callback", "/me", "/signed-out", "/nowhere", "/static/portal.css"])
def test_every_answer_carries_the_headers(portal_browser: FlaskClient, path: str) -> None:
    headers = go(portal_browser, path).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert path.startswith("/static/") or headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(("path", "status"), [("/nowhere", 404), ("/logout", 405), ("/callback", 400)])
def test_bad_addresses_get_a_page_that_says_what_to_do(portal_browser: FlaskClient, path: str, status: int) -> None:
    answer = go(portal_browser, path)
    assert answer.status_code == status
    assert "查询编号" in answer.text
    assert "参考编号" not in answer.text


def large_button(page: str) -> tuple[str, str]:
    """Where it leads, and what it says; of an error's page."""
    [(address, words)] = re.findall(r'<a class="button" href="([^"]*)">([^<]*)</a>', page)
    return address, words


def test_the_large_button_of_a_missing_page_leads_home_and_that_of_a_failed_sign_in_tries_again(
    portal_browser: FlaskClient,
) -> None:
    assert large_button(go(portal_browser, "/nowhere").text) == ("/", "返回首页")
    assert large_button(go(portal_browser, "/callback").text) == ("/login", "再试一次")


def test_who_does_not_agree_reads_so_and_not_of_a_fault(portal_browser: FlaskClient, told: Issuer) -> None:
    asked = begin(portal_browser, told)
    page = go(portal_browser, "/callback", error="access_denied", state=asked["state"], iss=told.url).text
    assert "<h1>您选择了不同意</h1>" in page
    assert "编号" not in page
    assert large_button(page) == ("/login", "重新登录")


@pytest.mark.parametrize("path", ["/", "/me", "/nowhere", "/signed-out", "/callback"])
def test_whoever_is_signed_in_can_sign_out_on_every_page(portal_browser: FlaskClient, told: Issuer, path: str) -> None:
    assert "/logout" not in portal_browser.get(path, base_url=PORTAL, follow_redirects=True).text
    sign_in(portal_browser, told)
    page = portal_browser.get(path, base_url=PORTAL, follow_redirects=True).text
    masthead = page.partition("</header>")[0]
    assert masthead.count('action="/logout"') == page.count('action="/logout"') == 1


def test_the_way_to_the_other_portal_tells_what_to_press_there(portal_browser: FlaskClient, told: Issuer) -> None:
    sign_in(portal_browser, told)
    page = go(portal_browser, "/me").text
    assert "请在那里点“登录”" in page
    assert "不必再次输入密码" in page


@pytest.mark.parametrize(
    ("accept", "query", "language"),
    [
        ("en-GB,en;q=0.9", {}, "en"),
        ("zh-CN,zh;q=0.9,en;q=0.1", {}, "zh-CN"),
        ("fr", {}, "zh-CN"),
        ("en", {"lang": "zh-CN"}, "zh-CN"),
        ("en", {"lang": "<x>"}, "en"),
    ],
)
def test_the_page_is_in_the_language_of_the_visitor(
    portal_browser: FlaskClient, accept: str, query: dict[str, str], language: str
) -> None:
    page = portal_browser.get("/", base_url=PORTAL, query_string=query, headers={"Accept-Language": accept})
    assert f'<html lang="{language}"' in page.text


def test_large_print_is_kept_and_can_be_left(portal_browser: FlaskClient) -> None:
    def large(path: str, **query: str) -> bool:
        return 'class="social large"' in go(portal_browser, path, **query).text

    assert not large("/")
    assert "长辈版" in go(portal_browser, "/").text
    assert large("/", size="large")
    assert large("/nowhere")
    assert "标准版" in go(portal_browser, "/", size="<x>").text
    assert not large("/", size="normal")
    assert not large("/")


def test_by_another_name_of_the_machine_the_portal_leads_to_its_own(portal_browser: FlaskClient) -> None:
    answer = portal_browser.get("/login", base_url="http://127.0.0.1:8001")
    assert answer.headers["Location"] == PORTAL


def test_a_provider_that_is_not_there_is_told_in_a_page() -> None:
    portal_browser = portal(Issuer(url="http://127.0.0.1:9"))
    answer = go(portal_browser, "/login")
    assert answer.status_code == 503
    assert "暂时没有应答" in answer.text
