"""K, as identity provider. A request is answered to its service provider alone, at a place of its metadata; nobody's
words change what an answer says, and nobody learns more than the service provider may."""

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from urllib.parse import quote_plus

import pytest
from werkzeug.test import TestResponse

from federation.saml import names
from idp.citizens.citizen import Status
from idp.pages import ErrorKind
from idp.pages.wording import ERRORS
from tests.support.cookies import BROWSER, SESSION, cookie
from tests.support.provider import ISSUER, Provider, Visitor
from tests.support.service_provider import ENTITY, NAME, NUMBER, SSO, TestedProvider
from tests.support.sp_metadata import at

SIGNS = 'AuthnRequestsSigned="true"'
PAOS = "urn:oasis:names:tc:SAML:2.0:bindings:PAOS"
EVIL = '"><script>alert(1)</script>&amp;]]>'


@pytest.fixture
def sp(provider: Provider) -> TestedProvider:
    return TestedProvider(provider)


@pytest.fixture
def signing(provider: Provider) -> TestedProvider:
    return TestedProvider(provider, "signing", role=SIGNS)


def own_page(response: TestResponse, status: int = 400, case: object = "") -> None:
    """Nobody is answered."""
    assert (response.status_code, response.headers.get("Location")) == (status, None), (case, response.text)
    assert "text/html" in response.headers["Content-Type"]
    assert 'name="SAMLResponse"' not in response.text


def asks_for_password(response: TestResponse) -> bool:
    return response.status_code == 200 and "username" in response.text


def posted(visitor: Visitor, fields: Mapping[str, str]) -> TestResponse:
    return visitor.post("/saml/sso", dict(fields), Origin="https://sp.example")


# -- who asks ---------------------------------------------------------------------------------------------------------


def test_k_unsigned_where_metadata_demands_a_signature(provider: Provider, signing: TestedProvider) -> None:
    visitor = provider.visitor()
    own_page(visitor.get(signing.address()))
    own_page(signing.posts(visitor, signing.fields()))
    assert asks_for_password(visitor.get(signing.address(signed=True)))


def test_k_the_registration_goes_before_the_metadata(provider: Provider, signing: TestedProvider) -> None:
    strict = TestedProvider(provider, "strict", terms={"require_signed_requests": True})
    own_page(provider.visitor().get(strict.address()))
    own_page(strict.posts(provider.visitor(), strict.fields()))
    signing.publish(require_signed_requests=False)
    assert asks_for_password(provider.visitor().get(signing.address()))


def swapped(address: str) -> str:
    """Another order of the same parameters; the signature covers the order of the binding."""
    path, _, query = address.partition("?")
    return f"{path}?{'&'.join(reversed(query.split('&')))}"


FORGED_QUERIES: Mapping[str, Callable[[str], str]] = {
    "another relay state": lambda address: address.replace("RelayState=r", "RelayState=s"),
    "no relay state": lambda address: address.replace("&RelayState=r", ""),
    "relay state written in another way": lambda address: address.replace("RelayState=r", "RelayState=%72"),
    "another algorithm": lambda address: address.replace("rsa-sha256", "rsa-sha512"),
    "an algorithm that is none": lambda address: address.replace(quote_plus(names.RSA_SHA256), "none"),
    "SHA-1": lambda address: address.replace(
        quote_plus(names.RSA_SHA256), quote_plus("http://www.w3.org/2000/09/xmldsig#rsa-sha1")
    ),
    "no signature": lambda address: re.sub("&Signature=[^&]*", "", address),
    "an empty signature": lambda address: re.sub("&Signature=[^&]*", "&Signature=", address),
    "no algorithm": lambda address: re.sub("&SigAlg=[^&]*", "", address),
    "a second signature": lambda address: address + "&Signature=AAAA",
    "a second request": lambda address: address + "&SAMLRequest=AAAA",
    "a response besides": lambda address: address + "&SAMLResponse=AAAA",
}


