"""`private_key_jwt`: RFC 7521, RFC 7523 section 3, OIDC Core section 9, RFC 8725."""

import itertools
from typing import Any

import pytest
from authlib.oauth2.rfc7523 import private_key_jwt_sign
from joserfc import jwk
from werkzeug.test import TestResponse

from idp.codec import encode
from tests.support.answers import token_refused, tokens
from tests.support.assertions import ALGORITHMS, JWKS, KEYS, STRANGERS, asserted, assertion
from tests.support.known import Known
from tests.support.parallel import together
from tests.support.provider import ISSUER, Registered

_SOURCES = itertools.count()


@pytest.fixture(scope="module")
def signing(known: Known) -> Registered:
    return known.meet(token_endpoint_auth_method="private_key_jwt", jwks=JWKS)


def redeem(known: Known, client: Registered, token: str, **more: str) -> TestResponse:
    """From an address of its own: failures are slowed by source."""
    peer = {"REMOTE_ADDR": f"2001:db8:1:{next(_SOURCES):x}::1"}
    fields = client.exchange(known.code(client)) | asserted(token) | more
    return known.provider.machine().post("/token", base_url=ISSUER, data=fields, environ_base=peer)


def now(known: Known) -> float:
    return known.provider.clock.now()


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_oidc_core_9_a_client_proves_itself_by_its_signature(known: Known, signing: Registered, alg: str) -> None:
    assert not signing.secret
    tokens(redeem(known, signing, assertion(signing.id, now(known), alg)))
    tokens(redeem(known, signing, assertion(signing.id, now(known), alg), client_id=signing.id))


@pytest.mark.parametrize("aud", [ISSUER, f"{ISSUER}/token", [ISSUER]])
def test_rfc7523_3_the_audience_is_the_issuer_or_the_token_endpoint(
    known: Known, signing: Registered, aud: Any
) -> None:
    tokens(redeem(known, signing, assertion(signing.id, now(known), aud=aud)))


BROKEN = {
    "another audience": {"aud": "https://other.example"},
    "two audiences": {"aud": [ISSUER, "https://other.example"]},
    "an audience that begins like ours": {"aud": f"{ISSUER}.evil.example"},
    "no audience": {"aud": None},
    "another issuer": {"iss": "somebody"},
    "no issuer": {"iss": None},
    "expired": {"exp": -1},
    "no expiry": {"exp": None},
    "for too long": {"exp": 4_000},
    "an expiry that is no number": {"exp": "soon"},
    "an expiry that is true": {"exp": True},
    "issued in the future": {"iat": 60},
    "not yet": {"nbf": 60},
    "no jti": {"jti": None},
    "an empty jti": {"jti": ""},
    "a jti that is no text": {"jti": 7},
    "a jti without end": {"jti": "j" * 300},
}


@pytest.mark.parametrize("fault", BROKEN)
def test_rfc7523_3_an_assertion_that_breaks_a_rule_is_refused(known: Known, signing: Registered, fault: str) -> None:
    claims = {
        name: int(now(known)) + value if name in ("exp", "iat", "nbf") and type(value) is int else value
        for name, value in BROKEN[fault].items()
    }
    token_refused(redeem(known, signing, assertion(signing.id, now(known), **claims)), "invalid_client", 401)


@pytest.mark.parametrize("exp", [float("inf"), 1e300])
def test_rfc7519_2_a_time_without_end_is_none(known: Known, signing: Registered, exp: float) -> None:
    token_refused(redeem(known, signing, assertion(signing.id, now(known), exp=exp)), "invalid_client", 401)


def test_rfc7523_3_an_assertion_is_good_once(known: Known, signing: Registered) -> None:
    token = assertion(signing.id, now(known))
    tokens(redeem(known, signing, token))
    token_refused(redeem(known, signing, token), "invalid_client", 401)


def test_rfc7523_3_of_parallel_uses_one_wins(known: Known, signing: Registered) -> None:
    token = assertion(signing.id, now(known))
    outcomes = together([lambda: redeem(known, signing, token) for _ in range(6)])
    assert sorted(outcome.status_code for outcome in outcomes if isinstance(outcome, TestResponse)) == [200] + [401] * 5


