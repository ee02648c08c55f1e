"""The demo's portals as relying parties: what they ask, what they believe, and what they do not."""

import base64
import hashlib
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from idp.clock import SystemClock
from idp.demo.portal import create_portal
from idp.demo.relying_party import PortalSettings
from idp.secrets import SystemRandomness
from tests.support.issuer import CLIENT_ID, EVENT, Issuer, issuer

PORTAL = "http://localhost:8001"
OTHER = "http://localhost:8002"


@pytest.fixture(scope="module")
def running() -> Iterator[Issuer]:
    with issuer() as told:
        yield told


@pytest.fixture
def told(running: Issuer) -> Issuer:
    """Honest at the start of each test."""
    running.id_token, running.userinfo, running.metadata, running.signed_by = {}, {}, {}, "RS256"
    running.token_requests.clear()
    return running


@pytest.fixture
def browser(told: Issuer) -> FlaskClient:
    return portal(told)


def portal(told: Issuer, theme: str = "social", alg: str = "RS256") -> FlaskClient:
    settings = PortalSettings(
        theme=theme,
        url=PORTAL,
        other_url=OTHER,
        issuer=told.url,
        client_id=CLIENT_ID,
        client_secret="secret",
        scope="openid profile phone",
        id_token_signed_response_alg=alg,
    )
    return create_portal(settings, SystemClock(), SystemRandomness()).test_client()


def go(browser: FlaskClient, path: str, **query: str) -> TestResponse:
    return browser.get(path, base_url=PORTAL, query_string=query)


def begin(browser: FlaskClient, told: Issuer) -> dict[str, str]:
    return told.saw(go(browser, "/login").headers["Location"])


def sign_in(browser: FlaskClient, told: Issuer, **answer: str) -> TestResponse:
    asked = begin(browser, told)
    return go(browser, "/callback", **{"code": "good", "state": asked["state"], "iss": told.url} | answer)


def signed_in(browser: FlaskClient) -> bool:
    return go(browser, "/me").status_code == 200


def say_goodbye(browser: FlaskClient, token: str) -> TestResponse:
    """What the provider sends, which has no cookie."""
    return browser.application.test_client().post("/backchannel-logout", base_url=PORTAL, data={"logout_token": token})


# -- asking -----------------------------------------------------------------------------------------------------------


def test_rfc7636_4_2_the_challenge_is_s256_of_the_verifier(browser: FlaskClient, told: Issuer) -> None:
    asked = begin(browser, told)
    go(browser, "/callback", code="good", state=asked["state"], iss=told.url)
    verifier = told.token_requests[0]["code_verifier"]
    digest = hashlib.sha256(verifier.encode()).digest()
    assert asked["code_challenge_method"] == "S256"
    assert asked["code_challenge"] == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@pytest.mark.parametrize("name", ["state", "nonce", "code_challenge"])
def test_rfc9700_2_1_every_request_has_a_new_value(browser: FlaskClient, told: Issuer, name: str) -> None:
    assert begin(browser, told)[name] != begin(browser, told)[name]


def test_the_request_carries_the_language_that_was_chosen(browser: FlaskClient, told: Issuer) -> None:
    go(browser, "/", lang="en")
    assert begin(browser, told)["ui_locales"] == "en"


def test_nothing_of_the_request_but_a_random_value_reaches_the_browser(browser: FlaskClient, told: Issuer) -> None:
    answer = go(browser, "/login")
    asked = told.saw(answer.headers["Location"])
    (cookie,) = answer.headers.getlist("Set-Cookie")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert not any(asked[name] in cookie for name in ("state", "nonce", "code_challenge"))


# -- believing ---------------------------------------------------------------------------------------------------------


def test_a_citizen_signs_in_and_sees_only_masked_data(browser: FlaskClient, told: Issuer) -> None:
    told.userinfo = {"citizen_id_number": "110000199001010021"}
    assert sign_in(browser, told).headers["Location"] == "/me"
    page = go(browser, "/me").text
    assert "李静文" in page
    assert "110***********0021" in page
    assert "154****0021" in page
    assert "110000199001010021" not in page


def test_a_session_gets_a_new_cookie_value_at_sign_in(browser: FlaskClient, told: Issuer) -> None:
    begin(browser, told)
    before = browser.get_cookie("portal-social")
    sign_in(browser, told)
    after = browser.get_cookie("portal-social")
    assert before is not None
    assert after is not None
    assert before.value != after.value


def test_a_second_tab_can_finish_too(browser: FlaskClient, told: Issuer) -> None:
    first, second = begin(browser, told), begin(browser, told)
    told.nonce = second["nonce"]
    assert go(browser, "/callback", code="good", state=second["state"], iss=told.url).status_code == 303
    assert first["state"] != second["state"]


