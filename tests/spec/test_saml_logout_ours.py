"""SAML Single Logout that begins with us (saml-profiles-2.0-os section 4.4): at /logout, by a portal that speaks OpenID
Connect, by a withdrawal, by an operator. What comes of it stands in the logout ledger."""

from collections.abc import Callable, Iterator
from concurrent.futures import wait
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from federation.saml.names import POST, REDIRECT, SOAP
from idp.account.suspending import Suspending
from idp.app import suspending
from idp.doors import Doors
from idp.leaving.ledger import PAUSES, VISIT_SECONDS
from idp.logouts import AWAITED_SECONDS
from idp.metrics import Metrics
from idp.storage.records.logouts import LogoutState, StoredLogout
from tests.support.certificates import certificate
from tests.support.clock import FrozenClock
from tests.support.listener import Listener
from tests.support.provider import PORTAL, Provider, running_provider, settings_for
from tests.support.saml_judges import xmlsec_verifies
from tests.support.saml_leaving import Asked, LeavingParty, SoapEnd, pressed, session_of, soap_end, states
from tests.support.signed_in import SignedIn

PROTOCOL = "urn:oasis:names:tc:SAML:2.0:status:"


@pytest.fixture
def provider(tmp_path: Path, clock: FrozenClock, listener: Listener, end: SoapEnd) -> Iterator[Provider]:
    allowed = f"{listener.place},{end.place}"
    with running_provider(settings_for(tmp_path, IDP_OUTBOUND_ALLOW=allowed), clock) as running:
        yield running


@pytest.fixture
def at(provider: Provider, listener: Listener) -> SignedIn:
    return SignedIn(provider, client=provider.client(backchannel_logout_uri=listener.url))


@dataclass
class Keeper:
    """The housekeeper's part in it."""

    provider: Provider

    def __post_init__(self) -> None:
        self._retelling = Doors(self.provider.services, Metrics()).retelling

    def after(self, seconds: float) -> None:
        self.provider.clock.advance(seconds)
        self._retelling.round()
        wait([future for _, future in self._retelling._under_way], 10)
        self._retelling._settle()


@pytest.fixture
def keeper(provider: Provider) -> Keeper:
    return Keeper(provider)


def line_of(provider: Provider, party: LeavingParty) -> StoredLogout:
    [line] = provider.services.records.logouts.search(client_id=party.party_id)
    return line


def by_soap(provider: Provider, end: SoapEnd, *more: str) -> LeavingParty:
    party = LeavingParty(provider, bindings=[SOAP, *more], soap_location=end.url)
    end.answer = lambda asked: (200, party.envelope(party.response(asked, destination=None)))
    return party


# -- by our server ----------------------------------------------------------------------------------------------------


def test_profiles_4_4_3_3_a_service_provider_with_soap_is_told_beside_the_portals(
    at: SignedIn, provider: Provider, listener: Listener, end: SoapEnd
) -> None:
    party = by_soap(provider, end)
    session = party.join(session_of(at))
    page = at.logout(id_token_hint=at.id_token)
    [asked] = end.heard
    assert (asked.kind, asked.element.get("Destination")) == ("LogoutRequest", end.url)
    assert asked.element.get("Reason") == "urn:oasis:names:tc:SAML:2.0:logout:user"
    assert (asked.name_id.text, asked.session_indexes) == (party.name_id(session).value, [party.index(session)])
    assert asked.name_id.get("SPNameQualifier") == party.entity_id
    xmlsec_verifies(asked.element, party.our_certificate)
    assert len(listener.told) == 1
    assert page.text.count("社会保险") == 2, "both stand on the page, by their names"
    assert set(states(provider).values()) == {LogoutState.DELIVERED}


def stranger(party: LeavingParty) -> LeavingParty:
    """The same with a key that its metadata does not have."""
    return replace(party, key="another")


ANSWERS: dict[str, tuple[Callable[[LeavingParty, Asked], tuple[int, bytes]], str]] = {
    "another status": (lambda _party, _asked: (500, b""), "status"),
    "no envelope": (lambda _party, _asked: (200, b"<html/>"), "malformed"),
    "a refusal": (
        lambda party, asked: (200, party.envelope(party.response(asked, status=f"{PROTOCOL}Responder"))),
        "refused",
    ),
    "unsigned, with no TLS to say who answers": (
        lambda party, asked: (200, party.envelope(party.response(asked), signed=False)),
        "bad_signature",
    ),
    "signed by another": (lambda party, asked: (200, stranger(party).envelope(party.response(asked))), "bad_signature"),
    "to another request": (
        lambda party, asked: (200, party.envelope(party.response(asked, in_response_to="_other"))),
        "other_answer",
    ),
    "of another": (
        lambda party, asked: (200, party.envelope(party.response(asked, issuer="https://other.example/saml"))),
        "other_answer",
    ),
}


