"""An answer by artifact (saml-bindings-2.0-os section 3.6, saml-profiles-2.0-os section 5): the browser carries a
reference, and the service provider's server asks us what it stands for."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from werkzeug.test import TestResponse

from federation.saml import names
from federation.saml.artifact import Artifact, parse
from federation.saml.names import ARTIFACT, PROTOCOL, SOAP_ENVELOPE
from idp.citizens.citizen import Status
from tests.support import saml_judges
from tests.support.cookies import BROWSER, SESSION, cookie
from tests.support.parallel import errors, together
from tests.support.provider import ISSUER, Provider, Visitor
from tests.support.service_provider import NAME, Heard, TestedProvider
from tests.support.sp_metadata import at

ADDRESS = f"{ISSUER}/saml/artifact"
PLACE = "https://sp.example/artifact"


def by_artifact(provider: Provider, name: str = "sp", **terms: Any) -> TestedProvider:
    place = f'<md:AssertionConsumerService Binding="{ARTIFACT}" Location="{PLACE}?a=b" index="1"/>'
    return TestedProvider(provider, name, asks={NAME: True}, places=[place], terms=terms)


@pytest.fixture
def sp(provider: Provider) -> TestedProvider:
    return by_artifact(provider, artifact=True)


def got(response: TestResponse) -> str:
    """The artifact that a browser brings to the service provider."""
    assert response.status_code == 303, response.text
    parts = urlsplit(response.location)
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == PLACE
    (value,) = parse_qs(parts.query)["SAMLart"]
    return value


def signed_in(sp: TestedProvider) -> Visitor:
    """A citizen who was here before."""
    visitor = sp.provider.visitor()
    got(visitor.allow(visitor.password(visitor.get(sp.address()), sp.provider.citizen(name="王小明𠮷"))))
    return visitor


def question(sp: TestedProvider, value: str, **attributes: str | None) -> str:
    text = sp.request(inner=f"<samlp:Artifact>{value}</samlp:Artifact>", **({"Destination": ADDRESS} | attributes))
    return text.replace("AuthnRequest", "ArtifactResolve")


def enveloped(message: bytes) -> bytes:
    return b'<s:Envelope xmlns:s="%s"><s:Body>%s</s:Body></s:Envelope>' % (SOAP_ENVELOPE.encode(), message)


def posted(provider: Provider, body: bytes) -> TestResponse:
    headers = {"Content-Type": "text/xml", "SOAPAction": '"http://www.oasis-open.org/committees/security"'}
    return provider.machine().post("/saml/artifact", base_url=ISSUER, data=body, headers=headers)


def resolve(sp: TestedProvider, value: str, **attributes: str | None) -> TestResponse:
    return posted(sp.provider, enveloped(sp.enveloped(question(sp, value, **attributes))))


def stood_for(sp: TestedProvider, response: TestResponse) -> Heard | None:
    """What a signed ArtifactResponse has inside, if it has anything."""
    assert (response.status_code, response.headers.get("Cache-Control")) == (200, "no-store"), response.text
    assert response.mimetype == "text/xml"
    (body,) = saml_judges.parsed(response.data)
    found = saml_judges.parsed(saml_judges.canonical_of(body[0]))
    saml_judges.proved(found, sp.our_certificate)
    assert found.get("InResponseTo") == f"_{sp.name}-{sp.count}"
    assert found.find(f"{{{PROTOCOL}}}Status/{{{PROTOCOL}}}StatusCode").get("Value") == names.SUCCESS
    message = found.find(f"{{{PROTOCOL}}}Response")
    return None if message is None else sp.takes(saml_judges.canonical_of(message).encode(), PLACE)


def heard(sp: TestedProvider, response: TestResponse) -> Heard:
    found = stood_for(sp, response)
    assert found is not None
    return found


def test_saml_profiles_5_an_artifact_is_resolved_by_its_service_provider(sp: TestedProvider) -> None:
    response = signed_in(sp).get(sp.address(relay_state="back & <forth>"))
    told, request_id = parse_qs(urlsplit(response.location).query), f"_sp-{sp.count}"
    assert (told["a"], told["RelayState"], len(told)) == (["b"], ["back & <forth>"], 3)
    found = heard(sp, resolve(sp, got(response)))
    assert (found.statuses, found.attributes) == (["Success"], {NAME: ["王小明𠮷"]})
    assert found.response.get("InResponseTo") == request_id
    assert found.response.get("Destination") == f"{PLACE}?a=b"
    assert found.element("SubjectConfirmationData").get("Recipient") == f"{PLACE}?a=b"


def test_saml_core_3_4_1_a_request_says_by_which_binding_it_is_answered(provider: Provider) -> None:
    sp, visitor = by_artifact(provider), provider.visitor()
    assert sp.arrive(visitor, provider.citizen()).place == sp.acs
    for changes in ({"ProtocolBinding": ARTIFACT}, {"AssertionConsumerServiceIndex": "1"}):
        value = got(visitor.get(sp.address(sp.request(**changes))))
        assert heard(sp, resolve(sp, value)).statuses == ["Success"]
    assert sp.hop(visitor, ProtocolBinding=names.POST).place == sp.acs


def test_a_refusal_comes_by_artifact_too(provider: Provider, sp: TestedProvider) -> None:
    value = got(provider.visitor().get(sp.address(sp.request(IsPassive="true"))))
    found = heard(sp, resolve(sp, value))
    assert (found.statuses, found.assertion) == (["Responder", "NoPassive"], None)
    assert stood_for(sp, resolve(sp, value)) is None


def test_saml_bindings_3_6_5_2_an_artifact_is_good_once_for_its_own(provider: Provider, sp: TestedProvider) -> None:
    """In another's hands it is spent, also in those of one whose metadata has the same place."""
    visitor, thief = signed_in(sp), by_artifact(provider, "thief")
    value = got(visitor.get(sp.address()))
    assert stood_for(sp, resolve(sp, value)) is not None
    assert stood_for(sp, resolve(sp, value)) is None
    value = got(visitor.get(sp.address()))
    assert stood_for(thief, resolve(thief, value)) is None
    assert stood_for(sp, resolve(sp, value)) is None


