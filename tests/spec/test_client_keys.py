"""`jwks_uri`: keys that a client publishes (RFC 7591 section 2, OIDC Registration section 2, RFC 7517 section 5)."""

import dataclasses
import time
from collections.abc import Iterator
from typing import Any

import pytest
from joserfc import jwk

from federation.fetch import Fetcher
from idp.oidc.clients.client import Client
from idp.oidc.clients.client_keys import (
    FRESH_SECONDS,
    LAST_GOOD_SECONDS,
    MAX_KEYS,
    RENEW_SECONDS,
    RETRY_SECONDS,
    ClientKeys,
)
from idp.oidc.jose.jws import CLIENT_ALGORITHMS, UnknownSigner
from tests.support.answers import granted, token_refused, tokens
from tests.support.assertions import JWKS, KEYS, STRANGERS, asserted, assertion, signed
from tests.support.clock import FrozenClock
from tests.support.key_server import KeyServer, key_server
from tests.support.known import Known, acquainted
from tests.support.provider import ISSUER, running_provider, settings_for
from tests.support.registering import REGISTRAR

NEXT = jwk.ECKey.generate_key("P-256", {"kid": "next"})
ENCRYPTS = KEYS["ES256"].as_dict(private=False) | {"use": "enc"}


@pytest.fixture
def server() -> Iterator[KeyServer]:
    with key_server() as running:
        running.publish(JWKS)
        yield running


@pytest.fixture
def keys(server: KeyServer, clock: FrozenClock) -> ClientKeys:
    return ClientKeys(Fetcher(frozenset({server.allowed})), clock)


@pytest.fixture
def client(server: KeyServer) -> Client:
    document = b'{"redirect_uris": ["https://portal.example/cb"]}'
    return dataclasses.replace(REGISTRAR.prove(document), client_id="portal", jwks_uri=server.at("jwks"))


def public(*published: Any) -> dict[str, Any]:
    return {"keys": [key.as_dict(private=False) for key in published]}


def signs(keys: ClientKeys, client: Client, key: Any = None, alg: str = "ES256") -> bool:
    """Whether a token signed with that key is the client's."""
    try:
        claims = keys.verify(client, assertion("portal", 0, alg, key), CLIENT_ALGORITHMS, (None, "JWT"))
    except UnknownSigner:
        return False
    return bool(claims["iss"] == "portal")


# -- through the endpoints ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Known, KeyServer]]:
    with key_server() as server:
        settings = settings_for(tmp_path_factory.mktemp("keys"), IDP_OUTBOUND_ALLOW=server.allowed)
        with running_provider(settings) as provider:
            yield acquainted(provider), server


def test_oidc_registration_2_a_client_signs_with_a_key_it_publishes(scene: tuple[Known, KeyServer]) -> None:
    known, server = scene
    server.publish(JWKS)
    client = known.meet(token_endpoint_auth_method="private_key_jwt", jwks_uri=server.at("both"))
    now = int(known.provider.clock.now())
    inside = client.request() | {"iss": client.id, "aud": ISSUER, "exp": now + 60}
    asked = {"client_id": client.id, "request": signed(inside, "EdDSA", None, {})}
    code = granted(known.visitor.authorize(client, **asked), client)
    redeemed = client.exchange(code) | asserted(assertion(client.id, now))
    tokens(known.provider.token(client, redeemed, {}))


def test_rfc6749_5_2_without_keys_it_is_invalid_client(scene: tuple[Known, KeyServer]) -> None:
    known, server = scene
    client = known.meet(token_endpoint_auth_method="private_key_jwt", jwks_uri=server.at("none"))
    server.publish({}, 404)
    fields = client.exchange("x") | asserted(assertion(client.id, known.provider.clock.now()))
    token_refused(known.provider.token(client, fields, {}), "invalid_client", 401)


# -- which keys --------------------------------------------------------------------------------------------------------