@pytest.mark.parametrize("demanded", [True, False])
def test_k_a_signature_that_is_there_is_checked(provider: Provider, demanded: bool) -> None:
    """Also where none was needed."""
    sp = TestedProvider(provider, role=SIGNS if demanded else "")
    for case, forge in FORGED_QUERIES.items():
        address = sp.address(relay_state="r", signed=True)
        forged = forge(address)
        assert forged != address
        own_page(provider.visitor().get(forged), case=case)


def test_k_the_order_of_the_parameters_is_the_bindings(provider: Provider, signing: TestedProvider) -> None:
    """saml-bindings-2.0-os section 3.4.4.1: the signature covers its own order, whichever the address has."""
    assert asks_for_password(provider.visitor().get(swapped(signing.address(relay_state="r", signed=True))))


@pytest.mark.parametrize("demanded", [True, False])
def test_k_signed_by_another(provider: Provider, demanded: bool) -> None:
    other = TestedProvider(provider, "other")
    sp = TestedProvider(provider, role=SIGNS if demanded else "", key=other.name)
    own_page(provider.visitor().get(sp.address(signed=True)))
    own_page(sp.posts(provider.visitor(), sp.fields(signed=True)))


@pytest.mark.parametrize("demanded", [True, False])
def test_k_a_signed_body_that_was_changed(provider: Provider, demanded: bool) -> None:
    sp = TestedProvider(provider, role=SIGNS if demanded else "")
    body = sp.enveloped(sp.request())
    without = re.sub(b"<ds:SignatureValue>.*?</ds:SignatureValue>|(?<=DigestValue>)[^<]+", b"", body, flags=re.DOTALL)
    for forged in (
        body.replace(b'ID="_sp', b'ForceAuthn="true" ID="_sp'),
        body.replace(b'Destination="', b'AssertionConsumerServiceURL="https://sp.example/acs" Destination="'),
        without,
    ):
        assert forged != body
        fields = {"SAMLRequest": base64.b64encode(forged).decode()}
        own_page(sp.posts(provider.visitor(), fields))
        own_page(posted(provider.visitor(), fields))


def test_k_in_anothers_name(provider: Provider, signing: TestedProvider) -> None:
    """Signed well, but by who is not the Issuer."""
    other = TestedProvider(provider, "other")
    own_page(provider.visitor().get(other.address(signing.request(), signed=True)))
    own_page(other.posts(provider.visitor(), other.fields(signing.request(), signed=True)))


# -- where the answer goes --------------------------------------------------------------------------------------------

ELSEWHERE = (
    {"AssertionConsumerServiceURL": "https://evil.example/acs"},
    {"AssertionConsumerServiceURL": "https://sp.example/acs/"},
    {"AssertionConsumerServiceURL": "https://sp.example/acs?x"},
    {"AssertionConsumerServiceURL": "https://sp.example.evil.example/acs"},
    {"AssertionConsumerServiceURL": "https://SP.example/acs"},
    {"AssertionConsumerServiceURL": "http://sp.example/acs"},
    {"AssertionConsumerServiceURL": "javascript:alert(1)"},
    {"AssertionConsumerServiceURL": ""},
    {"AssertionConsumerServiceURL": EVIL},
    {"AssertionConsumerServiceURL": "https://other.example/acs"},
    {"AssertionConsumerServiceURL": "https://sp.example/paos"},
    {"AssertionConsumerServiceURL": "https://sp.example/redirect"},
    {"AssertionConsumerServiceIndex": "1"},
    {"AssertionConsumerServiceIndex": "2"},
    {"AssertionConsumerServiceIndex": "9"},
    {"AssertionConsumerServiceIndex": "65535"},
    {"AssertionConsumerServiceIndex": "0", "AssertionConsumerServiceURL": "https://sp.example/acs"},
)
OTHER_PLACES = (
    f'<md:AssertionConsumerService Binding="{PAOS}" Location="https://sp.example/paos" index="1"/>',
    f'<md:AssertionConsumerService Binding="{names.REDIRECT}" Location="https://sp.example/redirect" index="2"/>',
)


