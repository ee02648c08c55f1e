"""A portal of the demo in this process, and a browser in front of it."""

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from idp.clock import SystemClock
from idp.demo.portal import create_portal
from idp.demo.portal_settings import OidcSettings
from idp.secrets import SystemRandomness
from tests.support.issuer import CLIENT_ID, Issuer

PORTAL = "http://localhost:8001"
OTHER = "http://localhost:8002"


def portal(told: Issuer, theme: str = "social", alg: str = "RS256") -> FlaskClient:
    settings = OidcSettings(
        theme=theme,
        url=PORTAL,
        others={"vehicles": OTHER},
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
