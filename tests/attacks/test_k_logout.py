"""K. Single logout by SAML ends nobody's session but the one that a service provider of it names, signed and for the
first time; and a journey through service providers goes on for its own browser alone."""

from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from werkzeug.test import TestResponse

from federation.saml.name_id import NameId
from federation.saml.names import POST, REDIRECT, SUCCESS, TRANSIENT
from idp.sessions import Session
from idp.storage.records.logouts import LogoutState
from tests.support.parallel import errors, together
from tests.support.provider import ISSUER, Provider, Visitor
from tests.support.saml_leaving import (
    SLO,
    SLO_SOAP,
    Asked,
    LeavingParty,
    enveloped,
    posted,
    pressed,
    session_of,
    states,
)
from tests.support.signed_in import SignedIn

RESPONDER = "urn:oasis:names:tc:SAML:2.0:status:Responder"


@pytest.fixture
def at(provider: Provider) -> SignedIn:
    return SignedIn(provider)


@pytest.fixture
def party(provider: Provider) -> LeavingParty:
    return LeavingParty(provider, bindings=[REDIRECT, POST])


@pytest.fixture
def session(at: SignedIn, party: LeavingParty) -> Session:
    return party.join(session_of(at))


def soap(provider: Provider, envelope: bytes) -> TestResponse:
    return provider.machine().post("/saml/slo/soap", base_url=ISSUER, data=envelope)


def refused(at: SignedIn, response: TestResponse) -> None:
    """By a page of our own, and nothing has happened."""
    assert (response.status_code, response.headers.get("Location")) == (400, None)
    assert at.still_in


def answered(visitor: Visitor, party: LeavingParty, page: TestResponse) -> Asked:
    """It was carried out. The portal that speaks OpenID Connect has no address, which the citizen is told first."""
    assert page.status_code == 200
    answer = party.hears(visitor.get(pressed(page)))
    assert answer.codes == ["Success", "PartialLogout"]
    return answer


# -- who asks ---------------------------------------------------------------------------------------------------------


def test_k_logout_unsigned_is_refused(at: SignedIn, provider: Provider, party: LeavingParty, session: Session) -> None:
    address = party.address(party.request(session))
    refused(at, at.visitor.get(address.partition("&SigAlg")[0]))
    fields = party.fields(party.request(session), signed=False)
    refused(at, posted(at.visitor, fields))
    response = soap(provider, party.envelope(party.request(session, destination=SLO_SOAP), signed=False))
    assert (response.status_code, "Fault" in response.text) == (400, True)
    assert at.still_in


def test_k_logout_signed_by_another_is_refused(
    at: SignedIn, provider: Provider, party: LeavingParty, session: Session
) -> None:
    LeavingParty(provider, "other")
    party.key = "other"
    refused(at, at.visitor.get(party.address(party.request(session))))
    refused(at, posted(at.visitor, party.fields(party.request(session))))
    assert soap(provider, party.envelope(party.request(session, destination=SLO_SOAP))).status_code == 400
    assert at.still_in


@pytest.mark.parametrize("who", ["nobody", "disabled", "removed"])
def test_k_logout_of_who_may_not_ask_is_refused(
    at: SignedIn, provider: Provider, party: LeavingParty, session: Session, who: str
) -> None:
    request = party.request(session)
    if who == "nobody":
        request = replace(request, issuer="https://nobody.example/saml")
    elif who == "disabled":
        party.disable()
    else:
        party.remove()
        provider.clock.advance(1)
    refused(at, at.visitor.get(party.address(request)))


# -- whose session ----------------------------------------------------------------------------------------------------


OTHERS: dict[str, Callable[[LeavingParty, Session], dict[str, object]]] = {
    "another's name": lambda party, other: {"name_id": party.name_id(other)},
    "another's index": lambda party, other: {"session_indexes": (party.index(other),)},
    "another's name and index": lambda party, other: {
        "name_id": party.name_id(other),
        "session_indexes": (party.index(other),),
    },
    "a made-up name": lambda _party, _other: {"name_id": NameId("somebody")},
    "a name of a kind it never got": lambda party, other: {"name_id": replace(party.name_id(other), format=TRANSIENT)},
}


@pytest.mark.parametrize("case", OTHERS)
def test_k_logout_for_another_session_is_refused(
    at: SignedIn, provider: Provider, party: LeavingParty, session: Session, case: str
) -> None:
    """The other session is one of which this service provider has no part."""
    other = SignedIn(provider)
    changes = OTHERS[case](party, session_of(other))
    answer = party.hears(at.visitor.get(party.address(party.request(session, **changes))))
    assert answer.codes == ["Requester", "UnknownPrincipal"]
    enveloped_ = soap(provider, party.envelope(party.request(session, destination=SLO_SOAP, **changes)))
    assert enveloped(enveloped_.data).codes == ["Requester", "UnknownPrincipal"]
    assert (at.still_in, other.still_in) == (True, True)


