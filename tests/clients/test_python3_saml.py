"""The application in Python of docs/service-providers.md, run as it stands there, but for the ports. What the library
does beyond that is in test_saml_libraries.py."""

from collections.abc import Iterator

import pytest

from tests.clients.conftest import Place
from tests.support.documented_sites import Site, python3_saml
from tests.support.site_visitor import SiteVisitor


@pytest.fixture(scope="module")
def site(place: Place) -> Iterator[Site]:
    with python3_saml(place.site) as running:
        yield running


@pytest.fixture
def browser(place: Place, site: Site) -> Iterator[SiteVisitor]:
    """Should the test fail, what the application said is shown with it."""
    yield SiteVisitor(place.issuer, site.home)
    print(site.log())


@pytest.mark.slow
def test_the_application_of_the_document(place: Place, site: Site, browser: SiteVisitor) -> None:
    person = place.provider.citizen(name="李𬀩𫖮")
    assert browser.visit(f"{site.home}/in", person) == {"name": "李𬀩𫖮"}
    assert browser.steps == ["password", "decision"]
    page = browser.get(f"{site.home}/logout")
    assert (page.url, page.text) == (f"{site.home}/", "Signed out")
    browser.visit(f"{site.home}/in", person)
    assert browser.steps == ["password"]
    browser.sign_out()
    assert not browser.let_in(f"{site.home}/in")
