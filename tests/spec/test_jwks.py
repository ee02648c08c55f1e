"""/jwks: RFC 7517, and the keys' way from next through active to retired."""

import json
from dataclasses import replace

import pytest
from joserfc import jws
from joserfc.jwk import KeySet
from sqlalchemy import delete

from idp.codec import encode
from idp.oidc.jose.jws import InvalidJws
from idp.oidc.jose.keys import ALGORITHMS, ENCRYPTION, EVERY, KEEP_RETIRED_SECONDS
from idp.storage.records.schema import signing_keys
from tests.support.provider import ISSUER, PORTAL, Provider
from tests.support.signed_in import SignedIn

PRIVATE = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}


def published(provider: Provider) -> dict[str, dict[str, str]]:
    """By `kid`, as a relying party finds them."""
    response = provider.machine().get("/jwks", base_url=ISSUER)
    assert response.status_code == 200
    keys = response.json["keys"]
    assert len({key["kid"] for key in keys}) == len(keys)
    return {key["kid"]: key for key in keys}


def kid(provider: Provider, alg: str, state: str) -> str:
    [found] = [key.kid for key in provider.services.keys.list() if (key.alg, key.state) == (alg, state)]
    return found


def test_rfc7517_5_only_public_halves_are_published(provider: Provider) -> None:
    for key in published(provider).values():
        assert not PRIVATE & key.keys()
        assert key["use"] == ("enc" if key["alg"] in ENCRYPTION else "sig")
        members = {"RSA": {"n", "e"}, "EC": {"crv", "x", "y"}, "OKP": {"crv", "x"}}[key["kty"]]
        assert key.keys() == {"kty", "use", "alg", "kid"} | members


def test_rfc7517_5_an_active_and_a_next_key_of_each_algorithm(provider: Provider) -> None:
    wanted = {kid(provider, alg, state) for alg in ALGORITHMS for state in ("active", "next")}
    received = {kid(provider, alg, "active") for alg in ENCRYPTION}
    assert published(provider).keys() == wanted | received
    assert (len(wanted), len(received)) == (8, 2)


def test_rfc7518_3_3_rsa_keys_have_2048_bits(provider: Provider) -> None:
    sizes = [KeySet.import_key_set({"keys": [key]}).keys[0] for key in published(provider).values()]
    assert {key.private_key is None for key in sizes} == {True}
    assert {key.raw_value.key_size for key in sizes if key.key_type == "RSA"} == {2048}


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_rfc7515_4_1_4_a_token_names_the_key_that_verifies_it(provider: Provider, alg: str) -> None:
    signed_in = SignedIn(provider, client=provider.client(id_token_signed_response_alg=alg))
    keys = KeySet.import_key_set({"keys": list(published(provider).values())})
    found = jws.deserialize_compact(signed_in.id_token, keys, algorithms=[alg])
    assert found.headers() == {"alg": alg, "kid": kid(provider, alg, "active"), "typ": "JWT"}
    assert json.loads(found.payload)["iss"] == ISSUER


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_a_key_is_published_before_it_signs(provider: Provider, alg: str) -> None:
    following, before = kid(provider, alg, "next"), published(provider)
    assert following in before
    provider.services.keys.rotate(alg)
    provider.clock.advance(2)
    assert kid(provider, alg, "active") == following
    signed_in = SignedIn(provider, client=provider.client(id_token_signed_response_alg=alg))
    keys = KeySet.import_key_set({"keys": [before[following]]})
    assert jws.deserialize_compact(signed_in.id_token, keys, algorithms=[alg]).headers()["kid"] == following


def test_rotating_one_algorithm_leaves_the_other_alone(provider: Provider) -> None:
    other = (kid(provider, "ES256", "active"), kid(provider, "ES256", "next"))
    provider.services.keys.rotate("RS256")
    assert (kid(provider, "ES256", "active"), kid(provider, "ES256", "next")) == other


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_rp_initiated_2_a_token_of_a_retired_key_is_still_a_hint(provider: Provider, alg: str) -> None:
    signed_in = SignedIn(provider, client=provider.client(id_token_signed_response_alg=alg))
    old = kid(provider, alg, "active")
    provider.services.keys.rotate(alg)
    provider.clock.advance(2)
    assert old in published(provider)
    response = signed_in.logout(id_token_hint=signed_in.id_token, post_logout_redirect_uri=f"{PORTAL}/signed-out")
    assert response.status_code == 303
    assert not signed_in.still_in


def test_a_retired_key_stays_for_as_long_as_a_citizen_can_be_signed_in(provider: Provider) -> None:
    """Its last ID token is a hint until then, however often keys are rotated meanwhile."""
    old = kid(provider, "RS256", "active")
    provider.services.keys.rotate("RS256")
    provider.clock.advance(provider.services.settings.lifetimes.session_absolute_seconds)
    provider.services.keys.rotate("RS256")
    provider.clock.advance(2)
    assert old in published(provider)


def test_a_retired_key_goes_once_nothing_it_signed_is_good(provider: Provider) -> None:
    signed_in = SignedIn(provider)
    old = kid(provider, "RS256", "active")
    provider.services.keys.rotate("RS256")
    assert old in published(provider)
    provider.clock.advance(KEEP_RETIRED_SECONDS)
    assert old not in published(provider)
    with pytest.raises(InvalidJws):
        provider.services.keys.verify(signed_in.id_token, "JWT")


def test_an_algorithm_that_is_new_gets_its_keys_at_the_start_and_the_others_stay(provider: Provider) -> None:
    """A deployment from before: it signed with two."""
    newer = ("PS256", "EdDSA", *ENCRYPTION)
    kept = {kid(provider, alg, "active") for alg in ("RS256", "ES256")}
    provider.services.records.database.execute(delete(signing_keys).where(signing_keys.c.alg.in_(newer)), {})
    provider.services.versions.bump()
    provider.clock.advance(2)
    assert {key["alg"] for key in published(provider).values()} == {"RS256", "ES256"}
    provider.services.ensure_keys()
    provider.clock.advance(2)
    assert {key["alg"] for key in published(provider).values()} == set(EVERY)
    assert kept <= published(provider).keys()
    for alg in newer[:2]:
        assert SignedIn(provider, client=provider.client(id_token_signed_response_alg=alg)).id_token


def test_a_key_of_an_algorithm_that_this_version_does_not_know_hinders_none(provider: Provider) -> None:
    """A worker of a newer version has made it, while an upgrade rolls."""
    [old] = [key for key in provider.services.records.keys.all() if (key.alg, key.state) == ("ES256", "active")]
    one, two = (
        replace(old, kid=name, alg="ML-DSA-65", public_jwk=encode({"kty": "AKP", "kid": name, "alg": "ML-DSA-65"}))
        for name in ("newer", "newest")
    )
    provider.services.records.keys.start("ML-DSA-65", one, two, 1)
    provider.services.versions.bump()
    provider.clock.advance(2)
    assert "newer" in published(provider)
    assert SignedIn(provider).id_token


def test_private_halves_are_sealed_at_rest(provider: Provider) -> None:
    for key in provider.services.records.keys.all():
        assert b"PRIVATE" not in key.sealed
        assert not key.sealed.startswith(b"\x30"), "no DER"
        assert not PRIVATE & json.loads(key.public_jwk).keys()
