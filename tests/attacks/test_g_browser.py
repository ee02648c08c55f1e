"""G. What a browser is told and what it may be made to send: headers of every page, forged forms, hostile values.

Escaping in every template, links that could run, and third-party content: `tests/unit/test_pages.py`.
"""

import re
from collections.abc import Iterator
from urllib.parse import quote, urlencode

import pytest
from werkzeug.test import TestResponse

from tests.support.cookies import BROWSER, SESSION, cookie
from tests.support.forms import form
from tests.support.provider import ISSUER, Person, Provider, Registered, Visitor, parameters

MARKUP = '"><script>alert(9)</script>'


@pytest.fixture
def client(provider: Provider) -> Registered:
    return provider.client()


@pytest.fixture
def person(provider: Provider) -> Person:
    return provider.citizen(totp=True)


def every_page(provider: Provider, client: Registered, person: Person) -> Iterator[TestResponse]:
    plain, visitor = provider.citizen(), provider.visitor()
    yield visitor.authorize(client)
    yield visitor.password(visitor.authorize(client), person, "wrong")
    otp = visitor.password(visitor.authorize(client), person)
    yield otp
    yield visitor.submit(otp, "otp", otp="000000")
    yield visitor.get(otp.request.full_path.replace("/login/otp", "/login/recovery"))
    consent = visitor.password(visitor.authorize(client), plain)
    yield consent
    visitor.allow(consent)
    for address in ("/", "/help", "/account", "/logout", "/nothing-here", "/login?t=x", "/authorize", "/login/otp?t=x"):
        yield visitor.get(address)
    yield visitor.submit(visitor.get("/logout"), "decision", decision="allow")
    yield visitor.post("/login?t=x", {})
    yield visitor.post("/token/x", {})
    yield visitor.post("/help", {})


def test_g_web_headers_of_every_page(provider: Provider, client: Registered, person: Person) -> None:
    seen = set()
    for page in every_page(provider, client, person):
        case = f"{page.request.path} {page.status_code}"
        seen.add(case)
        headers, policy = page.headers, page.headers["Content-Security-Policy"]
        assert page.mimetype == "text/html", case
        assert "frame-ancestors 'none'" in policy, case
        assert headers["X-Frame-Options"] == "DENY", case
        assert policy.startswith("default-src 'none';"), case
        assert "base-uri 'none'" in policy, case
        assert not re.search("unsafe|script-src", policy), case
        assert headers["Cache-Control"] == "no-store", case
        assert headers["X-Content-Type-Options"] == "nosniff", case
        assert headers["Referrer-Policy"] in ("same-origin", "no-referrer", "strict-origin"), case
        assert headers["Strict-Transport-Security"], case
        assert not re.search(r"<script|\son\w+=|style=|src=\"(?!/static/)", page.text), case
        assert "Access-Control-Allow-Origin" not in headers, case
    assert len(seen) >= 16, seen


def test_g_web_redirects_leave_no_trace(provider: Provider, client: Registered, person: Person) -> None:
    """An answer with a code in its address is neither kept nor told on (RFC 9700 section 4.2)."""
    visitor = provider.visitor()
    visitor.arrive(client, provider.citizen())
    response = visitor.authorize(client)
    assert response.status_code == 303
    assert response.get_data() == b""
    assert (response.headers["Cache-Control"], response.headers["Referrer-Policy"]) == ("no-store", "same-origin")


# -- forged forms ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "https://id.example.evil.example"},
        {"Origin": "http://id.example"},
        {"Origin": "https://id.example:444"},
        {"Origin": ISSUER, "Sec-Fetch-Site": "cross-site"},
        {"Origin": ISSUER, "Sec-Fetch-Site": "same-site"},
    ],
)
def test_g_csrf_login_consent_and_logout_from_elsewhere(
    provider: Provider, client: Registered, headers: dict[str, str]
) -> None:
    """With the right cookies and even the right token."""
    person, visitor = provider.citizen(), provider.visitor()
    sign_in = form(visitor.authorize(client).text, "username")
    fields = sign_in.filled(username=person.number, password=person.password)
    refused = visitor.post(sign_in.action, fields, **headers)
    assert refused.status_code == 403
    assert not cookie(visitor)
    consent = form(visitor.post(sign_in.action, fields).text, "decision")
    assert visitor.post(consent.action, consent.filled(decision="allow"), **headers).status_code == 403
    assert visitor.post(consent.action, consent.filled(decision="deny"), **headers).status_code == 403
    leave = form(visitor.get("/logout").text, "decision")
    assert visitor.post(leave.action, leave.filled(decision="allow"), **headers).status_code == 403
    assert "code" in parameters(visitor.post(consent.action, consent.filled(decision="allow")).location)


@pytest.mark.parametrize("token", ["", "x", "A" * 43, "é", "\0", "x" * 30_000])
def test_g_csrf_every_form_needs_its_own_token(provider: Provider, client: Registered, token: str) -> None:
    person, visitor = provider.citizen(), provider.visitor()
    forms = [form(visitor.authorize(client).text, "username")]
    forms.append(form(visitor.password(visitor.authorize(client), person).text, "decision"))
    forms.append(form(visitor.get("/logout").text, "decision"))
    for each in forms:
        sent = each.filled(username=person.number, password=person.password, decision="allow", csrf=token)
        assert visitor.post(each.action, sent).status_code == 403
        crossed = next(other for other in forms if other is not each).fields["csrf"]
        assert visitor.post(each.action, sent | {"csrf": crossed}).status_code == 403


