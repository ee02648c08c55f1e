"""H. Signing out (RP-Initiated Logout 1.0, Back-Channel Logout 1.0): who may end a session, and where it leads.

A forged id_token_hint: `test_d_client_authentication.py`. What a logout token holds, a slow party, a redirect that is
not followed: `tests/spec/test_logout_backchannel.py` and `tests/unit/test_fetch.py`.
"""

from urllib.parse import urlencode, urlsplit

import pytest
from werkzeug.test import TestResponse

from tests.support.canary import canary
from tests.support.cookies import cookie
from tests.support.forms import form
from tests.support.provider import ISSUER, PORTAL, Provider, Registered, Visitor, parameters

BACK = f"{PORTAL}/signed-out"
ELSEWHERE = {
    "evil": "https://evil.example/",
    "suffix": f"{BACK}.evil.example",
    "sub-path": f"{BACK}/x",
    "traversal": f"{BACK}/../x",
    "query": f"{BACK}?x=1",
    "fragment": f"{BACK}#x",
    "userinfo": f"{PORTAL}@evil.example/signed-out",
    "backslash": f"{PORTAL}\\@evil.example/signed-out",
    "javascript": f"javascript:alert(1)//{BACK}",
    "schemeless": "//portal.example/signed-out",
    "relative": "/signed-out",
    "case": BACK.upper(),
    "crlf": f"{BACK}\r\nSet-Cookie: x=1",
    "redirect-uri": f"{PORTAL}/callback",
    "other-client": "https://b.example/out",
    "unicode": "https://portal。example/signed-out",
}


@pytest.fixture
def client(provider: Provider) -> Registered:
    provider.client(redirect_uris=["https://b.example/cb"], post_logout_redirect_uris=["https://b.example/out"])
    return provider.client()


@pytest.fixture
def visitor(provider: Provider, client: Registered) -> Visitor:
    visitor = provider.visitor()
    visitor.arrive(client, provider.citizen())
    return visitor


def leave(visitor: Visitor, **asked: str) -> TestResponse:
    return visitor.http.get("/logout", base_url=ISSUER, query_string=asked)


def test_h_logout_open_redirect(client: Registered, visitor: Visitor) -> None:
    for case, uri in ELSEWHERE.items():
        answer = leave(visitor, client_id=client.id, post_logout_redirect_uri=uri, state="s")
        assert (answer.status_code, "Location" in answer.headers) == (400, False), case
    assert cookie(visitor)


def test_h_logout_open_redirect_without_or_with_an_unknown_client(client: Registered, visitor: Visitor) -> None:
    for asked in ({}, {"client_id": "nobody"}, {"client_id": "\0"}):
        answer = leave(visitor, post_logout_redirect_uri=BACK, **asked)
        assert (answer.status_code, "Location" in answer.headers) == (400, False)


def test_h_logout_open_redirect_after_the_citizen_confirmed(client: Registered, visitor: Visitor) -> None:
    """The address of the form may be changed by whoever frames a link to it: it is proved again."""
    confirm = form(leave(visitor, client_id=client.id, post_logout_redirect_uri=BACK).text, "decision")
    for uri in ELSEWHERE.values():
        action = "/logout/confirm?" + urlencode({"client_id": client.id, "post_logout_redirect_uri": uri})
        answer = visitor.post(action, confirm.filled(decision="allow"))
        assert (answer.status_code, "Location" in answer.headers) == (400, False)
    assert cookie(visitor)


def test_h_logout_open_redirect_when_nobody_is_signed_in(provider: Provider, client: Registered) -> None:
    for case, uri in ELSEWHERE.items():
        answer = leave(provider.visitor(), client_id=client.id, post_logout_redirect_uri=uri)
        assert (answer.status_code, "Location" in answer.headers) == (400, False), case


STATES = ["a\r\nSet-Cookie: x=1", "&code=x", "#x", "é", '"><script>']


