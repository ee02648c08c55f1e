"""Apache's mod_auth_mellon as Debian ships it, set up as docs/service-providers.md says."""

from collections.abc import Iterator
from urllib.parse import urlencode

import pytest

from federation.saml.names import AES256_GCM
from tests.clients.conftest import Place
from tests.support.documented_sites import Beside, Site, blocks, mellon
from tests.support.listener import Listener
from tests.support.site_visitor import SiteVisitor, enrolled

COUNTER = """
    ScriptAlias /counter /usr/lib/cgi-bin/in
    <Location /counter>
        MellonVariable counter
        MellonEndpointPath /counter/mellon
        MellonSPMetadataFile /etc/apache2/mellon/counter.xml
        MellonIdPMetadataFile /etc/apache2/mellon/by-post.xml
        AuthType Mellon
        MellonEnable auth
        Require valid-user
        {level}
    </Location>
"""
"""Another service provider on the same host. It asks for level 2 as the document says, and knows no address of ours
but that for POST."""
ITS_METADATA = """
sed 's#/mellon#/counter/mellon#g' sp.xml > counter.xml
sed -E 's#<md:SingleSignOnService [^>]*HTTP-Redirect[^>]*></md:SingleSignOnService>##' idp.xml > by-post.xml
"""


@pytest.fixture(scope="module")
def site(place: Place) -> Iterator[Site]:
    (level,) = blocks("apache", "mellon-level")
    with mellon(place.site, Beside(apache=COUNTER.format(level=level), before=ITS_METADATA)) as running:
        place.provider.service_provider((running.folder / "counter.xml").read_text())
        yield running


@pytest.fixture
def browser(place: Place, site: Site) -> Iterator[SiteVisitor]:
    """Should the test fail, what the site's processes said is shown with it."""
    yield SiteVisitor(place.issuer, site.home)
    print(site.log())


@pytest.mark.parametrize("name", ["王小明", "李𬀩𫖮"])
def test_a_protected_page_shows_who_came(place: Place, site: Site, browser: SiteVisitor, name: str) -> None:
    person = place.provider.citizen(name=name)
    shown = browser.visit(f"{site.home}/in", person)
    assert shown["MELLON_name"] == name
    assert shown["REMOTE_USER"] == shown["MELLON_NAME_ID"]
    assert browser.steps == ["password", "decision"]
    (response,) = browser.responses
    assert AES256_GCM in response
    assert name not in response
    assert browser.let_in(f"{site.home}/in")


def test_a_counter_that_needs_a_code_asks_by_post_for_it(place: Place, site: Site, browser: SiteVisitor) -> None:
    person = place.provider.citizen()
    browser.visit(f"{site.home}/in", person)
    person = enrolled(place.provider, person)
    shown = browser.visit(f"{site.home}/counter", person)
    assert browser.steps == ["otp", "decision"]
    assert shown["MELLON_name"] == person.citizen.profile.name


def test_whoever_is_signed_in_at_a_portal_is_known(place: Place, site: Site, browser: SiteVisitor) -> None:
    person, portal = place.provider.citizen(), place.provider.client()
    passive = f"{site.home}/mellon/login?" + urlencode({"IsPassive": "true", "ReturnTo": f"{site.home}/in"})
    browser.at_portal(portal, person)
    browser.visit(f"{site.home}/in", person)
    assert browser.steps == ["decision"]
    again = SiteVisitor(place.issuer, site.home)
    again.at_portal(portal, person)
    again.visit(passive, person)
    assert again.steps == []


def test_a_passive_question_about_a_stranger_shows_no_page(place: Place, site: Site, browser: SiteVisitor) -> None:
    passive = f"{site.home}/mellon/login?" + urlencode({"IsPassive": "true", "ReturnTo": f"{site.home}/in"})
    page = browser.walk(passive, place.person)
    assert (page.status_code, browser.steps) == (401, [])
    assert "NoPassive" in browser.responses[0]
    assert not browser.let_in(f"{site.home}/in")


def test_a_sign_out_there_reaches_us_and_every_portal(
    place: Place, site: Site, browser: SiteVisitor, told: Listener
) -> None:
    person, there = place.provider.citizen(), f"{site.home}/signed-out"
    browser.at_portal(place.provider.client(backchannel_logout_uri=told.url), person)
    browser.visit(f"{site.home}/in", person)
    page = browser.get(f"{site.home}/mellon/logout?" + urlencode({"ReturnTo": there}))
    assert page.url == there
    assert told.token
    assert not browser.let_in(f"{site.home}/in")
    browser.visit(f"{site.home}/in", person)
    assert browser.steps == ["password"]


def test_a_sign_out_at_our_page_reaches_it(place: Place, site: Site, browser: SiteVisitor) -> None:
    browser.visit(f"{site.home}/in", place.provider.citizen())
    browser.sign_out()
    assert not browser.let_in(f"{site.home}/in")
