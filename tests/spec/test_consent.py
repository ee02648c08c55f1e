"""/consent: what is asked is shown, each kind by itself, and only what was agreed to is passed on (PIPL articles 14 to
17, 28 to 30; OIDC Core section 3.1.2.4)."""

import dataclasses
import json

import pytest
from werkzeug.test import TestResponse

from idp.codec import encode
from tests.support.forms import form
from tests.support.provider import ISSUER, Person, Provider, Registered, Visitor, parameters

SCOPE = "openid profile email phone citizen_id"
WORDS = {"purpose": "办理参保登记", "purpose#en": "Enrolment", "retention": "五年"}


@pytest.fixture
def person(provider: Provider) -> Person:
    return provider.citizen(email="a@example.cn", address="北京市")


@pytest.fixture
def visitor(provider: Provider) -> Visitor:
    return provider.visitor()


def asked(visitor: Visitor, client: Registered, person: Person, **changes: str | None) -> TestResponse:
    """The page that asks."""
    page = visitor.password(visitor.authorize(client, **changes), person)
    assert page.request.path == "/consent"
    return page


def boxes(page: TestResponse) -> tuple[set[str], set[str]]:
    """What can be ticked: those that are, and those that are not."""
    found = form(page.text, "decision")
    return set(found.fields.get("item", [])), {value for name, value in found.unticked if name == "item"}


def granted(provider: Provider, client: Registered, response: TestResponse) -> tuple[set[str], set[str]]:
    """Scopes and claims that the portal gets in the end."""
    assert response.status_code == 303, response.text
    answer = provider.token(client, client.exchange(parameters(response.location)["code"])).json
    found = provider.userinfo(answer["access_token"]).json
    return set(answer["scope"].split()), set(found) - {"sub"}


# -- what is shown ----------------------------------------------------------------------------------------------------


def test_pipl_17_the_page_says_who_asks_why_for_how_long_and_what(
    provider: Provider, visitor: Visitor, person: Person
) -> None:
    page = asked(visitor, provider.client(scope=SCOPE, **WORDS), person, scope=SCOPE)
    for word in ("社会保险", "portal.example", "办理参保登记", "五年", "李静文", "a@example.cn"):
        assert word in page.text
    assert person.number not in page.text, "the number is shown masked"
    assert person.number[:3] + "***" in page.text
    assert "Enrolment" in visitor.get(page.request.full_path, **{"Accept-Language": "en"}).text


def test_pipl_29_required_optional_and_sensitive_are_asked_for_apart(
    provider: Provider, visitor: Visitor, person: Person
) -> None:
    client = provider.client(scope=SCOPE, optional_scopes=["email"])
    page = asked(visitor, client, person, scope=SCOPE)
    assert boxes(page) == (set(), {"email", "citizen_id"})
    assert page.text.index('value="email"') < page.text.index("敏感个人信息") < page.text.index('value="citizen_id"')


def test_oidc_core_5_5_1_a_voluntary_claim_is_optional_and_an_essential_one_is_not(
    provider: Provider, visitor: Visitor, person: Person
) -> None:
    claims = json.dumps({"userinfo": {"email": None, "phone_number": {"essential": True}}})
    page = asked(visitor, provider.client(scope=SCOPE), person, scope="openid", claims=claims)
    assert boxes(page) == (set(), {"email"})


# -- what is decided --------------------------------------------------------------------------------------------------


def test_rfc6749_3_3_what_was_not_ticked_is_not_granted(provider: Provider, visitor: Visitor, person: Person) -> None:
    client = provider.client(scope=SCOPE, optional_scopes=["email", "citizen_id"])
    page = asked(visitor, client, person, scope="openid profile email citizen_id")
    response = visitor.submit(page, "decision", decision="allow", item=[])
    assert granted(provider, client, response) == (
        {"openid", "profile"},
        {"name", "birthdate", "gender", "updated_at"},
    )


