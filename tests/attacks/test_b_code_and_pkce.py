"""B. The authorization code and PKCE (RFC 9700 sections 2.1.1, 4.5, 4.8; RFC 7636).

PKCE-short-challenge and the forms of a challenge stand with the other parameters in `test_c_parameters.py`.
"""

import pytest
from werkzeug.test import TestResponse

from tests.support.parallel import together
from tests.support.provider import VERIFIER, Provider, Registered, challenge


@pytest.fixture
def client(provider: Provider) -> Registered:
    return provider.client()


def refused(response: TestResponse) -> bool:
    return (response.status_code, response.json) == (
        400,
        {
            "error": "invalid_grant",
            "error_description": "The code or refresh token is not valid, or was not issued to this client for this "
            "use.",
        },
    )


def test_b_code_replay_ends_what_the_first_redemption_got(provider: Provider, client: Registered) -> None:
    code = provider.fresh_code(client)
    first = provider.token(client, client.exchange(code))
    token = first.get_json()["access_token"]
    assert provider.userinfo(token).status_code == 200
    assert refused(provider.token(client, client.exchange(code)))
    assert provider.userinfo(token).status_code == 401


def test_b_code_replay_ends_the_family_of_refresh_tokens(provider: Provider) -> None:
    client = provider.client(scope="openid offline_access")
    code = provider.visitor().arrive(client, provider.citizen(), scope="openid offline_access")["code"]
    got = provider.token(client, client.exchange(code)).get_json()
    assert refused(provider.token(client, client.exchange(code)))
    again = {"grant_type": "refresh_token", "refresh_token": got["refresh_token"]}
    assert refused(provider.token(client, again))
    assert provider.userinfo(got["access_token"]).status_code == 401


def test_b_code_replay_by_a_stranger_ends_nothing(provider: Provider) -> None:
    """A used code stands in logs and histories; it must be no weapon against who redeemed it."""
    client = provider.client(scope="openid offline_access")
    thief = provider.client(token_endpoint_auth_method="none")
    code = provider.visitor().arrive(client, provider.citizen(), scope="openid offline_access")["code"]
    got = provider.token(client, client.exchange(code)).get_json()
    assert refused(provider.token(thief, thief.exchange(code) | {"client_id": thief.id}, headers={}))
    assert provider.userinfo(got["access_token"]).status_code == 200
    again = {"grant_type": "refresh_token", "refresh_token": got["refresh_token"]}
    assert provider.token(client, again).status_code == 200


def test_b_code_parallel_redeem_at_most_one(provider_on_redis: Provider) -> None:
    provider = provider_on_redis
    client = provider.client()
    visitor, person = provider.visitor(), provider.citizen()
    codes = [visitor.arrive(client, person)["code"], *(visitor.hop(client)["code"] for _ in range(4))]
    for code in codes:
        outcomes = together([lambda code=code: provider.token(client, client.exchange(code)) for _ in range(8)])
        answers = [outcome for outcome in outcomes if isinstance(outcome, TestResponse)]
        won = [answer for answer in answers if answer.status_code == 200]
        assert len(answers) == 8
        assert len(won) <= 1
        assert all(refused(answer) for answer in answers if answer not in won)
        # whoever came second was a replay: nothing that was given is good any more
        assert all(provider.userinfo(answer.get_json()["access_token"]).status_code == 401 for answer in won)


def test_b_code_other_client(provider: Provider, client: Registered) -> None:
    code = provider.fresh_code(client)
    thief = provider.client()
    assert refused(provider.token(thief, thief.exchange(code)))


def test_b_code_of_one_citizen_injected_into_anothers_flow(provider: Provider, client: Registered) -> None:
    """RFC 9700 section 4.5: the attacker's code, or the victim's, does not fit the other's verifier."""
    stolen = provider.visitor().arrive(client, provider.citizen(), code_challenge=challenge("v" * 43))["code"]
    assert refused(provider.token(client, client.exchange(stolen, code_verifier="a" * 43)))


@pytest.mark.parametrize("uri", ["https://portal.example/other", "https://portal.example/callback/", "", None])
def test_b_code_redirect_mismatch(provider: Provider, client: Registered, uri: str | None) -> None:
    code = provider.fresh_code(client)
    assert refused(provider.token(client, client.exchange(code, redirect_uri=uri)))


