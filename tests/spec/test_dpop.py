"""RFC 9449: tokens that are bound to a key. What an attacker would try: `tests/attacks/test_d_dpop.py`."""

from typing import Any
from urllib.parse import urlencode

import pytest
from werkzeug.test import TestResponse

from idp.oidc.tokens.dpop import NONCE_SECONDS
from tests.support.answers import granted, id_token_claims, refused, token_refused
from tests.support.assertions import ALGORITHMS, JWKS, asserted, assertion, signed
from tests.support.dpop import Holder, bound_tokens, holder
from tests.support.known import Known, acquainted
from tests.support.provider import ISSUER, Provider, Registered
from tests.support.resource_servers import asker, introspected, machine, resource_server

OFFLINE = "openid profile offline_access"


@pytest.fixture(scope="module")
def mine(known: Known) -> Holder:
    return holder(known)


@pytest.fixture(scope="module")
def public(known: Known) -> Registered:
    return known.meet(token_endpoint_auth_method="none", scope=OFFLINE)


def challenged(response: TestResponse, error: str) -> None:
    """Section 7.1."""
    assert (response.status_code, response.get_json()["error"]) == (401, error), response.text
    first, second = response.headers.getlist("WWW-Authenticate")
    assert first.startswith('DPoP algs="RS256 PS256 ES256 EdDSA Ed25519", realm=')
    assert first.endswith(f'error="{error}"')
    assert second.startswith("Bearer ")


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_rfc9449_5_a_token_is_bound_to_the_key_that_was_shown(known: Known, alg: str) -> None:
    mine = holder(known, alg)
    token = bound_tokens(mine.redeem())["access_token"]
    assert mine.userinfo(token).get_json()["name"] == "李静文"
    assert mine.userinfo(token, method="POST").status_code == 200


def test_rfc9449_4_3_htu_is_compared_without_query_and_fragment(known: Known, mine: Holder) -> None:
    host = ISSUER.removeprefix("https://")
    for htu in (
        f"{ISSUER}/token?a=b",
        f"{ISSUER}/token#f",
        f"HTTPS://{host.upper()}/token",
        f"https://{host}:443/token",
    ):
        bound_tokens(mine.redeem(proof=mine.proof(htu=htu)))


@pytest.mark.parametrize("iat", [-300, 0, 60])
def test_rfc9449_4_3_a_clock_may_be_slow_or_fast(known: Known, mine: Holder, iat: int) -> None:
    bound_tokens(mine.redeem(proof=mine.proof(iat=int(known.provider.clock.now()) + iat)))


def test_rfc9449_8_a_first_proof_is_told_the_nonce_and_nothing_is_spent(known: Known, mine: Holder) -> None:
    code = known.code()
    first = mine.redeem(proof=mine.proof(nonce=None), code=code)
    token_refused(first, "use_dpop_nonce")
    bound_tokens(mine.redeem(proof=mine.proof(nonce=first.headers["DPoP-Nonce"]), code=code))


def test_rfc9449_9_a_resource_tells_the_nonce_too(mine: Holder) -> None:
    token = bound_tokens(mine.redeem())["access_token"]
    first = mine.userinfo(token, mine.proof("/userinfo", "GET", token, nonce=None))
    challenged(first, "use_dpop_nonce")
    again = mine.proof("/userinfo", "GET", token, nonce=first.headers["DPoP-Nonce"])
    assert mine.userinfo(token, again).headers["DPoP-Nonce"] == first.headers["DPoP-Nonce"]


def test_rfc9449_8_a_nonce_is_good_for_some_minutes(provider: Provider) -> None:
    mine = holder(acquainted(provider))
    nonce, code = mine.nonce, mine.known.code()
    token_refused(mine.redeem(proof=mine.proof(nonce="x" * 24), code=code), "use_dpop_nonce")
    token_refused(mine.redeem(proof=mine.proof(nonce="\N{SNOWMAN}"), code=code), "use_dpop_nonce")
    bound_tokens(mine.redeem(proof=mine.proof(nonce=nonce), code=code))
    provider.clock.advance(NONCE_SECONDS)
    bound_tokens(mine.redeem(proof=mine.proof(nonce=nonce)))
    provider.clock.advance(NONCE_SECONDS)
    stale = mine.redeem(proof=mine.proof(nonce=nonce))
    token_refused(stale, "use_dpop_nonce")
    assert stale.headers["DPoP-Nonce"] != nonce


