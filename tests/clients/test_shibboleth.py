"""The Shibboleth service provider as Debian ships it, set up as docs/service-providers.md says."""

import re
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
import requests

from federation.saml.names import AES256_GCM, ECDSA_SHA256, MGF1_SHA256, POST
from tests.clients.conftest import Place
from tests.support.documented_sites import Beside, Site, shibboleth
from tests.support.listener import Listener
from tests.support.site_visitor import SiteVisitor, enrolled
from tests.support.surfer import PATIENCE

COUNTER = f"""
    <ApplicationOverride id="counter" entityID="http://localhost:3080/counter">
      <Sessions lifetime="28800" timeout="3600" relayState="ss:mem" checkAddress="false" redirectLimit="exact"
          handlerURL="/counter/Shibboleth.sso" handlerSSL="false" cookieProps="https">
        <SSO entityID="http://localhost:8000/saml/metadata" outgoingBindings="{POST}">SAML2</SSO>
        <Logout>SAML2 Local</Logout>
        <Handler type="MetadataGenerator" Location="/Metadata" signing="false"/>
      </Sessions>
      <CredentialResolver type="File" use="signing" key="ec-key.pem" certificate="ec-cert.pem"/>
      <CredentialResolver type="File" use="encryption" key="sp-encrypt-key.pem" certificate="sp-encrypt-cert.pem"/>
    </ApplicationOverride>
  </ApplicationDefaults>
"""
PAGE = """
    ScriptAliasMatch ^/counter$ /usr/lib/cgi-bin/in
    <Location /counter>
        AuthType shibboleth
        ShibRequestSetting applicationId counter
        ShibRequestSetting requireSession true
        Require shib-session
    </Location>
    <Location /counter/Shibboleth.sso>
        AuthType None
        Require all granted
    </Location>
"""
PREPARING = """
(echo -----BEGIN CERTIFICATE-----
 curl -sSf http://localhost:8000/saml/metadata | grep -o '<ds:X509Certificate>[^<]*' | sed -n '1s/.*>//p'
 echo -----END CERTIFICATE-----) > idp.pem
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -subj /CN=counter \\
    -keyout ec-key.pem -out ec-cert.pem
"""
PINNED = """
      <MetadataFilter type="Signature" certificate="idp.pem" verifyBackup="false"/>
    </MetadataProvider>
"""
CHANGES = {
    "  </ApplicationDefaults>": COUNTER,
    "    </MetadataProvider>\n": PINNED,
    'signing="true"': 'signing="true" requireConfidentiality="false"',
}
BESIDE = Beside(PAGE, PREPARING, CHANGES)
"""Artifacts may be resolved without TLS. Our metadata is believed for its signature alone. Another service provider is
on the same host, which asks by POST, signed with ECDSA, and cannot be told by SOAP."""
LEVEL_2 = "urn:citizen-idp:aal:2"


@pytest.fixture(scope="module")
def site(place: Place) -> Iterator[Site]:
    with shibboleth(place.site, BESIDE) as running:
        document = requests.get(f"{running.home}/counter/Shibboleth.sso/Metadata", timeout=PATIENCE).text
        place.provider.service_provider(re.sub(r'<md:SingleLogoutService [^>]*:SOAP"[^>]*/>', "", document))
        yield running


@pytest.fixture
def browser(place: Place, site: Site) -> Iterator[SiteVisitor]:
    """Should the test fail, what the site's processes said is shown with it."""
    yield SiteVisitor(place.issuer, site.home)
    print(site.log())


def login(site: Site, **asked: str) -> str:
    """Where the site asks for what is not its rule."""
    return f"{site.home}/Shibboleth.sso/Login?" + urlencode({"target": f"{site.home}/in"} | asked)


@pytest.mark.parametrize("name", ["王小明", "李𬀩𫖮"])
def test_a_protected_page_shows_who_came(place: Place, site: Site, browser: SiteVisitor, name: str) -> None:
    person = place.provider.citizen(name=name)
    shown = browser.visit(f"{site.home}/in", person)
    assert shown["name"] == name
    assert browser.steps == ["password", "decision"]
    (response,) = browser.responses
    assert [each in response for each in (ECDSA_SHA256, AES256_GCM, MGF1_SHA256)] == [True] * 3
    assert name not in response
    assert browser.let_in(f"{site.home}/in")


