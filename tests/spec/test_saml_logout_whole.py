"""One sign-in through both front doors, and its end for all of them, whichever begins: each names the citizen and the
session as its sign-on did."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from federation.saml.name_id import NameId
from federation.saml.names import PERSISTENT, REDIRECT, SOAP, TRANSIENT
from tests.support.clock import FrozenClock
from tests.support.listener import Listener
from tests.support.provider import ISSUER, Provider, Registered, running_provider, settings_for
from tests.support.saml_leaving import SLO_SOAP, LeavingParty, SoapEnd, enveloped, session_of
from tests.support.service_provider import Heard, TestedProvider, credential
from tests.support.signed_in import SignedIn

QUALIFIERS = ("Format", "NameQualifier", "SPNameQualifier")


@pytest.fixture
def provider(tmp_path: Path, clock: FrozenClock, listener: Listener, end: SoapEnd) -> Iterator[Provider]:
    allowed = f"{listener.place},{end.place}"
    with running_provider(settings_for(tmp_path, IDP_OUTBOUND_ALLOW=allowed), clock) as running:
        yield running


@pytest.fixture
def client(provider: Provider, listener: Listener) -> Registered:
    return provider.client(backchannel_logout_uri=listener.url)


def service_provider(provider: Provider, *bindings: str, soap: str = "") -> tuple[TestedProvider, LeavingParty]:
    """One, that signs in and signs out."""
    tested = TestedProvider(provider)
    return tested, LeavingParty(provider, "sp", bindings, soap, more_keys=[credential("sp")[1]])


def named(heard: Heard) -> NameId:
    found = heard.element("NameID")
    return NameId(found.text, *(found.get(name) for name in QUALIFIERS))


def index(heard: Heard) -> str:
    return str(heard.element("AuthnStatement").get("SessionIndex"))


@pytest.mark.parametrize("way", ["redirect", "soap"])
@pytest.mark.parametrize("name_format", [TRANSIENT, PERSISTENT])
def test_a_service_provider_ends_the_session_that_a_portal_began(
    provider: Provider, client: Registered, listener: Listener, name_format: str, way: str
) -> None:
    at = SignedIn(provider, client=client)
    tested, party = service_provider(provider, REDIRECT)
    policy = f'<samlp:NameIDPolicy Format="{name_format}" AllowCreate="true"/>'
    heard = tested.hears(at.visitor.allow(at.visitor.get(tested.address(tested.request(inner=policy)))))
    assert named(heard).format == name_format
    said = {"name_id": named(heard), "session_indexes": (index(heard),)}
    if way == "redirect":
        answer = party.hears(at.visitor.get(party.address(party.request(session_of(at), **said))))
    else:
        body = party.envelope(party.request(session_of(at), **said, destination=SLO_SOAP))
        answer = enveloped(provider.machine().post("/saml/slo/soap", base_url=ISSUER, data=body).data)
    assert answer.codes == ["Success"]
    assert (len(listener.told), at.still_in) == (1, False)


@pytest.mark.parametrize("way", ["redirect", "soap"])
def test_a_portal_ends_the_session_that_a_service_provider_began(
    provider: Provider, client: Registered, end: SoapEnd, way: str
) -> None:
    tested, party = service_provider(provider, SOAP if way == "soap" else REDIRECT, soap=end.url)
    end.answer = lambda asked: (200, party.envelope(party.response(asked, destination=None)))
    visitor, person = provider.visitor(), provider.citizen()
    heard = tested.arrive(visitor, person)
    at = SignedIn(provider, visitor, person, client)
    response = at.logout(id_token_hint=at.id_token)
    asked = end.heard[0] if way == "soap" else party.hears(response)
    assert NameId(asked.name_id.text, *(asked.name_id.get(each) for each in QUALIFIERS)) == named(heard)
    assert asked.session_indexes == [index(heard)]
    assert not at.still_in
    assert way == "soap" or party.answers(visitor, response).status_code == 200


def test_a_service_provider_that_was_withdrawn_from_is_told(provider: Provider, end: SoapEnd) -> None:
    tested, party = service_provider(provider, SOAP, soap=end.url)
    end.answer = lambda asked: (200, party.envelope(party.response(asked, destination=None)))
    visitor = provider.visitor()
    heard = tested.arrive(visitor, provider.citizen())
    csrf = visitor.get("/account").text.partition('name="csrf" value="')[2].partition('"')[0]
    visitor.post("/account/withdraw", {"csrf": csrf, "client": party.party_id})
    assert end.heard[0].session_indexes == [index(heard)]
    assert "decision" in visitor.get(tested.address()).text, "it has to ask anew"
