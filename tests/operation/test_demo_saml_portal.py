"""The demo's portal that speaks SAML: what it asks, what it believes, and what it does not."""

import base64
import time
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from federation.saml import algorithms, names
from federation.saml.assertion import Authentication, Confirmation
from federation.saml.credentials import new_credential
from federation.saml.metadata.document import one_service_provider
from federation.saml.name_id import NameId
from federation.saml.response import Status
from idp.clock import SystemClock
from idp.demo.portal_settings import SamlSettings
from idp.demo.saml_portal import create_portal
from idp.demo.service_provider import metadata
from idp.demo.themes import CITIZEN_ID, NAME
from idp.secrets import SystemRandomness
from tests.support.demo_portal import OTHER, PORTAL, go, signed_in
from tests.support.saml_issuer import SamlIssuer, saml_issuer

SAML = "{urn:oasis:names:tc:SAML:2.0:assertion}"
SAMLP = "{urn:oasis:names:tc:SAML:2.0:protocol}"
LEVEL_2 = Authentication(int(time.time()), "urn:citizen-idp:aal:2", "_session")
MADE = new_credential(algorithms.RSA, "localhost", int(time.time()))
PEM = f"-----BEGIN PRIVATE KEY-----\n{base64.encodebytes(MADE.private_der).decode()}-----END PRIVATE KEY-----\n"


def settings(issuer: str) -> SamlSettings:
    others = {"social": OTHER}
    return SamlSettings(
        theme="estate", url=PORTAL, issuer=issuer, others=others, private_key=PEM, certificate=MADE.certificate
    )


@pytest.fixture(scope="module")
def told() -> Iterator[SamlIssuer]:
    at = f"{PORTAL}/saml"
    with saml_issuer(MADE.certificate, f"{at}/metadata", f"{at}/acs", f"{at}/slo") as running:
        yield running


@pytest.fixture
def browser(told: SamlIssuer) -> FlaskClient:
    return create_portal(settings(told.url), SystemClock(), SystemRandomness()).test_client()


def begin(browser: FlaskClient, told: SamlIssuer, path: str = "/login") -> Any:
    """The AuthnRequest."""
    return told.saw(go(browser, path).headers["Location"])


def post(browser: FlaskClient, answer: str) -> TestResponse:
    """As the provider's page does it: the cookie stays at home. The browser follows with it."""
    stranger = browser.application.test_client()
    arrived = stranger.post("/saml/acs", base_url=PORTAL, data={"SAMLResponse": answer})
    assert not arrived.headers.getlist("Set-Cookie")
    if arrived.status_code != 303:
        return arrived
    return browser.get(arrived.headers["Location"], base_url=PORTAL)


def sign_in(browser: FlaskClient, told: SamlIssuer, **lies: Any) -> TestResponse:
    asked = begin(browser, told).get("ID")
    said = told.assertion(asked, **lies.pop("said", {}))
    return post(browser, told.answer(asked, said, **lies))


def leave(browser: FlaskClient) -> TestResponse:
    return browser.post("/logout", base_url=PORTAL, headers={"Origin": PORTAL})


# -- asking -----------------------------------------------------------------------------------------------------------


def test_its_metadata_registers_it_with_what_it_asks() -> None:
    entity = one_service_provider(metadata(settings("http://localhost:8000")))
    assert entity.authn_requests_signed
    assert [each.location for each in entity.single_logout] == [f"{PORTAL}/saml/slo"]
    assert {each.use for each in entity.keys} == {"signing", "encryption"}
    (service,) = entity.attribute_services
    assert [(each.name, each.required) for each in service.requested] == [(NAME, True), (CITIZEN_ID, True)]


def test_saml_profiles_4_1_3_2_the_request_is_signed_and_leaves_the_way_to_sign_in_open(
    browser: FlaskClient, told: SamlIssuer
) -> None:
    location = go(browser, "/login").headers["Location"]
    asked = told.saw(location)
    assert location.startswith(f"{told.url}/saml/sso?")
    assert "Signature=" in location
    assert asked.findtext(f"{SAML}Issuer") == f"{PORTAL}/saml/metadata"
    assert asked.find(f"{SAMLP}RequestedAuthnContext") is None
    assert asked.find(f"{SAMLP}NameIDPolicy") is None
    assert begin(browser, told).get("ID") != asked.get("ID")


def test_step_up_asks_for_more_than_a_password(browser: FlaskClient, told: SamlIssuer) -> None:
    wanted = begin(browser, told, "/step-up").find(f"{SAMLP}RequestedAuthnContext")
    assert wanted.get("Comparison") == "minimum"
    assert [each.text for each in wanted] == ["urn:citizen-idp:aal:2"]


