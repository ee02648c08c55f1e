"""A citizen who is suspended: nothing he has open goes on, and what ended stays ended when he may sign in again."""

import pytest

from idp.app import suspending
from idp.citizens.citizen import Status
from idp.sessions import owner_key
from tests.support.parallel import together
from tests.support.provider import Person, Provider, Registered, Visitor


@pytest.fixture
def client(provider: Provider) -> Registered:
    return provider.client(scope="openid profile offline_access", grant_types=["authorization_code", "refresh_token"])


def signed_in(provider: Provider, client: Registered, person: Person) -> Visitor:
    visitor = provider.visitor()
    visitor.arrive(client, person)
    return visitor


def suspend(provider: Provider, person: Person) -> list[bool]:
    """Which relying parties said that they ended their sessions."""
    return [told.confirmed for told in suspending(provider.services).suspend(person.citizen.id)]


def resume(provider: Provider, person: Person) -> None:
    provider.services.citizens.set_status(person.citizen.id, Status.ACTIVE)


def offline(provider: Provider, client: Registered, person: Person) -> dict[str, str]:
    """What a portal has that may come again while the citizen is away."""
    visitor = provider.visitor()
    told = visitor.arrive(client, person, scope="openid profile offline_access", prompt="consent")
    answer = provider.token(client, client.exchange(told["code"]))
    assert answer.status_code == 200, answer.json
    return {"refresh_token": answer.json["refresh_token"], "access_token": answer.json["access_token"]}


def test_the_session_ends_in_every_browser(provider: Provider, client: Registered) -> None:
    person = provider.citizen()
    visitors = [signed_in(provider, client, person) for _ in range(3)]
    suspend(provider, person)
    for _ in range(2):
        for visitor in visitors:
            assert "username" in visitor.authorize(client).text
        assert visitors[0].authorize(client, prompt="none").location.count("error=login_required") == 1
        resume(provider, person)


def test_a_code_that_was_not_redeemed_is_of_no_use(provider: Provider, client: Registered) -> None:
    person = provider.citizen()
    code = signed_in(provider, client, person).hop(client)["code"]
    suspend(provider, person)
    resume(provider, person)
    refused = provider.token(client, client.exchange(code))
    assert (refused.status_code, refused.json["error"]) == (400, "invalid_grant")


def test_an_access_token_ends_with_its_session(provider: Provider, client: Registered) -> None:
    person = provider.citizen()
    code = signed_in(provider, client, person).hop(client)["code"]
    token = provider.token(client, client.exchange(code)).json["access_token"]
    assert provider.userinfo(token).status_code == 200
    suspend(provider, person)
    assert provider.userinfo(token).json["error"] == "invalid_token"
    resume(provider, person)
    assert provider.userinfo(token).status_code == 401


def test_refresh_tokens_and_the_access_tokens_they_gave_end_for_good(provider: Provider, client: Registered) -> None:
    person = provider.citizen()
    has = offline(provider, client, person)
    grant = {"grant_type": "refresh_token", "refresh_token": has["refresh_token"]}
    suspend(provider, person)
    assert provider.userinfo(has["access_token"]).status_code == 401
    assert provider.token(client, grant).json["error"] == "invalid_grant"
    resume(provider, person)
    assert provider.userinfo(has["access_token"]).status_code == 401
    assert provider.token(client, grant).json["error"] == "invalid_grant"


def test_nobody_else_is_touched(provider: Provider, client: Registered) -> None:
    suspended, other = provider.citizen(), provider.citizen()
    visitor, has = signed_in(provider, client, other), offline(provider, client, other)
    suspend(provider, suspended)
    assert visitor.hop(client)["code"]
    assert provider.userinfo(has["access_token"]).status_code == 200


def test_signing_in_is_refused_only_after_the_password_is_proved(provider: Provider, client: Registered) -> None:
    person = provider.citizen()
    suspend(provider, person)
    visitor = provider.visitor()
    assert visitor.password(visitor.authorize(client), person, "wrong password").status_code == 401
    assert visitor.password(visitor.authorize(client), person).status_code == 403
    resume(provider, person)
    assert provider.visitor().arrive(client, person)["code"]


def test_portals_without_an_address_for_it_count_as_not_told(provider: Provider, client: Registered) -> None:
    person = provider.citizen()
    signed_in(provider, client, person)
    assert suspend(provider, person) == [False]
    assert suspend(provider, person) == []


def test_a_sign_in_on_its_way_leaves_no_session(provider: Provider, client: Registered) -> None:
    for _ in range(6):
        person, visitor = provider.citizen(), provider.visitor()
        page = visitor.authorize(client)
        outcomes = together([lambda: visitor.password(page, person), lambda: suspend(provider, person)])  # noqa: B023
        assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
        assert list(provider.services.state.sessions_of(owner_key(person.citizen.id))) == []


def test_a_new_password_from_the_counter_ends_what_is_open_and_lets_in_again(
    provider: Provider, client: Registered
) -> None:
    person = provider.citizen()
    visitor, has = signed_in(provider, client, person), offline(provider, client, person)
    told = suspending(provider.services).end_all(person.citizen.id, "password_reset")
    assert [each.confirmed for each in told] == [False, False]
    assert "username" in visitor.authorize(client).text
    assert provider.userinfo(has["access_token"]).status_code == 401
    grant = {"grant_type": "refresh_token", "refresh_token": has["refresh_token"]}
    assert provider.token(client, grant).json["error"] == "invalid_grant"
    assert provider.visitor().arrive(client, person)["code"]