def test_of_many_who_ask_at_once_one_gets_it(provider: Provider, sp: TestedProvider) -> None:
    value = got(signed_in(sp).get(sp.address()))
    body = enveloped(sp.enveloped(question(sp, value)))
    found = together([lambda: posted(provider, body)] * 4)
    assert errors(found) == []
    assert sum(stood_for(sp, each) is not None for each in found if isinstance(each, TestResponse)) == 1


def test_an_artifact_is_good_for_a_minute_and_while_the_session_stands(provider: Provider, sp: TestedProvider) -> None:
    visitor = signed_in(sp)
    value = got(visitor.get(sp.address()))
    provider.clock.advance(61)
    assert stood_for(sp, resolve(sp, value)) is None
    value = got(visitor.get(sp.address()))
    session = provider.services.sessions.load(cookie(visitor) or "")
    assert session is not None
    provider.services.sessions.end(session, "signed_out")
    assert stood_for(sp, resolve(sp, value)) is None


def test_who_may_not_sign_in_any_more_is_not_told_of(provider: Provider, sp: TestedProvider) -> None:
    visitor, person = provider.visitor(), provider.citizen()
    value = got(visitor.allow(visitor.password(visitor.get(sp.address()), person)))
    provider.services.citizens.set_status(person.citizen.id, Status.SUSPENDED)
    found = heard(sp, resolve(sp, value))
    assert (found.statuses, found.assertion) == (["Responder", "RequestDenied"], None)


def test_what_changed_meanwhile_counts(provider: Provider, sp: TestedProvider) -> None:
    """An attribute that an operator took away, and a place that left the metadata."""
    visitor = signed_in(sp)
    first, second = (got(visitor.get(sp.address())) for _ in range(2))
    sp.publish(attributes=())
    provider.clock.advance(1)
    assert heard(sp, resolve(sp, first)).attributes == {}
    sp.places = ()
    sp.publish()
    provider.clock.advance(1)
    assert stood_for(sp, resolve(sp, second)) is None


@pytest.mark.parametrize("how", ["disabled", "removed", "expired"])
def test_a_service_provider_that_is_gone_gets_nothing(sp: TestedProvider, how: str) -> None:
    value = got(signed_in(sp).get(sp.address()))
    sp.gone(how, 20)
    assert resolve(sp, value).status_code == 403


def test_an_artifact_that_we_did_not_make_stands_for_nothing(sp: TestedProvider) -> None:
    ours = parse(got(signed_in(sp).get(sp.address())))
    for value in (
        str(Artifact(ours.source_id, 0, bytes(20))),
        str(Artifact(ours.source_id, 0, bytes([255] * 20))),
        str(Artifact(bytes(20), ours.index, ours.handle)),
        "AAQ=",
        "x",
    ):
        assert stood_for(sp, resolve(sp, value)) is None


def test_what_waits_in_the_store_tells_of_nobody(provider: Provider, sp: TestedProvider) -> None:
    """Neither his name nor an assertion."""
    kept: list[bytes] = []
    inner = provider.services.state

    class Watched:
        def __getattr__(self, name: str) -> Any:
            def call(*given: Any, **named: Any) -> Any:
                kept.extend(each for each in given if isinstance(each, bytes))
                return getattr(inner, name)(*given, **named)

            return call if name in ("put", "issue_under") else getattr(inner, name)

    visitor = signed_in(sp)
    later = provider.with_services(state=Watched()).visitor()
    for name in (SESSION, BROWSER):
        later.http.set_cookie(name, cookie(visitor, name) or "", domain="id.example", secure=True)
    got(later.get(sp.address()))
    assert len(kept) == 2
    assert not any("王".encode() in each or b"Assertion" in each for each in kept)


# -- who asks -------------------------------------------------------------------------------------------------------


def test_saml_profiles_5_3_only_who_signs_for_us_and_now_is_answered(provider: Provider, sp: TestedProvider) -> None:
    value = got(signed_in(sp).get(sp.address()))
    assert posted(provider, enveloped(question(sp, value).encode())).status_code == 403
    TestedProvider(provider, "other")
    sp.key = "other"
    assert resolve(sp, value).status_code == 403
    sp.key = ""
    for changes in (
        {"Destination": f"{ISSUER}/saml/sso"},
        {"Destination": "https://evil.example"},
        {"IssueInstant": at(provider.clock.now() - 600)},
        {"IssueInstant": at(provider.clock.now() + 600)},
        {"Version": "1.1"},
    ):
        assert resolve(sp, value, **changes).status_code == 403, changes
    assert stood_for(sp, resolve(sp, value, Destination=None)) is not None, "none of them spent it"


def test_garbage_is_refused(provider: Provider, sp: TestedProvider) -> None:
    for body in (
        b"",
        b"\xff\x00",
        b"<a/>",
        b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
        enveloped(b""),
        enveloped(b"<a/>"),
        enveloped(b"<a/>") + b"<a/>",
        b"<" * 200_000,
        enveloped(sp.enveloped(sp.request(Destination=ADDRESS))),
    ):
        assert posted(provider, body).status_code in (400, 403, 413), body[:80]
    assert provider.machine().get("/saml/artifact", base_url=ISSUER).status_code == 405