def test_k_an_address_that_is_not_in_the_metadata(provider: Provider) -> None:
    """Not even who signs may say another."""
    TestedProvider(provider, "other")
    sp, visitor = TestedProvider(provider, places=OTHER_PLACES), provider.visitor()
    sp.arrive(visitor, provider.citizen())
    for changes in ELSEWHERE:
        own_page(visitor.get(sp.address(sp.request(**changes))), case=changes)
        own_page(visitor.get(sp.address(sp.request(**changes), signed=True)), case=changes)
        own_page(sp.posts(visitor, sp.fields(sp.request(**changes), signed=True)), case=changes)


def test_k_an_unsupported_binding_is_answered_at_a_place_of_the_metadata(provider: Provider) -> None:
    sp = TestedProvider(provider, places=OTHER_PLACES)
    for binding in (names.REDIRECT, names.SOAP, names.ARTIFACT, PAOS, "nonsense"):
        heard = sp.hop(provider.visitor(), ProtocolBinding=binding)
        assert (heard.place, heard.statuses) == (sp.acs, ["Requester", "UnsupportedBinding"])


def test_k_an_address_that_left_the_metadata_while_the_citizen_was_asked(provider: Provider) -> None:
    place = f'<md:AssertionConsumerService Binding="{names.POST}" Location="https://sp.example/new" index="1"/>'
    sp, visitor, person = TestedProvider(provider, places=[place]), provider.visitor(), provider.citizen()
    login = visitor.get(sp.address(sp.request(AssertionConsumerServiceURL="https://sp.example/new")))
    replace(sp, places=()).publish()
    provider.clock.advance(1)
    consent = visitor.password(login, person)
    if consent.status_code == 200:
        consent = visitor.allow(consent)
    own_page(consent)


# -- for us, and now --------------------------------------------------------------------------------------------------

STRAY: Mapping[str, Callable[[float], Mapping[str, str | None]]] = {
    "for another": lambda _: {"Destination": "https://other.example/saml/sso"},
    "for our other address": lambda _: {"Destination": f"{ISSUER}/saml/slo"},
    "for us, nearly": lambda _: {"Destination": f"{SSO}/"},
    "of long ago": lambda now: {"IssueInstant": at(now - 481)},
    "of the future": lambda now: {"IssueInstant": at(now + 181)},
    "of no time": lambda _: {"IssueInstant": "2026-13-01T00:00:00Z"},
    "of another version": lambda _: {"Version": "1.1"},
    "without a version": lambda _: {"Version": None},
    "with an ID that is none": lambda _: {"ID": EVIL},
    "with a number that is none": lambda _: {"AttributeConsumingServiceIndex": "-1"},
    "with two minds": lambda _: {"ForceAuthn": "maybe"},
    "with what we do not know": lambda _: {"Surprise": "true"},
}


def test_k_a_request_for_another_or_of_another_time(provider: Provider, sp: TestedProvider) -> None:
    for case, change in STRAY.items():
        changes = change(provider.clock.now())
        own_page(provider.visitor().get(sp.address(sp.request(**changes))), case=case)
        own_page(provider.visitor().get(sp.address(sp.request(**changes), signed=True)), case=case)
        own_page(sp.posts(provider.visitor(), sp.fields(sp.request(**changes), signed=True)), case=case)


def test_k_clocks_may_differ_by_three_minutes(provider: Provider, sp: TestedProvider) -> None:
    for late in (-470, 170):
        assert asks_for_password(provider.visitor().get(sp.address(sp.request(now=provider.clock.now() + late))))


def test_k_a_signed_request_says_to_whom(provider: Provider, sp: TestedProvider) -> None:
    """saml-bindings-2.0-os section 3.4.5.2. Without a signature it says nothing that anybody could rely on."""
    own_page(provider.visitor().get(sp.address(sp.request(Destination=None), signed=True)))
    own_page(sp.posts(provider.visitor(), sp.fields(sp.request(Destination=None), signed=True)))
    assert asks_for_password(provider.visitor().get(sp.address(sp.request(Destination=None))))


