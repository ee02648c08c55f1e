"""Apache's mod_auth_openidc as Debian ships it: a site that knows nothing of OpenID Connect, and yet who comes."""

import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import quote, urlencode, urlsplit

import pytest
import requests

from tests.clients.conftest import Place
from tests.support.apache import apache
from tests.support.processes import Process
from tests.support.surfer import Surfer


@pytest.fixture(scope="module", params=["query, back-channel", "form_post, front-channel"])
def site(place: Place, request: pytest.FixtureRequest) -> Iterator[Process]:
    """How answers come to it, and how it is told of a sign-out."""
    home = place.apache
    response_mode, channel = str(request.param).split(", ")
    told_at = {"back-channel": "backchannel_logout_uri", "front-channel": "frontchannel_logout_uri"}[channel]
    word = {"back-channel": "backchannel", "front-channel": "get"}[channel]
    client = place.provider.client(
        client_name="Apache",
        redirect_uris=[f"{home}/callback"],
        post_logout_redirect_uris=[f"{home}/public"],
        **{told_at: f"{home}/callback?logout={word}"},
    )
    told = {
        "issuer": place.issuer,
        "client_id": client.id,
        "secret": client.secret,
        "response_mode": response_mode,
    }
    with apache(place.apache_port, told) as running:
        yield running


def signed_in(place: Place, browser: Surfer) -> dict[str, str]:
    """Go to a page of the site; what it shows in the end."""
    page = browser.sign_in(browser.get(f"{place.apache}/page"), place.person)
    if urlsplit(page.url).netloc == urlsplit(place.issuer).netloc:
        page = browser.submit(page, "code")
    assert page.status_code == 200, page.text
    assert page.url == f"{place.apache}/page"
    return dict(line.split("=", 1) for line in page.text.splitlines() if "=" in line)


def load_frames(browser: Surfer, page: requests.Response) -> None:
    """As a browser does of itself: the portals that are told so stand in frames of our signed-out page."""
    for address in re.findall(r'<iframe [^>]*src="([^"]+)"', page.text):
        browser.get(unescape(address))


def known(place: Place, browser: Surfer) -> bool:
    """Whether the site lets the browser in without asking the provider."""
    answer = browser.http.get(f"{place.apache}/page", allow_redirects=False, timeout=10)
    return answer.status_code == 200


def test_a_protected_page_shows_who_came_and_out_again(place: Place, site: Process) -> None:
    browser = place.surfer()
    told = signed_in(place, browser)
    assert told["OIDC_CLAIM_iss"] == place.issuer
    assert told["OIDC_CLAIM_sub"]
    assert told["OIDC_CLAIM_name"] == place.person.citizen.profile.name
    assert known(place, browser)
    page = browser.get(f"{place.apache}/callback?logout={quote(f'{place.apache}/public')}")
    load_frames(browser, page)
    assert page.url.startswith(f"{place.apache}/public") or f"{place.apache}/public" in page.text
    assert not known(place, browser)
    assert urlsplit(browser.get(f"{place.apache}/page").url).path == "/login"


def test_a_sign_out_elsewhere_reaches_it(place: Place, site: Process) -> None:
    browser = place.surfer()
    signed_in(place, browser)
    page = browser.get(f"{place.issuer}/logout?" + urlencode({"ui_locales": "en"}))
    page = browser.submit(page, "decision", decision="allow")
    load_frames(browser, page)
    assert not known(place, browser)