def test_pipl_29_a_sensitive_item_is_granted_only_by_its_own_tick(
    provider: Provider, visitor: Visitor, person: Person
) -> None:
    client = provider.client(scope=SCOPE, optional_scopes=["citizen_id"])
    page = asked(visitor, client, person, scope="openid citizen_id")
    scopes, claims = granted(provider, client, visitor.submit(page, "decision", decision="allow", item="citizen_id"))
    assert (scopes, claims) == ({"openid", "citizen_id"}, {"citizen_id_number"})


def test_pipl_16_without_a_required_sensitive_item_the_page_says_so(
    provider: Provider, visitor: Visitor, person: Person
) -> None:
    client = provider.client(scope=SCOPE, optional_scopes=["email", "phone"])
    page = asked(visitor, client, person, scope="openid email phone citizen_id")
    again = visitor.submit(page, "decision", decision="allow", item="email")
    assert (again.status_code, again.request.path) == (422, "/consent")
    assert 'aria-invalid="true"' in again.text
    assert boxes(again) == ({"email"}, {"phone", "citizen_id"}), "what the citizen had ticked stays"
    response = visitor.submit(again, "decision", decision="allow", item="citizen_id")
    assert granted(provider, client, response)[1] == {"citizen_id_number"}


def test_nobody_can_tick_what_was_not_asked(provider: Provider, visitor: Visitor, person: Person) -> None:
    client = provider.client(scope=SCOPE)
    page = asked(visitor, client, person, scope="openid")
    response = visitor.submit(
        page, "decision", decision="allow", item=["citizen_id", "phone", "citizen_id_number", "x"]
    )
    assert granted(provider, client, response) == ({"openid"}, set())


@pytest.mark.parametrize("decision", ["deny", "", "ALLOW", "maybe"])
def test_rfc6749_4_1_2_1_whoever_does_not_allow_denies(
    provider: Provider, visitor: Visitor, person: Person, decision: str
) -> None:
    client = provider.client()
    page = asked(visitor, client, person)
    response = visitor.submit(page, "decision", decision=decision)
    answer = parameters(response.location)
    assert (answer["error"], answer["state"], answer["iss"]) == ("access_denied", "state-1", ISSUER)
    assert "code" not in answer
    assert visitor.authorize(client).request.path == "/consent", "a refusal is not remembered against the citizen"


def test_the_page_cannot_be_answered_twice_or_from_elsewhere(
    provider: Provider, visitor: Visitor, person: Person
) -> None:
    page = asked(visitor, provider.client(), person)
    found = form(page.text, "decision")
    forged = visitor.post(found.action, found.filled(decision="allow", csrf="x"))
    foreign = visitor.post(found.action, found.filled(decision="allow"), Origin="https://evil.example")
    assert (forged.status_code, foreign.status_code) == (403, 403)
    assert visitor.allow(page).status_code == 303
    assert visitor.allow(page).status_code == 400


# -- what is remembered -----------------------------------------------------------------------------------------------


def test_oidc_core_3_1_2_4_what_was_agreed_is_not_asked_again(
    provider: Provider, visitor: Visitor, person: Person
) -> None:
    client = provider.client(scope=SCOPE, optional_scopes=["email"])
    page = asked(visitor, client, person, scope="openid profile email")
    visitor.submit(page, "decision", decision="allow", item=[])
    assert "code" in visitor.hop(client, scope="openid profile email")
    elsewhere = provider.visitor()
    response = elsewhere.password(elsewhere.authorize(client, scope="openid profile email"), person)
    assert granted(provider, client, response)[0] == {"openid", "profile"}, "what was declined stays declined"
    less = elsewhere.authorize(client, scope="openid")
    assert granted(provider, client, less)[0] == {"openid"}


def test_oidc_core_3_1_2_4_more_is_asked_for(provider: Provider, visitor: Visitor, person: Person) -> None:
    client = provider.client(scope=SCOPE)
    visitor.arrive(client, person, scope="openid")
    assert visitor.authorize(client, scope="openid phone").request.path == "/consent"
    answer = parameters(visitor.authorize(client, scope="openid phone", prompt="none").location)
    assert answer["error"] == "consent_required"