def test_k_another_message(provider: Provider, sp: TestedProvider) -> None:
    logout = sp.request(inner="<saml:NameID>n</saml:NameID>").replace("AuthnRequest", "LogoutRequest")
    response = sp.request(inner='<samlp:Status><samlp:StatusCode Value="x"/></samlp:Status>').replace(
        "AuthnRequest", "Response"
    )
    for text in (logout, response, f"<a>{sp.request()}</a>", "<a/>", ""):
        for signed in (False, True):
            own_page(provider.visitor().get(sp.address(text or " ", signed=signed)))
        own_page(sp.posts(provider.visitor(), sp.fields(text or " ")))
    for query in ("", "?SAMLRequest=", "?SAMLRequest=%00", "?SAMLResponse=AAAA", "?RelayState=r"):
        own_page(provider.visitor().get(f"/saml/sso{query}"))


def test_k_two_messages_in_a_form(provider: Provider, sp: TestedProvider) -> None:
    one, other = (sp.fields()["SAMLRequest"] for _ in range(2))
    for fields in (
        {"SAMLRequest": [one, other]},
        {"SAMLRequest": one, "SAMLResponse": other},
        {"SAMLRequest": one, "RelayState": ["a", "b"]},
    ):
        own_page(provider.visitor().post("/saml/sso", fields))


def test_k_a_request_that_comes_twice_does_no_harm(provider: Provider, signing: TestedProvider) -> None:
    """No cache of requests is kept: whoever replays one gets what he would get for one of his own, a page of ours or an
    answer by his own browser to its citizen's account of it. The service provider takes one answer to a request of
    hers, and none by a browser that did not bring it (saml-profiles-2.0-os section 4.1.4.3)."""
    address, person = signing.address(signed=True), provider.citizen()
    thief, owner = provider.visitor("198.51.100.7"), provider.visitor()
    assert asks_for_password(thief.get(address))
    first = signing.hears(owner.allow(owner.password(owner.get(address), person)))
    again = signing.hears(owner.get(address))
    assert first.response.get("InResponseTo") == again.response.get("InResponseTo")
    assert first.assertion.get("ID") != again.assertion.get("ID")
    assert asks_for_password(thief.get(address))


def test_k_who_waited_too_long_is_told_so(provider: Provider, sp: TestedProvider) -> None:
    old = sp.address(sp.request(now=provider.clock.now() - 600))
    assert ERRORS[ErrorKind.EXPIRED].title in provider.visitor().get(old, **{"Accept-Language": "en"}).text


# -- RelayState -------------------------------------------------------------------------------------------------------


def test_k_relay_state_comes_back_as_it_was(provider: Provider, sp: TestedProvider) -> None:
    visitor = provider.visitor()
    page = visitor.allow(visitor.password(visitor.get(sp.address(relay_state=EVIL)), provider.citizen()))
    assert (EVIL in page.text, sp.hears(page).relay_state) == (False, EVIL)
    for relay_state in ("a\tb", "国" * 600, "https://evil.example/", "'\"&<>", "%00%0d%0a", EVIL):
        assert sp.hears(visitor.get(sp.address(relay_state=relay_state))).relay_state == relay_state
        assert sp.hears(sp.posts(visitor, sp.fields(relay_state=relay_state))).relay_state == relay_state


def test_k_a_relay_state_that_is_too_long(provider: Provider, sp: TestedProvider) -> None:
    sp.publish(idp_initiated=True)
    for long in ("x" * 2_049, "国" * 700):
        own_page(provider.visitor().get(sp.address(relay_state=long)))
        own_page(sp.posts(provider.visitor(), sp.fields(relay_state=long)))
        own_page(provider.visitor().get(f"/saml/start?sp={sp.entity_id}&RelayState={quote_plus(long)}"))


