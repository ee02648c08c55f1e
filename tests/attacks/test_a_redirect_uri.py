"""A. redirect_uri (RFC 9700 sections 2.1 and 4.1): no address but a registered one is ever redirected to.

Every case is tried in a browser that is signed in and has consented, where a flaw would give a code away.
"""

import dataclasses
import json
import re
from collections.abc import Iterator
from urllib.parse import quote, urlencode

import pytest
from werkzeug.test import TestResponse

from idp.codec import encode
from idp.errors import InvalidClientMetadata, InvalidRedirectUri
from idp.oidc.registration.addresses import redirect_uri as registrable
from tests.support.provider import CALLBACK, ISSUER, Provider, Registered, Visitor, parameters

PREFERENCES = re.compile(r'href="/preferences\?[^"]*"')
"""Links that lead back to this very page, with its query escaped."""
LOOPBACK = "http://127.0.0.1:7399/cb"

HOSTILE = {
    "evil-host": "https://evil.example/cb",
    "scheme-change": "https://127.0.0.1:7399/cb",
    "sub-path": f"{LOOPBACK}/x",
    "trailing-slash": f"{LOOPBACK}/",
    "case-path": "http://127.0.0.1:7399/CB",
    "path-traversal": f"{LOOPBACK}/../evil",
    "dot-segment": "http://127.0.0.1:7399/./cb",
    "encoded-path": "http://127.0.0.1:7399/%63b",
    "query-added": f"{LOOPBACK}?x=1",
    "query-empty": f"{LOOPBACK}?",
    "fragment": f"{LOOPBACK}#f",
    "userinfo": "http://127.0.0.1:7399@evil.example/cb",
    "userinfo2": "http://evil.example@127.0.0.1:7399/cb",
    "backslash": "http://evil.example\\@127.0.0.1:7399/cb",
    "backslash-authority": "http:\\\\127.0.0.1:7399/cb",
    "host-suffix": "http://127.0.0.1:7399.evil.example/cb",
    "encoded-slash": "http://127.0.0.1:7399%2f@evil.example/cb",
    "nul": f"{LOOPBACK}\0.evil",
    "crlf": f"{LOOPBACK}\r\nSet-Cookie:x=1",
    "line-end": f"{LOOPBACK}\n",
    "space": f"{LOOPBACK} ",
    "tab": f"\t{LOOPBACK}",
    "double": f"{LOOPBACK},https://evil.example/cb",
    "two-by-space": f"{LOOPBACK} https://evil.example/cb",
    "javascript": f"javascript:alert(1)//{LOOPBACK}",
    "data": "data:text/html,x",
    "relative": "/cb",
    "schemeless": "//evil.example/cb",
    "no-path": "http://127.0.0.1:7399",
    "default-port": "http://127.0.0.1/cb",
    "port-zeros": "http://127.0.0.1:07399/cb",
    "scheme-case": "HTTP://127.0.0.1:7399/cb",
    "unicode-dot": "http://127。0.0.1:7399/cb",
    "full-width": "http://１２７.0.0.1:7399/cb",
    "zero-width": "http://127.0.0.1:7399/c\u200bb",
    "ip-octal": "http://0177.0.0.1:7399/cb",
    "ip-number": "http://2130706433:7399/cb",
    "ip-short": "http://127.1:7399/cb",
    "ipv6": "http://[::1]:7399/cb",
    "localhost-for-ip": "http://localhost:7399/cb",
    "root-dot": "http://127.0.0.1.:7399/cb",
    "other-client": CALLBACK,
    "long": LOOPBACK + "x" * 20_000,
}


UNREGISTRABLE = (
    "https://a.example/cb#f",
    "javascript:alert(1)",
    "data:text/html,x",
    "https://*.example/cb",
    "/cb",
    "https://a.example/\r\nx",
    "https://user:pw@a.example/cb",
    "https://@a.example/cb",
    "http://a.example/cb",
    "http://127.0.0.1.evil.example/cb",
    "http://0177.0.0.1/cb",
    "https://",
    "https:///cb",
    "https:a.example/cb",
    "https://a.example\\@b.example/cb",
    "https://例子.example/cb",
    "https://a.example:port/cb",
    "https://a.example:99999/cb",
    "https://[::1/cb",
    "https://a.example;script-src/cb",
    "https://a.example,b.example/cb",
    "https://a.example%2f@b.example/cb",
    "https://a.example%00.b.example/cb",
    "vbscript:x",
    "file:///etc/passwd",
    "com.example.app:/cb",
    "",
)

MISLEADING = (
    "javascript:alert(1)",
    "data:text/html,x",
    "https://gov.example@evil.example/",
    "https://evil.example\\@gov.example/",
    "https://gоv.example/",  # a Cyrillic o
    "https://gov.example\u202e/moc.live",
    "https://gov.example:99999/",
    "http://gov.example/",
    "//gov.example/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:6379/_INFO",
    "https://",
)


@pytest.fixture
def client(provider: Provider) -> Registered:
    provider.client()
    return provider.client(redirect_uris=[LOOPBACK])


@pytest.fixture
def visitor(provider: Provider, client: Registered) -> Iterator[Visitor]:
    visitor, person = provider.visitor(), provider.citizen()
    assert "code" in visitor.arrive(client, person)
    yield visitor
    assert "code" in visitor.hop(client)


def own_page(response: TestResponse) -> bool:
    return response.status_code == 400 and "Location" not in response.headers and response.mimetype == "text/html"


def test_a_ru_another_address_is_a_page_of_our_own(visitor: Visitor, client: Registered) -> None:
    for case, hostile in HOSTILE.items():
        response = visitor.authorize(client, redirect_uri=hostile)
        assert own_page(response), case
        assert not re.search("evil|alert", PREFERENCES.sub("", response.text)), case
        assert "Set-Cookie" not in response.headers, case


