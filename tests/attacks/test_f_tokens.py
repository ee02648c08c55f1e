"""F. Refresh and access tokens (RFC 9700 section 4.14).

Revocation by reuse under parallel callers also stands in `tests/contracts/test_records_*` (families). Introspection and
revocation endpoints come later (README.md).
"""

from typing import Any

import pytest
from werkzeug.test import TestResponse

from idp.citizens.citizen import Status
from tests.support.parallel import together
from tests.support.provider import Person, Provider, Registered, Visitor

OFFLINE = "openid profile offline_access"


@pytest.fixture
def client(provider: Provider) -> Registered:
    return provider.client(scope=OFFLINE)


def signed_in(provider: Provider, client: Registered) -> tuple[dict[str, Any], Visitor, Person]:
    person, visitor = provider.citizen(), provider.visitor()
    code = visitor.arrive(client, person, scope=OFFLINE)["code"]
    return provider.token(client, client.exchange(code)).get_json(), visitor, person


def refresh(provider: Provider, client: Registered, token: str, **more: str) -> TestResponse:
    return provider.token(client, {"grant_type": "refresh_token", "refresh_token": token} | more)


def error(response: TestResponse) -> tuple[int, str]:
    return response.status_code, response.get_json().get("error", "")


INVALID_GRANT = (400, "invalid_grant")


def test_f_rt_reuse_kills_the_family(provider: Provider, client: Registered) -> None:
    first = signed_in(provider, client)[0]
    second = refresh(provider, client, first["refresh_token"]).get_json()
    provider.clock.advance(provider.services.settings.lifetimes.refresh_grace_seconds + 1)
    assert error(refresh(provider, client, first["refresh_token"])) == INVALID_GRANT
    assert error(refresh(provider, client, second["refresh_token"])) == INVALID_GRANT
    assert provider.userinfo(second["access_token"]).status_code == 401
    assert provider.userinfo(first["access_token"]).status_code == 401


def test_f_rt_other_client(provider: Provider, client: Registered) -> None:
    token = signed_in(provider, client)[0]["refresh_token"]
    thief = provider.client(scope=OFFLINE)
    assert error(refresh(provider, thief, token)) == INVALID_GRANT
    assert refresh(provider, client, token).status_code == 200


def test_f_rt_scope_widening(provider: Provider, client: Registered) -> None:
    token = signed_in(provider, client)[0]["refresh_token"]
    for scope in ("openid profile phone", "citizen_id", "openid\u3000phone", "x" * 9_000):
        assert error(refresh(provider, client, token, scope=scope)) == (400, "invalid_scope")
    narrowed = refresh(provider, client, token, scope="openid").get_json()
    assert "name" not in provider.userinfo(narrowed["access_token"]).get_json()


def test_f_rt_parallel(provider_on_redis: Provider) -> None:
    """All that come within the grace get a successor of one family; what it gave ends with the first late reuse."""
    provider = provider_on_redis
    client = provider.client(scope=OFFLINE)
    token = signed_in(provider, client)[0]["refresh_token"]
    answers = together([lambda: refresh(provider, client, token) for _ in range(5)])
    assert [isinstance(answer, TestResponse) and answer.status_code for answer in answers] == [200] * 5
    provider.clock.advance(provider.services.settings.lifetimes.refresh_grace_seconds + 1)
    assert error(refresh(provider, client, token)) == INVALID_GRANT
    for answer in answers:
        assert isinstance(answer, TestResponse)
        assert provider.userinfo(answer.get_json()["access_token"]).status_code == 401
        assert error(refresh(provider, client, answer.get_json()["refresh_token"])) == INVALID_GRANT


@pytest.mark.parametrize("junk", ["x", ".", "..", "\0", "0" * 44, ".x" * 5_000, "é", "a.\0", "'.--", "0." + "f" * 32])
def test_f_rt_garbage(provider: Provider, client: Registered, junk: str) -> None:
    assert error(refresh(provider, client, junk)) == INVALID_GRANT


def test_f_rt_of_the_right_family_with_another_secret_part(provider: Provider, client: Registered) -> None:
    """Knowing a family's name, which every token carries, is not enough to use or to end it."""
    token = signed_in(provider, client)[0]["refresh_token"]
    secret, _, family = token.rpartition(".")
    stranger = provider.client(scope=OFFLINE)
    assert error(refresh(provider, stranger, f"{secret[:-1]}.{family}")) == INVALID_GRANT
    assert refresh(provider, client, token).status_code == 200


def test_f_rt_expired(provider: Provider, client: Registered) -> None:
    token = signed_in(provider, client)[0]["refresh_token"]
    provider.clock.advance(provider.services.settings.lifetimes.refresh_seconds + 1)
    assert error(refresh(provider, client, token)) == INVALID_GRANT


def test_f_rt_after_logout_only_offline_access_goes_on(provider: Provider, client: Registered) -> None:
    """offline_access is consented to for use while the citizen is away; what was given without it ends with him."""
    got, visitor, _ = signed_in(provider, client)
    plain = provider.client()
    code = visitor.allow(visitor.authorize(plain)).location.partition("code=")[2].partition("&")[0]
    token = provider.token(plain, plain.exchange(code)).get_json()["access_token"]
    visitor.submit(visitor.get("/logout"), "decision", decision="allow")
    assert provider.userinfo(token).status_code == 401
    assert refresh(provider, client, got["refresh_token"]).status_code == 200


def test_f_rt_after_consent_withdrawn(provider: Provider, client: Registered) -> None:
    got, visitor, _ = signed_in(provider, client)
    visitor.submit(visitor.get("/account"), "client", client=client.id)
    assert error(refresh(provider, client, got["refresh_token"])) == INVALID_GRANT
    assert provider.userinfo(got["access_token"]).status_code == 401
    assert visitor.hop(client, prompt="none")["error"] in ("consent_required", "login_required")


@pytest.mark.parametrize("status", [Status.SUSPENDED, Status.DECEASED, Status.CLOSED])
def test_f_rt_user_disabled(provider: Provider, client: Registered, status: Status) -> None:
    got, _, person = signed_in(provider, client)
    provider.services.citizens.set_status(person.citizen.id, status)
    assert provider.userinfo(got["access_token"]).status_code == 401
    assert error(refresh(provider, client, got["refresh_token"])) == INVALID_GRANT
    provider.services.citizens.set_status(person.citizen.id, Status.ACTIVE)
    assert error(refresh(provider, client, got["refresh_token"])) == INVALID_GRANT


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer ",
        "bearer x",
        "Bearer x y",
        "Basic eDp5",
        "Bearer \xff",
        "Bearer " + "x" * 30_000,
        "Bearer ,",
    ],
)
def test_f_access_token_garbage(provider: Provider, authorization: str) -> None:
    response = provider.machine().get("/userinfo", headers={"Authorization": authorization})
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith("Bearer ")


def test_f_access_token_expires(provider: Provider, client: Registered) -> None:
    token = signed_in(provider, client)[0]["access_token"]
    provider.clock.advance(provider.services.settings.lifetimes.access_token_seconds + 1)
    assert provider.userinfo(token).status_code == 401