@pytest.mark.parametrize(
    ("clause", "lie"),
    [
        ("3.1.3.7-2 iss", {"iss": "https://other.example"}),
        ("3.1.3.7-2 no iss", {"iss": None}),
        ("3.1.3.7-3 aud", {"aud": "another"}),
        ("3.1.3.7-3 aud with our azp", {"aud": "another", "azp": CLIENT_ID}),
        ("3.1.3.7-3 no aud", {"aud": None}),
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
    browser: FlaskClient, told: Issuer, clause: str, lie: dict[str, Any]
) -> None:
    told.id_token = lie
    assert sign_in(browser, told).status_code == 400, clause
    assert not signed_in(browser)


@pytest.mark.parametrize("alg", ["ES256", "RS512"])
def test_oidc_core_3_1_3_7_7_the_algorithm_is_the_one_registered(browser: FlaskClient, told: Issuer, alg: str) -> None:
    told.signed_by = alg
    assert sign_in(browser, told).status_code == 400
    assert not signed_in(browser)


def test_a_portal_that_registered_es256_takes_es256(told: Issuer) -> None:
    told.signed_by = "ES256"
    browser = portal(told, "vehicles", "ES256")
    assert sign_in(browser, told).status_code == 303
    assert signed_in(browser)


def test_oidc_core_5_3_2_userinfo_of_somebody_else_is_refused(browser: FlaskClient, told: Issuer) -> None:
    told.userinfo = {"sub": "sub-2"}
    assert sign_in(browser, told).status_code == 400
    assert not signed_in(browser)


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
    browser: FlaskClient, told: Issuer, answer: dict[str, str]
) -> None:
    assert sign_in(browser, told, **answer).status_code == 400
    assert not signed_in(browser)


def test_rfc9207_2_4_an_answer_without_iss_is_refused(browser: FlaskClient, told: Issuer) -> None:
    asked = begin(browser, told)
    assert go(browser, "/callback", code="good", state=asked["state"]).status_code == 400


def test_rfc6749_10_12_another_browser_cannot_finish(browser: FlaskClient, told: Issuer) -> None:
    asked = begin(browser, told)
    stranger = browser.application.test_client()
    assert go(stranger, "/callback", code="good", state=asked["state"], iss=told.url).status_code == 400


def test_a_state_is_good_once(browser: FlaskClient, told: Issuer) -> None:
    asked = begin(browser, told)
    answer = {"code": "good", "state": asked["state"], "iss": told.url}
    assert go(browser, "/callback", **answer).status_code == 303
    assert go(browser, "/callback", **answer).status_code == 400


def test_oidc_discovery_4_3_metadata_of_another_issuer_is_refused(told: Issuer) -> None:
    told.metadata = {"issuer": "https://other.example"}
    assert go(portal(told), "/login").status_code == 503


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        ("access_denied", 403, "没有同意"),
        ("temporarily_unavailable", 400, "暂时没有应答"),
        ("login_required", 400, "没有完成"),
        ("<script>", 400, "没有完成"),
    ],
)
def test_rfc6749_4_1_2_1_an_error_is_told_in_our_own_words(
    browser: FlaskClient, told: Issuer, error: str, status: int, words: str
) -> None:
    asked = begin(browser, told)
    answer = go(browser, "/callback", error=error, error_description="<b>x</b>", state=asked["state"], iss=told.url)
    assert answer.status_code == status
    assert words in answer.text
    assert "<script>" not in answer.text
    assert "<b>x" not in answer.text


# -- leaving -----------------------------------------------------------------------------------------------------------


def test_rp_initiated_logout_2_the_portal_forgets_and_sends_the_hint(browser: FlaskClient, told: Issuer) -> None:
    sign_in(browser, told)
    answer = browser.post("/logout", base_url=PORTAL, headers={"Origin": PORTAL})
    asked = {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}
    assert not signed_in(browser)
    assert asked["id_token_hint"].count(".") == 2
    assert asked["post_logout_redirect_uri"] == f"{PORTAL}/signed-out"
    assert go(browser, "/signed-out", state="guessed").status_code == 303
    assert go(browser, "/signed-out", state=asked["state"]).status_code == 200
    assert go(browser, "/signed-out", state=asked["state"]).status_code == 303


@pytest.mark.parametrize("headers", [{"Origin": OTHER}, {"Origin": "null"}, {"Sec-Fetch-Site": "same-site"}])
def test_csrf_another_port_of_localhost_cannot_sign_a_citizen_out(
    browser: FlaskClient, told: Issuer, headers: dict[str, str]
) -> None:
    sign_in(browser, told)
    assert browser.post("/logout", base_url=PORTAL, headers=headers).status_code == 403
    assert signed_in(browser)


def test_backchannel_2_7_a_logout_token_ends_the_session_and_the_citizen_is_told_once(
    browser: FlaskClient, told: Issuer
) -> None:
    sign_in(browser, told)
    answer = say_goodbye(browser, told.logout_token())
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert not signed_in(browser)
    assert "已在别处结束" in go(browser, "/").text
    assert "已在别处结束" not in go(browser, "/").text


