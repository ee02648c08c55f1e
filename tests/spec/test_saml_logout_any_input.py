"""Whatever a service provider signs, and whatever comes unsigned, the answer is an answer or a page, never a fault of
ours, and nobody is signed out who was not named."""

from dataclasses import replace
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from federation.saml.name_id import NameId
from idp.sessions import Session
from tests.support.provider import ISSUER, Provider
from tests.support.saml_leaving import SLO_SOAP, LeavingParty, session_of
from tests.support.signed_in import SignedIn

CARRIED = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"))
"""What XML 1.0 can carry."""
PARAMETERS = ["SAMLRequest", "SAMLResponse", "RelayState", "SigAlg", "Signature", "j", "r", "go"]
Scene = tuple[SignedIn, LeavingParty, Session]


@pytest.fixture(scope="module")
def scene(shared_provider: Provider) -> Scene:
    at, party = SignedIn(shared_provider), LeavingParty(shared_provider)
    return at, party, party.join(session_of(at))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.builds(NameId, CARRIED, st.none() | CARRIED, st.none() | CARRIED, st.none() | CARRIED),
    indexes=st.lists(CARRIED, max_size=20),
    id_=st.from_regex(r"[A-Za-z_][A-Za-z0-9_.-]{0,300}", fullmatch=True),
    relay_state=st.none() | st.text(st.characters(codec="utf-8"), max_size=600),
)
def test_any_signed_request_that_does_not_name_the_session_is_answered_and_ends_nothing(
    scene: Scene, name: NameId, indexes: list[str], id_: str, relay_state: str | None
) -> None:
    at, party, session = scene
    party.count += 1
    request = party.request(session, id=f"{id_}.{party.count}", name_id=name, session_indexes=tuple(indexes))
    response = at.visitor.get(party.address(request, relay_state))
    assert response.status_code in (303, 400)
    if response.status_code == 303:
        assert urlsplit(response.location).netloc == "sp.example"
        assert party.hears(response).codes == ["Requester", "UnknownPrincipal"]
    by_soap = replace(request, id=f"{request.id}.s", destination=SLO_SOAP)
    answer = at.provider.machine().post("/saml/slo/soap", base_url=ISSUER, data=party.envelope(by_soap))
    assert answer.status_code in (200, 400)
    assert at.still_in


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    path=st.sampled_from(["", "/soap", "/onward", "/answer", "/resume"]),
    names=st.lists(
        st.sampled_from(["SAMLRequest", "SAMLResponse", "RelayState", "SigAlg", "Signature", "j", "r", "go"])
    ),
    value=st.text(max_size=100),
    body=st.binary(max_size=200),
)
def test_whatever_else_comes_is_a_page_of_our_own(
    shared_provider: Provider, path: str, names: list[str], value: str, body: bytes
) -> None:
    query = "&".join(f"{name}={quote(value)}" for name in names)
    machine = shared_provider.machine()
    assert machine.get(f"/saml/slo{path}", base_url=ISSUER, query_string=query).status_code in (400, 405)
    for data, content_type in ((query, "application/x-www-form-urlencoded"), (body, "text/xml")):
        response = machine.post(f"/saml/slo{path}", base_url=ISSUER, data=data, content_type=content_type)
        assert response.status_code in (400, 405)