def test_g_csrf_withdrawing_consent_and_other_forms_of_the_account(provider: Provider, client: Registered) -> None:
    visitor, person = provider.visitor(), provider.citizen()
    visitor.arrive(client, person)
    withdrawal = form(visitor.get("/account").text, "client")
    for sent, headers in (
        (withdrawal.filled(client=client.id, csrf=""), {}),
        (withdrawal.filled(client=client.id, csrf="x" * 43), {}),
        (withdrawal.filled(client=client.id), {"Origin": "https://evil.example"}),
    ):
        assert visitor.post(withdrawal.action, sent, **headers).status_code == 403
    assert provider.services.records.consents.find(person.citizen.id, client.id)


def test_g_csrf_login_post_without_cookies(provider: Provider, client: Registered) -> None:
    """Login CSRF: the attacker's own form, sent by a victim's browser, signs nobody in."""
    attacker, person = provider.visitor(), provider.citizen()
    sign_in = form(attacker.authorize(client).text, "username")
    fields = sign_in.filled(username=person.number, password=person.password)
    victim = provider.machine().post(sign_in.action, base_url=ISSUER, data=fields)
    assert victim.status_code == 403
    assert "Set-Cookie" not in victim.headers


def test_g_csrf_a_tossed_binding_cookie_needs_the_whole_pair(provider: Provider, client: Registered) -> None:
    """Who could plant the binding cookie still changes nobody's session, and leads to registered addresses only."""
    attacker, victim = provider.visitor(), provider.visitor()
    page = attacker.authorize(client)
    victim.arrive(client, provider.citizen())
    before = cookie(victim)
    victim.http.set_cookie(BROWSER, cookie(attacker, BROWSER) or "", domain="id.example", secure=True)
    assert victim.get(page.request.full_path).location.startswith(client.client.redirect_uris[0])
    assert cookie(victim) == before


@pytest.mark.parametrize("path", ["/login", "/consent", "/logout/confirm", "/account/withdraw", "/login/otp"])
def test_g_csrf_get_changes_nothing(provider: Provider, client: Registered, path: str) -> None:
    visitor = provider.visitor()
    visitor.arrive(client, provider.citizen())
    visitor.get(f"{path}?decision=allow&client={client.id}&username=x&password=y&otp=1")
    assert "code" in visitor.hop(client, prompt="none")


def test_g_csrf_a_form_of_another_kind_is_no_form(provider: Provider, client: Registered) -> None:
    """text/plain, JSON and multipart, which other sites can send without a question, are not read as ours."""
    person, visitor = provider.citizen(), provider.visitor()
    sign_in = form(visitor.authorize(client).text, "username")
    body = urlencode(sign_in.filled(username=person.number, password=person.password), doseq=True)
    for content_type in ("text/plain", "application/json", "multipart/form-data; boundary=x", ""):
        response = visitor.http.post(sign_in.action, base_url=ISSUER, data=body, content_type=content_type)
        assert response.status_code == 400
    assert not cookie(visitor)


# -- hostile values ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["state", "login_hint", "nonce", "display", "prompt", "ui_locales", "error_description"]
)
def test_g_xss_parameters(provider: Provider, client: Registered, name: str) -> None:
    page = provider.visitor().authorize(client, **{name: MARKUP})
    if page.status_code == 303:
        assert parameters(page.location)["error"] == "invalid_request"
        assert "<" not in page.location
    else:
        assert "<script" not in page.text
        assert form(page.text, "username")


@pytest.mark.parametrize("member", ["client_name", "purpose", "retention", "client_name#en"])
def test_g_xss_client_metadata_on_every_page(provider: Provider, person: Person, member: str) -> None:
    client = provider.client(**{member: MARKUP, "client_uri": f"https://a.example/{quote(MARKUP)}"})
    for page in every_page(provider, client, person):
        assert "<script" not in page.text


def test_g_xss_what_was_typed_is_given_back_escaped_and_short(provider: Provider, client: Registered) -> None:
    visitor = provider.visitor()
    typed = Person(provider.citizen().citizen, MARKUP + "x" * 500, "", "wrong")
    page = visitor.password(visitor.authorize(client), typed)
    assert page.status_code == 400
    assert "<script" not in page.text
    assert "x" * 65 not in page.text
    assert "wrong" not in page.text


@pytest.mark.parametrize(
    "path", ["/x" + quote(MARKUP), "/static/" + quote(MARKUP), "/%ff", "/\u00e9", "/%00", "/..%2f"]
)
def test_g_xss_in_the_path(provider: Provider, path: str) -> None:
    response = provider.visitor().get(path)
    assert response.status_code == 404
    assert "<script" not in response.text


@pytest.mark.parametrize("path", ["/authorize", "/token", "/userinfo", "/login", "/logout", "/jwks", "/account"])
def test_g_cors_nobody_elsewhere_may_read(provider: Provider, path: str) -> None:
    origin = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    for method in ("OPTIONS", "GET", "POST"):
        headers = provider.machine().open(path, method=method, base_url=ISSUER, headers=origin).headers
        assert "Access-Control-Allow-Credentials" not in headers
        assert headers.get("Access-Control-Allow-Origin") in (None, "*")
        assert path == "/jwks" or "Access-Control-Allow-Origin" not in headers


def test_g_cache_nothing_personal_is_kept(provider: Provider, client: Registered) -> None:
    visitor: Visitor = provider.visitor()
    code = visitor.arrive(client, provider.citizen())["code"]
    token = provider.token(client, client.exchange(code)).get_json()["access_token"]
    assert cookie(visitor, SESSION)
    for answer in (provider.userinfo(token), visitor.get("/"), visitor.get("/account"), visitor.get("/logout")):
        assert answer.headers["Cache-Control"] == "no-store"
        assert "ETag" not in answer.headers
        assert "Last-Modified" not in answer.headers