@pytest.mark.parametrize(
    "changes", [{"format": TRANSIENT}, {"name_qualifier": "https://evil.example"}, {"sp_name_qualifier": "another"}]
)
def test_k_logout_by_a_name_from_elsewhere_is_refused(
    at: SignedIn, party: LeavingParty, session: Session, changes: dict[str, str]
) -> None:
    """Core section 2.2.2: what qualifies a name is part of it; what is left out is as we gave it."""
    name = replace(party.name_id(session), **changes)
    answer = party.hears(at.visitor.get(party.address(party.request(session, name_id=name))))
    assert answer.codes == ["Requester", "UnknownPrincipal"]
    assert at.still_in
    answered(at.visitor, party, at.visitor.get(party.address(party.request(session, name_id=NameId(name.value)))))
    assert not at.still_in


def test_k_logout_of_a_service_provider_without_a_part_ends_nothing(
    at: SignedIn, provider: Provider, party: LeavingParty, session: Session
) -> None:
    """It has learnt what another knows the citizen by, and says it in its own name."""
    nosy = LeavingParty(provider, "nosy")
    for changes in (
        {},
        {"name_id": party.name_id(session), "session_indexes": (party.index(session),)},
        {"session_indexes": ()},
    ):
        at.visitor.get(nosy.address(nosy.request(session, **changes)))
        found = soap(provider, nosy.envelope(nosy.request(session, destination=SLO_SOAP, **changes)))
        assert enveloped(found.data).codes == ["Requester", "UnknownPrincipal"]
        assert at.still_in


def test_k_logout_ends_the_session_it_names_and_not_the_browsers(
    at: SignedIn, provider: Provider, party: LeavingParty, session: Session
) -> None:
    """Another citizen sits at the browser by now."""
    other = SignedIn(provider)
    party.join(session_of(other))
    answered(other.visitor, party, other.visitor.get(party.address(party.request(session))))
    assert (at.still_in, other.still_in) == (False, True)


# -- when, where, and how often ---------------------------------------------------------------------------------------


def test_k_logout_is_good_once(at: SignedIn, provider: Provider, party: LeavingParty, session: Session) -> None:
    request = party.request(session)
    answered(at.visitor, party, at.visitor.get(party.address(request)))
    again = SignedIn(provider, at.visitor, at.person, at.client)
    party.join(session_of(again))
    refused(again, at.visitor.get(party.address(request)))
    refused(again, posted(at.visitor, party.fields(request)))


def test_k_logout_of_many_at_once_one_is_taken(at: SignedIn, party: LeavingParty, session: Session) -> None:
    address = party.address(party.request(session))
    found = together([lambda: at.visitor.get(address).status_code] * 4)
    assert errors(found) == []
    assert sorted(map(str, found)) == ["200", "400", "400", "400"]


CHANGES: dict[str, Callable[[float], dict[str, object]]] = {
    "for another": lambda _: {"destination": "https://evil.example/slo"},
    "for our other address": lambda _: {"destination": SLO_SOAP},
    "for nobody": lambda _: {"destination": None},
    "of long ago": lambda now: {"issue_instant": int(now) - 600},
    "of the future": lambda now: {"issue_instant": int(now) + 600},
    "over": lambda now: {"not_on_or_after": int(now) - 181},
}


@pytest.mark.parametrize("case", CHANGES)
def test_k_logout_for_another_address_or_time_is_refused(
    at: SignedIn, provider: Provider, party: LeavingParty, session: Session, case: str
) -> None:
    changes = CHANGES[case](provider.clock.now())
    refused(at, at.visitor.get(party.address(party.request(session, **changes))))
    refused(at, posted(at.visitor, party.fields(party.request(session, **changes))))


def test_k_logout_by_soap_for_another_address_is_refused(
    at: SignedIn, provider: Provider, party: LeavingParty, session: Session
) -> None:
    assert soap(provider, party.envelope(party.request(session, destination=SLO))).status_code == 400
    assert at.still_in