def test_rfc9449_8_who_shows_no_key_hears_of_no_nonce(known: Known) -> None:
    answer = known.provider.token(known.client, known.client.exchange(known.code()))
    assert answer.get_json()["token_type"] == "Bearer"
    assert "DPoP-Nonce" not in answer.headers


# -- the code ---------------------------------------------------------------------------------------------------------


def test_rfc9449_10_a_code_is_bound_by_dpop_jkt(known: Known, mine: Holder) -> None:
    bound_tokens(mine.redeem(dpop_jkt=mine.jkt))
    thief = holder(known)
    code = known.code(dpop_jkt=mine.jkt)
    token_refused(thief.redeem(code=code), "invalid_grant")
    token_refused(mine.redeem(code=code), "invalid_grant")  # burnt, whoever presented it
    without = known.provider.token(known.client, known.client.exchange(known.code(dpop_jkt=mine.jkt)))
    token_refused(without, "invalid_grant")


@pytest.mark.parametrize("jkt", ["x", "x" * 42, "x" * 44, "x" * 42 + "="])
def test_rfc9449_10_dpop_jkt_is_a_thumbprint(known: Known, jkt: str) -> None:
    refused(known.visitor.authorize(known.client, dpop_jkt=jkt), known.client, "invalid_request")


def test_rfc9449_10_a_bound_code_survives_the_sign_in(known: Known, mine: Holder) -> None:
    """The request waits in a transaction meanwhile."""
    client = known.provider.client()
    code = granted(known.visitor.allow(known.visitor.authorize(client, dpop_jkt=mine.jkt)), client)
    token_refused(holder(known).redeem(client, code=code), "invalid_grant")


def push(mine: Holder, client: Registered, proof: str | None = None, **changes: str) -> TestResponse:
    told = client.basic | {"DPoP": proof or mine.proof("/par")}
    return mine.known.provider.machine().post("/par", base_url=ISSUER, data=client.request(**changes), headers=told)


def come(known: Known, answer: TestResponse) -> str:
    assert answer.status_code == 201, answer.text
    query = {"client_id": known.client.id, "request_uri": answer.get_json()["request_uri"]}
    return granted(known.visitor.get("/authorize?" + urlencode(query)), known.client)


def test_rfc9449_10_1_a_proof_at_par_binds_the_code(known: Known, mine: Holder) -> None:
    for changes in ({}, {"dpop_jkt": mine.jkt}):
        code = come(known, push(mine, known.client, **changes))
        bound_tokens(mine.redeem(code=code))
    token_refused(holder(known).redeem(code=come(known, push(mine, known.client))), "invalid_grant")


def test_rfc9449_10_1_proof_and_dpop_jkt_are_of_one_key(known: Known, mine: Holder) -> None:
    token_refused(push(mine, known.client, dpop_jkt=holder(known).jkt), "invalid_dpop_proof")
    token_refused(push(mine, known.client, mine.proof("/token")), "invalid_dpop_proof")
    first = push(mine, known.client, mine.proof("/par", nonce=None))
    token_refused(first, "use_dpop_nonce")
    assert first.headers["DPoP-Nonce"]


def test_rfc9449_10_1_a_signed_request_is_bound_too(known: Known, mine: Holder) -> None:
    client = known.meet(jwks=JWKS)
    until = int(known.provider.clock.now()) + 60
    asked = {"aud": ISSUER, "exp": until, "dpop_jkt": mine.jkt}
    code = known.code(client, request=signed(client.request() | asked, "ES256", None, {}))
    token_refused(holder(known).redeem(client, code=code), "invalid_grant")


# -- refresh tokens ---------------------------------------------------------------------------------------------------


def refresh(mine: Holder, client: Registered, told: dict[str, Any]) -> TestResponse:
    return mine.token(client, {"grant_type": "refresh_token", "refresh_token": told["refresh_token"]})


def test_rfc9449_5_refresh_tokens_of_a_public_client_are_bound(known: Known, mine: Holder, public: Registered) -> None:
    told = bound_tokens(mine.redeem(public, scope=OFFLINE))
    fields = {"grant_type": "refresh_token", "refresh_token": told["refresh_token"]}
    token_refused(refresh(holder(known), public, told), "invalid_grant")
    token_refused(known.provider.token(public, fields | {"client_id": public.id}, {}), "invalid_grant")
    second = bound_tokens(refresh(mine, public, told))  # what others tried has ended nothing
    assert mine.userinfo(second["access_token"]).status_code == 200
    assert refresh(mine, public, bound_tokens(refresh(mine, public, second))).status_code == 200