def test_a_citizen_has_the_same_scoped_identifier_each_time(place: Place, site: Site, browser: SiteVisitor) -> None:
    person = place.provider.citizen()
    shown = browser.visit(f"{site.home}/in", person)
    assert shown["REMOTE_USER"] == shown["pairwise_id"]
    again = SiteVisitor(place.issuer, site.home).visit(f"{site.home}/in", person)
    assert again["pairwise_id"] == shown["pairwise_id"]
    assert again["Shib_Session_Index"] != shown["Shib_Session_Index"]


def test_a_higher_level_is_asked_and_proved(place: Place, site: Site, browser: SiteVisitor) -> None:
    person = place.provider.citizen()
    browser.visit(f"{site.home}/in", person)
    person = enrolled(place.provider, person)
    shown = browser.visit(login(site, authnContextClassRef=LEVEL_2, authnContextComparison="minimum"), person)
    assert browser.steps == ["otp"]
    assert shown["Shib_AuthnContext_Class"] == LEVEL_2


def test_a_citizen_signs_in_anew_where_the_site_insists(place: Place, site: Site, browser: SiteVisitor) -> None:
    person = place.provider.citizen()
    browser.visit(f"{site.home}/in", person)
    browser.visit(login(site, forceAuthn="true"), person)
    assert browser.steps == ["password"]


def test_whoever_is_signed_in_at_a_portal_is_known(place: Place, site: Site, browser: SiteVisitor) -> None:
    person, portal = place.provider.citizen(), place.provider.client()
    browser.at_portal(portal, person)
    browser.visit(f"{site.home}/in", person)
    assert browser.steps == ["decision"]
    again = SiteVisitor(place.issuer, site.home)
    again.at_portal(portal, person)
    again.visit(login(site, isPassive="true"), person)
    assert again.steps == []


def test_a_passive_question_about_a_stranger_shows_no_page(place: Place, site: Site, browser: SiteVisitor) -> None:
    page = browser.walk(login(site, isPassive="true"), place.person)
    assert browser.steps == []
    assert "NoPassive" in browser.responses[0]
    assert page.url.startswith(site.home)
    assert not browser.let_in(f"{site.home}/in")


def test_an_artifact_is_resolved(place: Place, site: Site, browser: SiteVisitor) -> None:
    person = place.provider.citizen()
    shown = browser.visit(login(site, acsIndex="3"), person)
    assert shown["name"] == person.citizen.profile.name
    assert browser.responses == []


def test_a_sign_out_there_reaches_us_and_every_portal(
    place: Place, site: Site, browser: SiteVisitor, told: Listener
) -> None:
    person, there = place.provider.citizen(), f"{site.home}/signed-out"
    browser.at_portal(place.provider.client(backchannel_logout_uri=told.url), person)
    browser.visit(f"{site.home}/in", person)
    page = browser.walk(f"{site.home}/Shibboleth.sso/Logout?" + urlencode({"return": there}), person)
    assert page.url == there
    assert told.token
    assert not browser.let_in(f"{site.home}/in")
    browser.visit(f"{site.home}/in", person)
    assert browser.steps == ["password"]


def test_a_sign_out_at_our_page_reaches_it(place: Place, site: Site, browser: SiteVisitor) -> None:
    browser.visit(f"{site.home}/in", place.provider.citizen())
    browser.sign_out()
    assert not browser.let_in(f"{site.home}/in")


def test_a_site_that_only_the_browser_reaches_is_told_by_it(place: Place, site: Site, browser: SiteVisitor) -> None:
    """It asked by POST, signed with ECDSA."""
    person = place.provider.citizen()
    browser.visit(f"{site.home}/in", person)
    browser.visit(f"{site.home}/counter", person)
    assert browser.let_in(f"{site.home}/counter")
    browser.sign_out()
    assert not browser.let_in(f"{site.home}/counter")
    assert not browser.let_in(f"{site.home}/in")