def test_k_control_characters_in_relay_state(provider: Provider, sp: TestedProvider) -> None:
    """They are no header of ours and no error."""
    for relay_state in ("a\x00b", "a\r\nSet-Cookie: x=1", "\x1b[31m", "\x7f"):
        response = provider.visitor().get(sp.address(sp.request(IsPassive="true"), relay_state=relay_state))
        assert (sp.hears(response).statuses, "Set-Cookie: x" in str(response.headers)) == (
            ["Responder", "NoPassive"],
            False,
        )


# -- who may not ask any more -----------------------------------------------------------------------------------------

GONE = ("disabled", "removed", "expired")


@pytest.mark.parametrize("how", GONE)
def test_k_a_service_provider_that_is_gone_is_dead_on_every_path(provider: Provider, how: str) -> None:
    sp = TestedProvider(provider, terms={"idp_initiated": True})
    signed_in, at_login, at_consent, after_post = (provider.visitor() for _ in range(4))
    person = provider.citizen()
    sp.arrive(signed_in, provider.citizen())
    login = at_login.get(sp.address())
    consent = at_consent.password(at_consent.get(sp.address()), person)
    posted = after_post.http.post("/saml/sso", base_url=ISSUER, data=sp.fields())
    assert posted.status_code == 303
    unsigned, signed = sp.address(), sp.address(signed=True)
    sp.gone(how, 20)
    own_page(signed_in.get(unsigned))
    own_page(signed_in.get(signed))
    own_page(signed_in.get(f"/saml/start?sp={sp.entity_id}"))
    own_page(after_post.follow(posted))
    own_page(at_consent.allow(consent))
    page = at_login.password(login, person)
    own_page(page)


def test_k_nobody(provider: Provider, sp: TestedProvider) -> None:
    for issuer in ("https://nobody.example/saml", ENTITY, "x" * 5_000, "nobody' OR 1=1", sp.party_id):
        request = sp.request().replace(sp.entity_id, issuer)
        own_page(provider.visitor().get(sp.address(request)))


# -- the citizen ------------------------------------------------------------------------------------------------------


def test_k_force_authn_holds_though_the_session_is_shown_later(provider: Provider, sp: TestedProvider) -> None:
    """The request comes without cookies, and the session's is put in before the page is loaded again."""
    visitor = provider.visitor()
    sp.arrive(visitor, provider.citizen())
    provider.clock.advance(60)
    handle = cookie(visitor) or ""
    visitor.http.delete_cookie(SESSION, domain="id.example")
    page = visitor.get(sp.address(sp.request(ForceAuthn="true")))
    visitor.http.set_cookie(SESSION, handle, domain="id.example", secure=True)
    again = visitor.get(page.request.full_path)
    assert asks_for_password(again)


def test_k_force_authn_by_post_asks_anew(provider: Provider, sp: TestedProvider) -> None:
    visitor = provider.visitor()
    sp.arrive(visitor, provider.citizen())
    provider.clock.advance(60)
    assert asks_for_password(sp.posts(visitor, sp.fields(sp.request(ForceAuthn="true"))))


def test_k_is_passive_without_cookies(provider: Provider, sp: TestedProvider) -> None:
    for page in (
        provider.visitor().get(sp.address(sp.request(IsPassive="true"))),
        sp.posts(provider.visitor(), sp.fields(sp.request(IsPassive="true"))),
    ):
        heard = sp.hears(page)
        assert (heard.statuses, heard.assertion) == (["Responder", "NoPassive"], None)


def test_k_is_passive_shows_no_consent_page(provider: Provider, sp: TestedProvider) -> None:
    other, visitor = TestedProvider(provider, "other"), provider.visitor()
    other.arrive(visitor, provider.citizen())
    assert sp.hop(visitor, IsPassive="true").statuses == ["Responder", "NoPassive"]


def test_k_a_sign_in_goes_on_in_its_own_browser_alone(provider: Provider, sp: TestedProvider) -> None:
    login = provider.visitor().get(sp.address())
    thief = provider.visitor("198.51.100.7")
    sp.arrive(thief, provider.citizen())
    own_page(thief.get(login.request.full_path), 403)


