"""Answers encrypted to a client: OIDC Core sections 2, 5.3.2 and 16.14, OIDC Registration section 2, JARM 1.0 section
2.2, RFC 9701 section 5, RFC 7516, RFC 7518 sections 4 and 5."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from idp.errors import InvalidClientMetadata
from idp.oidc.clients.client_keys import LAST_GOOD_SECONDS, RETRY_SECONDS
from idp.oidc.jose import jwe
from tests.support.answers import tokens
from tests.support.assertions import JWKS
from tests.support.ciba import CIBA, asked, decide
from tests.support.devices import DEVICE_CODE, answer, device, to_the_question
from tests.support.jwts import DECRYPTION, ENCODINGS, ENCRYPTION_JWKS, decrypted, read
from tests.support.key_server import key_server
from tests.support.known import Known, acquainted
from tests.support.provider import ISSUER, Registered, parameters, running_provider, settings_for
from tests.support.registering import registered

WAYS = [(alg, enc) for alg in DECRYPTION for enc in ENCODINGS]
KINDS = ("id_token", "userinfo", "authorization", "introspection")


def id_token(known: Known, client: Registered) -> str:
    return str(known.tokens(client)["id_token"])


def userinfo(known: Known, client: Registered) -> str:
    answer = known.provider.userinfo(known.tokens(client)["access_token"])
    assert answer.content_type == "application/jwt"
    return answer.text


def authorization(known: Known, client: Registered) -> str:
    return parameters(known.visitor.authorize(client, response_mode="jwt").location)["response"]


def introspection(known: Known, client: Registered) -> str:
    answer = known.provider.machine().post("/introspect", base_url=ISSUER, data={"token": "x"}, headers=client.basic)
    assert answer.content_type == "application/token-introspection+jwt"
    return answer.text


ASK: dict[str, Callable[[Known, Registered], str]] = {
    "id_token": id_token,
    "userinfo": userinfo,
    "authorization": authorization,
    "introspection": introspection,
}


def wishes(kind: str, alg: str = "ECDH-ES", enc: str | None = None, signed: str | None = "ES256") -> dict[str, Any]:
    told = {
        "jwks": ENCRYPTION_JWKS,
        f"{kind}_signed_response_alg": signed,
        f"{kind}_encrypted_response_alg": alg,
        f"{kind}_encrypted_response_enc": enc,
    }
    return {name: value for name, value in told.items() if value is not None}


@pytest.mark.parametrize(("alg", "enc"), WAYS)
def test_oidc_core_2_an_id_token_signed_then_encrypted(known: Known, alg: str, enc: str) -> None:
    client = known.meet(**wishes("id_token", alg, enc))
    header, signed = decrypted(id_token(known, client), alg, enc)
    header.pop("epk", None)
    assert header == {"alg": alg, "enc": enc, "cty": "JWT", "kid": DECRYPTION[alg].kid}
    inner, claims = read(known.provider, signed)
    assert (inner["alg"], inner["typ"]) == ("ES256", "JWT")
    assert (claims["iss"], claims["aud"], claims["nonce"]) == (ISSUER, client.id, "nonce-1")


@pytest.mark.parametrize("kind", KINDS[1:])
def test_rfc7519_11_2_every_answer_is_signed_then_encrypted(known: Known, kind: str) -> None:
    client = known.meet(**wishes(kind))
    header, signed = decrypted(ASK[kind](known, client), "ECDH-ES", ENCODINGS[0])
    assert header["cty"] == "JWT"
    inner, claims = read(known.provider, signed)
    assert (inner["alg"], claims["iss"], claims["aud"]) == ("ES256", ISSUER, client.id)


@pytest.mark.parametrize("kind", ["authorization", "introspection"])
def test_jarm_3_and_rfc9701_6_what_is_encrypted_is_signed_whatever_was_registered(known: Known, kind: str) -> None:
    client = known.meet(**wishes(kind, signed=None))
    _, signed = decrypted(ASK[kind](known, client), "ECDH-ES", ENCODINGS[0])
    assert read(known.provider, signed)[0]["alg"] == "RS256"


def test_oidc_core_5_3_2_claims_may_be_encrypted_without_a_signature(known: Known) -> None:
    client = known.meet(**wishes("userinfo", signed=None))
    header, content = decrypted(userinfo(known, client), "ECDH-ES", ENCODINGS[0])
    assert "cty" not in header
    assert json.loads(content)["name"] == "李静文"


def test_jarm_2_2_an_error_is_encrypted_too(known: Known) -> None:
    client = known.meet(**wishes("authorization"))
    location = known.visitor.authorize(client, response_mode="jwt", scope="profile").location
    _, signed = decrypted(parameters(location)["response"], "ECDH-ES", ENCODINGS[0])
    assert read(known.provider, signed)[1]["error"] == "invalid_scope"


def test_oidc_core_3_1_2_1_the_token_inside_is_the_hint_and_the_encrypted_one_is_none(known: Known) -> None:
    client = known.meet(**wishes("id_token"))
    token = id_token(known, client)
    _, inside = decrypted(token, "ECDH-ES", ENCODINGS[0])
    assert "code=" in known.visitor.authorize(client, id_token_hint=inside, prompt="none").location
    assert "error=invalid_request" in known.visitor.authorize(client, id_token_hint=token, prompt="none").location
    assert known.visitor.get(f"/logout?id_token_hint={token}").status_code == 400


# -- registration ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_oidc_registration_2_the_default_of_enc_is_told(kind: str) -> None:
    told = registered(**wishes(kind, "RSA-OAEP-256"))
    assert told[f"{kind}_encrypted_response_alg"] == "RSA-OAEP-256"
    assert told[f"{kind}_encrypted_response_enc"] == "A128CBC-HS256"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "fault",
    [
        {"alg": "RSA1_5"},
        {"alg": "RSA-OAEP"},
        {"alg": "dir"},
        {"alg": "A128KW"},
        {"alg": "PBES2-HS256+A128KW"},
        {"alg": "none"},
        {"enc": "A128CBC"},
        {"enc": "none"},
        {"alg": None, "enc": "A256GCM"},
        {"jwks": None},
        {"jwks": {"keys": [DECRYPTION["RSA-OAEP-256"].as_dict(private=False)]}},
        {"jwks": {"keys": [each | {"use": "sig"} for each in JWKS["keys"]]}},
        {"jwks": {"keys": [DECRYPTION["ECDH-ES"].as_dict(private=False) | {"alg": "ECDH-ES+A256KW"}]}},
        {"jwks": {"keys": [JWKS["keys"][2]]}},
    ],
)
def test_rfc8725_3_2_weak_algorithms_and_keys_for_something_else_are_refused(kind: str, fault: dict[str, Any]) -> None:
    members = {"jwks": ENCRYPTION_JWKS, "alg": "ECDH-ES"} | fault
    told = {
        "jwks": members["jwks"],
        f"{kind}_encrypted_response_alg": members["alg"],
        f"{kind}_encrypted_response_enc": members.get("enc"),
    }
    with pytest.raises(InvalidClientMetadata):
        registered(**{name: value for name, value in told.items() if value is not None})


def test_rfc7517_4_2_a_key_that_says_it_encrypts_goes_before_one_that_does_not_say() -> None:
    plain, named = ({"kty": "EC", "crv": "P-256", "kid": kid} for kid in ("plain", "named"))
    keys = [plain, named | {"use": "enc"}]
    assert jwe.recipient(keys, "ECDH-ES")["kid"] == "named"
    assert jwe.recipient([plain], "ECDH-ES")["kid"] == "plain"


# -- keys at an address ------------------------------------------------------------------------------------------------


def test_oidc_registration_2_keys_that_the_client_publishes(tmp_path: Path) -> None:
    """Without one nothing is told in the clear: whoever asks is asked to come again."""
    with (
        key_server() as server,
        running_provider(settings_for(tmp_path, IDP_OUTBOUND_ALLOW=server.allowed)) as provider,
    ):
        known = acquainted(provider)
        wish = {name: value for name, value in wishes("userinfo").items() if name != "jwks"}
        client = known.meet(**wish, authorization_encrypted_response_alg="ECDH-ES", jwks_uri=server.at("jwks"))
        access_token = known.tokens(client)["access_token"]
        answer = provider.userinfo(access_token)
        assert (answer.status_code, answer.get_json()["error"]) == (503, "temporarily_unavailable")
        assert "李静文" not in answer.text
        page = known.visitor.authorize(client, response_mode="jwt")
        assert (page.status_code, page.mimetype, page.headers["Retry-After"]) == (503, "text/html", "5")
        assert "Location" not in page.headers
        server.publish(ENCRYPTION_JWKS)
        provider.clock.advance(31)
        _, signed = decrypted(provider.userinfo(access_token).text, "ECDH-ES", ENCODINGS[0])
        assert read(provider, signed)[1]["name"] == "李静文"
        assert decrypted(authorization(known, client), "ECDH-ES", ENCODINGS[0])


def test_what_is_good_once_is_not_lost_while_the_client_publishes_no_key(tmp_path: Path) -> None:
    """The client may come again with the same code, refresh token, device code and `auth_req_id`."""
    with (
        key_server() as server,
        running_provider(settings_for(tmp_path, IDP_OUTBOUND_ALLOW=server.allowed)) as provider,
    ):
        known = acquainted(provider)
        client = known.meet(
            scope="openid profile offline_access",
            grant_types=["authorization_code", "refresh_token", DEVICE_CODE, CIBA],
            backchannel_token_delivery_mode="poll",
            id_token_encrypted_response_alg="ECDH-ES",
            jwks_uri=server.at("jwks"),
        )
        waits, wants = device(provider, client), asked(provider, known.person, client)
        answer(known.visitor, to_the_question(known.visitor, waits.code, known.person), "allow")
        decide(known.visitor, "allow")
        exchange = client.exchange(known.code(client, scope="openid offline_access"))
        redeem = partial(provider.token, client, exchange)
        for collect in (redeem, waits.poll, wants.poll):
            refused = collect()
            assert (refused.status_code, refused.get_json()["error"]) == (503, "temporarily_unavailable")
        server.publish(ENCRYPTION_JWKS)
        provider.clock.advance(21)
        told = [tokens(collect()) for collect in (redeem, waits.poll, wants.poll)]
        server.publish({}, 500)
        provider.clock.advance(LAST_GOOD_SECONDS + 1)
        fields = {"grant_type": "refresh_token", "refresh_token": told[0]["refresh_token"]}
        assert provider.token(client, fields).status_code == 503
        server.publish(ENCRYPTION_JWKS)
        provider.clock.advance(RETRY_SECONDS)
        assert tokens(provider.token(client, fields))["refresh_token"] != told[0]["refresh_token"]
