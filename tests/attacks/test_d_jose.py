"""D. JWTs of one kind given for another, keys used for what they are not for, and algorithms exchanged (RFC 8725)."""

from collections.abc import Iterator

import pytest
from joserfc import jwe, jwk
from werkzeug.test import TestResponse

from idp.oidc.jose.jws import SigningKey
from tests.support.answers import refused, refused_on_a_page, token_refused
from tests.support.assertions import KEYS, asserted, assertion, signed
from tests.support.jwts import ALGORITHMS
from tests.support.known import Known, acquainted
from tests.support.provider import ISSUER, Registered, parameters, running_provider, settings_for

JWT = "application/token-introspection+jwt"
EVERY_ANSWER = {"userinfo_signed_response_alg": "RS256", "introspection_signed_response_alg": "RS256"}


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Known]:
    with running_provider(settings_for(tmp_path_factory.mktemp("jose"))) as provider:
        yield acquainted(provider, **EVERY_ANSWER)


@pytest.fixture(scope="module")
def answers(known: Known) -> dict[str, str]:
    """A JWT of each kind that we make for a client, beside ID tokens."""
    machine, token = known.provider.machine(), known.tokens()["access_token"]
    told = machine.post("/introspect", base_url=ISSUER, data={"token": token}, headers=known.client.basic)
    answer = known.visitor.authorize(known.client, response_mode="jwt")
    return {
        "userinfo": known.provider.userinfo(token).text,
        "introspection": told.text,
        "authorization": parameters(answer.location)["response"],
    }


def redeemed(known: Known, client: Registered, token: str) -> TestResponse:
    fields = {"grant_type": "authorization_code", "code": "x", "redirect_uri": "x"}
    return known.provider.token(client, fields | asserted(token), {})


@pytest.mark.parametrize("kind", ["userinfo", "introspection", "authorization"])
def test_d_no_answer_passes_for_an_id_token_an_access_token_or_an_assertion(
    known: Known, answers: dict[str, str], kind: str
) -> None:
    token = answers[kind]
    refused_on_a_page(known.visitor.get(f"/logout?id_token_hint={token}"))
    refused(known.visitor.authorize(known.client, id_token_hint=token), known.client, "invalid_request")
    assert known.provider.userinfo(token).status_code == 401
    token_refused(redeemed(known, known.client, token), "invalid_client", 401)
    assert known.visitor.authorize(known.client, prompt="none").status_code == 303, "still signed in"


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_d_a_key_of_ours_verifies_its_one_algorithm(known: Known, alg: str) -> None:
    """RSA keys sign RS256 and PS256 alike; a published key is good for what it is published for."""
    keys = known.provider.services.keys
    key = keys.signer(alg)
    claims = {"iss": ISSUER, "sub": "x", "aud": known.client.id}
    honest = key.sign(claims, "JWT")
    assert keys.verify(honest, "JWT") == claims
    other = {"RS256": "PS256", "PS256": "RS256"}.get(alg)
    if other:
        exchanged = SigningKey(key.kid, other, key.private).sign(claims, "JWT")
        refused_on_a_page(known.visitor.get(f"/logout?id_token_hint={exchanged}"))
    head, body, _ = honest.split(".")
    for token in (f"{head}.{body}.", f"eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{body}."):
        refused_on_a_page(known.visitor.get(f"/logout?id_token_hint={token}"))


@pytest.mark.parametrize("alg", ["RS256", "PS256", "ES256"])
def test_d_a_key_for_encryption_signs_nothing(known: Known, alg: str) -> None:
    """Whoever decrypts with it may be somebody else than who signs."""
    encrypting = KEYS["ES256" if alg == "ES256" else "RS256"].as_dict(private=False) | {"use": "enc"}
    keys = {"keys": [encrypting, KEYS["EdDSA"].as_dict(private=False)]}
    client = known.provider.client(token_endpoint_auth_method="private_key_jwt", jwks=keys)
    now = known.provider.clock.now()
    token_refused(redeemed(known, client, assertion(client.id, now, alg)), "invalid_client", 401)
    token_refused(redeemed(known, client, assertion(client.id, now, "EdDSA")), "invalid_grant")
    inside = client.request() | {"aud": ISSUER, "exp": int(now) + 60}
    asked = known.visitor.authorize(client, request=signed(inside, alg, None, {}))
    refused(asked, client, "invalid_request_object")


def test_d_what_is_encrypted_to_no_key_of_ours_is_refused_by_name(known: Known) -> None:
    """It is opened with our own keys alone; a bomb (`zip`) is not even looked into."""
    client = known.provider.client(token_endpoint_auth_method="private_key_jwt", jwks={"keys": [_public("EdDSA")]})
    key, content = jwk.OctKey.import_key("k" * 32), assertion(client.id, known.provider.clock.now(), "EdDSA")
    for header in ({"alg": "dir", "enc": "A256GCM"}, {"alg": "dir", "enc": "A256GCM", "zip": "DEF"}):
        token = jwe.encrypt_compact(header, content, key, algorithms=["dir", "A256GCM", "DEF"])
        token_refused(redeemed(known, client, token), "invalid_client", 401)
        refused(known.visitor.authorize(client, request=token), client, "invalid_request_object")
        refused(known.visitor.authorize(client, id_token_hint=token), client, "invalid_request")
        refused_on_a_page(known.visitor.get(f"/logout?id_token_hint={token}"))


def _public(alg: str) -> dict[str, object]:
    return dict(KEYS[alg].as_dict(private=False))
