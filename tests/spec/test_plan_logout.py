"""The conformance suite's plans of RP-Initiated, Back-Channel and Front-Channel Logout."""

import html
import re
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from joserfc import jwk, jwt
from werkzeug.test import TestResponse

from idp.codec import encode
from idp.secrets import urlsafe
from tests.support.forms import forms
from tests.support.jwts import read
from tests.support.listener import Listener, listening
from tests.support.provider import ISSUER, Provider, parameters, running_provider, settings_for
from tests.support.suite import CALLBACK, OF_OPERATOR, Suite, himself, of_operator

BACK: str = OF_OPERATOR["post_logout_redirect_uris"][0]
STATE = "s" * 128
"""The suite takes a long one, to see that it comes back whole."""


@pytest.fixture(scope="module")
def listener() -> Iterator[Listener]:
    with listening() as running:
        yield running


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory, listener: Listener) -> Iterator[Provider]:
    own = {"IDP_REGISTRATION": "open", "IDP_PKCE": "or_nonce", "IDP_OUTBOUND_ALLOW": listener.place}
    with running_provider(settings_for(tmp_path_factory.mktemp("logout"), **own)) as running:
        yield running


@pytest.fixture(scope="module")
def shared(provider: Provider) -> Suite:
    return Suite(provider, provider.citizen(), of_operator(provider))


@pytest.fixture
def hint(shared: Suite) -> str:
    """The ID token of a citizen who is signed in in the suite's browser."""
    token: str = shared.tokens()["id_token"]
    return token


def signed_out(suite: Suite) -> bool:
    """What each module ends with: whether `prompt=none` finds nobody."""
    told = parameters(suite.visitor.authorize(suite.client, prompt="none").location)
    assert told["state"] == "state-1"
    return told.get("error") == "login_required"


def answered(suite: Suite, page: TestResponse) -> TestResponse:
    """The page that follows, if there is a question and the citizen says yes."""
    asks = any("decision" in dict(each.buttons) for each in forms(page.text))
    return suite.visitor.submit(page, "decision", decision="allow") if asks else page


@pytest.mark.parametrize("state", [{"state": STATE}, {}])
def test_oidcc_rp_initiated_logout_with_and_without_state(shared: Suite, hint: str, state: dict[str, str]) -> None:
    response = shared.logout(id_token_hint=hint, post_logout_redirect_uri=BACK, **state)
    assert (response.status_code, response.location.partition("?")[0]) == (303, BACK)
    assert (parameters(response.location) if state else {}) == state
    assert signed_out(shared)


def unsigned(token: str) -> str:
    _, claims, _ = token.split(".")
    return f"{urlsafe(encode({'alg': 'none'}))}.{claims}."


def of_another(token: str) -> str:
    key = jwk.RSAKey.generate_key(2048, {"kid": "another"})
    claims = {"iss": ISSUER, "sub": "x", "aud": "x", "iat": 1, "exp": 9_999_999_999}
    return jwt.encode({"alg": "RS256", "kid": "another"}, claims, key)


@pytest.mark.parametrize(
    "module",
    [
        "bad-post-logout-redirect-uri",
        "query-added-to-post-logout-redirect-uri",
        "modified-id-token-hint",
        "bad-id-token-hint",
        "no-id-token-hint",
    ],
)
def test_oidcc_rp_initiated_logout_that_must_not_redirect(shared: Suite, hint: str, module: str) -> None:
    changes: dict[str, str | None] = {
        "bad-post-logout-redirect-uri": {"post_logout_redirect_uri": f"{BACK}Xyz"},
        "query-added-to-post-logout-redirect-uri": {"post_logout_redirect_uri": f"{BACK}?foo=bar"},
        "modified-id-token-hint": {"id_token_hint": unsigned(hint)},
        "bad-id-token-hint": {"id_token_hint": of_another(hint)},
        "no-id-token-hint": {"id_token_hint": None},
    }[module]
    fields = {"id_token_hint": hint, "post_logout_redirect_uri": BACK, "state": STATE} | changes
    page = shared.logout(**{name: value for name, value in fields.items() if value is not None})
    assert page.status_code in (200, 400)
    assert "Location" not in page.headers
    assert not signed_out(shared)


@pytest.mark.parametrize("module", ["no-params", "only-state", "no-post-logout-redirect-uri"])
def test_oidcc_rp_initiated_logout_that_ends_on_our_page(shared: Suite, hint: str, module: str) -> None:
    fields = {"only-state": {"state": STATE}, "no-post-logout-redirect-uri": {"id_token_hint": hint, "state": STATE}}
    page = answered(shared, shared.logout(**fields.get(module, {})))
    assert (page.status_code, "Location" in page.headers) == (200, False)
    assert signed_out(shared)


def test_oidcc_backchannel_rp_initiated_logout(provider: Provider, listener: Listener) -> None:
    told = {"backchannel_logout_uri": listener.url, "backchannel_logout_session_required": True}
    client = himself(provider, post_logout_redirect_uris=[BACK], **told)
    suite = Suite(provider, provider.citizen(), client)
    hint = suite.tokens()["id_token"]
    in_id_token = suite.claims(hint, "nonce-1")
    response = suite.logout(id_token_hint=hint, post_logout_redirect_uri=BACK, state=STATE)
    assert response.location == f"{BACK}?{urlencode({'state': STATE})}"
    assert listener.told[0].keys() == {"logout_token"}
    _, claims = read(provider, listener.token)
    assert [claims[name] for name in ("iss", "aud", "sub", "sid")] == [
        *(ISSUER, client.id),
        *(in_id_token["sub"], in_id_token["sid"]),
    ]
    assert claims["events"] == {"http://schemas.openid.net/event/backchannel-logout": {}}
    assert claims["jti"]
    assert "nonce" not in claims
    assert signed_out(suite)


def test_oidcc_frontchannel_rp_initiated_logout(provider: Provider) -> None:
    uri = CALLBACK.replace("callback", "frontchannel_logout")
    told = {"frontchannel_logout_uri": uri, "frontchannel_logout_session_required": True}
    client = himself(provider, post_logout_redirect_uris=[BACK], **told)
    suite = Suite(provider, provider.citizen(), client)
    hint = suite.tokens()["id_token"]
    page = suite.logout(id_token_hint=hint, post_logout_redirect_uri=BACK, state=STATE)
    [frame] = [html.unescape(each) for each in re.findall(r'<iframe[^>]* src="([^"]*)"', page.text)]
    assert frame.partition("?")[0] == uri
    assert parameters(frame) == {"iss": ISSUER, "sid": suite.claims(hint, "nonce-1")["sid"]}
    assert f"{BACK}?state={STATE}" in html.unescape(page.text), "the browser goes on to there by itself"
    assert signed_out(suite)


@pytest.mark.parametrize("channel", ["backchannel", "frontchannel"])
def test_oidcc_logout_discovery_endpoint_verification(provider: Provider, channel: str) -> None:
    metadata = provider.machine().get("/.well-known/openid-configuration", base_url=ISSUER).get_json()
    assert metadata["end_session_endpoint"] == f"{ISSUER}/logout"
    assert metadata[f"{channel}_logout_supported"] is metadata[f"{channel}_logout_session_supported"] is True