@pytest.mark.parametrize("junk", ["x", "é", "0" * 44, "\0", "a" * 20_000, "../../etc", "code:{0}:*", "'--", "🦊"])
def test_b_code_garbage(provider: Provider, client: Registered, junk: str) -> None:
    assert refused(provider.token(client, client.exchange(junk)))


def test_b_code_expired(provider: Provider, client: Registered) -> None:
    code = provider.fresh_code(client)
    assert provider.services.settings.lifetimes.code_seconds <= 60
    provider.clock.advance(provider.services.settings.lifetimes.code_seconds + 5)
    assert refused(provider.token(client, client.exchange(code)))


@pytest.mark.parametrize("change", ["", "x", "=", "\n", "%00"])
def test_b_code_is_matched_whole(provider: Provider, client: Registered, change: str) -> None:
    code = provider.fresh_code(client)
    spoilt = code + change if change else code[:-1]
    assert refused(provider.token(client, client.exchange(spoilt)))
    assert provider.token(client, client.exchange(code)).status_code == 200


@pytest.mark.parametrize(
    "verifier", ["w" * 43, VERIFIER + "x", VERIFIER[:-1], VERIFIER.upper(), challenge(), "", "a" * 129, None]
)
def test_b_pkce_wrong_or_no_verifier(provider: Provider, client: Registered, verifier: str | None) -> None:
    code = provider.fresh_code(client)
    assert refused(provider.token(client, client.exchange(code, code_verifier=verifier)))


def test_b_pkce_a_wrong_verifier_burns_the_code(provider: Provider, client: Registered) -> None:
    code = provider.fresh_code(client)
    assert refused(provider.token(client, client.exchange(code, code_verifier="w" * 43)))
    assert refused(provider.token(client, client.exchange(code)))


def test_b_pkce_downgrade_verifier_without_challenge(provider: Provider) -> None:
    client = provider.client(require_pkce=False)
    code = provider.visitor().arrive(client, provider.citizen(), code_challenge=None, code_challenge_method=None)
    assert refused(provider.token(client, client.exchange(code["code"])))


def test_b_pkce_downgrade_a_challenge_cannot_be_taken_out_of_a_request(provider: Provider, client: Registered) -> None:
    answer = provider.visitor().hop(client, code_challenge=None, code_challenge_method=None)
    assert answer["error"] == "invalid_request"


def test_b_pkce_a_client_without_the_duty_is_held_to_the_challenge_it_sent(provider: Provider) -> None:
    client = provider.client(require_pkce=False)
    code = provider.fresh_code(client)
    assert refused(provider.token(client, client.exchange(code, code_verifier=None)))


@pytest.mark.parametrize(
    "changes",
    [
        {"code_challenge_method": "plain"},
        {"code_challenge_method": None},
        {"code_challenge_method": "s256"},
        {"code_challenge": "abc"},
        {"code_challenge": challenge() + "="},
        {"code_challenge": challenge() + "\n"},
        {"code_challenge": challenge()[:-1] + "é"},
        {"code_challenge": None},
        {"code_challenge": "a" * 20_000},
    ],
)
def test_b_pkce_plain_short_and_odd_challenges_are_refused(
    provider: Provider, client: Registered, changes: dict[str, str | None]
) -> None:
    assert provider.visitor().hop(client, **changes)["error"] == "invalid_request"


def test_b_pkce_required_for_public_clients(provider: Provider) -> None:
    public = provider.client(token_endpoint_auth_method="none")
    answer = provider.visitor().hop(public, code_challenge=None, code_challenge_method=None)
    assert answer["error"] == "invalid_request"
    code = provider.visitor().arrive(public, provider.citizen())["code"]
    fields = public.exchange(code, client_id=public.id, code_verifier="w" * 43)
    assert refused(provider.token(public, fields, headers={}))


def test_b_code_dies_with_the_session_it_was_given_under(provider: Provider, client: Registered) -> None:
    person, visitor = provider.citizen(), provider.visitor()
    code = visitor.arrive(client, person)["code"]
    provider.services.sessions.end_all_of(person.citizen.id, "signed_out")
    assert refused(provider.token(client, client.exchange(code)))
