"""Portals that can end their session only in the browser: OpenID Connect Front-Channel Logout 1.0."""

import html
import json
import re
from urllib.parse import urlencode, urlsplit

import pytest
from werkzeug.test import TestResponse

from idp.app import suspending
from idp.errors import InvalidClientMetadata
from idp.leaving.views import ONWARD_SECONDS
from idp.storage.records.logouts import LogoutState
from tests.support.provider import ISSUER, PORTAL, Person, Provider, Registered, Visitor, parameters
from tests.support.signed_in import SignedIn

BACK = f"{PORTAL}/signed-out"
OTHER = "https://other.example"


def portal(provider: Provider, at: str = PORTAL, path: str = "/gone", **metadata: object) -> Registered:
    return provider.client(
        redirect_uris=[f"{at}/callback"],
        post_logout_redirect_uris=[f"{at}/signed-out"],
        frontchannel_logout_uri=f"{at}{path}",
        **metadata,
    )


def arrived(provider: Provider, *clients: Registered) -> list[SignedIn]:
    """One citizen in one browser, at each of these portals."""
    person: Person = provider.citizen()
    visitor: Visitor = provider.visitor()
    return [SignedIn(provider, visitor, person, client) for client in clients]


def sign_out(at: SignedIn, **more: str) -> TestResponse:
    return at.visitor.get("/logout?" + urlencode({"id_token_hint": at.id_token} | more))


def frames(page: TestResponse) -> list[str]:
    return [html.unescape(each) for each in re.findall(r'<iframe[^>]* src="([^"]*)"', page.text)]


def policy(page: TestResponse, directive: str) -> list[str]:
    found = [each.split() for each in page.headers["Content-Security-Policy"].split(";")]
    return next((words[1:] for words in found if words[0] == directive), [])


def test_frontchannel_3_the_page_loads_the_address_of_each_portal_with_iss_and_sid(provider: Provider) -> None:
    at = arrived(provider, portal(provider), portal(provider, OTHER, "/bye?a=b"))
    page = sign_out(at[0])
    assert page.status_code == 200
    addresses = {urlsplit(each).netloc: each for each in frames(page)}
    sids = [provider.services.keys.verify(each.id_token, "JWT")["sid"] for each in at]
    assert parameters(addresses["portal.example"]) == {"iss": ISSUER, "sid": sids[0]}
    assert parameters(addresses["other.example"]) == {"a": "b", "iss": ISSUER, "sid": sids[1]}
    assert sids[0] != sids[1]
    assert not any(each.still_in for each in at)


def test_frontchannel_3_only_registered_places_are_framed_and_only_on_this_page(provider: Provider) -> None:
    at = arrived(provider, portal(provider), portal(provider, path="/x"), portal(provider, OTHER), provider.client())
    asking = at[0].visitor.get("/logout")
    page = sign_out(at[0])
    assert policy(page, "frame-src") == [OTHER, PORTAL]
    assert policy(page, "default-src") == ["'none'"]
    assert policy(page, "frame-ancestors") == ["'none'"]
    for other in (asking, at[0].visitor.get("/"), sign_out(SignedIn(provider))):
        assert policy(other, "frame-src") == []
    for each in re.findall(r"<iframe[^>]*>", page.text):
        assert 'referrerpolicy="no-referrer"' in each
        assert 'sandbox="allow-scripts allow-same-origin"' in each
        assert " hidden " in each
    assert "<script" not in page.text


def test_frontchannel_the_browser_goes_on_once_the_frames_had_time(provider: Provider) -> None:
    at = arrived(provider, portal(provider, client_name="甲门户"), portal(provider, OTHER, client_name="乙门户"))
    page = sign_out(at[0], post_logout_redirect_uri=BACK, state="a b&c")
    assert page.headers["Refresh"] == f"{ONWARD_SECONDS};url={BACK}?state=a+b%26c"
    assert "以下服务正在此浏览器中退出" in page.text
    assert "几秒钟后将自动返回甲门户" in page.text
    assert "乙门户" in page.text
    assert f'href="{BACK}?state=a+b%26c"' in page.text, "nobody has to wait"
    assert "以下服务可能仍处于登录状态" not in page.text


def test_frontchannel_a_page_that_names_what_is_open_waits_for_the_citizen(provider: Provider) -> None:
    at = arrived(provider, portal(provider), provider.client(client_name="丙门户"))
    page = sign_out(at[0], post_logout_redirect_uri=BACK)
    assert "Refresh" not in page.headers
    assert "以下服务可能仍处于登录状态" in page.text
    assert len(frames(page)) == 1


def test_frontchannel_nobody_is_sent_on_who_did_not_ask_to(provider: Provider) -> None:
    [at] = arrived(provider, portal(provider))
    page = sign_out(at)
    assert "Refresh" not in page.headers
    assert "几秒钟后" not in page.text


def test_frontchannel_a_session_is_told_of_once(provider: Provider) -> None:
    [at] = arrived(provider, portal(provider))
    assert len(frames(sign_out(at))) == 1
    assert frames(sign_out(at)) == []


def test_the_ledger_says_asked_and_no_more(provider: Provider) -> None:
    [at] = arrived(provider, portal(provider))
    sign_out(at)
    [line] = provider.services.records.logouts.search()
    assert (line.state, line.next_try) == (LogoutState.ASKED, None)


def test_where_there_is_no_browser_it_cannot_be_told(provider: Provider) -> None:
    [at] = arrived(provider, portal(provider))
    [told] = suspending(provider.services).suspend(at.person.citizen.id)
    [line] = provider.services.records.logouts.search()
    assert (told.confirmed, line.state, line.error) == (False, LogoutState.UNREACHABLE, "front_channel_only")


def test_a_disabled_client_has_no_place_on_our_page(provider: Provider) -> None:
    at = arrived(provider, portal(provider, OTHER), provider.client())
    provider.services.clients.set_enabled(at[0].client.id, enabled=False)
    page = sign_out(at[1])
    assert frames(page) == []
    assert policy(page, "frame-src") == []


@pytest.mark.parametrize(
    "uri",
    [
        f"{OTHER}/gone",
        "http://portal.example/gone",
        "https://portal.example:8443/gone",
        "https://portal.example.evil.example/gone",
        "https://portal.example@evil.example/gone",
        "https://portal.example/gone#x",
        'https://portal.example/"><script>',
        "javascript:alert(1)",
        "/gone",
        7,
    ],
)
def test_frontchannel_2_an_address_elsewhere_than_the_redirect_addresses_is_refused(
    provider: Provider, uri: object
) -> None:
    document = {"redirect_uris": [f"{PORTAL}/callback"], "frontchannel_logout_uri": uri}
    with pytest.raises(InvalidClientMetadata):
        provider.services.clients.prove(json.dumps(document).encode())