@pytest.mark.parametrize(("claims", "ends"), [({"sid": None}, True), ({"sub": None}, True), ({"sid": "sid-2"}, False)])
def test_backchannel_2_4_a_sid_ends_one_session_and_a_sub_all(
    browser: FlaskClient, told: Issuer, claims: dict[str, Any], ends: bool
) -> None:
    sign_in(browser, told)
    assert say_goodbye(browser, told.logout_token(**claims)).status_code == 200
    assert signed_in(browser) is not ends


@pytest.mark.parametrize(
    ("clause", "header", "claims"),
    [
        ("2.4 typ of an ID token", {"typ": "JWT"}, {}),
        ("2.4 no typ", {"typ": None}, {}),
        ("2.6-1 alg", {"alg": "ES256", "kid": "ec"}, {}),
        ("2.6-4 iss", {}, {"iss": "https://other.example"}),
        ("2.6-4 no iss", {}, {"iss": None}),
        ("2.6-4 aud", {}, {"aud": "another"}),
        ("2.6-4 no aud", {}, {"aud": None}),
        ("2.6-4 iat", {}, {"iat": int(time.time()) - 3600}),
        ("2.6-4 no iat", {}, {"iat": None}),
        ("2.6-4 exp", {}, {"exp": int(time.time()) - 600}),
        ("2.6-4 no exp", {}, {"exp": None}),
        ("2.6-5 neither sub nor sid", {}, {"sub": None, "sid": None}),
        ("2.6-5 sid is no text", {}, {"sid": ["sid-1"]}),
        ("2.6-6 no events", {}, {"events": None}),
        ("2.6-6 events is a list", {}, {"events": [EVENT]}),
        ("2.6-6 another event", {}, {"events": {"http://schemas.openid.net/event/other": {}}}),
        ("2.6-6 the event is no object", {}, {"events": {EVENT: True}}),
        ("2.6-7 nonce", {}, {"nonce": "n"}),
        ("2.6-8 no jti", {}, {"jti": None}),
        ("2.6-8 jti is no text", {}, {"jti": {"a": 1}}),
        ("2.6-8 jti is empty", {}, {"jti": ""}),
    ],
)
def test_backchannel_a_token_that_breaks_a_rule_ends_nothing(
    browser: FlaskClient, told: Issuer, clause: str, header: dict[str, Any], claims: dict[str, Any]
) -> None:
    sign_in(browser, told)
    assert say_goodbye(browser, told.logout_token(header, **claims)).status_code == 400, clause
    assert signed_in(browser)


def test_backchannel_2_6_8_a_token_is_good_once(browser: FlaskClient, told: Issuer) -> None:
    token = told.logout_token()
    assert say_goodbye(browser, token).status_code == 200
    assert say_goodbye(browser, token).status_code == 400


def test_backchannel_2_6_2_a_signature_by_another_key_ends_nothing(browser: FlaskClient, told: Issuer) -> None:
    sign_in(browser, told)
    header, payload, signature = told.logout_token().split(".")
    unsigned = base64.urlsafe_b64encode(b'{"alg":"none","typ":"logout+jwt"}').rstrip(b"=").decode()
    for forged in (
        told.logout_token(key=told.foreign),
        f"{unsigned}.{payload}.",
        f"{header}.{payload}.",
        f"{header}.{payload[:-2]}AA.{signature}",
        "x",
        "",
        "\N{SNOWMAN}.a.b",
    ):
        assert say_goodbye(browser, forged).status_code == 400
    assert signed_in(browser)


def test_an_id_token_is_no_logout_token(browser: FlaskClient, told: Issuer) -> None:
    sign_in(browser, told)
    assert say_goodbye(browser, told.sign(told.honest_id_token())).status_code == 400
    assert signed_in(browser)


# -- showing -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/login", "/callback", "/me", "/signed-out", "/nowhere", "/static/portal.css"])
def test_every_answer_carries_the_headers(browser: FlaskClient, path: str) -> None:
    headers = go(browser, path).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert path.startswith("/static/") or headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(("path", "status"), [("/nowhere", 404), ("/logout", 405), ("/callback", 400)])
def test_bad_addresses_get_a_page_that_says_what_to_do(browser: FlaskClient, path: str, status: int) -> None:
    answer = go(browser, path)
    assert answer.status_code == status
    assert "参考编号" in answer.text


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
    browser: FlaskClient, accept: str, query: dict[str, str], language: str
) -> None:
    page = browser.get("/", base_url=PORTAL, query_string=query, headers={"Accept-Language": accept})
    assert f'<html lang="{language}"' in page.text


def test_by_another_name_of_the_machine_the_portal_leads_to_its_own(browser: FlaskClient) -> None:
    answer = browser.get("/login", base_url="http://127.0.0.1:8001")
    assert answer.headers["Location"] == PORTAL


def test_a_provider_that_is_not_there_is_told_in_a_page() -> None:
    browser = portal(Issuer(url="http://127.0.0.1:9"))
    answer = go(browser, "/login")
    assert answer.status_code == 503
    assert "暂时没有应答" in answer.text
