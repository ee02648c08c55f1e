"""`client_secret_jwt`: OIDC Core section 9, RFC 7523 section 3. More of assertions: `test_private_key_jwt.py`."""

import hmac
import json
from dataclasses import replace

import pytest
from werkzeug.test import TestResponse

from idp.codec import encode
from idp.secrets import urlsafe
from tests.support.answers import token_refused, tokens
from tests.support.assertions import JWKS, KEYS, asserted, assertion, secret_key
from tests.support.known import Known
from tests.support.provider import ISSUER, Provider, Registered

METHOD = {"token_endpoint_auth_method": "client_secret_jwt"}


@pytest.fixture(scope="module")
def signing(known: Known) -> Registered:
    """With public keys too, as a client has that also signs its requests."""
    return known.meet(**METHOD, jwks=JWKS)


def redeem(known: Known, client: Registered, token: str, code: str = "", **more: str) -> TestResponse:
    fields = client.exchange(code or known.code(client)) | asserted(token) | more
    return known.provider.token(client, fields, {})


def honest(known: Known, client: Registered, **changes: object) -> str:
    return assertion(client.id, known.provider.clock.now(), "HS256", secret_key(client), **changes)  # type: ignore[arg-type]


def under(raw: bytes, known: Known, client: Registered) -> str:
    """An assertion whose MAC is made with these bytes; joserfc would not make it."""
    text = honest(known, client).rpartition(".")[0]
    return f"{text}.{urlsafe(hmac.digest(raw, text.encode(), 'sha256'))}"


def test_oidc_core_9_a_client_proves_itself_by_a_mac_of_its_secret(known: Known, signing: Registered) -> None:
    tokens(redeem(known, signing, honest(known, signing)))
    tokens(redeem(known, signing, honest(known, signing, aud=f"{ISSUER}/token"), client_id=signing.id))


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "https://other.example"},
        {"aud": [ISSUER, "https://other.example"]},
        {"iss": "x"},
        {"exp": 1},
        {"jti": None},
    ],
    ids=str,
)
def test_rfc7523_3_what_holds_for_a_signature_holds_for_a_mac(
    known: Known, signing: Registered, claims: dict[str, object]
) -> None:
    token_refused(redeem(known, signing, honest(known, signing, **claims), "x"), "invalid_client", 401)


def test_rfc7523_3_it_is_good_once(known: Known, signing: Registered) -> None:
    token = honest(known, signing)
    tokens(redeem(known, signing, token))
    token_refused(redeem(known, signing, token), "invalid_client", 401)


def test_rfc8725_3_1_no_key_stands_in_for_another(known: Known, signing: Registered) -> None:
    """A secret is no public key, and a public key is no secret, whatever the header says."""
    at, public = known.provider.clock.now(), JWKS["keys"][0]
    pem = KEYS["RS256"].as_pem(private=False)
    other = known.meet(token_endpoint_auth_method="private_key_jwt", jwks=JWKS)
    for_mac = [
        assertion(signing.id, at, "RS256"),  # signed by a key it registered, but for something else
        under(encode(public), known, signing),
        under(pem, known, signing),
        under((signing.client.client_secret_digest or "").encode(), known, signing),
        under((signing.client.client_secret_salt or "").encode(), known, signing),
        under(b"", known, signing),
        assertion(signing.id, at, "HS384", secret_key(signing)),
        honest(known, signing, header={"kid": "x", "crit": ["kid"]}),
        honest(known, signing, header={"typ": "dpop+jwt"}),
        honest(known, signing).rpartition(".")[0] + ".",
        "eyJhbGciOiJub25lIn0." + honest(known, signing).split(".")[1] + ".",
    ]
    for token in for_mac:
        token_refused(redeem(known, signing, token, "x"), "invalid_client", 401)
    for_key = [
        under(pem, known, replace(signing, client=other.client)),
        under(encode(public), known, replace(signing, client=other.client)),
        assertion(other.id, at, "HS256", secret_key(signing)),
    ]
    for token in for_key:
        token_refused(redeem(known, other, token, "x"), "invalid_client", 401)


def test_rfc6749_2_3_the_secret_itself_is_never_sent(known: Known, signing: Registered) -> None:
    token_refused(known.provider.token(signing, signing.exchange("x")), "invalid_client", 401)
    by_post = signing.exchange("x") | {"client_id": signing.id, "client_secret": signing.secret}
    token_refused(known.provider.token(signing, by_post, {}), "invalid_client", 401)
    token_refused(redeem(known, known.client, honest(known, known.client), "x"), "invalid_client", 401)


def test_the_secret_is_given_once_and_is_in_no_record(provider: Provider) -> None:
    client = provider.client(**METHOD)
    assert len(client.secret) == 43
    stored = provider.services.records.clients.get(client.id)
    assert stored is not None
    assert client.secret.encode() not in stored.document
    shown = json.dumps(provider.services.clients.describe(client.client))
    for hidden in (client.secret, client.client.client_secret_salt, client.client.client_secret_digest):
        assert hidden
        assert hidden not in shown


def test_each_client_has_a_secret_of_its_own(provider: Provider) -> None:
    one, other = provider.client(**METHOD), provider.client(**METHOD)
    assert one.secret != other.secret
    stolen = assertion(one.id, provider.clock.now(), "HS256", secret_key(other))
    token_refused(provider.token(one, one.exchange("x") | asserted(stolen), {}), "invalid_client", 401)


def test_rfc7592_2_2_another_method_brings_another_secret(provider: Provider) -> None:
    clients = provider.services.clients
    first = clients.keep(clients.prove(b'{"redirect_uris": ["https://portal.example/cb"]}'))

    def changed(method: str) -> str | None:
        document = {"redirect_uris": ["https://portal.example/cb"], "token_endpoint_auth_method": method}
        now = clients.get(first.client.client_id)
        assert now is not None
        return clients.change(now, clients.prove(encode(document))).client_secret

    to_mac = changed("client_secret_jwt")
    assert to_mac not in (None, first.client_secret)
    assert changed("client_secret_jwt") is None
    assert changed("client_secret_post") not in (None, to_mac, first.client_secret)
    assert changed("client_secret_basic") is None
    assert changed("client_secret_jwt") not in (None, to_mac)


def test_the_secret_is_the_same_wherever_it_is_made(known: Known, signing: Registered) -> None:
    services = known.provider.services
    root = services.secret("client-secrets")
    assert (
        type(services.client_secrets)(lambda: root).made_of(signing.id, signing.client.client_secret_salt or "")
        == signing.secret
    )