# -- believing ---------------------------------------------------------------------------------------------------------


def test_a_citizen_signs_in_and_sees_only_masked_data(browser: FlaskClient, told: SamlIssuer) -> None:
    assert sign_in(browser, told).headers["Location"] == "/me"
    page = go(browser, "/me").text
    assert "李静文𠮷" in page
    assert "110***********0021" in page
    assert "110000199001010021" not in page


def test_what_is_guarded_opens_at_level_2(browser: FlaskClient, told: SamlIssuer) -> None:
    sign_in(browser, told)
    page = go(browser, "/me").text
    assert 'href="/step-up"' in page
    assert "89.60" not in page
    asked = begin(browser, told, "/step-up").get("ID")
    post(browser, told.answer(asked, told.assertion(asked, authentication=LEVEL_2)))
    page = go(browser, "/me").text
    assert 'href="/step-up"' not in page
    assert "89.60" in page


def test_who_has_no_codes_reads_so_and_stays_signed_in(browser: FlaskClient, told: SamlIssuer) -> None:
    sign_in(browser, told)
    asked = begin(browser, told, "/step-up").get("ID")
    refused = Status(names.RESPONDER, names.NO_AUTHN_CONTEXT)
    answer = post(browser, told.answer(asked, status=refused))
    assert (answer.status_code, "还没有开通" in answer.text) == (403, True)
    assert signed_in(browser)


def test_who_does_not_agree_reads_so(browser: FlaskClient, told: SamlIssuer) -> None:
    asked = begin(browser, told).get("ID")
    answer = post(browser, told.answer(asked, status=Status(names.RESPONDER, names.REQUEST_DENIED)))
    assert "<h1>您选择了不同意</h1>" in answer.text


SOON, LONG_AGO = int(time.time()) + 300, int(time.time()) - 600
ELSEWHERE = "http://localhost:8009/saml"


@pytest.mark.parametrize(
    ("clause", "lies"),
    [
        ("4.1.4.3 no signature", {"signed": False}),
        ("4.1.4.5 not encrypted", {"encrypted": False}),
        ("4.1.4.2 issuer of the response", {"issuer": "https://other.example"}),
        ("4.1.4.2 issuer of the assertion", {"said": {"issuer": "https://other.example"}}),
        ("4.1.4.2 destination", {"destination": f"{ELSEWHERE}/acs"}),
        ("4.1.4.2 audience", {"said": {"audiences": (f"{ELSEWHERE}/metadata",)}}),
        ("4.1.4.2 recipient", {"said": {"confirmation": Confirmation(f"{ELSEWHERE}/acs", SOON, None)}}),
        ("4.1.4.2 too late", {"said": {"confirmation": Confirmation(f"{PORTAL}/saml/acs", LONG_AGO, None)}}),
        ("core 2.5.1 too late", {"said": {"not_on_or_after": LONG_AGO}}),
        ("4.1.4.2 another request", {"in_response_to": "_another"}),
        ("4.1.5 unasked", {"in_response_to": None}),
    ],
)
def test_saml_profiles_an_answer_that_breaks_a_rule_signs_nobody_in(
    browser: FlaskClient, told: SamlIssuer, clause: str, lies: dict[str, Any]
) -> None:
    assert sign_in(browser, told, **lies).status_code == 400, clause
    assert not signed_in(browser)


def test_an_answer_by_another_key_signs_nobody_in(browser: FlaskClient, told: SamlIssuer) -> None:
    assert sign_in(browser, told, key=told.foreign).status_code == 400


@pytest.mark.parametrize("answer", ["", "x", "PHg+", "//////", "PHNhbWxwOlJlc3BvbnNlLz4="])
def test_garbage_gets_a_page(browser: FlaskClient, answer: str) -> None:
    page = post(browser, answer)
    assert page.status_code == 400
    assert "查询编号" in page.text


def test_another_browser_cannot_finish(browser: FlaskClient, told: SamlIssuer) -> None:
    """Nor can somebody sign a victim in as himself."""
    asked = begin(browser, told).get("ID")
    victim = browser.application.test_client()
    begin(victim, told)
    assert post(victim, told.answer(asked)).status_code == 400
    assert not signed_in(victim)


def test_an_answer_is_good_once(browser: FlaskClient, told: SamlIssuer) -> None:
    asked = begin(browser, told).get("ID")
    answer = told.answer(asked)
    assert post(browser, answer).headers["Location"] == "/me"
    assert post(browser, answer).status_code == 400


