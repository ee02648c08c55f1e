"""Guarantees 2, 4, 5, 6, 8, 10 and 15 of the sixteen that hold whatever engine stands behind the endpoints: codes,
tokens and signatures.

Number 4 holds by construction: keys are made and used by `cryptography`, whose randomness is the operating system's,
and no key is ever given to the engine. Number 15 does too: there is no stateless mode; a code or an access token is a
random name for a record that the store keeps, and says nothing by itself. Both are tried all the same, as far as
anybody outside can see them. The others are about races and order, and apply.
"""

import base64
import json
import random
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from werkzeug.test import TestResponse

from tests.support.answers import token_refused
from tests.support.known import Known, acquainted
from tests.support.parallel import together
from tests.support.provider import Provider, Registered

OFFLINE = "openid profile offline_access"


def refresh(provider: Provider, client: Registered, token: str) -> TestResponse:
    return provider.token(client, {"grant_type": "refresh_token", "refresh_token": token})


# -- 2: a refresh token is its client's -------------------------------------------------------------------------------


@pytest.mark.parametrize("thief", ["client_secret_basic", "client_secret_post", "none"])
def test_d02_a_refresh_token_is_good_for_its_own_client_only(provider: Provider, thief: str) -> None:
    known = acquainted(provider, scope=OFFLINE)
    mine = known.tokens(scope=OFFLINE)
    other = provider.client(scope=OFFLINE, token_endpoint_auth_method=thief)
    fields = {"grant_type": "refresh_token", "refresh_token": mine["refresh_token"]}
    if thief != "client_secret_basic":
        fields |= {"client_id": other.id} | ({"client_secret": other.secret} if other.secret else {})
    token_refused(provider.token(other, fields, None if thief == "client_secret_basic" else {}), "invalid_grant")
    assert refresh(provider, known.client, mine["refresh_token"]).status_code == 200, "and the attempt changed nothing"


# -- 4: signatures ----------------------------------------------------------------------------------------------------


def test_d04_signing_takes_nothing_from_the_randomness_of_the_process(
    known: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The part of an ECDSA signature that its secret number determines is new, whatever state `random` is in; and
    `random` is not even asked."""
    client = known.meet(id_token_signed_response_alg="ES256")
    firsts = set()
    for _ in range(3):
        random.seed(0)
        signature = known.tokens(client)["id_token"].split(".")[2]
        firsts.add(base64.urlsafe_b64decode(signature + "==")[:32])
    assert len(firsts) == 3

    def asked(*_: object) -> int:
        raise AssertionError("random was asked")

    code = known.code(client)
    monkeypatch.setattr(random, "getrandbits", asked)
    monkeypatch.setattr(random, "random", asked)
    assert known.provider.token(client, client.exchange(code)).status_code == 200


# -- 5, 6: a code is redeemed once ------------------------------------------------------------------------------------


def test_d05_of_parallel_redemptions_at_most_one_succeeds(known: Known) -> None:
    for _ in range(10):
        code = known.code()
        outcomes = together([lambda code=code: known.provider.token(known.client, known.client.exchange(code))] * 8)
        statuses = sorted(answer.status_code for answer in outcomes if isinstance(answer, TestResponse))
        assert len(statuses) == 8
        assert statuses.count(200) <= 1
        assert set(statuses) <= {200, 400}


def test_d06_a_replay_revokes_what_the_code_gave(provider: Provider) -> None:
    known = acquainted(provider, scope=OFFLINE)
    code = known.code(scope=OFFLINE)
    first = provider.token(known.client, known.client.exchange(code)).json
    assert provider.userinfo(first["access_token"]).status_code == 200
    token_refused(provider.token(known.client, known.client.exchange(code)), "invalid_grant")
    assert provider.userinfo(first["access_token"]).status_code == 401
    token_refused(refresh(provider, known.client, first["refresh_token"]), "invalid_grant")


@pytest.mark.parametrize("wrong", [{"code_verifier": "x" * 43}, {"redirect_uri": "https://portal.example/other"}])
def test_d06_a_wrong_attempt_burns_the_code(known: Known, wrong: dict[str, str]) -> None:
    code = known.code()
    token_refused(known.provider.token(known.client, known.client.exchange(code, **wrong)), "invalid_grant")
    token_refused(known.provider.token(known.client, known.client.exchange(code)), "invalid_grant")


# -- 8: many at once --------------------------------------------------------------------------------------------------


def test_d08_first_sign_ins_at_the_same_time_all_succeed(provider: Provider) -> None:
    client = provider.client()
    people = [provider.citizen() for _ in range(24)]
    lock = threading.Lock()
    subjects: list[str] = []

    def sign_in(number: int) -> None:
        code = provider.visitor(f"192.0.2.{number}").arrive(client, people[number])["code"]
        answer = provider.token(client, client.exchange(code)).json
        with lock:
            subjects.append(provider.userinfo(answer["access_token"]).json["sub"])

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(sign_in, range(len(people))))
    assert len(set(subjects)) == len(people)


# -- 10: refreshing ---------------------------------------------------------------------------------------------------


def test_d10_a_refresh_is_good_long_after_the_first_access_token(provider: Provider) -> None:
    known = acquainted(provider, scope=OFFLINE)
    told = known.tokens(scope=OFFLINE)
    for _ in range(3):
        provider.clock.advance(provider.services.settings.lifetimes.access_token_seconds + 3_600)
        assert provider.userinfo(told["access_token"]).status_code == 401
        told = refresh(provider, known.client, told["refresh_token"]).json
        assert provider.userinfo(told["access_token"]).status_code == 200


# -- 15: what a token is ----------------------------------------------------------------------------------------------


def test_d15_codes_and_tokens_say_nothing_and_cannot_be_changed_into_others(known: Known) -> None:
    code = known.code()
    for position in (0, 1, 10, 22, len(code) - 1):
        changed = code[:position] + ("A" if code[position] != "A" else "B") + code[position + 1 :]
        token_refused(known.provider.token(known.client, known.client.exchange(changed)), "invalid_grant")
    told = known.provider.token(known.client, known.client.exchange(code)).json
    token = told["access_token"]
    for position in (0, 1, 10, 22, len(token) - 1):
        changed = token[:position] + ("A" if token[position] != "A" else "B") + token[position + 1 :]
        assert known.provider.userinfo(changed).status_code == 401
    for secret in (code, token):
        assert known.person.citizen.id not in secret
        assert "." not in secret


@pytest.mark.parametrize("length", [1, 15, 16, 17, 32])
def test_d15_a_token_of_any_length_is_just_unknown(known: Known, length: int) -> None:
    token = base64.urlsafe_b64encode(b"\x00" * length).decode().rstrip("=")
    assert known.provider.userinfo(token).status_code == 401
    token_refused(known.provider.token(known.client, known.client.exchange(token)), "invalid_grant")


def test_d15_one_citizens_claims_never_stand_in_anothers_token(provider: Provider) -> None:
    claims = json.dumps({"id_token": {"name": {"essential": True}, "email": None}})
    client = provider.client()
    people = [provider.citizen(name="王有邮", email="a@example.cn"), provider.citizen(name="赵无邮")]
    told = []
    for person in people:
        code = provider.visitor().arrive(client, person, scope="openid", claims=claims)["code"]
        told.append(provider.token(client, client.exchange(code)).json["id_token"])
    first, second = (provider.services.keys.verify(token, "JWT") for token in told)
    assert (first["name"], first["email"]) == ("王有邮", "a@example.cn")
    assert second["name"] == "赵无邮"
    assert "email" not in second
    assert first["sub"] != second["sub"]