def test_profiles_4_4_4_2_an_answer_may_rest_on_tls(tmp_path: Path, clock: FrozenClock) -> None:
    """Shibboleth signs none of its own accord."""
    trusted = certificate(tmp_path)
    with soap_end(trusted) as end:
        settings = settings_for(tmp_path, IDP_OUTBOUND_ALLOW=end.place, IDP_CA_FILE=str(trusted[0]))
        with running_provider(settings, clock) as provider:
            party, at = by_soap(provider, end), SignedIn(provider)
            end.answer = lambda asked: (200, party.envelope(party.response(asked, destination=None), signed=False))
            party.join(session_of(at))
            at.logout(id_token_hint=at.id_token)
            assert line_of(provider, party).state is LogoutState.DELIVERED


@pytest.mark.parametrize("answer", ANSWERS)
def test_what_is_no_yes_is_tried_again_with_a_request_of_now(
    at: SignedIn, provider: Provider, end: SoapEnd, keeper: Keeper, answer: str
) -> None:
    party = by_soap(provider, end)
    good, (bad, why) = end.answer, ANSWERS[answer]
    end.answer = lambda asked: bad(party, asked)
    party.join(session_of(at))
    page = at.logout(id_token_hint=at.id_token)
    assert "可能仍" in page.text or "may still be open" in page.text
    assert (line_of(provider, party).state, line_of(provider, party).error) == (LogoutState.FAILED, why)
    end.answer = good
    keeper.after(PAUSES[0])
    assert line_of(provider, party).state is LogoutState.DELIVERED
    first, second = end.heard
    assert first.id != second.id
    assert first.element.get("IssueInstant") < second.element.get("IssueInstant")
    assert first.session_indexes == second.session_indexes


def test_one_that_is_not_reached_by_server_is_told_by_the_browser(
    at: SignedIn, provider: Provider, end: SoapEnd
) -> None:
    party = by_soap(provider, end, REDIRECT)
    end.answer = lambda _: (503, b"")
    party.join(session_of(at))
    page = party.answers(at.visitor, at.logout(id_token_hint=at.id_token))
    assert page.status_code == 200
    assert line_of(provider, party).state is LogoutState.DELIVERED


@pytest.mark.parametrize("verb", ["suspend", "new password", "withdraw"])
def test_every_way_of_ending_reaches_service_providers(
    at: SignedIn, provider: Provider, end: SoapEnd, verb: str
) -> None:
    party = by_soap(provider, end)
    party.join(session_of(at))
    ending: Suspending = suspending(provider.services)
    if verb == "suspend":
        told = ending.suspend(at.person.citizen.id)
    elif verb == "new password":
        told = ending.end_all(at.person.citizen.id, "password_reset")
    else:
        told = Doors(provider.services, Metrics()).withdrawal.end_all_access(
            at.person.citizen.id, "consent_withdrawn", [session_of(at)]
        )
    assert {each.client_id for each in told if each.confirmed} == {at.client.id, party.party_id}
    user = verb == "withdraw"
    assert end.heard[0].element.get("Reason").rpartition(":")[2] == ("user" if user else "admin")


def test_without_a_browser_one_that_only_it_can_tell_is_in_the_ledger_as_such(at: SignedIn, provider: Provider) -> None:
    party = LeavingParty(provider)
    party.join(session_of(at))
    told = suspending(provider.services).suspend(at.person.citizen.id)
    assert [each.confirmed for each in told if each.client_id == party.party_id] == [False]
    line = line_of(provider, party)
    assert (line.state, line.error, line.next_try) == (LogoutState.UNREACHABLE, "front_channel_only", None)


def test_while_its_metadata_has_expired_it_is_not_told_and_when_there_is_a_new_copy_it_is(
    at: SignedIn, provider: Provider, end: SoapEnd, keeper: Keeper
) -> None:
    party = by_soap(provider, end)
    party.join(session_of(at))
    party.publish(valid_until=provider.clock.now() + 60)
    provider.clock.advance(61)
    at.logout(id_token_hint=at.id_token)
    assert (line_of(provider, party).error, end.heard) == ("metadata_expired", [])
    party.publish()
    keeper.after(PAUSES[0])
    assert line_of(provider, party).state is LogoutState.DELIVERED


def test_one_that_is_removed_meanwhile_is_given_up(
    at: SignedIn, provider: Provider, end: SoapEnd, keeper: Keeper
) -> None:
    party = by_soap(provider, end)
    end.answer = lambda _: (503, b"")
    party.join(session_of(at))
    at.logout(id_token_hint=at.id_token)
    party.remove()
    keeper.after(PAUSES[0])
    assert (line_of(provider, party).state, line_of(provider, party).error) == (
        LogoutState.UNREACHABLE,
        "client_removed",
    )


# -- by the browser ---------------------------------------------------------------------------------------------------


