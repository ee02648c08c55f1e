"""Refresh tokens: RFC 6749 section 6, OIDC Core sections 11 and 12, RFC 9700 section 4.14."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from joserfc import jws
from werkzeug.test import TestResponse

from idp.citizens.citizen import Status
from idp.codec import decode
from tests.support.answers import token_refused, tokens
from tests.support.forms import form
from tests.support.known import Known, acquainted
from tests.support.parallel import together, winners
from tests.support.provider import Provider, Registered, running_provider, settings_for

DAY = 86_400
SCOPE = "openid profile offline_access"


@pytest.fixture
def offline(provider: Provider) -> Known:
    return acquainted(provider, scope=SCOPE)


@pytest.fixture
def first(offline: Known) -> str:
    return refresh_token_of(offline)


def refresh_token_of(known: Known, client: Registered | None = None) -> str:
    return str(known.tokens(client, scope=SCOPE)["refresh_token"])


def refresh(known: Known, refresh_token: str, client: Registered | None = None, **more: str) -> TestResponse:
    fields = {"grant_type": "refresh_token", "refresh_token": refresh_token} | more
    return known.provider.token(client or known.client, fields)


def next_of(known: Known, refresh_token: str) -> str:
    return str(tokens(refresh(known, refresh_token))["refresh_token"])


def claims(id_token: str) -> dict[str, object]:
    return decode(jws.extract_compact(id_token.encode()).payload, dict[str, object])


# -- who gets one -----------------------------------------------------------------------------------------------------


def test_oidc_core_11_only_for_offline_access(offline: Known) -> None:
    assert "refresh_token" not in offline.tokens(scope="openid profile")
    assert "refresh_token" in offline.tokens(scope=SCOPE)


def test_oidc_core_11_only_for_a_client_that_registered_it(offline: Known) -> None:
    without_scope = offline.meet(scope="openid profile")
    without_grant = offline.meet(scope=SCOPE, grant_types=["authorization_code"])
    for client in (without_scope, without_grant):
        told = offline.tokens(client, scope=SCOPE)
        assert (told["scope"], "refresh_token" in told) == ("openid profile", False)


def test_oidc_core_11_the_citizen_is_asked_by_name_and_may_decline_where_it_is_optional(offline: Known) -> None:
    client = offline.provider.client(scope=SCOPE, optional_scopes=["offline_access"])
    page = offline.visitor.authorize(client, scope=SCOPE)
    assert ("item", "offline_access") in form(page.text, "decision").unticked
    offline.visitor.submit(page, "decision", decision="allow")
    told = offline.tokens(client, scope=SCOPE)
    assert (told["scope"], "refresh_token" in told) == ("openid profile", False)
    offline.provider.clock.advance(1)
    asked_again = offline.visitor.authorize(client, scope=SCOPE, prompt="consent")
    offline.visitor.allow(asked_again, "offline_access")
    assert "refresh_token" in offline.tokens(client, scope=SCOPE)


# -- rotation ---------------------------------------------------------------------------------------------------------


def test_oidc_core_12_2_a_refresh_gives_tokens_of_the_same_sign_in(offline: Known) -> None:
    before = offline.tokens(scope=SCOPE)
    offline.provider.clock.advance(1000)
    after = tokens(refresh(offline, before["refresh_token"]))
    assert set(after) == {"access_token", "token_type", "expires_in", "scope", "id_token", "refresh_token"}
    assert (after["scope"], after["expires_in"]) == (SCOPE, 600)
    assert after["refresh_token"] != before["refresh_token"]
    assert offline.provider.userinfo(after["access_token"]).get_json()["name"] == "李静文"
    old, new = claims(before["id_token"]), claims(after["id_token"])
    same = ("iss", "sub", "aud", "auth_time", "acr", "amr", "sid")
    assert {name: new[name] for name in same} == {name: old[name] for name in same}
    assert (new["iat"], "nonce" in new) == (int(offline.provider.clock.now()), False)


def test_rfc9700_4_14_2_within_the_grace_a_used_token_gets_another_successor(offline: Known, first: str) -> None:
    second = next_of(offline, first)
    offline.provider.clock.advance(10)
    other = next_of(offline, first)
    assert len({first, second, other}) == 3
    offline.provider.clock.advance(10)
    next_of(offline, other)


def test_rfc9700_4_14_2_only_one_of_the_successors_goes_on(offline: Known, first: str) -> None:
    second, other = next_of(offline, first), next_of(offline, first)
    third = next_of(offline, second)
    token_refused(refresh(offline, other), "invalid_grant")
    token_refused(refresh(offline, third), "invalid_grant")


def test_rfc9700_4_14_2_the_grace_ends_when_the_successor_is_used(offline: Known, first: str) -> None:
    third = next_of(offline, next_of(offline, first))
    token_refused(refresh(offline, first), "invalid_grant")
    token_refused(refresh(offline, third), "invalid_grant")


def test_rfc9700_4_14_2_reuse_after_the_grace_ends_the_family_and_its_access_tokens(offline: Known, first: str) -> None:
    told = tokens(refresh(offline, first))
    offline.provider.clock.advance(11)
    assert offline.provider.userinfo(told["access_token"]).status_code == 200
    token_refused(refresh(offline, first), "invalid_grant")
    token_refused(refresh(offline, told["refresh_token"]), "invalid_grant")
    assert offline.provider.userinfo(told["access_token"]).status_code == 401
    next_of(offline, refresh_token_of(offline))  # another family, begun by another sign-in, is another matter


def test_rfc9700_4_14_2_without_grace_one_of_parallel_refreshes_succeeds_and_the_family_ends(tmp_path: Path) -> None:
    with running_provider(settings_for(tmp_path, IDP_REFRESH_GRACE_SECONDS="0")) as provider:
        known = acquainted(provider, scope=SCOPE)
        token = refresh_token_of(known)
        answers = winners(together([partial(refresh, known, token)] * 5))
        statuses = sorted(answer.status_code for answer in answers)  # type: ignore[attr-defined]
        assert statuses in ([200, 400, 400, 400, 400], [400] * 5)
        for answer in answers:
            told = answer.get_json()  # type: ignore[attr-defined]
            if "refresh_token" in told:
                token_refused(refresh(known, told["refresh_token"]), "invalid_grant")
                assert provider.userinfo(told["access_token"]).status_code == 401


# -- time -------------------------------------------------------------------------------------------------------------


def test_a_refresh_token_that_nobody_uses_ends_after_thirty_days(offline: Known, first: str) -> None:
    offline.provider.clock.advance(30 * DAY)
    second = next_of(offline, first)
    offline.provider.clock.advance(30 * DAY + 1)
    token_refused(refresh(offline, second), "invalid_grant")


def test_a_family_ends_after_ninety_days_however_often_it_is_used(offline: Known, first: str) -> None:
    token = first
    for _ in range(4):
        offline.provider.clock.advance(22 * DAY)
        token = next_of(offline, token)
    offline.provider.clock.advance(2 * DAY - 1)
    token = next_of(offline, token)
    offline.provider.clock.advance(1)
    token_refused(refresh(offline, token), "invalid_grant")


# -- scope ------------------------------------------------------------------------------------------------------------


def test_rfc6749_6_scope_may_be_narrowed_for_one_access_token(offline: Known, first: str) -> None:
    narrow = tokens(refresh(offline, first, scope="openid"))
    assert narrow["scope"] == "openid"
    assert set(offline.provider.userinfo(narrow["access_token"]).get_json()) == {"sub"}
    assert tokens(refresh(offline, narrow["refresh_token"]))["scope"] == SCOPE


@pytest.mark.parametrize("scope", ["openid email", "email", "openid admin", "openid profile offline_access citizen_id"])
def test_rfc6749_6_scope_cannot_be_widened_and_trying_changes_nothing(offline: Known, first: str, scope: str) -> None:
    token_refused(refresh(offline, first, scope=scope), "invalid_scope")
    next_of(offline, first)


# -- whose ------------------------------------------------------------------------------------------------------------


def test_rfc6749_10_4_a_refresh_token_is_bound_to_its_client(offline: Known, first: str) -> None:
    other = offline.meet(scope=SCOPE)
    public = offline.meet(scope=SCOPE, token_endpoint_auth_method="none")
    token_refused(refresh(offline, first, other), "invalid_grant")
    anonymous = {"grant_type": "refresh_token", "refresh_token": first, "client_id": public.id}
    token_refused(offline.provider.token(public, anonymous, headers={}), "invalid_grant")
    next_of(offline, first)


def test_rfc9700_4_14_2_a_public_clients_tokens_rotate_too(offline: Known) -> None:
    public = offline.meet(scope=SCOPE, token_endpoint_auth_method="none")
    exchange = public.exchange(offline.code(public, scope=SCOPE), client_id=public.id)
    told = tokens(offline.provider.token(public, exchange, headers={}))
    fields = {"grant_type": "refresh_token", "refresh_token": told["refresh_token"], "client_id": public.id}
    tokens(offline.provider.token(public, fields, headers={}))
    offline.provider.clock.advance(11)
    token_refused(offline.provider.token(public, fields, headers={}), "invalid_grant")


@pytest.mark.parametrize("spoil", [str.upper, lambda token: token[:-1], lambda token: token + "\x00", lambda _: "x.y"])
def test_rfc6749_5_2_what_is_no_refresh_token_is_refused(
    offline: Known, first: str, spoil: Callable[[str], str]
) -> None:
    token_refused(refresh(offline, spoil(first)), "invalid_grant")
    next_of(offline, first)


def test_rfc6749_5_2_the_refresh_token_is_required(offline: Known) -> None:
    token_refused(offline.provider.token(offline.client, {"grant_type": "refresh_token"}), "invalid_request")


# -- how it ends ------------------------------------------------------------------------------------------------------


def test_oidc_core_11_a_family_survives_signing_out(offline: Known, first: str) -> None:
    """The consent page says so: the service may fetch these details after the citizen has left."""
    access_token = tokens(refresh(offline, first))["access_token"]
    offline.provider.services.sessions.end_all_of(offline.person.citizen.id, "signed_out")
    assert offline.provider.userinfo(access_token).status_code == 200
    next_of(offline, first)


def test_a_family_dies_with_the_suspension_of_the_citizen(offline: Known, first: str) -> None:
    access_token = tokens(refresh(offline, first))["access_token"]
    citizens, citizen_id = offline.provider.services.citizens, offline.person.citizen.id
    citizens.set_status(citizen_id, Status.SUSPENDED)
    token_refused(refresh(offline, first), "invalid_grant")
    assert offline.provider.userinfo(access_token).status_code == 401
    citizens.set_status(citizen_id, Status.ACTIVE)
    token_refused(refresh(offline, first), "invalid_grant")
    assert offline.provider.userinfo(access_token).status_code == 401


def test_a_family_dies_with_the_consent_it_rests_on(offline: Known, first: str) -> None:
    access_token = tokens(refresh(offline, first))["access_token"]
    now = int(offline.provider.clock.now())
    offline.provider.services.records.consents.withdraw(offline.person.citizen.id, offline.client.id, now)
    token_refused(refresh(offline, first), "invalid_grant")
    assert offline.provider.userinfo(access_token).status_code == 401


def test_a_code_gives_no_family_when_its_session_ended_meanwhile(offline: Known) -> None:
    code = offline.code(scope=SCOPE)
    offline.provider.services.sessions.end_all_of(offline.person.citizen.id, "consent_withdrawn")
    token_refused(offline.provider.token(offline.client, offline.client.exchange(code)), "invalid_grant")


def test_a_disabled_client_refreshes_nothing(offline: Known, first: str) -> None:
    offline.provider.services.clients.set_enabled(offline.client.id, False)
    offline.provider.clock.advance(1)
    token_refused(refresh(offline, first), "invalid_client", 401)