def test_a_ru_native_only_the_port_of_a_loopback_address_may_differ(provider: Provider) -> None:
    client = provider.client(redirect_uris=[LOOPBACK], application_type="native", token_endpoint_auth_method="none")
    visitor = provider.visitor()
    answers = {case: visitor.authorize(client, redirect_uri=hostile) for case, hostile in HOSTILE.items()}
    assert {case for case, answer in answers.items() if not own_page(answer)} == {"default-port", "port-zeros"}


def test_a_ru_raw_bytes_in_the_query_are_no_address(visitor: Visitor, client: Registered) -> None:
    query = urlencode(client.request(redirect_uri=None))
    for raw in (f"{quote(LOOPBACK)}%00.evil", f"{quote(LOOPBACK)}%0d%0aSet-Cookie:x=1", f"{quote(LOOPBACK)}%ff"):
        assert own_page(visitor.get(f"/authorize?{query}&redirect_uri={raw}"))


@pytest.mark.parametrize("first", [LOOPBACK, "https://evil.example/cb"])
def test_a_ru_repeated_goes_nowhere(visitor: Visitor, client: Registered, first: str) -> None:
    second = ({LOOPBACK, "https://evil.example/cb"} - {first}).pop()
    query = urlencode([*client.request(redirect_uri=first).items(), ("redirect_uri", second)])
    assert own_page(visitor.get(f"/authorize?{query}"))


@pytest.mark.parametrize("value", [None, ""])
def test_a_ru_missing_with_one_or_two_registered(provider: Provider, visitor: Visitor, value: str | None) -> None:
    two = provider.client(redirect_uris=[CALLBACK, f"{CALLBACK}2"])
    one = provider.client()
    for client in (one, two):
        assert own_page(visitor.authorize(client, redirect_uri=value))


@pytest.mark.parametrize("client_id", ["nobody", "", "\0", "a" * 30_000, "../x", "' OR 1=1 --"])
def test_a_ru_unknown_client_no_redirect(visitor: Visitor, client: Registered, client_id: str) -> None:
    assert own_page(visitor.authorize(client, client_id=client_id))


def test_a_ru_error_goes_only_to_a_valid_uri(visitor: Visitor, client: Registered) -> None:
    answer = visitor.hop(client, response_type="nonsense")
    assert (answer["error"], answer["state"], answer["iss"]) == ("unsupported_response_type", "state-1", ISSUER)
    assert own_page(visitor.authorize(client, response_type="nonsense", redirect_uri="https://evil.example/cb"))


def test_a_ru_redirect_is_303_never_307(provider: Provider, client: Registered) -> None:
    person = provider.citizen()
    visitor = provider.visitor()
    page = visitor.password(visitor.authorize(client), person)
    statuses = {each.status_code for each in page.history} | {visitor.allow(page).status_code}
    assert statuses <= {303}
    assert visitor.authorize(client).status_code == 303


def test_a_ru_a_client_that_changed_while_the_citizen_was_asked_gets_no_answer(
    provider: Provider, client: Registered
) -> None:
    person, visitor = provider.citizen(), provider.visitor()
    page = visitor.authorize(client)
    provider.services.clients.set_enabled(client.id, False)
    provider.clock.advance(2)
    assert own_page(visitor.password(page, person))


@pytest.mark.parametrize("decision", ["allow", "deny"])
def test_a_ru_an_address_given_up_while_the_citizen_was_asked_gets_no_answer(
    provider: Provider, client: Registered, decision: str
) -> None:
    visitor = provider.visitor()
    page = visitor.password(visitor.authorize(client), provider.citizen())
    assert page.request.path == "/consent"
    moved = dataclasses.replace(client.client, redirect_uris=(CALLBACK,))
    provider.services.records.clients.save(client.id, encode(moved), int(provider.clock.now()))
    provider.services.versions.bump()
    response = visitor.submit(page, "decision", decision=decision)
    assert own_page(response)
    assert LOOPBACK not in response.text


def test_a_ru_register_refuses(provider: Provider) -> None:
    for uri in UNREGISTRABLE:
        with pytest.raises((InvalidRedirectUri, InvalidClientMetadata)):
            provider.services.clients.add(json.dumps({"redirect_uris": [uri]}).encode())
        with pytest.raises(InvalidRedirectUri):
            registrable(uri, "web")


@pytest.mark.parametrize("member", ["client_uri", "logo_uri", "policy_uri", "tos_uri", "backchannel_logout_uri"])
def test_e_dcr_a_link_that_misleads_or_runs_is_refused(provider: Provider, member: str) -> None:
    for uri in MISLEADING:
        with pytest.raises(InvalidClientMetadata):
            provider.client(**{member: uri})


def test_a_ru_code_goes_to_the_client_that_asked(provider: Provider, client: Registered) -> None:
    """Two tabs of two clients, finished crosswise: each answer goes to who asked, with his own state."""
    other = provider.client(redirect_uris=["https://b.example/cb"], client_name="B")
    person, visitor = provider.citizen(), provider.visitor()
    first = visitor.authorize(client, state="of-first")
    second = visitor.authorize(other, state="of-second")
    page = visitor.password(second, person)
    assert_goes(visitor.allow(page), "https://b.example/cb?", "of-second")
    assert_goes(visitor.allow(visitor.get(first.request.full_path)), f"{LOOPBACK}?", "of-first")


def assert_goes(response: TestResponse, to: str, state: str) -> None:
    assert response.location.startswith(to)
    assert parameters(response.location)["state"] == state