@pytest.mark.parametrize("body", [b"", b"<a/>", b"\xff\x00", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"])
def test_k_logout_garbage_is_refused(at: SignedIn, provider: Provider, body: bytes) -> None:
    assert soap(provider, body).status_code == 400
    text = body.decode("latin-1")
    for fields in ({"SAMLRequest": text}, {"SAMLResponse": text}, {}, {"SAMLRequest": text, "SAMLResponse": text}):
        assert provider.machine().post("/saml/slo", base_url=ISSUER, data=fields).status_code == 400
        assert provider.machine().get("/saml/slo", base_url=ISSUER, query_string=fields).status_code == 400


@pytest.mark.parametrize("path", ["onward", "answer", "resume"])
@pytest.mark.parametrize("query", ["", "?j=&r=", "?j=0abc&r=0abc", "?j=%00&r=%00"])
def test_k_logout_made_up_journeys_are_pages_of_our_own(provider: Provider, path: str, query: str) -> None:
    assert provider.visitor().get(f"/saml/slo/{path}{query}").status_code == 400


# -- the journey ------------------------------------------------------------------------------------------------------


def test_k_logout_an_answer_that_nobody_asked_for_is_refused(
    at: SignedIn, provider: Provider, party: LeavingParty, session: Session
) -> None:
    other = LeavingParty(provider, "other")
    other.join(session)
    response = at.visitor.get(party.address(party.request(session)))
    asked = other.hears(response)
    journey = asked.id.partition(".")[0]
    for name, said in {
        "made up": other.response(asked, in_response_to="_made-up"),
        "no step": other.response(asked, in_response_to=f"{journey}.x"),
        "a later step": other.response(asked, in_response_to=f"{journey}.1"),
        "another's": party.response(asked),
        "for another": other.response(asked, destination="https://evil.example/slo"),
        "old": other.response(asked, issue_instant=int(provider.clock.now()) - 600),
    }.items():
        sayer = party if name == "another's" else other
        assert at.visitor.get(sayer.address(said)).status_code == 400, name
    unsigned = other.address(other.response(asked)).partition("&SigAlg")[0]
    assert at.visitor.get(unsigned).status_code == 400
    assert states(provider)[other.party_id] is LogoutState.ASKED, "nothing was entered"
    answered(at.visitor, party, other.answers(at.visitor, response))


def test_k_logout_a_late_answer_changes_nothing(
    at: SignedIn, provider: Provider, party: LeavingParty, session: Session
) -> None:
    other = LeavingParty(provider, "other")
    other.join(session)
    response = at.visitor.get(party.address(party.request(session)))
    asked = other.hears(response)
    other.answers(at.visitor, response, status=RESPONDER)
    page = at.visitor.get(other.address(other.response(asked, status=SUCCESS)))
    assert page.status_code == 200
    assert states(provider)[other.party_id] is LogoutState.GIVEN_UP


def test_k_logout_of_answers_at_once_one_goes_on(
    at: SignedIn, provider: Provider, party: LeavingParty, session: Session
) -> None:
    other, third = LeavingParty(provider, "other"), LeavingParty(provider, "third")
    third.join(other.join(session))
    first, second = sorted((other, third), key=lambda each: each.party_id)
    response = at.visitor.get(party.address(party.request(session)))
    asked = first.hears(response)
    yes, no = (first.address(first.response(asked, status=status)) for status in (SUCCESS, RESPONDER))
    machine = provider.machine
    found = together([lambda address=each: machine().get(address, base_url=ISSUER).location for each in (yes, no) * 2])
    assert errors(found) == []
    assert len(set(map(str, found))) == 1, "all go on to the same place"
    assert states(provider)[first.party_id] in (LogoutState.DELIVERED, LogoutState.GIVEN_UP)
    assert second.hears(at.visitor.get(str(found[0]))).kind == "LogoutRequest"


def test_k_logout_a_journey_goes_on_in_its_own_browser_alone(
    at: SignedIn, provider: Provider, party: LeavingParty, session: Session
) -> None:
    other = LeavingParty(provider, "other")
    other.join(session)
    asked = other.hears(at.visitor.get(party.address(party.request(session))))
    answer = other.address(other.response(asked))
    onward = provider.machine().get(answer, base_url=ISSUER).location
    stranger = provider.visitor()
    for address in (onward, onward.replace("onward", "answer")):
        assert stranger.get(address).status_code == 403
    answered(at.visitor, party, at.visitor.get(onward))


def test_k_logout_what_a_request_brought_goes_back_escaped(
    at: SignedIn, provider: Provider, session: Session, party: LeavingParty
) -> None:
    evil = '"><script>alert(1)</script>'
    poster = LeavingParty(provider, "poster", [POST])
    page = posted(at.visitor, poster.fields(poster.request(session), evil))
    assert evil not in page.text
    assert poster.hears(page).relay_state == evil
    assert posted(at.visitor, party.fields(party.request(session), "x" * 3_000)).status_code == 400
    page = at.visitor.get(party.address(party.request(session), evil))
    answer = answered(at.visitor, party, page)
    assert (urlsplit(answer.address).netloc, answer.relay_state) == ("sp.example", evil)