@pytest.mark.parametrize("state", STATES)
def test_h_logout_state_is_only_a_value(provider: Provider, client: Registered, state: str) -> None:
    """With a hint that proves the session nobody is asked, and the citizen is led back at once."""
    visitor = provider.visitor()
    code = visitor.arrive(client, provider.citizen())["code"]
    hint = provider.token(client, client.exchange(code)).get_json()["id_token"]
    answer = leave(visitor, id_token_hint=hint, post_logout_redirect_uri=BACK, state=state)
    assert answer.status_code == 303
    assert answer.location.partition("?")[0] == BACK
    assert parameters(answer.location) == {"state": state}
    assert not urlsplit(answer.location).fragment
    assert not cookie(visitor)
    assert "x" not in {name.partition("=")[0] for name in answer.headers.getlist("Set-Cookie")}


@pytest.mark.parametrize("state", STATES)
def test_h_logout_state_is_no_part_of_a_page(client: Registered, visitor: Visitor, state: str) -> None:
    """Without a hint the citizen is asked, and stays here after saying yes."""
    page = leave(visitor, client_id=client.id, post_logout_redirect_uri=BACK, state=state)
    answer = visitor.submit(page, "decision", decision="allow")
    assert answer.status_code == 200
    assert ("<script" in page.text, "<script" in answer.text) == (False, False)


def test_h_logout_csrf_bare_get_does_not_end_a_session(
    provider: Provider, client: Registered, visitor: Visitor
) -> None:
    for asked in ({}, {"client_id": client.id}, {"client_id": client.id, "post_logout_redirect_uri": BACK}):
        assert form(leave(visitor, **asked).text, "decision")
    assert "code" in visitor.hop(client, prompt="none")


def test_h_logout_csrf_another_sessions_hint_does_not_end_this_one(
    provider: Provider, client: Registered, visitor: Visitor
) -> None:
    """The attacker's own ID token, or an older one of the same citizen, only asks."""
    attacker, person = provider.visitor(), provider.citizen()
    hints = []
    for each in (attacker, provider.visitor()):
        code = each.arrive(client, person)["code"]
        hints.append(provider.token(client, client.exchange(code)).get_json()["id_token"])
    for hint in hints:
        assert form(leave(visitor, id_token_hint=hint).text, "decision")
    assert form(leave(attacker, id_token_hint=hints[1]).text, "decision")
    assert "code" in visitor.hop(client, prompt="none")
    assert "code" in attacker.hop(client, prompt="none")


def test_h_logout_dup_param(client: Registered, visitor: Visitor) -> None:
    query = f"client_id={client.id}&post_logout_redirect_uri={BACK}"
    for again in (f"&post_logout_redirect_uri={BACK}", f"&client_id={client.id}", "&state=a&state=b"):
        answer = visitor.get(f"/logout?{query}{again}")
        assert (answer.status_code, "Location" in answer.headers) == (400, False)


@pytest.mark.parametrize(
    "uri",
    ["http://127.0.0.1:{port}/x", "http://localhost:{port}/x", "http://[::1]:{port}/x", "https://127.0.0.1:{port}/"],
)
def test_e_ssrf_backchannel_address_of_our_own_network_is_never_called(provider: Provider, uri: str) -> None:
    """Registered it may be (a portal under development); called it is only where the operator allows the pair."""
    with canary([b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"]) as bird:
        client = provider.client(backchannel_logout_uri=uri.format(port=bird.port))
        visitor = provider.visitor()
        visitor.arrive(client, provider.citizen())
        answer = visitor.submit(visitor.get("/logout"), "decision", decision="allow")
        assert answer.status_code == 200
        assert not cookie(visitor)
        assert bird.connections == 0


@pytest.mark.parametrize(
    "uri",
    [
        "https://169.254.169.254/latest/meta-data/",
        "https://10.0.0.1/x",
        "https://2130706433/",
        "https://[::ffff:7f00:1]/",
    ],
)
def test_e_ssrf_backchannel_private_addresses_are_no_way_in(provider: Provider, uri: str) -> None:
    client = provider.client(backchannel_logout_uri=uri)
    visitor = provider.visitor()
    visitor.arrive(client, provider.citizen())
    answer = visitor.submit(visitor.get("/logout"), "decision", decision="allow")
    assert answer.status_code == 200
    (told,) = [each.event for each in provider.services.state.queued(1_000) if b"logout:failed" in each.event]
    assert b'"reason":"address_refused"' in told