def test_rfc7517_4_2_a_key_is_used_for_what_it_is_for(keys: ClientKeys, client: Client, server: KeyServer) -> None:
    server.publish({"keys": [ENCRYPTS, *public(NEXT)["keys"]]})
    assert [key["kid"] for key in keys.signing(client)] == ["next"]
    assert [key["kid"] for key in keys.encryption(client)] == ["ec", "next"]
    assert not signs(keys, client)
    by_value = dataclasses.replace(client, jwks_uri=None, jwks={"keys": [ENCRYPTS]})
    assert (len(keys.signing(by_value)), len(keys.encryption(by_value))) == (0, 1)
    assert not signs(keys, by_value)


def test_rfc7517_5_keys_that_are_not_taken_are_passed_over(keys: ClientKeys, client: Client, server: KeyServer) -> None:
    strange: list[Any] = [
        7,
        {"kty": "new"},
        {"kty": "oct", "k": "c2VjcmV0"},
        {"kty": "OKP", "crv": "new", "x": "AA"},
        KEYS["RS256"].as_dict(private=True),
        jwk.RSAKey.generate_key(1024).as_dict(private=False),
        jwk.ECKey.generate_key("P-384").as_dict(private=False),
    ]
    server.publish({"keys": [*strange, NEXT.as_dict(private=False)], "more": "members"})
    assert [key["kid"] for key in keys.signing(client)] == ["next"]


NO_SETS: dict[str, tuple[Any, int]] = {
    "nothing": (b"", 200),
    "a page": (b"<html>", 200),
    "a list": ([], 200),
    "an object without keys": ({}, 200),
    "keys that are no list": ({"keys": {}}, 200),
    "too many keys": ({"keys": JWKS["keys"] * MAX_KEYS}, 200),
    "too deep": (b'{"keys": [' + b"[" * 200_000, 200),
    "an error": (JWKS, 500),
    "another success": (JWKS, 206),
}


@pytest.mark.parametrize("fault", NO_SETS)
def test_what_is_no_key_set_is_no_key(keys: ClientKeys, client: Client, server: KeyServer, fault: str) -> None:
    server.publish(*NO_SETS[fault])
    assert keys.signing(client) == []


# -- copies ------------------------------------------------------------------------------------------------------------


def test_a_copy_is_kept_and_a_busy_client_waits_for_no_other(
    keys: ClientKeys, client: Client, server: KeyServer, clock: FrozenClock
) -> None:
    assert [signs(keys, client) for _ in range(3)] == [True] * 3
    assert server.asked == 1
    clock.advance(RENEW_SECONDS + 1)
    assert signs(keys, client)
    until(lambda: server.asked == 2)


def test_a_key_that_is_new_is_taken_at_once(keys: ClientKeys, client: Client, server: KeyServer) -> None:
    assert signs(keys, client)
    server.publish(public(NEXT))
    assert signs(keys, client, NEXT)
    assert server.asked == 2
    assert not signs(keys, client)


def test_a_key_that_changed_under_its_name_is_taken_at_once(
    keys: ClientKeys, client: Client, server: KeyServer
) -> None:
    assert signs(keys, client, alg="RS256")
    server.publish(public(STRANGERS["RS256"]))
    assert signs(keys, client, STRANGERS["RS256"], "RS256")


def test_a_key_that_was_taken_away_is_refused_when_the_copy_is_old(
    keys: ClientKeys, client: Client, server: KeyServer, clock: FrozenClock
) -> None:
    assert signs(keys, client)
    server.publish(public(NEXT))
    clock.advance(FRESH_SECONDS + 1)
    assert not signs(keys, client)


def test_the_last_good_copy_stands_in_for_a_dead_server_and_not_for_ever(
    keys: ClientKeys, client: Client, server: KeyServer, clock: FrozenClock
) -> None:
    assert signs(keys, client)
    server.publish({}, 503)
    clock.advance(LAST_GOOD_SECONDS)
    assert signs(keys, client)
    clock.advance(1)
    assert not signs(keys, client)
    server.publish(JWKS)
    clock.advance(RETRY_SECONDS)
    assert signs(keys, client)


def until(condition: Any) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)