def test_pipl_13_one_portals_agreement_is_not_anothers(provider: Provider, visitor: Visitor, person: Person) -> None:
    visitor.arrive(provider.client(), person)
    assert visitor.authorize(provider.client()).request.path == "/consent"


@pytest.mark.parametrize(
    "change",
    [
        {"purpose": {"": "办理退休"}},
        {"retention": {"": "十年"}},
        {"client_name": {"": "人力资源"}},
        {"lawful_basis": "statutory_duty", "lawful_basis_rule": "社会保险法第五十七条"},
        {"optional_scopes": ("profile",)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_pipl_14_what_changed_is_asked_again(
    provider: Provider, visitor: Visitor, person: Person, change: dict[str, object]
) -> None:
    client = provider.client(**WORDS)
    visitor.arrive(client, person)
    changed = dataclasses.replace(client.client, **change)
    provider.services.records.clients.save(client.id, encode(changed), int(provider.clock.now()))
    provider.services.versions.bump()
    asked_again = visitor.authorize(client).request.path == "/consent"
    assert asked_again is ("optional_scopes" not in change), "what became optional was agreed to all the same"


def test_oidc_core_3_1_2_1_prompt_consent_asks_again(provider: Provider, visitor: Visitor, person: Person) -> None:
    client = provider.client()
    visitor.arrive(client, person)
    provider.clock.advance(2)
    page = visitor.authorize(client, prompt="consent")
    assert page.request.path == "/consent"
    assert "code" in parameters(visitor.allow(page).location)


# -- on which basis ---------------------------------------------------------------------------------------------------

DUTY = {"lawful_basis": "statutory_duty", "lawful_basis_rule": "社会保险法第五十七条"}


@pytest.mark.parametrize("terms", [{}, DUTY], ids=["consent", "duty"])
def test_pipl_13_the_basis_is_recorded(
    provider: Provider, visitor: Visitor, person: Person, terms: dict[str, str]
) -> None:
    client = provider.client(**terms)
    visitor.arrive(client, person)
    stored = provider.services.records.consents.find(person.citizen.id, client.id)
    assert stored is not None
    assert (stored.basis, stored.rule) == (terms.get("lawful_basis", "consent"), terms.get("lawful_basis_rule", ""))
    assert stored.granted_at == int(provider.clock.now())


def test_pipl_13_a_duty_is_told_and_not_dressed_as_consent(
    provider: Provider, visitor: Visitor, person: Person
) -> None:
    client = provider.client(scope=SCOPE, **DUTY)
    page = asked(visitor, client, person, scope="openid citizen_id")
    assert "社会保险法第五十七条" in page.text
    assert "无需另行取得您的同意" in page.text
    assert boxes(page) == (set(), set())
    assert granted(provider, client, visitor.allow(page)) == ({"openid", "citizen_id"}, {"citizen_id_number"})


def test_pipl_13_a_duty_covers_only_what_is_required(provider: Provider, visitor: Visitor, person: Person) -> None:
    """The rest is up to the citizen there too, and the page says so."""
    client = provider.client(scope=SCOPE, optional_scopes=["email", "citizen_id"], **DUTY)
    page = asked(visitor, client, person, scope="openid phone email citizen_id")
    assert boxes(page) == (set(), {"email", "citizen_id"})
    response = visitor.submit(page, "decision", decision="allow", item=[])
    assert granted(provider, client, response)[0] == {"openid", "phone"}


@pytest.mark.parametrize("member", ["policy_uri", "tos_uri"])
def test_pipl_17_the_privacy_policy_and_the_terms_of_the_service_are_linked(provider: Provider, member: str) -> None:
    client = provider.client(**{member: "https://portal.example/p", f"{member}#en": "https://portal.example/p-en"})
    for language, address in (("zh-CN", "https://portal.example/p"), ("en", "https://portal.example/p-en")):
        visitor = provider.visitor()
        page = visitor.password(visitor.authorize(client, ui_locales=language), provider.citizen())
        assert f'href="{address}"' in page.text
