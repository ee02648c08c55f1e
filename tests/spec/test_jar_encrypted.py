"""Request objects and hints that are encrypted to us: OIDC Core sections 3.1.2.1, 6.1 and 10.2, RFC 9101 section 6.1,
RFC 7516."""

from collections.abc import Callable
from typing import Any

import pytest
from joserfc import jwe, jwk
from joserfc.registry import HeaderParameter

from idp.oidc.jose.jwe import InvalidJwe
from idp.oidc.jose.keys import ENCRYPTION, KEEP_RETIRED_SECONDS
from tests.support.answers import granted, refused, refused_on_a_page
from tests.support.assertions import JWKS, signed
from tests.support.jwts import ENCODINGS
from tests.support.known import Known
from tests.support.provider import ISSUER, Provider, Registered

ERROR = "invalid_request_object"
Change = Callable[[str], str]


@pytest.fixture(scope="module")
def client(known: Known) -> Registered:
    return known.meet(jwks=JWKS)


def published(provider: Provider, alg: str) -> Any:
    """The one key of ours that a client may encrypt to."""
    keys = provider.machine().get("/jwks", base_url=ISSUER).get_json()["keys"]
    [key] = [key for key in keys if key["alg"] == alg]
    assert key["use"] == "enc"
    return jwk.import_key(key)


def encrypted(key: Any, content: str, alg: str = "ECDH-ES", enc: str = "A256GCM", **header: Any) -> str:
    told = {"alg": alg, "enc": enc, "kid": key.kid, "cty": "JWT"} | header
    told = {name: value for name, value in told.items() if value is not None}
    registry = jwe.JWERegistry({"exp": HeaderParameter("exp", "int")}, [alg, enc, "DEF"], strict_check_header=False)
    return jwe.encrypt_compact(told, content, key, registry=registry)


def inside(known: Known, client: Registered, **changes: Any) -> str:
    now = int(known.provider.clock.now())
    honest = client.request(state="inside") | {"iss": client.id, "aud": ISSUER, "exp": now + 300}
    return signed(honest | changes, "ES256", None, {"typ": "oauth-authz-req+jwt"})


def ask(known: Known, client: Registered, token: str) -> Any:
    return known.visitor.authorize(client, request=token)


@pytest.mark.parametrize("alg", ENCRYPTION)
@pytest.mark.parametrize("enc", ENCODINGS)
def test_oidc_core_6_1_signed_then_encrypted(known: Known, client: Registered, alg: str, enc: str) -> None:
    token = encrypted(published(known.provider, alg), inside(known, client), alg, enc)
    granted(ask(known, client, token), client, "inside")


def test_rfc9126_3_it_may_be_pushed(known: Known, client: Registered) -> None:
    token = encrypted(published(known.provider, "ECDH-ES"), inside(known, client), kid=None, typ="JWT")
    answer = known.provider.machine().post("/par", base_url=ISSUER, headers=client.basic, data={"request": token})
    assert answer.status_code == 201
    reference = answer.get_json()["request_uri"]
    granted(known.visitor.get(f"/authorize?client_id={client.id}&request_uri={reference}"), client, "inside")


def test_rfc9101_10_2_what_is_inside_is_signed_by_the_client(known: Known, client: Registered) -> None:
    """Anybody can encrypt to us: it proves nothing."""
    key, honest = published(known.provider, "ECDH-ES"), inside(known, client)
    head, body, _ = honest.split(".")
    for content in (
        body,
        "{}",
        "",
        f"eyJhbGciOiJub25lIn0.{body}.",
        f"{head}.{body}.",
        encrypted(key, honest),
        signed({"client_id": client.id}, "ES256", jwk.ECKey.generate_key("P-256", {"kid": "ec"}), {}),
        inside(known, client, aud="https://other.example"),
    ):
        refused(ask(known, client, encrypted(key, content)), client, ERROR)


FAULTS: dict[str, Change] = {
    "a tag that was changed": lambda token: token[:-4] + ("AAAA" if token[-4:] != "AAAA" else "BBBB"),
    "content that was changed": lambda token: _swap(token, 3),
    "an initialization vector that was changed": lambda token: _swap(token, 2),
    "a header that was changed": lambda token: "e30" + token[token.index(".") :],
    "no header": lambda token: token[token.index(".") :],
    "a part that is no base64": lambda token: token.rsplit(".", 1)[0] + ".!!",
    "too long": lambda token: token + "A" * 30_000,
    "no text": lambda token: token + "é",
}


def _swap(token: str, part: int) -> str:
    parts = token.split(".")
    parts[part] = parts[part][::-1]
    return ".".join(parts)


@pytest.mark.parametrize("fault", FAULTS)
def test_rfc7516_5_2_whatever_was_changed_is_refused(known: Known, client: Registered, fault: str) -> None:
    honest = encrypted(published(known.provider, "ECDH-ES"), inside(known, client))
    refused(ask(known, client, FAULTS[fault](honest)), client, ERROR)


@pytest.mark.parametrize(
    "header",
    [
        {"kid": "another"},
        {"zip": "DEF"},
        {"crit": ["exp"], "exp": 1},
        {"exp": 1},
        {"enc": "A128GCM"},
        {"enc": "A256CBC-HS512"},
        {"alg": "ECDH-ES+A256KW"},
    ],
    ids=str,
)
def test_rfc8725_3_2_only_what_is_offered_is_opened(known: Known, client: Registered, header: dict[str, Any]) -> None:
    """Nothing is unpacked or passed over, and a key is used with the one algorithm it is published for."""
    key, honest = published(known.provider, "ECDH-ES"), inside(known, client)
    granted(ask(known, client, encrypted(key, honest)), client, "inside")
    refused(ask(known, client, encrypted(key, honest, **header)), client, ERROR)


# -- our keys ----------------------------------------------------------------------------------------------------------


def test_a_key_that_was_published_opens_what_comes_by_an_old_copy_of_the_set(provider: Provider) -> None:
    keys, before = provider.services.keys, published(provider, "ECDH-ES")
    assert keys.decrypt(encrypted(before, "text")) == "text"
    keys.rotate("ECDH-ES")
    provider.clock.advance(2)
    after = published(provider, "ECDH-ES")
    assert after.kid != before.kid
    assert [keys.decrypt(encrypted(key, "text")) for key in (before, after)] == ["text", "text"]
    assert keys.decrypt(encrypted(after, "text", kid=None)) == "text", "unnamed, it is the one that is published"
    provider.clock.advance(KEEP_RETIRED_SECONDS)
    assert keys.decrypt(encrypted(after, "text")) == "text"
    with pytest.raises(InvalidJwe):
        keys.decrypt(encrypted(before, "text"))


# -- hints -------------------------------------------------------------------------------------------------------------


def test_oidc_core_3_1_2_1_a_hint_may_be_encrypted_to_us(known: Known) -> None:
    key, id_token = published(known.provider, "RSA-OAEP-256"), known.tokens()["id_token"]
    hint = encrypted(key, id_token, "RSA-OAEP-256", "A128CBC-HS256")
    granted(known.visitor.authorize(known.client, id_token_hint=hint, prompt="none"), known.client)
    for content in (id_token[:-4] + "AAAA", encrypted(key, id_token, "RSA-OAEP-256"), "x"):
        forged = encrypted(key, content, "RSA-OAEP-256")
        refused(known.visitor.authorize(known.client, id_token_hint=forged), known.client, "invalid_request")
        refused_on_a_page(known.visitor.get(f"/logout?id_token_hint={forged}"))
