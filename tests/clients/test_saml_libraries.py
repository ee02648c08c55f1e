"""Service providers on python3-saml, pysaml2 and node-saml, each as its users write it. They and the provider are in
this process, but for Node.js; the test is the browser."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from time import time

import pytest
from werkzeug.test import TestResponse

from tests.support.clock import FrozenClock
from tests.support.forms import forms
from tests.support.listener import Listener, listening
from tests.support.openid_client import driver
from tests.support.provider import (
    ISSUER,
    TOTP_SECRET,
    Person,
    Provider,
    Visitor,
    parameters,
    running_provider,
    settings_for,
)
from tests.support.saml_libraries import (
    ADDRESS,
    NAME,
    Carried,
    Known,
    Library,
    NodeSaml,
    PySaml2,
    Python3Saml,
    Refused,
)
from tests.support.signed_in import SignedIn
from tests.support.totp import totp_now

KINDS = {"python3-saml": Python3Saml, "pysaml2": PySaml2, "node-saml": NodeSaml}
AAL = "urn:citizen-idp:aal:"
CITIZEN = {"name": "欧阳𠮷𪚥", "address": "云南省昆明市𡘙路 8 号"}
"""Two characters of the name, and one of the address, are beyond the Basic Multilingual Plane."""


@pytest.fixture(scope="module")
def listener() -> Iterator[Listener]:
    with listening() as hearing:
        yield hearing


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory, listener: Listener) -> Iterator[Provider]:
    """At the time of day, by which the libraries judge."""
    settings = settings_for(tmp_path_factory.mktemp("libraries"), IDP_OUTBOUND_ALLOW=listener.place)
    with running_provider(settings, FrozenClock(time())) as running:
        yield running


@pytest.fixture(scope="module", params=KINDS)
def library(
    request: pytest.FixtureRequest, provider: Provider, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Library]:
    """Registered by the metadata that it writes itself."""
    idp = provider.visitor().get("/saml/metadata").text
    if request.param == "node-saml":
        with driver("saml.mjs") as node:
            yield registered(provider, NodeSaml(idp, node.party()))
        return
    if request.param == "pysaml2" and shutil.which("xmlsec1") is None:
        pytest.skip("xmlsec1 is missing (Debian: apt-get install xmlsec1)")
    yield registered(provider, KINDS[request.param](idp, tmp_path_factory.mktemp(request.param)))


def registered(provider: Provider, library: Library) -> Library:
    found = provider.service_provider(library.metadata(), attributes=("name", "address"))
    assert found.entity.entity_id == f"{library.host}/metadata"
    return library


@pytest.fixture
def visitor(provider: Provider) -> Visitor:
    return provider.visitor()


def carry(visitor: Visitor, carried: Carried) -> TestResponse:
    """To the provider, from elsewhere."""
    path = carried.address.removeprefix(ISSUER)
    if carried.fields is None:
        return visitor.get(path)
    return visitor.post(path, carried.fields, Origin="https://elsewhere.example", **{"Sec-Fetch-Site": "cross-site"})


def posted(page: TestResponse, library: Library) -> Carried:
    """What the provider's page sends to the service provider when its button is pressed."""
    (sent,) = [each for each in forms(page.text) if each.action.startswith(library.host)]
    return Carried(sent.action, {name: value for name, (value,) in sent.filled().items()})


def agree(visitor: Visitor, page: TestResponse) -> TestResponse:
    return visitor.allow(page) if page.request.path == "/consent" else page


def finish(library: Library, page: TestResponse) -> Known:
    sent = posted(page, library)
    assert sent.address == f"{library.host}/acs"
    assert sent.fields is not None
    assert sent.fields.get("RelayState") == "state-1"
    return library.finish(sent.fields)


def sign_in(visitor: Visitor, library: Library, person: Person, *, by_post: bool = False) -> Known:
    page = visitor.password(carry(visitor, library.ask(by_post=by_post)), person)
    return finish(library, agree(visitor, page))


@pytest.mark.parametrize("by_post", [False, True], ids=["redirect", "post"])
def test_a_citizen_signs_in(visitor: Visitor, library: Library, provider: Provider, by_post: bool) -> None:
    known = sign_in(visitor, library, provider.citizen(**CITIZEN), by_post=by_post)
    assert known.attributes == {NAME: [CITIZEN["name"]], ADDRESS: [CITIZEN["address"]]}
    assert known.level == f"{AAL}1"
    assert known.session_index


