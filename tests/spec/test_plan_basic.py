"""The conformance suite's plans Basic and Form Post Basic: what each module sends, and what it then looks at. The other
modules are held by the tests that docs/certification.md names."""

from collections.abc import Iterator
from urllib.parse import urlencode

import pytest

from tests.support.answers import refused_on_a_page
from tests.support.provider import ISSUER, VERIFIER, Provider, challenge, running_provider, settings_for
from tests.support.suite import CALLBACK, Suite, himself, of_operator

CLAIMS = {
    "profile": {"name", "birthdate", "gender", "updated_at"},
    "email": {"email", "email_verified"},
    "phone": {"phone_number", "phone_number_verified"},
    "address": {"address"},
}
LEVELS = " ".join(f"urn:citizen-idp:aal:{level}" for level in (1, 2))
WALKS: dict[str, dict[str, str | None]] = {
    "oidcc-server": {},
    "oidcc-ensure-request-without-nonce-succeeds-for-code-flow": {"nonce": None},
    "oidcc-display-page": {"display": "page"},
    "oidcc-display-popup": {"display": "popup"},
    "oidcc-max-age-10000": {"max_age": "10000"},
    "oidcc-ensure-request-with-unknown-parameter-succeeds": {"extra": "foobar"},
    "oidcc-login-hint": {"login_hint": "buffy@oidf.example"},
    "oidcc-ui-locales": {"ui_locales": "se"},
    "oidcc-claims-locales": {"claims_locales": "se"},
    "oidcc-ensure-request-with-acr-values-succeeds": {"acr_values": LEVELS},
}


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    chosen = settings_for(tmp_path_factory.mktemp("basic"), IDP_REGISTRATION="open", IDP_PKCE="or_nonce")
    with running_provider(chosen) as running:
        yield running


def begun(provider: Provider, mode: str | None) -> Suite:
    person = provider.citizen(email="x@mail.example", address="人民路 1 号", birthdate="1990-01-31")
    return Suite(provider, person, of_operator(provider), mode)


@pytest.fixture(scope="module", params=[None, "form_post"])
def suite(provider: Provider, request: pytest.FixtureRequest) -> Suite:
    return begun(provider, request.param)


@pytest.mark.parametrize("module", WALKS)
def test_a_request_that_has_to_succeed(suite: Suite, module: str) -> None:
    told = suite.tokens(**WALKS[module])
    claims = suite.claims(told["id_token"], suite.client.request(**WALKS[module]).get("nonce"))
    assert suite.userinfo(told["access_token"])["sub"] == claims["sub"]
    assert claims["acr"] in LEVELS


def test_oidcc_server_for_a_client_that_registered_itself(provider: Provider) -> None:
    assert Suite(provider, provider.citizen(), himself(provider)).tokens()
    assert Suite(provider, provider.citizen(), himself(provider), "form_post").tokens()


def test_oidcc_server_client_secret_post(provider: Provider, suite: Suite) -> None:
    posting = of_operator(provider, token_endpoint_auth_method="client_secret_post")
    assert Suite(provider, suite.person, posting, suite.mode).tokens()
    alone = himself(provider, "client_secret_post")
    assert Suite(provider, suite.person, alone, suite.mode).tokens()


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        *((f"openid {name}", claims) for name, claims in CLAIMS.items()),
        ("openid profile email address phone", set().union(*CLAIMS.values())),
        ("email openid", CLAIMS["email"]),
    ],
)
def test_oidcc_scope_and_alternate_happy_flow(suite: Suite, scope: str, expected: set[str]) -> None:
    told = suite.tokens(scope=scope)
    claims = suite.userinfo(told["access_token"])
    assert claims.keys() == expected | {"sub"}
    shapes = {"email_verified": bool, "phone_number_verified": bool, "updated_at": int, "address": dict}
    assert all(isinstance(value, shapes.get(name, str)) for name, value in claims.items())


def test_oidcc_claims_essential(suite: Suite) -> None:
    told = suite.tokens(claims='{"userinfo":{"name":{"essential":true}}}')
    assert suite.userinfo(told["access_token"])["name"] == "李静文"
    assert "name" not in suite.claims(told["id_token"], "nonce-1")


def test_oidcc_response_type_missing(suite: Suite) -> None:
    told = suite.callback(suite.go(response_type=None))
    assert (told["error"], told["state"]) == ("invalid_request", "state-1")
    assert told.keys() == {"error", "error_description", "state"}


def test_oidcc_ensure_registered_redirect_uri(suite: Suite) -> None:
    page = suite.visitor.get(
        "/authorize?" + urlencode(suite.client.request(redirect_uri=f"{CALLBACK}/foo/bar?x=y&z=1"))
    )
    refused_on_a_page(page, "foo/bar")


