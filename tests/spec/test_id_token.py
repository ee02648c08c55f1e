"""The ID token: OIDC Core sections 2, 3.1.3.6 and 3.1.3.7, checked as a relying party would, with a library of its own
and the keys of /jwks."""

import base64
import hashlib
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.support.known import Known, acquainted
from tests.support.provider import ISSUER, Provider
from tests.support.totp import totp_now


def verified(provider: Provider, id_token: str, alg: str = "RS256") -> jwt.Token:
    published = provider.machine().get("/jwks", base_url=ISSUER).get_json()
    return jwt.decode(id_token, KeySet.import_key_set(published), algorithms=[alg])


def claims(known: Known, id_token: str) -> dict[str, Any]:
    return verified(known.provider, id_token).claims


@pytest.mark.parametrize("alg", ["RS256", "PS256", "ES256", "EdDSA"])
def test_oidc_core_2_every_claim_and_no_other(provider: Provider, alg: str) -> None:
    known = acquainted(provider, id_token_signed_response_alg=alg)
    signed_in_at = int(provider.clock.now())
    provider.clock.advance(100)
    told = known.tokens(nonce='n"\u00fc')
    token = verified(provider, told["id_token"], alg)
    assert set(token.header) == {"alg", "kid", "typ"}
    assert (token.header["alg"], token.header["typ"]) == (alg, "JWT")
    sid = token.claims["sid"]
    assert len(sid) == 43
    token_bytes = told["access_token"].encode()
    half = hashlib.sha512(token_bytes).digest()[:32] if alg == "EdDSA" else hashlib.sha256(token_bytes).digest()[:16]
    assert token.claims == {
        "iss": ISSUER,
        "sub": provider.userinfo(told["access_token"]).get_json()["sub"],
        "aud": known.client.id,
        "iat": signed_in_at + 100,
        "exp": signed_in_at + 700,
        "auth_time": signed_in_at,
        "nonce": 'n"\u00fc',
        "acr": "urn:citizen-idp:aal:1",
        "amr": ["pwd"],
        "sid": sid,
        "at_hash": base64.urlsafe_b64encode(half).rstrip(b"=").decode(),
    }


def test_oidc_core_3_1_2_1_no_nonce_where_none_was_sent(known: Known) -> None:
    assert "nonce" not in claims(known, known.tokens(nonce=None)["id_token"])


def test_oidc_core_2_acr_and_amr_tell_how_the_citizen_signed_in(provider: Provider) -> None:
    person, client, visitor = provider.citizen(totp=True), provider.client(), provider.visitor()
    page = visitor.submit(visitor.password(visitor.authorize(client), person), "otp", otp=totp_now(provider, person))
    visitor.allow(page)
    known = Known(provider, person, client, visitor)
    told = claims(known, known.tokens()["id_token"])
    assert (told["acr"], told["amr"]) == ("urn:citizen-idp:aal:2", ["pwd", "otp"])


def test_oidc_core_5_5_claims_asked_for_in_the_id_token_stand_there(known: Known) -> None:
    asked = '{"id_token": {"name": null, "birthdate": {"essential": true}, "shoe_size": null}}'
    page = known.visitor.authorize(known.client, scope="openid", claims=asked)
    if page.status_code == 200:
        known.visitor.allow(page)
    told = known.tokens(scope="openid", claims=asked)
    assert claims(known, told["id_token"])["name"] == "李静文"
    assert set(claims(known, told["id_token"])) >= {"name", "birthdate"}
    assert set(known.provider.userinfo(told["access_token"]).get_json()) == {"sub"}


def test_backchannel_2_1_sid_is_one_for_a_browser_and_client_and_another_for_any_other(known: Known) -> None:
    other = known.meet()
    sids = [claims(known, known.tokens(client)["id_token"])["sid"] for client in (known.client, known.client, other)]
    assert sids[0] == sids[1] != sids[2]
    elsewhere = known.provider.visitor()
    page = elsewhere.password(elsewhere.authorize(known.client), known.person)
    assert page.status_code == 303
    browser = Known(known.provider, known.person, known.client, elsewhere)
    assert claims(known, browser.tokens()["id_token"])["sid"] not in sids


def test_rfc7517_4_the_key_set_has_public_members_only(known: Known) -> None:
    answer = known.provider.machine().get("/jwks", base_url=ISSUER)
    keys = answer.get_json()["keys"]
    assert {key["alg"] for key in keys if key["use"] == "sig"} == {"RS256", "PS256", "ES256", "EdDSA"}
    for key in keys:
        rest = {"RSA": {"n", "e"}, "EC": {"crv", "x", "y"}, "OKP": {"crv", "x"}}[key["kty"]]
        assert set(key) == {"kty", "kid", "use", "alg"} | rest