def test_two_tabs_may_sign_in_at_once(browser: FlaskClient, told: SamlIssuer) -> None:
    asked = begin(browser, told).get("ID")
    begin(browser, told)
    assert post(browser, told.answer(asked)).headers["Location"] == "/me"


# -- leaving -----------------------------------------------------------------------------------------------------------


def test_saml_profiles_4_4_the_portal_forgets_first_and_the_answer_shows_what_came_of_it(
    browser: FlaskClient, told: SamlIssuer
) -> None:
    sign_in(browser, told)
    location = leave(browser).headers["Location"]
    asked = told.saw(location)
    assert not signed_in(browser)
    assert "Signature=" in location
    name = asked.find(f"{SAML}NameID")
    assert (name.text, name.get("NameQualifier"), name.get("SPNameQualifier")) == (
        "_name",
        told.entity_id,
        f"{PORTAL}/saml/metadata",
    )
    assert asked.findtext(f"{SAMLP}SessionIndex") == "_session"
    assert go(browser, "/signed-out").status_code == 303
    back = browser.get(f"/saml/slo?{told.logout_response(asked.get('ID'))}", base_url=PORTAL)
    assert back.headers["Location"] == "/signed-out"
    assert "同时登录的其他门户也会退出" in go(browser, "/signed-out").text


def test_a_sign_out_that_not_all_have_confirmed_is_told(browser: FlaskClient, told: SamlIssuer) -> None:
    sign_in(browser, told)
    asked = told.saw(leave(browser).headers["Location"]).get("ID")
    query = told.logout_response(asked, detail=names.PARTIAL_LOGOUT)
    browser.get(f"/saml/slo?{query}", base_url=PORTAL)
    assert "没有确认退出" in go(browser, "/signed-out").text


@pytest.mark.parametrize("lies", [{"signed": False}, {"issuer": "https://other.example"}, {"in_response_to": "_x"}])
def test_an_answer_that_is_not_to_our_sign_out_shows_nothing(
    browser: FlaskClient, told: SamlIssuer, lies: dict[str, Any]
) -> None:
    sign_in(browser, told)
    asked = told.saw(leave(browser).headers["Location"]).get("ID")
    back = browser.get(f"/saml/slo?{told.logout_response(asked, **lies)}", base_url=PORTAL)
    assert back.headers["Location"] == "/"


def test_saml_profiles_4_4_3_the_providers_request_ends_the_session_and_is_answered(
    browser: FlaskClient, told: SamlIssuer
) -> None:
    sign_in(browser, told)
    answered = browser.get(f"/saml/slo?{told.logout_request()}", base_url=PORTAL).headers["Location"]
    answer = told.saw(answered)
    assert answered.startswith(f"{told.url}/saml/slo?")
    assert ("RelayState=" in answered, "Signature=" in answered) == (True, True)
    assert answer.get("InResponseTo") == "_q"
    assert answer.find(f"{SAMLP}Status/{SAMLP}StatusCode").get("Value") == names.SUCCESS
    assert not signed_in(browser)
    assert "已在别处结束" in go(browser, "/").text


@pytest.mark.parametrize(
    "lies",
    [
        {"signed": False},
        {"issuer": "https://other.example"},
        {"destination": f"{ELSEWHERE}/slo"},
        {"not_on_or_after": LONG_AGO},
        {"name_id": NameId("_another", names.TRANSIENT)},
        {"session_indexes": ("_another",)},
    ],
)
def test_a_request_that_is_not_the_providers_or_of_another_session_ends_nothing(
    browser: FlaskClient, told: SamlIssuer, lies: dict[str, Any]
) -> None:
    sign_in(browser, told)
    browser.get(f"/saml/slo?{told.logout_request(**lies)}", base_url=PORTAL)
    assert signed_in(browser)


def test_a_request_by_another_key_ends_nothing(browser: FlaskClient, told: SamlIssuer) -> None:
    sign_in(browser, told)
    answer = browser.get(f"/saml/slo?{told.logout_request(key=told.foreign)}", base_url=PORTAL)
    assert answer.status_code == 400
    assert signed_in(browser)


def test_a_provider_that_is_not_there_is_told_in_a_page() -> None:
    browser = create_portal(settings("http://127.0.0.1:9"), SystemClock(), SystemRandomness()).test_client()
    answer = go(browser, "/login")
    assert (answer.status_code, "暂时没有应答" in answer.text) == (503, True)
