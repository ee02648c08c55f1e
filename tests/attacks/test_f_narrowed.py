"""F. A citizen who takes back a part of a consent takes it back from what was issued before, too (PIPL article 15)."""

import json

import pytest

from tests.support.answers import token_refused, tokens
from tests.support.provider import Person, Provider, Registered, Visitor, parameters

SCOPE = "openid profile phone offline_access"
CLAIMS = json.dumps({"userinfo": {"email": None}, "id_token": {"email": None}})


@pytest.fixture
def client(provider: Provider) -> Registered:
    return provider.client(scope=f"{SCOPE} email", optional_scopes=["phone", "email", "offline_access"])


@pytest.fixture
def person(provider: Provider) -> Person:
    return provider.citizen(email="a@example.cn")


@pytest.fixture
def visitor(provider: Provider) -> Visitor:
    return provider.visitor()


def first(provider: Provider, visitor: Visitor, client: Registered, person: Person) -> dict[str, str]:
    """The tokens of a sign-in where everything was agreed to."""
    page = visitor.password(visitor.authorize(client, scope=SCOPE, claims=CLAIMS), person)
    answer = visitor.allow(page, "phone", "email", "offline_access")
    return dict(tokens(provider.token(client, client.exchange(parameters(answer.location)["code"]))))


def decide_again(provider: Provider, visitor: Visitor, client: Registered, *items: str) -> dict[str, str]:
    provider.clock.advance(1)
    page = visitor.authorize(client, scope=SCOPE, claims=CLAIMS, prompt="consent")
    return parameters(visitor.submit(page, "decision", decision="allow", item=list(items)).location)


def released(provider: Provider, access_token: str) -> set[str]:
    return set(provider.userinfo(access_token).get_json())


def refresh(provider: Provider, client: Registered, refresh_token: str, **more: str) -> dict[str, str]:
    fields = {"grant_type": "refresh_token", "refresh_token": refresh_token} | more
    return dict(tokens(provider.token(client, fields)))


def test_f_rt_narrowed_consent_narrows_the_next_refresh(
    provider: Provider, visitor: Visitor, client: Registered, person: Person
) -> None:
    before = first(provider, visitor, client, person)
    assert {"phone_number", "email"} <= released(provider, before["access_token"])
    decide_again(provider, visitor, client, "offline_access")
    after = refresh(provider, client, before["refresh_token"])
    assert after["scope"] == "openid profile offline_access"
    assert released(provider, after["access_token"]) & {"phone_number", "email"} == set()
    again = refresh(provider, client, after["refresh_token"], scope="openid phone")
    assert again["scope"] == "openid"
    assert released(provider, again["access_token"]) == {"sub"}


def test_f_rt_narrowed_without_offline_access_the_family_ends(
    provider: Provider, visitor: Visitor, client: Registered, person: Person
) -> None:
    before = first(provider, visitor, client, person)
    decide_again(provider, visitor, client, "phone", "email")
    asked = {"grant_type": "refresh_token", "refresh_token": before["refresh_token"]}
    token_refused(provider.token(client, asked), "invalid_grant")
    assert provider.userinfo(before["access_token"]).status_code == 401


def test_f_narrowed_consent_narrows_the_hops_of_every_browser(
    provider: Provider, visitor: Visitor, client: Registered, person: Person
) -> None:
    other = provider.visitor("192.0.2.9")
    first(provider, visitor, client, person)
    other.password(other.authorize(client, scope=SCOPE, claims=CLAIMS), person)
    visitor.hop(client, scope="openid phone")  # another question, whose answer stands in a leg of its own
    decide_again(provider, visitor, client)
    for browser, scope in ((other, SCOPE), (visitor, SCOPE), (visitor, "openid phone")):
        code = browser.hop(client, scope=scope, claims=CLAIMS if scope == SCOPE else None)["code"]
        after = tokens(provider.token(client, client.exchange(code)))
        assert set(after["scope"].split()) <= {"openid", "profile"}
        assert released(provider, after["access_token"]) & {"phone_number", "email"} == set()


def test_f_narrowed_consent_leaves_other_portals_alone(
    provider: Provider, visitor: Visitor, client: Registered, person: Person
) -> None:
    another = provider.client(scope="openid phone", redirect_uris=["https://b.example/cb"])
    first(provider, visitor, client, person)
    visitor.allow(visitor.authorize(another, scope="openid phone"))
    decide_again(provider, visitor, client)
    code = visitor.hop(another, scope="openid phone")["code"]
    assert tokens(provider.token(another, another.exchange(code)))["scope"] == "openid phone"


def test_f_rt_what_is_agreed_to_again_comes_back(
    provider: Provider, visitor: Visitor, client: Registered, person: Person
) -> None:
    """What a family was granted once is its bound; within it the present consent decides."""
    before = first(provider, visitor, client, person)
    decide_again(provider, visitor, client, "offline_access")
    narrowed = refresh(provider, client, before["refresh_token"])
    decide_again(provider, visitor, client, "offline_access", "phone", "email")
    assert refresh(provider, client, narrowed["refresh_token"])["scope"] == SCOPE
