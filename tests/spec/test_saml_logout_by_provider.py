"""SAML Single Logout that a service provider begins (saml-profiles-2.0-os section 4.4, saml-core-2.0-os section 3.7):
by redirect, POST and SOAP, with others in the session that speak SAML and OpenID Connect."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from federation.saml.credentials import new_credential
from federation.saml.name_id import NameId
from federation.saml.names import POST, REDIRECT, SOAP
from idp.sessions import Session
from idp.storage.records.logouts import LogoutState
from tests.support.clock import FrozenClock
from tests.support.listener import Listener
from tests.support.provider import ISSUER, Provider, running_provider, settings_for
from tests.support.saml_leaving import (
    SLO_SOAP,
    LeavingParty,
    SoapEnd,
    enveloped,
    posted,
    pressed,
    session_of,
    states,
)
from tests.support.signed_in import SignedIn


@pytest.fixture
def provider(tmp_path: Path, clock: FrozenClock, listener: Listener, end: SoapEnd) -> Iterator[Provider]:
    allowed = f"{listener.place},{end.place}"
    with running_provider(settings_for(tmp_path, IDP_OUTBOUND_ALLOW=allowed), clock) as running:
        yield running


@pytest.fixture
def at(provider: Provider, listener: Listener) -> SignedIn:
    """Somebody who came through OpenID Connect, to a portal that the back channel reaches."""
    return SignedIn(provider, client=provider.client(backchannel_logout_uri=listener.url))


def sent(at: SignedIn, party: LeavingParty, binding: str, session: Session, **changes: object) -> TestResponse:
    """The browser brings the party's request."""
    request = party.request(session, **changes)
    if binding == REDIRECT:
        return at.visitor.get(party.address(request, "where they were"))
    fields = party.fields(request, "where they were")
    return posted(at.visitor, fields)


@pytest.mark.parametrize("binding", [REDIRECT, POST])
def test_core_3_7_3_2_a_request_ends_the_session_for_all_and_is_answered(
    at: SignedIn, provider: Provider, listener: Listener, binding: str
) -> None:
    party = LeavingParty(provider, bindings=[binding])
    response = sent(at, party, binding, party.join(session_of(at)))
    answer = party.hears(response)
    assert (answer.kind, answer.codes) == ("LogoutResponse", ["Success"])
    assert answer.element.get("InResponseTo") == "_sp-1"
    assert answer.element.get("Destination") == party.location
    assert answer.relay_state == "where they were"
    assert len(listener.told) == 1
    assert not at.still_in
    assert not at.visitor.http.get_cookie("__Host-idp-session", "id.example")
    assert states(provider) == {at.client.id: LogoutState.DELIVERED, party.party_id: LogoutState.DELIVERED}


def test_core_3_7_3_2_by_soap(at: SignedIn, provider: Provider, listener: Listener) -> None:
    party = LeavingParty(provider, bindings=[])
    request = party.request(party.join(session_of(at)), destination=SLO_SOAP)
    response = provider.machine().post("/saml/slo/soap", base_url=ISSUER, data=party.envelope(request))
    assert response.content_type == "text/xml; charset=utf-8"
    answer = enveloped(response.data)
    assert (answer.kind, answer.codes, answer.element.get("InResponseTo")) == ("LogoutResponse", ["Success"], "_sp-1")
    assert len(listener.told) == 1
    assert not at.still_in
    assert states(provider)[party.party_id] is LogoutState.DELIVERED


def test_others_are_told_by_soap_at_once(at: SignedIn, provider: Provider, listener: Listener, end: SoapEnd) -> None:
    party, other = LeavingParty(provider), LeavingParty(provider, "other", [SOAP], end.url)
    session = other.join(party.join(session_of(at)), "p", "t")
    end.answer = lambda asked: (200, other.envelope(other.response(asked, destination=None)))
    assert party.hears(sent(at, party, REDIRECT, session)).codes == ["Success"]
    assert [each.name_id.text for each in end.heard] == [other.name_id(session, kind).value for kind in ("p", "t")]
    assert {tuple(each.session_indexes) for each in end.heard} == {(other.index(session),)}
    assert end.headers[0]["SOAPAction"] == '"http://www.oasis-open.org/committees/security"'
    assert set(states(provider).values()) == {LogoutState.DELIVERED}
    assert len(listener.told) == 1


