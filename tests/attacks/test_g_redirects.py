"""G. Where a page may lead: nowhere that a request names, be it by a parameter, a path or a Host header."""

from urllib.parse import quote

import pytest

from idp.http import local_path
from tests.support.provider import ISSUER, Provider

ELSEWHERE = (
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "\t//evil.example",
    " //evil.example",
    "///evil.example",
    "javascript:alert(1)",
    "evil.example",
    "@evil.example",
    "/\r\nSet-Cookie: x=1",
    "/é",
    "/" + "x" * 5_000,
    "",
)


def test_g_open_redirect_of_preferences(provider: Provider) -> None:
    browser = provider.visitor().http
    for back in ELSEWHERE:
        response = browser.get("/preferences", base_url=ISSUER, query_string={"back": back, "size": "large"})
        assert (response.status_code, response.location) == (303, "/"), back
        assert local_path(back) == "/"


def test_g_open_redirect_of_preferences_leads_back_to_its_own_pages(provider: Provider) -> None:
    assert local_path("/login?t=0abc&x=%2F%2Fevil.example") == "/login?t=0abc&x=%2F%2Fevil.example"


@pytest.mark.parametrize(
    "back", ["//evil.example", "https://evil.example/login?t=1", "/logout", "javascript:alert(1)", ""]
)
def test_g_open_redirect_of_help_leads_back_to_a_sign_in_only(provider: Provider, back: str) -> None:
    assert "返回登录" not in provider.visitor().get(f"/help?back={quote(back)}").text
    assert "返回登录" in provider.visitor().get(f"/help?back={quote('/login?t=1')}").text


PATHS = (
    "/.well-known/openid-configuration",
    "//authorize",
    "//login?t=x",
    "/authorize/",
    "/login/",
    "/help",
    "//evil.example/%2f..",
    "/static//style.css",
    "/logout",
    "/preferences?back=/help",
)


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "id.example:1234"},
        {"Host": "evil.example/x?"},
        {"X-Forwarded-Host": "evil.example"},
        {"X-Forwarded-Proto": "gopher"},
        {"X-Forwarded-Prefix": "//evil.example"},
        {"Forwarded": "host=evil.example;proto=http"},
        {"X-Original-URL": "/admin", "X-Rewrite-URL": "/admin"},
    ],
)
def test_g_host_header_is_not_reflected(provider: Provider, headers: dict[str, str]) -> None:
    for path in PATHS:
        for method in ("GET", "POST"):
            raw = {"PATH_INFO": path.partition("?")[0], "QUERY_STRING": path.partition("?")[2]}
            response = provider.machine().open(
                "/", method=method, base_url=ISSUER, headers=headers, environ_overrides=raw
            )
            assert "evil" not in response.headers.get("Location", ""), path
            assert response.status_code in (200, 303, 400, 403, 404, 405), path
            assert "evil.example" in path or "evil" not in response.text, path