def test_a_portal_that_signs_out_by_openid_connect_gets_the_browser_back_after_the_visits(
    at: SignedIn, provider: Provider
) -> None:
    party = LeavingParty(provider)
    party.join(session_of(at))
    back = f"{PORTAL}/signed-out"
    response = at.logout(id_token_hint=at.id_token, post_logout_redirect_uri=back, state="s")
    assert not at.still_in, "our session ends first"
    assert not at.visitor.http.get_cookie("__Host-idp-session", "id.example")
    response = party.answers(at.visitor, response)
    assert response.location == f"{back}?state=s"
    assert set(states(provider).values()) == {LogoutState.DELIVERED}
    assert line_of(provider, party).tries == 1


@pytest.mark.parametrize("binding", [REDIRECT, POST])
@pytest.mark.parametrize("whose", ["ours", "the portal's"])
def test_after_a_form_the_browser_goes_on_from_a_page(
    at: SignedIn, provider: Provider, binding: str, whose: str
) -> None:
    """Chrome asks the `form-action` of the page whose form it follows, at each redirect: a portal that leads its form
    to us may let it go nowhere else."""
    party = LeavingParty(provider, bindings=[binding])
    party.join(session_of(at))
    page = at.logout()
    at.visitor.stays = True
    if whose == "ours":
        page = at.visitor.submit(page, "decision", decision="allow")
    else:
        page = at.logout(id_token_hint=at.id_token)
    assert (page.status_code, at.still_in) == (200, False)
    assert page.headers["Refresh"] == f"0;url={pressed(page)}"
    asked = party.hears(at.visitor.get(pressed(page)))
    assert asked.kind == "LogoutRequest"


def test_the_citizen_sees_which_services_may_still_be_open(at: SignedIn, provider: Provider) -> None:
    party = LeavingParty(provider, title="不动产登记")
    party.join(session_of(at))
    back = f"{PORTAL}/signed-out"
    response = at.logout(id_token_hint=at.id_token, post_logout_redirect_uri=back)
    page = party.answers(at.visitor, response, status=f"{PROTOCOL}Responder")
    assert page.status_code == 200
    still_open = page.text.partition('<div class="warn">')[2].partition("</div>")[0]
    assert "不动产登记" in still_open
    assert "社会保险" not in still_open
    assert pressed(page) == back


def test_one_that_does_not_send_the_browser_back_leaves_an_ended_session_and_a_ledger_that_says_so(
    at: SignedIn, provider: Provider, keeper: Keeper
) -> None:
    parties = [LeavingParty(provider, name) for name in ("one", "two")]
    session = session_of(at)
    for party in parties:
        party.join(session)
    first, second = sorted(parties, key=lambda party: party.party_id)
    first.hears(at.logout(id_token_hint=at.id_token))
    assert not at.still_in
    keeper.after(AWAITED_SECONDS)
    assert states(provider)[first.party_id] is LogoutState.ASKED
    assert states(provider)[second.party_id] is LogoutState.PENDING
    keeper.after(VISIT_SECONDS)
    found = {
        line.duty.client_id: (line.state, line.error, line.tries, line.next_try) for line in map(line_of_, parties)
    }
    assert found == {
        first.party_id: (LogoutState.ASKED, "no_answer", 1, None),
        second.party_id: (LogoutState.UNREACHABLE, "front_channel_only", 0, None),
    }


def line_of_(party: LeavingParty) -> StoredLogout:
    return line_of(party.provider, party)


def test_a_disabled_service_provider_is_not_visited(at: SignedIn, provider: Provider) -> None:
    party = LeavingParty(provider)
    party.join(session_of(at))
    party.disable()
    assert at.logout(id_token_hint=at.id_token).status_code == 200
    assert line_of(provider, party).error == "no_address"


@pytest.mark.parametrize("status", ["Success", "Responder"])
def test_who_withdraws_is_led_to_sign_out_there_and_stays_signed_in_here(
    at: SignedIn, provider: Provider, status: str
) -> None:
    party = LeavingParty(provider, title="不动产登记")
    party.agreed(at.person.citizen.id)
    session = party.join(session_of(at))
    page = at.visitor.get("/account")
    csrf = page.text.partition('name="csrf" value="')[2].partition('"')[0]
    page = at.visitor.post("/account/withdraw", {"csrf": csrf, "client": party.party_id})
    assert "不动产登记" in page.text
    response = at.visitor.get(pressed(page))
    assert party.hears(response).session_indexes == [party.index(session)]
    back = party.answers(at.visitor, response, status=f"{PROTOCOL}{status}")
    assert (back.status_code, back.request.path) == (200, "/account")
    assert session_of(at).clients() == [at.client.id]
    assert states(provider)[party.party_id] is (LogoutState.DELIVERED if status == "Success" else LogoutState.GIVEN_UP)