def test_k_a_kept_request_is_good_once(provider: Provider, sp: TestedProvider) -> None:
    visitor = provider.visitor()
    location = visitor.http.post("/saml/sso", base_url=ISSUER, data=sp.fields()).location
    assert asks_for_password(visitor.get(location))
    own_page(visitor.get(location))
    for name in ("", "?request=", "?request=0abc", "?request=%00", "?request=a&request=b"):
        own_page(provider.visitor().get(f"/saml/sso/resume{name}"))


def test_k_a_suspended_citizen_is_not_named(provider: Provider, sp: TestedProvider) -> None:
    visitor, person = provider.visitor(), provider.citizen()
    sp.arrive(visitor, person)
    provider.services.citizens.set_status(person.citizen.id, Status.SUSPENDED)
    answer = visitor.get(sp.address())
    assert asks_for_password(answer) or sp.hears(answer).statuses == ["Responder", "RequestDenied"]


def test_k_a_session_that_ended_is_not_answered_for(provider: Provider, sp: TestedProvider) -> None:
    """It ends between the moment it was read and the answer."""
    visitor, person = provider.visitor(), provider.citizen()
    sp.arrive(visitor, person)
    sessions = provider.services.sessions
    found = sessions.load(cookie(visitor) or "")
    assert found is not None

    class Late:
        def __getattr__(self, name: str) -> object:
            return getattr(sessions, name)

        def load(self, _: str) -> object:
            sessions.end(found, "signed_out")
            return found

    slow = provider.with_services(sessions=Late())
    later = slow.visitor()
    for name in (SESSION, BROWSER):
        later.http.set_cookie(name, cookie(visitor, name) or "", domain="id.example", secure=True)
    assert asks_for_password(later.get(sp.address()))


# -- what is told, and to whom ----------------------------------------------------------------------------------------


def test_k_an_assertion_is_for_one_service_provider_one_address_and_five_minutes(
    provider: Provider, sp: TestedProvider
) -> None:
    heard = sp.arrive(provider.visitor(), provider.citizen())
    assert [each.text for each in heard.assertion.iter(f"{{{names.ASSERTION}}}Audience")] == [sp.entity_id]
    (confirmation,) = heard.assertion.iter(f"{{{names.ASSERTION}}}SubjectConfirmationData")
    assert confirmation.get("Recipient") == heard.place == sp.acs
    conditions, now = heard.element("Conditions"), provider.clock.now()
    assert conditions.get("NotOnOrAfter") == confirmation.get("NotOnOrAfter") <= at(now + 300)
    assert at(now - 180) <= conditions.get("NotBefore") <= at(now)
    (method,) = (each.get("Algorithm") for each in heard.response.iter(f"{{{names.DS}}}SignatureMethod"))
    assert method in (names.RSA_SHA256, names.ECDSA_SHA256)


def test_k_two_service_providers_cannot_compare_what_they_know(provider: Provider) -> None:
    policy = f'<samlp:NameIDPolicy Format="{names.PERSISTENT}" AllowCreate="true"/>'
    pairwise = "urn:oasis:names:tc:SAML:attribute:pairwise-id"
    visitor, person, told = provider.visitor(), provider.citizen(), []
    for name in ("one", "two"):
        sp = TestedProvider(provider, name, asks={pairwise: True})
        heard = (
            sp.arrive(visitor, person, inner=policy)
            if not told
            else sp.hears(visitor.allow(visitor.get(sp.address(sp.request(inner=policy)))))
        )
        index = heard.element("AuthnStatement").get("SessionIndex")
        told.append({heard.text("NameID"), index, heard.attributes[pairwise][0], sp.hop(visitor).text("NameID")})
    assert (len(told[0] | told[1]), len(told[0])) == (8, 4)