def test_a_citizen_of_a_portal_is_known(visitor: Visitor, library: Library, provider: Provider) -> None:
    SignedIn(provider, visitor, provider.citizen(**CITIZEN))
    first = finish(library, agree(visitor, carry(visitor, library.ask())))
    assert first.attributes[NAME] == [CITIZEN["name"]]
    again = finish(library, carry(visitor, library.ask()))  # not one page on the way but the one that posts
    assert again == first


def test_a_citizen_of_a_service_provider_is_known_at_a_portal(
    visitor: Visitor, library: Library, provider: Provider
) -> None:
    sign_in(visitor, library, provider.citizen(**CITIZEN))
    page = visitor.authorize(provider.client())
    assert page.request.path == "/consent"


def test_step_up(visitor: Visitor, library: Library, provider: Provider) -> None:
    """Who signed in with a password alone is asked for a code where a service asks for level 2, and nothing else."""
    person = provider.citizen(**CITIZEN)
    first = sign_in(visitor, library, person)
    provider.services.citizens.set_totp_secret(person.citizen.id, TOTP_SECRET)
    page = carry(visitor, library.ask(f"{AAL}2"))
    assert page.request.path == "/login/otp"
    stepped = finish(library, visitor.submit(page, "otp", otp=totp_now(provider, person)))
    assert stepped == replace(first, level=f"{AAL}2")


def test_who_cannot_reach_the_level_is_told_so(visitor: Visitor, library: Library, provider: Provider) -> None:
    sign_in(visitor, library, provider.citizen(**CITIZEN))
    page = carry(visitor, library.ask(f"{AAL}2"))
    with pytest.raises(Refused, match="NoAuthnContext"):
        finish(library, page)


# -- leaving -----------------------------------------------------------------------------------------------------------


def onward(visitor: Visitor, page: TestResponse) -> Carried:
    """Where the provider sends the browser: by redirect, by a page that posts, or by a page between."""
    for _ in range(3):
        if page.status_code == 303:
            return Carried(page.headers["Location"])
        elsewhere = [each for each in forms(page.text) if not each.action.startswith("/")]
        if elsewhere:
            (sent,) = elsewhere
            return Carried(sent.action, {name: value for name, (value,) in sent.filled().items()})
        page = visitor.get(page.headers["Refresh"].partition("url=")[2])
    raise AssertionError("pages without end")


@pytest.fixture
def at_portal(visitor: Visitor, provider: Provider, listener: Listener) -> SignedIn:
    """The citizen came to a portal first, which is told when he leaves."""
    listener.told.clear()
    client = provider.client(backchannel_logout_uri=listener.url)
    return SignedIn(provider, visitor, provider.citizen(**CITIZEN), client)


def test_a_sign_out_that_begins_there_ends_all(
    visitor: Visitor, library: Library, at_portal: SignedIn, listener: Listener
) -> None:
    finish(library, agree(visitor, carry(visitor, library.ask())))
    back = onward(visitor, carry(visitor, library.leave()))
    assert back.address.startswith(f"{library.host}/slo")
    library.left(back)
    assert listener.token
    assert not at_portal.still_in
    assert carry(visitor, library.ask()).request.path == "/login"


def test_a_sign_out_that_begins_at_a_portal_ends_it(visitor: Visitor, library: Library, at_portal: SignedIn) -> None:
    finish(library, agree(visitor, carry(visitor, library.ask())))
    home = at_portal.client.client.post_logout_redirect_uris[0]
    page = at_portal.logout(id_token_hint=at_portal.id_token, post_logout_redirect_uri=home, state="left")
    asked = onward(visitor, page)
    assert asked.address.startswith(f"{library.host}/slo")
    back = onward(visitor, carry(visitor, library.told(asked)))
    assert (back.address.partition("?")[0], parameters(back.address)["state"]) == (home, "left")
    assert carry(visitor, library.ask()).request.path == "/login"


def test_an_answer_that_was_changed_is_refused(visitor: Visitor, library: Library, provider: Provider) -> None:
    page = visitor.password(carry(visitor, library.ask()), provider.citizen(**CITIZEN))
    sent = dict(posted(agree(visitor, page), library).fields or {})
    sent["SAMLResponse"] = sent["SAMLResponse"].replace("Rlc3Rpb", "Rlc3Rpc", 1)
    with pytest.raises(Refused):
        library.finish(sent)
