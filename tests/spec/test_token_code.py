"""Redeeming a code: RFC 6749 sections 4.1.2, 4.1.3, 5.1 and 5.2, RFC 7636 section 4.6, RFC 9700 sections 2.1.1 and
4.8.2."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.support.answers import token_refused, tokens
from tests.support.known import Known, acquainted
from tests.support.parallel import together, winners
from tests.support.provider import VERIFIER, Provider, running_provider, settings_for

OFFLINE = {"scope": "openid profile offline_access"}


@pytest.fixture(params=["embedded", "redis"])
def on_each_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Provider]:
    url = {"IDP_STATE_URL": request.getfixturevalue("redis_url")} if request.param == "redis" else {}
    with running_provider(settings_for(tmp_path, **url)) as running:
        yield running


# -- once -------------------------------------------------------------------------------------------------------------


def test_rfc6749_5_1_a_successful_answer(known: Known) -> None:
    told = tokens(known.provider.token(known.client, known.client.exchange(known.code())))
    assert set(told) == {"access_token", "token_type", "expires_in", "scope", "id_token"}
    assert (told["expires_in"], told["scope"]) == (600, "openid profile")
    assert known.provider.userinfo(told["access_token"]).status_code == 200


def test_rfc6749_4_1_2_a_code_is_redeemed_once_and_replay_revokes_what_it_gave(known: Known) -> None:
    exchange = known.client.exchange(known.code())
    access_token = tokens(known.provider.token(known.client, exchange))["access_token"]
    for _ in range(2):
        token_refused(known.provider.token(known.client, exchange), "invalid_grant")
    assert known.provider.userinfo(access_token).status_code == 401


def test_rfc6749_4_1_2_replay_revokes_the_family_too(known: Known) -> None:
    client = known.meet(**OFFLINE)
    exchange = client.exchange(known.code(client, **OFFLINE))
    told = tokens(known.provider.token(client, exchange))
    fresh = known.provider.token(client, {"grant_type": "refresh_token", "refresh_token": told["refresh_token"]})
    both = [told["access_token"], tokens(fresh)["access_token"]]
    assert [known.provider.userinfo(each).status_code for each in both] == [200, 200]
    token_refused(known.provider.token(client, exchange), "invalid_grant")
    assert [known.provider.userinfo(each).status_code for each in both] == [401, 401]
    for refresh_token in (told["refresh_token"], fresh.get_json()["refresh_token"]):
        again = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        token_refused(known.provider.token(client, again), "invalid_grant")


@pytest.mark.parametrize("scope", ["openid profile", "openid profile offline_access"])
def test_rfc6749_4_1_2_of_parallel_redemptions_one_at_most_succeeds(on_each_store: Provider, scope: str) -> None:
    known = acquainted(on_each_store, scope=scope)
    for _ in range(5):
        exchange = known.client.exchange(known.code(scope=scope))
        answers = winners(together([partial(on_each_store.token, known.client, exchange)] * 8))
        assert len(answers) == 8
        good = [answer for answer in answers if answer.status_code == 200]  # type: ignore[attr-defined]
        assert len(good) <= 1
        for answer in answers:
            if answer not in good:
                token_refused(answer, "invalid_grant")  # type: ignore[arg-type]
        for answer in good:  # the seven replays ended what it got
            told = answer.get_json()  # type: ignore[attr-defined]
            assert on_each_store.userinfo(told["access_token"]).status_code == 401
            if "refresh_token" in told:
                again = {"grant_type": "refresh_token", "refresh_token": told["refresh_token"]}
                token_refused(on_each_store.token(known.client, again), "invalid_grant")


# -- bound ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uri": None},
        {"redirect_uri": "https://portal.example/other"},
        {"redirect_uri": "https://portal.example/callback/"},
        {"redirect_uri": "https://PORTAL.example/callback"},
        {"code_verifier": None},
        {"code_verifier": VERIFIER + "x"},
        {"code_verifier": VERIFIER.upper()},
        {"code_verifier": "short"},
        {"code_verifier": "x" * 129},
        {"code_verifier": VERIFIER[:-1] + "\u00fc"},
        {"code_verifier": VERIFIER[:-1] + " "},
        {"code_verifier": VERIFIER + "\n"},
    ],
)
def test_rfc6749_4_1_3_a_wrong_presentation_is_refused_and_burns_the_code(
    known: Known, changes: dict[str, str | None]
) -> None:
    code = known.code()
    token_refused(known.provider.token(known.client, known.client.exchange(code, **changes)), "invalid_grant")
    token_refused(known.provider.token(known.client, known.client.exchange(code)), "invalid_grant")


def test_rfc6749_4_1_3_a_code_is_bound_to_its_client(known: Known) -> None:
    other = known.provider.client()
    code = known.code()
    token_refused(known.provider.token(other, other.exchange(code)), "invalid_grant")
    token_refused(known.provider.token(known.client, known.client.exchange(code)), "invalid_grant")


def test_rfc9700_4_8_2_a_verifier_without_a_challenge_is_refused(known: Known) -> None:
    client = known.meet(require_pkce=False)
    plain = {"code_challenge": None, "code_challenge_method": None}
    token_refused(known.provider.token(client, client.exchange(known.code(client, **plain))), "invalid_grant")
    tokens(known.provider.token(client, client.exchange(known.code(client, **plain), code_verifier=None)))
    with_challenge = known.code(client)
    token_refused(known.provider.token(client, client.exchange(with_challenge, code_verifier=None)), "invalid_grant")


@pytest.mark.parametrize("code", ["x", "\x00", "0" * 44, "\u65e5", "x" * 10_000])
def test_rfc6749_5_2_a_code_that_never_was_is_refused(known: Known, code: str) -> None:
    token_refused(known.provider.token(known.client, known.client.exchange(code)), "invalid_grant")


def test_rfc6749_4_1_2_a_code_lives_sixty_seconds(provider: Provider) -> None:
    known = acquainted(provider)
    in_time, late = known.code(), known.code()
    provider.clock.advance(59)
    tokens(provider.token(known.client, known.client.exchange(in_time)))
    provider.clock.advance(1)
    token_refused(provider.token(known.client, known.client.exchange(late)), "invalid_grant")


def test_a_code_ends_with_the_session_it_was_given_in(provider: Provider) -> None:
    known = acquainted(provider)
    code = known.code()
    provider.services.sessions.end_all_of(known.person.citizen.id, "suspended")
    token_refused(provider.token(known.client, known.client.exchange(code)), "invalid_grant")


def test_an_access_token_ends_with_its_session_and_with_its_time(provider: Provider) -> None:
    known = acquainted(provider)
    first = known.tokens()["access_token"]
    provider.clock.advance(599)
    assert provider.userinfo(first).status_code == 200
    provider.clock.advance(1)
    assert provider.userinfo(first).status_code == 401
    second = known.tokens()["access_token"]
    provider.services.sessions.end_all_of(known.person.citizen.id, "suspended")
    assert provider.userinfo(second).status_code == 401


# -- the request ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["grant_type", "code", "redirect_uri", "code_verifier", "client_id", "unknown"])
def test_rfc6749_3_2_a_repeated_parameter_is_refused_and_burns_nothing(known: Known, name: str) -> None:
    honest = known.client.exchange(known.code(), client_id=known.client.id, unknown="x")
    fields = [*honest.items(), (name, honest[name])]
    body = "&".join(f"{key}={value}" for key, value in fields)
    headers = known.client.basic | {"Content-Type": "application/x-www-form-urlencoded"}
    token_refused(known.provider.machine().post("/token", data=body, headers=headers), "invalid_request")
    tokens(known.provider.token(known.client, honest))


@pytest.mark.parametrize(
    ("error", "changes"),
    [
        ("invalid_request", {"grant_type": None}),
        ("invalid_request", {"code": None}),
        ("invalid_request", {"code": ""}),
        ("unsupported_grant_type", {"grant_type": "password"}),
        ("unsupported_grant_type", {"grant_type": "Authorization_Code"}),
        ("unsupported_grant_type", {"grant_type": "\x00"}),
        ("unauthorized_client", {"grant_type": "refresh_token", "refresh_token": "x"}),
    ],
)
def test_rfc6749_5_2_what_is_wrong_with_the_request(known: Known, error: str, changes: dict[str, str | None]) -> None:
    fields = {name: value for name, value in (known.client.exchange("x") | changes).items() if value is not None}
    token_refused(known.provider.token(known.client, fields), error)


def test_rfc6749_4_1_3_parameters_come_in_a_form_and_nowhere_else(known: Known) -> None:
    honest, machine = known.client.exchange(known.code()), known.provider.machine()
    token_refused(machine.post("/token", json=honest, headers=known.client.basic), "invalid_request")
    token_refused(machine.post("/token", query_string=honest, headers=known.client.basic), "invalid_request")
    multipart = machine.post("/token", data=honest, headers=known.client.basic, content_type="multipart/form-data")
    token_refused(multipart, "invalid_request")
    mixed = machine.post("/token", data={"grant_type": "x"}, query_string=honest, headers=known.client.basic)
    token_refused(mixed, "unsupported_grant_type")
    tokens(known.provider.token(known.client, honest))


def test_rfc6749_5_2_a_body_too_long_is_an_invalid_request(known: Known) -> None:
    for size in (33_000, 70_000):
        answer = known.provider.token(known.client, known.client.exchange("x", unknown="y" * size))
        token_refused(answer, "invalid_request")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_rfc6749_3_2_only_post(known: Known, method: str) -> None:
    answer = known.provider.machine().open("/token", method=method, query_string=known.client.exchange("x"))
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]
