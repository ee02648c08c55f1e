"""What signing out reaches, as `docs/relying-parties.md` says: all that was issued under the session, and nothing that
was granted for while the citizen is away."""

import pytest

from tests.support.provider import Person, Provider, Registered, Visitor

OFFLINE = "openid profile offline_access"


@pytest.fixture
def client(provider: Provider) -> Registered:
    return provider.client(scope=OFFLINE)


@pytest.fixture
def person(provider: Provider) -> Person:
    return provider.citizen()


@pytest.fixture
def visitor(provider: Provider, client: Registered, person: Person) -> Visitor:
    visitor = provider.visitor()
    visitor.arrive(client, person, scope=OFFLINE, prompt="consent")
    return visitor


def sign_out(visitor: Visitor) -> None:
    visitor.submit(visitor.get("/logout"), "decision", decision="allow")


def introspected(provider: Provider, client: Registered, token: str) -> bool:
    answer = provider.machine().post(
        "/introspect", base_url="https://id.example", data={"token": token}, headers=client.basic
    )
    return bool(answer.get_json()["active"])


def test_access_tokens_of_the_session_end(provider: Provider, client: Registered, visitor: Visitor) -> None:
    tokens = provider.token(client, client.exchange(visitor.hop(client)["code"])).get_json()
    assert "refresh_token" not in tokens, "only offline_access gives one"
    assert introspected(provider, client, tokens["access_token"])
    sign_out(visitor)
    assert provider.userinfo(tokens["access_token"]).status_code == 401
    assert not introspected(provider, client, tokens["access_token"])


def test_a_code_that_was_not_redeemed_is_worth_nothing(
    provider: Provider, client: Registered, visitor: Visitor
) -> None:
    for scope in ("openid profile", OFFLINE):
        code = visitor.allow(visitor.authorize(client, scope=scope, prompt="consent")).location.partition("code=")[2]
        sign_out(visitor)
        answer = provider.token(client, client.exchange(code.partition("&")[0]))
        assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_grant")
        visitor = provider.visitor()
        visitor.arrive(client, provider.citizen(), scope=OFFLINE, prompt="consent")


def test_what_was_granted_for_while_the_citizen_is_away_lives_on(
    provider: Provider, client: Registered, person: Person
) -> None:
    visitor = provider.visitor()
    code = visitor.arrive(client, person, scope=OFFLINE, prompt="consent")["code"]
    tokens = provider.token(client, client.exchange(code)).get_json()
    sign_out(visitor)
    assert provider.userinfo(tokens["access_token"]).status_code == 200
    fresh = provider.token(client, {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]})
    assert fresh.status_code == 200
    assert provider.userinfo(fresh.get_json()["access_token"]).status_code == 200


def test_another_browser_is_not_reached(provider: Provider, client: Registered, person: Person) -> None:
    here, elsewhere = provider.visitor(), provider.visitor()
    codes = [each.arrive(client, person, prompt="consent")["code"] for each in (here, elsewhere)]
    here_token, other_token = (
        provider.token(client, client.exchange(code)).get_json()["access_token"] for code in codes
    )
    sign_out(here)
    assert [provider.userinfo(each).status_code for each in (here_token, other_token)] == [401, 200]