def test_rfc9449_5_a_public_client_that_showed_no_key_may_show_one_later(
    known: Known, mine: Holder, public: Registered
) -> None:
    told = known.tokens(public, scope=OFFLINE)
    second = bound_tokens(refresh(mine, public, told))
    assert known.provider.userinfo(second["access_token"]).status_code == 401


def test_rfc9449_5_a_client_that_authenticates_may_change_its_key(known: Known, mine: Holder) -> None:
    client = known.meet(scope=OFFLINE)
    told = bound_tokens(mine.redeem(client, scope=OFFLINE))
    other = holder(known)
    second = bound_tokens(refresh(other, client, told))
    assert other.userinfo(second["access_token"]).status_code == 200
    challenged(mine.userinfo(second["access_token"]), "invalid_token")


# -- what a client registered -----------------------------------------------------------------------------------------


def test_rfc9449_5_2_a_client_that_registered_so_gets_no_other_token(known: Known) -> None:
    client = known.meet(dpop_bound_access_tokens=True, scope=OFFLINE)
    assert known.provider.services.clients.describe(client.client)["dpop_bound_access_tokens"] is True
    mine, code = holder(known), known.code(client, scope=OFFLINE)
    without = known.provider.token(client, client.exchange(code))
    token_refused(without, "invalid_request")
    told = bound_tokens(mine.redeem(client, code=code))
    fields = {"grant_type": "refresh_token", "refresh_token": told["refresh_token"]}
    token_refused(known.provider.token(client, fields), "invalid_request")
    bound_tokens(refresh(mine, client, told))


def test_a_client_that_signs_shows_a_key_too(known: Known, mine: Holder) -> None:
    client = known.meet(token_endpoint_auth_method="private_key_jwt", jwks=JWKS)
    proof = asserted(assertion(client.id, known.provider.clock.now()))
    answer = known.provider.token(client, client.exchange(known.code(client)) | proof, {"DPoP": mine.proof()})
    bound_tokens(answer)


# -- what others are told ---------------------------------------------------------------------------------------------


def test_rfc9449_6_2_introspection_shows_the_key(known: Known, mine: Holder) -> None:
    def shown(token: str) -> dict[str, Any]:
        answer = known.provider.machine().post(
            "/introspect", base_url=ISSUER, data={"token": token}, headers=known.client.basic
        )
        return dict(answer.get_json())

    bound = shown(bound_tokens(mine.redeem())["access_token"])
    assert (bound["active"], bound["token_type"], bound["cnf"]) == (True, "DPoP", {"jkt": mine.jkt})
    plain = shown(known.tokens()["access_token"])
    assert plain["token_type"] == "Bearer"
    assert "cnf" not in plain


def test_rfc7009_a_bound_token_is_given_back_without_its_key(known: Known, mine: Holder) -> None:
    token = bound_tokens(mine.redeem())["access_token"]
    answer = known.provider.machine().post(
        "/revoke", base_url=ISSUER, data={"token": token}, headers=known.client.basic
    )
    assert answer.status_code == 200
    challenged(mine.userinfo(token), "invalid_token")


def test_rfc9449_7_2_both_ways_are_told_to_whoever_brings_nothing(known: Known) -> None:
    answer = known.provider.machine().get("/userinfo", base_url=ISSUER)
    bearer, dpop = answer.headers.getlist("WWW-Authenticate")
    assert bearer == 'Bearer realm="citizen-idp"'
    assert dpop == 'DPoP algs="RS256 PS256 ES256 EdDSA Ed25519", realm="citizen-idp"'


@pytest.mark.parametrize("token_format", ["opaque", "jwt"])
def test_rfc9449_6_tokens_for_resource_servers_are_bound_too(provider: Provider, token_format: str) -> None:
    platform = asker(provider)
    resource_server(provider, token_format=token_format, introspection_client=platform.id)
    mine, client = holder(acquainted(provider)), machine(provider)
    token = bound_tokens(mine.token(client, {"grant_type": "client_credentials"}))["access_token"]
    told = introspected(provider, platform, token)
    assert (told["token_type"], told["cnf"]) == ("DPoP", {"jkt": mine.jkt})
    if token_format == "jwt":
        assert id_token_claims(token)["cnf"] == {"jkt": mine.jkt}