def test_k_a_sign_in_that_nobody_asked_for_goes_to_who_is_allowed_it(provider: Provider, sp: TestedProvider) -> None:
    sp.publish(idp_initiated=True)
    TestedProvider(provider, "asks-itself")
    visitor = provider.visitor()
    sp.arrive(visitor, provider.citizen())
    for named in (
        "",
        "https://nobody.example/saml",
        "https://asks-itself.example/saml",
        sp.acs,
        sp.party_id,
        f"{sp.entity_id}%00",
        f"{sp.entity_id}%20",
        f"{sp.entity_id}&sp={sp.entity_id}",
        "https://evil.example/%0d%0aLocation:%20x",
    ):
        own_page(visitor.get(f"/saml/start?sp={named}"))
    own_page(visitor.get("/saml/start"))
    assert sp.hears(visitor.get(f"/saml/start?sp={sp.entity_id}&acs=https://evil.example")).place == sp.acs


def test_k_what_an_operator_leaves_out_is_not_told_though_it_was_agreed_to(provider: Provider) -> None:
    sp = TestedProvider(provider, asks={NAME: True, NUMBER: True}, terms={"attributes": ("name", "citizen_id_number")})
    visitor, person = provider.visitor(), provider.citizen()
    page = visitor.password(visitor.get(sp.address()), person)
    assert set(sp.hears(visitor.allow(page, "citizen_id_number")).attributes) == {NAME, NUMBER}
    open_page = provider.visitor()
    login = open_page.get(sp.address())
    sp.publish(attributes=("name",))
    provider.clock.advance(1)
    assert set(sp.hop(visitor).attributes) == {NAME}
    begun = open_page.password(login, person)
    assert set(sp.hears(begun).attributes) == {NAME}


def test_k_a_consent_that_was_withdrawn_is_asked_for_again(provider: Provider) -> None:
    sp, visitor = TestedProvider(provider, asks={NAME: True}), provider.visitor()
    person = provider.citizen()
    sp.arrive(visitor, person)
    visitor.submit(visitor.get("/account"), "client", client=sp.party_id)
    page = visitor.get(sp.address())
    own_page(page, 200)
    assert sp.hears(visitor.get(sp.address(sp.request(IsPassive="true")))).statuses == ["Responder", "NoPassive"]


HOSTILE = (
    EVIL,
    "</saml:AttributeValue><saml:AttributeValue>admin",
    "<!-- -->王",
    "&lt;&#x0;&",
    "]]><x/>",
    "'王' ${7*7} %s",
)


@pytest.mark.parametrize("encrypts", [True, False])
def test_k_a_citizens_name_changes_nothing_but_itself(provider: Provider, encrypts: bool) -> None:
    sp = TestedProvider(provider, asks={NAME: True}, encrypts=encrypts, role='WantAssertionsSigned="true"')
    for name in HOSTILE:
        assert sp.arrive(provider.visitor(), provider.citizen(name=name)).attributes == {NAME: [name]}


def test_k_a_name_that_xml_cannot_carry_is_a_status(provider: Provider) -> None:
    sp = TestedProvider(provider, asks={NAME: True})
    for name in ("王\ufffe", "\uffff明"):
        visitor = provider.visitor()
        heard = sp.arrive(visitor, provider.citizen(name=name))
        assert (heard.statuses, heard.assertion) == (["Responder", "RequestUnsupported"], None)
        assert sp.hop(visitor).statuses == ["Responder", "RequestUnsupported"]


class Hostile(TestedProvider):
    @property
    def entity_id(self) -> str:
        return "https://sp.example/?a='b'&c=d&amp;e"

    @property
    def acs(self) -> str:
        return "https://sp.example/acs?a='b'&c=d&amp;e"


def test_k_hostile_names_of_a_service_provider_change_nothing(provider: Provider) -> None:
    """Its entityID and its place stand in every answer, and the ID of its request."""
    sp = Hostile(provider)
    heard = sp.arrive(provider.visitor(), provider.citizen(), ID="_request.-王")
    assert heard.text("Audience") == sp.entity_id
    assert heard.response.get("InResponseTo") == "_request.-王"
    assert heard.place == heard.response.get("Destination") == sp.acs
    assert heard.element("SubjectConfirmationData").get("Recipient") == sp.acs
    assert heard.element("NameID").get("SPNameQualifier") == sp.entity_id
