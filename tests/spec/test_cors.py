"""The Fetch Standard's CORS protocol: pages of registered public browser clients may read answers, nobody else's."""

import pytest
from werkzeug.test import TestResponse

from idp.oidc.clients.origins import LONGEST
from tests.support.answers import token_refused, tokens
from tests.support.provider import ISSUER, Provider, Registered

CALLBACKS = ["https://app.example/callback", "https://App2.example:443/cb", "http://localhost:3000/cb"]
ORIGINS = ["https://app.example", "https://app2.example", "http://localhost:3000"]
SHARED = ["/token", "/userinfo", "/revoke", "/par", "/jwks", "/.well-known/openid-configuration"]
STRANGERS = [
    "https://evil.example",
    "http://app.example",
    "https://app.example:8443",
    "https://app.example.evil.example",
    "https://APP.example",
    "https://server.example",
    "null",
    "*",
    "",
    "https://app.example/",
    "https://" + "a" * LONGEST,
    "https://\xe4pp.example",
]


@pytest.fixture(scope="module")
def apps(shared_provider: Provider) -> list[Registered]:
    """Public browser clients, one an origin, and a confidential one that has none."""
    shared_provider.client(redirect_uris=["https://server.example/cb"])
    return [shared_provider.client(redirect_uris=[uri], token_endpoint_auth_method="none") for uri in CALLBACKS]


def ask(provider: Provider, path: str, origin: str | None, method: str = "OPTIONS", **data: str) -> TestResponse:
    headers = {} if origin is None else {"Origin": origin}
    return provider.machine().open(path, base_url=ISSUER, method=method, headers=headers, data=data)


def shared_with(answer: TestResponse) -> str | None:
    assert "Access-Control-Allow-Credentials" not in answer.headers
    return answer.headers.get("Access-Control-Allow-Origin")


@pytest.mark.parametrize("path", SHARED)
@pytest.mark.parametrize("origin", ORIGINS)
def test_fetch_a_preflight_of_a_registered_origin_is_answered(
    shared_provider: Provider, apps: list[Registered], path: str, origin: str
) -> None:
    answer = ask(shared_provider, path, origin)
    assert (answer.status_code, shared_with(answer), answer.data) == (204, origin, b"")
    assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]
    assert "OPTIONS" not in answer.headers["Access-Control-Allow-Methods"]
    assert answer.headers["Vary"] == "Origin"


@pytest.mark.parametrize("path", ["/token", "/jwks"])
@pytest.mark.parametrize("origin", STRANGERS)
def test_fetch_no_other_origin_is_told_that_it_may(
    shared_provider: Provider, apps: list[Registered], path: str, origin: str
) -> None:
    for method in ("OPTIONS", "GET", "POST"):
        answer = ask(shared_provider, path, origin, method)
        assert shared_with(answer) is None
        assert answer.status_code < 500


@pytest.mark.parametrize("path", ["/introspect", "/register", "/authorize", "/logout", "/account", "/healthz"])
def test_what_no_browser_application_calls_is_shared_with_none(
    shared_provider: Provider, apps: list[Registered], path: str
) -> None:
    for method in ("OPTIONS", "GET", "POST"):
        assert shared_with(ask(shared_provider, path, ORIGINS[0], method)) is None


def test_without_an_origin_nothing_is_said_of_it(shared_provider: Provider, apps: list[Registered]) -> None:
    for path in ("/token", "/userinfo"):
        answer = ask(shared_provider, path, None, "POST")
        assert shared_with(answer) is None
        assert "Vary" not in answer.headers


def test_documents_that_caches_keep_say_that_they_differ(shared_provider: Provider) -> None:
    for path in ("/jwks", "/.well-known/openid-configuration"):
        assert ask(shared_provider, path, None, "GET").headers["Vary"] == "Origin"


def test_an_application_in_a_browser_gets_tokens_and_claims_and_reads_its_errors(
    shared_provider: Provider, apps: list[Registered]
) -> None:
    provider, app = shared_provider, apps[0]
    code = provider.fresh_code(app)
    origin = {"Origin": ORIGINS[0]}
    fields = app.exchange(code) | {"client_id": app.id}
    answer = provider.machine().post("/token", base_url=ISSUER, data=fields, headers=origin)
    assert shared_with(answer) == ORIGINS[0]
    access_token = tokens(answer)["access_token"]
    told = provider.machine().get(
        "/userinfo", base_url=ISSUER, headers=origin | {"Authorization": f"Bearer {access_token}"}
    )
    assert (told.status_code, shared_with(told)) == (200, ORIGINS[0])
    again = provider.machine().post("/token", base_url=ISSUER, data=fields, headers=origin)
    token_refused(again, "invalid_grant")
    assert shared_with(again) == ORIGINS[0]
    unknown = provider.machine().get("/userinfo", base_url=ISSUER, headers=origin | {"Authorization": "Bearer x"})
    assert (unknown.status_code, shared_with(unknown)) == (401, ORIGINS[0])
    assert "WWW-Authenticate" in unknown.headers["Access-Control-Expose-Headers"]


def test_an_origin_ends_with_its_client(provider: Provider) -> None:
    app = provider.client(redirect_uris=[CALLBACKS[0]], token_endpoint_auth_method="none")
    clients = provider.services.clients
    assert shared_with(ask(provider, "/token", ORIGINS[0])) == ORIGINS[0]
    clients.set_enabled(app.id, enabled=False)
    assert shared_with(ask(provider, "/token", ORIGINS[0])) is None
    clients.set_enabled(app.id, enabled=True)
    assert shared_with(ask(provider, "/token", ORIGINS[0])) == ORIGINS[0]
    clients.remove(app.id)
    assert shared_with(ask(provider, "/token", ORIGINS[0])) is None