def test_profiles_4_4_3_2_those_that_only_the_browser_can_tell_are_visited_one_after_the_other(
    at: SignedIn, provider: Provider
) -> None:
    party, second, third = (LeavingParty(provider, name) for name in ("sp", "second", "third"))
    session = third.join(second.join(party.join(session_of(at))), "t")
    parties = sorted((second, third), key=lambda each: each.party_id)
    response = sent(at, party, REDIRECT, session)
    assert not at.still_in, "our session ends first"
    for other in parties:
        asked = other.hears(response)
        assert (asked.kind, asked.address.partition("?")[0]) == ("LogoutRequest", other.location)
        assert asked.name_id.text == other.name_id(session, "t" if other is third else "p").value
        assert states(provider)[other.party_id] is LogoutState.ASKED
        response = other.answers(at.visitor, response)
        assert states(provider)[other.party_id] is LogoutState.DELIVERED
    answer = party.hears(response)
    assert (answer.codes, answer.relay_state) == (["Success"], "where they were")


def test_a_visit_by_post_goes_by_a_form_and_on_from_a_page_of_ours(at: SignedIn, provider: Provider) -> None:
    """A browser that followed a form goes only where that form's page said (CSP `form-action`): not on to others."""
    party, other = LeavingParty(provider), LeavingParty(provider, "other", [POST])
    session = other.join(party.join(session_of(at)))
    response = sent(at, party, REDIRECT, session)
    asked = other.hears(response)
    assert "form-action 'self' https://other.example;" in response.headers["Content-Security-Policy"] + ";"
    at.visitor.stays = True
    page = posted(at.visitor, other.fields(other.response(asked)))
    assert page.status_code == 200
    assert "Signing out" in page.text or "正在退出" in page.text
    assert page.headers["Refresh"] == f"0;url={pressed(page)}"
    assert party.hears(at.visitor.get(pressed(page))).codes == ["Success"]


def test_an_answer_by_post_too_goes_on_from_a_page_of_ours(at: SignedIn, provider: Provider) -> None:
    party, other = LeavingParty(provider), LeavingParty(provider, "other", [REDIRECT, POST])
    response = sent(at, party, REDIRECT, other.join(party.join(session_of(at))))
    at.visitor.stays = True
    page = posted(at.visitor, other.fields(other.response(other.hears(response))))
    assert page.headers["Refresh"] == f"0;url={pressed(page)}"


@pytest.mark.parametrize("status", ["Success", "Responder"])
def test_one_with_two_names_is_visited_for_each_until_it_refuses(at: SignedIn, provider: Provider, status: str) -> None:
    party, other = LeavingParty(provider), LeavingParty(provider, "other")
    session = other.join(party.join(session_of(at)), "p", "t")
    response = sent(at, party, REDIRECT, session)
    page = other.answers(at.visitor, response, status=f"urn:oasis:names:tc:SAML:2.0:status:{status}")
    assert states(provider)[other.party_id] is (LogoutState.ASKED if status == "Success" else LogoutState.GIVEN_UP), (
        "it is told when both are answered"
    )
    if status == "Success":
        assert other.hears(page).name_id.text == other.name_id(session, "t").value
        page = other.answers(at.visitor, page)
        assert party.hears(page).codes == ["Success"]
        assert states(provider)[other.party_id] is LogoutState.DELIVERED
    else:
        assert party.hears(at.visitor.get(pressed(page))).codes == ["Success", "PartialLogout"]


def test_one_that_is_disabled_meanwhile_is_passed_by(at: SignedIn, provider: Provider) -> None:
    party, second, third = (LeavingParty(provider, name) for name in ("sp", "second", "third"))
    session = third.join(second.join(party.join(session_of(at))))
    first, last = sorted((second, third), key=lambda each: each.party_id)
    response = sent(at, party, REDIRECT, session)
    last.disable()
    page = first.answers(at.visitor, response)
    assert party.hears(at.visitor.get(pressed(page))).codes == ["Success", "PartialLogout"]


@pytest.mark.parametrize("way", ["refuses", "is silent"])
def test_core_3_2_2_2_what_others_do_not_confirm_is_told_as_partial_logout(
    at: SignedIn, provider: Provider, way: str
) -> None:
    party, other = LeavingParty(provider), LeavingParty(provider, "other")
    session = other.join(party.join(session_of(at)))
    response = sent(at, party, REDIRECT, session)
    asked = other.hears(response)
    if way == "refuses":
        page = other.answers(at.visitor, response, status="urn:oasis:names:tc:SAML:2.0:status:Responder")
        assert states(provider)[other.party_id] is LogoutState.GIVEN_UP
    else:
        onward = f"/saml/slo/onward?j={asked.id[1:].partition('.')[0]}"
        assert other.hears(at.visitor.get(onward)).id == asked.id, "once more"
        page = at.visitor.get(onward)
        assert states(provider)[other.party_id] is LogoutState.ASKED
    assert page.status_code == 200
    assert "other.example" in page.text or "社会保险" in page.text
    assert party.hears(at.visitor.get(pressed(page))).codes == ["Success", "PartialLogout"]