def test_oidcc_ensure_post_request_succeeds(suite: Suite) -> None:
    suite.arrive()
    fields = suite.client.request(**({"response_mode": suite.mode} if suite.mode else {}))
    page = suite.visitor.post("/authorize", fields, Origin="https://www.certification.openid.net")
    assert suite.callback(page).keys() == {"code", "state"}


def test_oidcc_prompt_none_not_logged_in(provider: Provider, suite: Suite) -> None:
    stranger = Suite(provider, suite.person, suite.client, suite.mode)
    told = stranger.callback(stranger.visitor.authorize(suite.client, prompt="none", response_mode=suite.mode))
    assert (told["error"], told["state"]) == ("login_required", "state-1")


def test_oidcc_prompt_none_logged_in_and_id_token_hint(suite: Suite) -> None:
    first = suite.claims(hint := suite.tokens()["id_token"], "nonce-1")
    for changes in ({"prompt": "none"}, {"prompt": "none", "id_token_hint": hint}):
        page = suite.visitor.authorize(suite.client, response_mode=suite.mode, **changes)
        answer = suite.token(suite.client.exchange(suite.callback(page)["code"])).get_json()
        second = suite.claims(answer["id_token"], "nonce-1")
        assert [second[name] for name in ("sub", "auth_time")] == [first[name] for name in ("sub", "auth_time")]


@pytest.mark.parametrize("changes", [{"prompt": "login"}, {"max_age": "1"}])
def test_oidcc_prompt_login_and_max_age_1(suite: Suite, changes: dict[str, str]) -> None:
    first = suite.claims(suite.tokens()["id_token"], "nonce-1")
    suite.provider.clock.advance(2)
    page = suite.visitor.authorize(suite.client, response_mode=suite.mode, **changes)
    assert page.request.path == "/login", "the password is asked a second time"
    told = suite.callback(suite.visitor.password(page, suite.person))
    second = suite.claims(suite.token(suite.client.exchange(told["code"])).get_json()["id_token"], "nonce-1")
    assert second["auth_time"] > first["auth_time"]
    assert second["sub"] == first["sub"]


@pytest.mark.parametrize("seconds", [0, 30])
def test_oidcc_codereuse(suite: Suite, seconds: int) -> None:
    """The second module also looks at the access token of the first redemption, which has to be refused by then."""
    code = suite.arrive()
    told = suite.token(suite.client.exchange(code)).get_json()
    suite.provider.clock.advance(seconds)
    again = suite.token(suite.client.exchange(code))
    assert (again.status_code, again.get_json()["error"]) == (400, "invalid_grant")
    assert suite.provider.userinfo(told["access_token"]).status_code == 401


def test_oidcc_refresh_token(provider: Provider, suite: Suite) -> None:
    other = Suite(provider, suite.person, of_operator(provider), suite.mode)
    asked = {"scope": "openid offline_access", "prompt": "consent"}
    for each in (suite, other):
        first = each.tokens(**asked)
        provider.clock.advance(1)
        scope = {"scope": "openid offline_access"} if each is suite else {}
        second = each.refreshed(first["refresh_token"], **scope).get_json()
        before, after = each.claims(first["id_token"], "nonce-1"), each.claims(second["id_token"], None)
        assert after["iat"] != before["iat"]
        assert [after[name] for name in ("iss", "sub", "aud", "auth_time")] == [
            before[name] for name in ("iss", "sub", "aud", "auth_time")
        ]
        assert each.userinfo(second["access_token"])
    stolen = suite.refreshed(second["refresh_token"])
    assert (stolen.status_code, stolen.get_json()["error"]) == (400, "invalid_grant")


def test_oidcc_ensure_request_with_valid_pkce_succeeds(suite: Suite) -> None:
    code = suite.arrive(code_challenge=challenge(), code_challenge_method="S256")
    assert suite.token(suite.client.exchange(code, code_verifier=VERIFIER)).status_code == 200


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_oidcc_userinfo_get_post_header_and_post_body(suite: Suite, method: str) -> None:
    token, machine = suite.tokens()["access_token"], suite.provider.machine()
    told = machine.open("/userinfo", method=method, base_url=ISSUER, headers={"Authorization": f"Bearer {token}"})
    assert (told.status_code, told.mimetype) == (200, "application/json")
    assert machine.post("/userinfo", base_url=ISSUER, data={"access_token": token}).get_json() == told.get_json()


def test_modules_that_are_skipped_for_what_the_metadata_says(provider: Provider) -> None:
    """Unsigned ID tokens, unsigned request objects and those at an address: the suite skips them where `none` is not
    offered."""
    metadata = provider.machine().get("/.well-known/openid-configuration", base_url=ISSUER).get_json()
    for name in ("id_token_signing_alg_values_supported", "request_object_signing_alg_values_supported"):
        assert "none" not in metadata[name]
        assert "RS256" in metadata[name]
