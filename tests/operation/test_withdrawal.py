"""A citizen takes back what was agreed to (PIPL article 15): as easily as it was given, and at once."""

import datetime
from collections.abc import Iterator
from pathlib import Path

import pytest

from idp.citizens.number import CHINA_STANDARD_TIME
from tests.support.provider import Person, Provider, Registered, Visitor, running_provider, settings_for

SCOPE = "openid profile offline_access"


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[Provider]:
    with running_provider(settings_for(tmp_path)) as running:
        yield running


@pytest.fixture
def person(provider: Provider) -> Person:
    return provider.citizen()


@pytest.fixture
def clients(provider: Provider) -> tuple[Registered, Registered]:
    other = {"redirect_uris": ["https://other.example/cb"], "client_name": "车辆管理"}
    return provider.client(scope=SCOPE), provider.client(scope="openid profile", **other)


@pytest.fixture
def visitor(provider: Provider) -> Visitor:
    return provider.visitor()


def csrf_of(visitor: Visitor) -> str:
    csrf = visitor.get("/account").text.partition('name="csrf" value="')[2].partition('"')[0]
    assert csrf
    return csrf


def withdraw(visitor: Visitor, client: Registered) -> str:
    return visitor.post("/account/withdraw", {"csrf": csrf_of(visitor), "client": client.id}).text


def test_the_page_names_every_agreement(
    visitor: Visitor, person: Person, clients: tuple[Registered, Registered]
) -> None:
    assert "您尚未登录" in visitor.get("/account").text
    visitor.arrive(clients[0], person)
    assert "社会保险" in visitor.get("/account").text
    visitor.allow(visitor.authorize(clients[1], scope="openid"))
    page = visitor.get("/account").text
    assert "社会保险" in page
    assert "车辆管理" in page


def test_withdrawal_ends_tokens_and_asks_anew_and_leaves_the_citizen_signed_in(
    provider: Provider, visitor: Visitor, person: Person, clients: tuple[Registered, Registered]
) -> None:
    one, other = clients
    code = visitor.arrive(one, person, scope=SCOPE)["code"]
    tokens = provider.token(one, one.exchange(code)).json
    assert tokens is not None
    visitor.allow(visitor.authorize(other, scope="openid"))
    elsewhere = provider.visitor("192.0.2.9")
    elsewhere.arrive(one, person)

    assert "您已撤回对社会保险的授权" in withdraw(visitor, one)

    assert provider.userinfo(tokens["access_token"]).status_code == 401
    refreshed = provider.token(one, {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]})
    assert refreshed.json == {"error": "invalid_grant", "error_description": refreshed.json["error_description"]}
    assert visitor.authorize(one, scope=SCOPE).request.path == "/consent"
    assert "code" in visitor.hop(other, scope="openid")
    assert elsewhere.authorize(one).request.path == "/login"


def test_a_code_that_was_under_way_is_worth_nothing(
    provider: Provider, visitor: Visitor, person: Person, clients: tuple[Registered, Registered]
) -> None:
    code = visitor.arrive(clients[0], person)["code"]
    withdraw(visitor, clients[0])
    assert provider.token(clients[0], clients[0].exchange(code)).status_code == 400


def test_a_family_begun_while_the_consent_ended_ends_at_its_first_use(
    provider: Provider, visitor: Visitor, person: Person, clients: tuple[Registered, Registered]
) -> None:
    client = clients[0]
    code = visitor.arrive(client, person, scope=SCOPE)["code"]
    tokens = provider.token(client, client.exchange(code)).json
    provider.services.records.consents.withdraw(person.citizen.id, client.id, int(provider.clock.now()))
    refresh = {"grant_type": "refresh_token", "refresh_token": (tokens or {})["refresh_token"]}
    assert provider.token(client, refresh).json["error"] == "invalid_grant"  # type: ignore[index]


def test_a_statutory_duty_cannot_be_withdrawn(provider: Provider, visitor: Visitor, person: Person) -> None:
    duty = {"lawful_basis": "statutory_duty", "lawful_basis_rule": "《社会保险法》第七十四条"}
    client = provider.client(**duty)
    visitor.arrive(client, person)
    page = visitor.get("/account").text
    assert "《社会保险法》第七十四条" in page
    assert "撤回授权" not in page
    other = provider.client(redirect_uris=["https://other.example/cb"])
    visitor.allow(visitor.authorize(other))  # whose form brings the token that a forged withdrawal of the duty needs
    csrf = csrf_of(visitor)
    assert "撤回授权" in visitor.get("/account").text
    assert visitor.post("/account/withdraw", {"csrf": csrf, "client": client.id}).status_code == 200
    assert provider.services.records.consents.find(person.citizen.id, client.id) is not None
    assert visitor.post("/account/withdraw", {"csrf": csrf, "client": other.id}).status_code == 200
    assert provider.services.records.consents.find(person.citizen.id, other.id) is None


def test_a_forged_withdrawal_changes_nothing(
    provider: Provider, visitor: Visitor, person: Person, clients: tuple[Registered, Registered]
) -> None:
    visitor.arrive(clients[0], person)
    assert visitor.post("/account/withdraw", {"csrf": "x", "client": clients[0].id}).status_code == 403
    honest = {"csrf": csrf_of(visitor), "client": clients[0].id}
    for told in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert visitor.post("/account/withdraw", honest, **told).status_code == 403
    assert provider.services.records.consents.find(person.citizen.id, clients[0].id) is not None


def test_the_day_of_an_agreement_is_the_day_in_china(provider: Provider, visitor: Visitor, person: Person) -> None:
    """At five past midnight there, it is still the day before in UTC."""
    midnight = int(datetime.datetime(2030, 5, 2, 0, 5, tzinfo=CHINA_STANDARD_TIME).timestamp())
    provider.clock.advance(midnight - provider.clock.now())
    visitor.arrive(provider.client(), person)
    page = visitor.get("/account").text
    assert "授权始于2030年5月2日" in page