def test_the_jti_of_one_client_is_not_that_of_another(known: Known, signing: Registered) -> None:
    other = known.meet(token_endpoint_auth_method="private_key_jwt", jwks=JWKS)
    for client in (signing, other):
        tokens(redeem(known, client, assertion(client.id, now(known), jti="the same")))


def test_rfc8725_3_1_algorithm_and_key_are_the_registered_ones(known: Known, signing: Registered) -> None:
    secret = jwk.OctKey.import_key(encode(JWKS["keys"][0]), {"kid": "rsa"})
    strange = [
        assertion(signing.id, now(known), key=STRANGERS["RS256"]),
        assertion(signing.id, now(known), "HS256", secret),
        assertion(signing.id, now(known), header={"kid": "unknown"}),
        assertion(signing.id, now(known), header={"crit": ["kid"]}),
        assertion(signing.id, now(known)).rpartition(".")[0] + ".",
        "eyJhbGciOiJub25lIn0." + assertion(signing.id, now(known)).split(".")[1] + ".",
        "x",
        "",
        "a.b.c",
        "x" * 20_000,
        "\N{SNOWMAN}.a.b",
    ]
    for token in strange:
        token_refused(redeem(known, signing, token), "invalid_client", 401)


def test_oidc_registration_2_a_chosen_algorithm_is_the_only_one(known: Known) -> None:
    client = known.meet(
        token_endpoint_auth_method="private_key_jwt", jwks=JWKS, token_endpoint_auth_signing_alg="ES256"
    )
    tokens(redeem(known, client, assertion(client.id, now(known), "ES256")))
    for alg in ("RS256", "PS256", "EdDSA"):
        token_refused(redeem(known, client, assertion(client.id, now(known), alg)), "invalid_client", 401)


def test_rfc7523_3_a_client_cannot_speak_for_another(known: Known, signing: Registered) -> None:
    other = known.meet(
        token_endpoint_auth_method="private_key_jwt", jwks={"keys": [STRANGERS["RS256"].as_dict(private=False)]}
    )
    theirs = assertion(signing.id, now(known), key=STRANGERS["RS256"])
    token_refused(redeem(known, signing, theirs), "invalid_client", 401)
    mixed = assertion(other.id, now(known), key=STRANGERS["RS256"])
    token_refused(redeem(known, signing, mixed, client_id=signing.id), "invalid_client", 401)


def test_rfc6749_2_3_one_method_a_request_and_the_registered_one(known: Known, signing: Registered) -> None:
    honest = assertion(signing.id, now(known))
    both = known.provider.token(signing, signing.exchange("x") | asserted(honest), known.client.basic)
    token_refused(both, "invalid_request")
    with_secret = known.provider.token(signing, signing.exchange("x") | asserted(honest) | {"client_secret": "x"}, {})
    token_refused(with_secret, "invalid_request")
    token_refused(redeem(known, signing, honest, client_assertion_type="other"), "invalid_client", 401)
    unregistered = assertion(known.client.id, now(known))
    fields = known.client.exchange("x") | asserted(unregistered)
    token_refused(known.provider.token(known.client, fields, {}), "invalid_client", 401)


def test_the_answer_does_not_tell_why(known: Known, signing: Registered) -> None:
    answers = {
        redeem(known, signing, token).text
        for token in (assertion(signing.id, now(known), aud="x"), assertion("nobody", now(known)), "x")
    }
    assert len(answers) == 1


def test_authlib_signs_an_assertion_that_is_taken(known: Known, signing: Registered) -> None:
    at = int(now(known))
    token = private_key_jwt_sign(
        KEYS["RS256"].as_pem(private=True),
        signing.id,
        f"{ISSUER}/token",
        header={"kid": "rsa"},
        claims={"iat": at, "exp": at + 3600},
    )
    tokens(redeem(known, signing, token if isinstance(token, str) else token.decode()))


def test_rfc7515_4_members_of_a_header_that_nobody_knows_are_passed_over(known: Known, signing: Registered) -> None:
    tokens(redeem(known, signing, assertion(signing.id, now(known), header={"x9Qa": {"deep": [1]}, "b64": True})))
