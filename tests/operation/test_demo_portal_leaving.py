"""The demo's portals and the end of a session: what they send, and which logout tokens they believe."""

import base64
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient

from tests.support.demo_portal import OTHER, PORTAL, go, say_goodbye, sign_in, signed_in
from tests.support.issuer import EVENT, Issuer


def test_rp_initiated_logout_2_the_portal_forgets_and_sends_the_hint(portal_browser: FlaskClient, told: Issuer) -> None:
    sign_in(portal_browser, told)
    answer = portal_browser.post("/logout", base_url=PORTAL, headers={"Origin": PORTAL})
    asked = {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}
    assert not signed_in(portal_browser)
    assert asked["id_token_hint"].count(".") == 2
    assert asked["post_logout_redirect_uri"] == f"{PORTAL}/signed-out"
    assert go(portal_browser, "/signed-out", state="guessed").status_code == 303
    assert go(portal_browser, "/signed-out", state=asked["state"]).status_code == 200
    assert go(portal_browser, "/signed-out", state=asked["state"]).status_code == 303


@pytest.mark.parametrize("headers", [{"Origin": OTHER}, {"Origin": "null"}, {"Sec-Fetch-Site": "same-site"}])
def test_csrf_another_port_of_localhost_cannot_sign_a_citizen_out(
    portal_browser: FlaskClient, told: Issuer, headers: dict[str, str]
) -> None:
    sign_in(portal_browser, told)
    assert portal_browser.post("/logout", base_url=PORTAL, headers=headers).status_code == 403
    assert signed_in(portal_browser)


def test_backchannel_2_7_a_logout_token_ends_the_session_and_the_citizen_is_told_once(
    portal_browser: FlaskClient, told: Issuer
) -> None:
    sign_in(portal_browser, told)
    answer = say_goodbye(portal_browser, told.logout_token())
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert not signed_in(portal_browser)
    assert "已在别处结束" in go(portal_browser, "/").text
    assert "已在别处结束" not in go(portal_browser, "/").text


@pytest.mark.parametrize(("claims", "ends"), [({"sid": None}, True), ({"sub": None}, True), ({"sid": "sid-2"}, False)])
def test_backchannel_2_4_a_sid_ends_one_session_and_a_sub_all(
    portal_browser: FlaskClient, told: Issuer, claims: dict[str, Any], ends: bool
) -> None:
    sign_in(portal_browser, told)
    assert say_goodbye(portal_browser, told.logout_token(**claims)).status_code == 200
    assert signed_in(portal_browser) is not ends


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
    portal_browser: FlaskClient, told: Issuer, clause: str, header: dict[str, Any], claims: dict[str, Any]
) -> None:
    sign_in(portal_browser, told)
    assert say_goodbye(portal_browser, told.logout_token(header, **claims)).status_code == 400, clause
    assert signed_in(portal_browser)


def test_backchannel_2_6_8_a_token_is_good_once(portal_browser: FlaskClient, told: Issuer) -> None:
    token = told.logout_token()
    assert say_goodbye(portal_browser, token).status_code == 200
    assert say_goodbye(portal_browser, token).status_code == 400


def test_backchannel_2_6_2_a_signature_by_another_key_ends_nothing(portal_browser: FlaskClient, told: Issuer) -> None:
    sign_in(portal_browser, told)
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
        assert say_goodbye(portal_browser, forged).status_code == 400
    assert signed_in(portal_browser)


def test_an_id_token_is_no_logout_token(portal_browser: FlaskClient, told: Issuer) -> None:
    sign_in(portal_browser, told)
    assert say_goodbye(portal_browser, told.sign(told.honest_id_token())).status_code == 400
    assert signed_in(portal_browser)