def test_a_dead_portal_makes_it_partial_and_is_tried_again(
    at: SignedIn, provider: Provider, listener: Listener
) -> None:
    listener.status = 503
    party = LeavingParty(provider)
    page = sent(at, party, REDIRECT, party.join(session_of(at)))
    assert page.status_code == 200
    assert party.hears(at.visitor.get(pressed(page))).codes == ["Success", "PartialLogout"]
    assert states(provider) == {at.client.id: LogoutState.FAILED, party.party_id: LogoutState.DELIVERED}


def test_frames_of_the_front_channel_are_loaded_before_the_answer(provider: Provider) -> None:
    at = SignedIn(provider, client=provider.client(frontchannel_logout_uri="https://portal.example/front"))
    party = LeavingParty(provider)
    page = sent(at, party, REDIRECT, party.join(session_of(at)))
    assert '<iframe hidden src="https://portal.example/front?' in page.text
    assert party.hears(at.visitor.get(page.headers["Refresh"].partition("url=")[2])).codes == ["Success"]


def test_a_session_that_has_ended_already_is_what_was_asked(at: SignedIn, provider: Provider) -> None:
    party = LeavingParty(provider)
    session = party.join(session_of(at))
    provider.services.sessions.end_with_twins(session, "signed_out")
    assert party.hears(sent(at, party, REDIRECT, session)).codes == ["Success"]


def test_the_session_of_another_browser_is_ended_by_its_index_and_this_one_goes_on(
    at: SignedIn, provider: Provider
) -> None:
    party = LeavingParty(provider)
    elsewhere = SignedIn(provider, person=at.person, client=at.client)
    session = party.join(session_of(elsewhere))
    assert party.hears(sent(at, party, REDIRECT, session)).codes == ["Success"]
    assert (at.still_in, elsewhere.still_in) == (True, False)
    assert at.visitor.http.get_cookie("__Host-idp-session", "id.example")


def test_a_session_with_a_new_handle_is_still_found_by_its_index(at: SignedIn, provider: Provider) -> None:
    party = LeavingParty(provider, bindings=[])
    session = party.join(session_of(at))
    provider.services.sessions.step_up(session, 2, ("pwd", "otp"))
    request = party.request(session, destination=None)
    response = provider.machine().post("/saml/slo/soap", base_url=ISSUER, data=party.envelope(request))
    assert enveloped(response.data).codes == ["Success"]
    assert not at.still_in


def test_core_3_7_1_without_an_index_the_browsers_session_is_meant(at: SignedIn, provider: Provider) -> None:
    party = LeavingParty(provider)
    session = party.join(session_of(at))
    assert party.hears(sent(at, party, REDIRECT, session, session_indexes=())).codes == ["Success"]
    assert not at.still_in


def test_without_an_address_for_answers_the_browser_stays_with_us(at: SignedIn, provider: Provider) -> None:
    party = LeavingParty(provider, bindings=[])
    page = sent(at, party, REDIRECT, party.join(session_of(at)))
    assert page.status_code == 200
    assert not at.still_in


def test_core_3_7_1_a_name_may_be_encrypted_to_us(at: SignedIn, provider: Provider, listener: Listener) -> None:
    party = LeavingParty(provider)
    session, ours = party.join(session_of(at)), provider.services.saml_keys.published()
    for name, codes in ((NameId("somebody"), ["Requester", "UnknownPrincipal"]), (party.name_id(session), ["Success"])):
        asked = party.address_of_encrypted(party.request(session, name_id=name), ours)
        assert party.hears(at.visitor.get(asked)).codes == codes
    assert not at.still_in


def test_core_3_7_1_a_name_that_was_encrypted_to_another_is_refused(at: SignedIn, provider: Provider) -> None:
    party = LeavingParty(provider)
    session, before = party.join(session_of(at)), provider.services.saml_keys.published()
    other = new_credential("RSA", "other", 1_800_000_000).certificate
    asked = party.address_of_encrypted(party.request(session), [replace(before[-1], certificate=other)])
    assert at.visitor.get(asked).status_code == 400
    assert at.still_in
