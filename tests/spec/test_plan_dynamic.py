"""The conformance suite's plan Dynamic: clients that register themselves and sign for themselves. What it asks for that
is not offered here stands in docs/certification.md."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest
from joserfc import jwk

from tests.support.answers import refused_on_a_page
from tests.support.jwts import read
from tests.support.key_server import KeyServer, key_server
from tests.support.provider import ISSUER, Provider, running_provider, settings_for
from tests.support.suite import CALLBACK, HIMSELF, KEY, Suite, SuiteClient, himself, register

METHOD = "private_key_jwt"
WITH_QUERY = f"{CALLBACK}?foo=bar"


@dataclass
class Scene:
    provider: Provider
    server: KeyServer
    suite: Suite

    def with_client(self, **metadata: Any) -> Suite:
        self.suite.client = self.client(**metadata)
        return self.suite

    def client(self, **metadata: Any) -> SuiteClient:
        self.provider.clock.advance(60)  # the suite's registrations are as far apart as its modules
        return himself(self.provider, METHOD, **metadata)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with key_server() as server:
        own = {"IDP_REGISTRATION": "open", "IDP_PKCE": "or_nonce", "IDP_OUTBOUND_ALLOW": server.allowed}
        with running_provider(settings_for(tmp_path_factory.mktemp("dynamic"), **own)) as provider:
            yield Scene(provider, server, Suite(provider, provider.citizen(), himself(provider, METHOD)))


@pytest.mark.parametrize("metadata", [{}, {"id_token_signed_response_alg": "RS256"}])
def test_oidcc_server_and_idtoken_rs256(scene: Scene, metadata: dict[str, str]) -> None:
    header, _ = read(scene.provider, scene.with_client(**metadata).tokens()["id_token"])
    assert header["alg"] == "RS256"


def test_oidcc_userinfo_rs256(scene: Scene) -> None:
    suite = scene.with_client(userinfo_signed_response_alg="RS256")
    told = scene.provider.userinfo(suite.tokens()["access_token"])
    header, claims = read(scene.provider, told.text)
    assert (told.mimetype, header["alg"], claims["iss"], claims["aud"]) == (
        "application/jwt",
        "RS256",
        ISSUER,
        suite.client.id,
    )
    assert "nonce" not in claims


def test_oidcc_redirect_uri_query_ok(scene: Scene) -> None:
    assert scene.with_client(redirect_uris=[WITH_QUERY]).arrive()


@pytest.mark.parametrize("sent", [f"{CALLBACK}?foo=baz", f"{WITH_QUERY}&bar=foo", CALLBACK, None])
def test_oidcc_redirect_uri_query_mismatch_and_added_and_missing(scene: Scene, sent: str | None) -> None:
    suite = scene.with_client(redirect_uris=[WITH_QUERY])
    refused_on_a_page(suite.visitor.get("/authorize?" + urlencode(suite.client.request(redirect_uri=sent))))


def test_oidcc_redirect_uri_regfrag(scene: Scene) -> None:
    answer = register(scene.provider, redirect_uris=[f"{CALLBACK}#foobar"])
    assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_redirect_uri")


def test_oidcc_registration_jwks_uri_and_refresh_token_rp_key_rotation(scene: Scene) -> None:
    old, new = (jwk.RSAKey.generate_key(2048, {"kid": kid}) for kid in ("old", "new"))
    scene.server.publish({"keys": [old.as_dict(private=False)]})
    kept = {name: value for name, value in HIMSELF.items() if name != "jwks"}
    grants = {"grant_types": ["authorization_code", "refresh_token"], "token_endpoint_auth_method": METHOD}
    document = kept | grants | {"jwks_uri": scene.server.at("jwks")}
    told = scene.provider.machine().post("/register", base_url=ISSUER, json=document)
    assert told.status_code == 201, told.text
    client = scene.provider.services.clients.get(told.get_json()["client_id"])
    assert client is not None
    suite = scene.suite
    suite.client = SuiteClient(client, "")
    code = suite.arrive(scope="openid offline_access", prompt="consent")
    first = suite.token(suite.client.exchange(code), old).get_json()
    scene.server.publish({"keys": [new.as_dict(private=False)]})
    scene.provider.clock.advance(60)
    answer = suite.refreshed(first["refresh_token"], new)
    assert answer.status_code == 200, answer.text
    assert suite.userinfo(answer.get_json()["access_token"])


@pytest.mark.parametrize(("published", "status"), [([CALLBACK], 201), ([f"{CALLBACK}/bad"], 400)])
def test_oidcc_registration_sector_uri_and_bad(scene: Scene, published: list[str], status: int) -> None:
    scene.server.publish(published)
    uri = scene.server.at(f"redirect_uris-{status}.json")
    answer = register(scene.provider, subject_type="pairwise", sector_identifier_uri=uri)
    assert (answer.status_code, answer.mimetype) == (status, "application/json")
    assert status == 201 or answer.get_json()["error"] == "invalid_client_metadata"


def test_oidcc_refresh_token_of_a_client_that_named_no_scope(scene: Scene) -> None:
    suite = scene.with_client(grant_types=["authorization_code", "refresh_token"])
    first = suite.tokens(scope="openid offline_access", prompt="consent")
    assert suite.refreshed(first["refresh_token"], KEY).status_code == 200


def test_oidcc_server_rotate_keys(scene: Scene) -> None:
    def published() -> set[str]:
        return {key["kid"] for key in scene.provider.machine().get("/jwks", base_url=ISSUER).get_json()["keys"]}

    before = published()
    scene.provider.services.keys.rotate("RS256")
    assert before < published(), "the old ones stay, and there is a new one"


def test_a_client_is_removed_when_a_module_ends(scene: Scene) -> None:
    told = register(scene.provider, token_endpoint_auth_method=METHOD).get_json()
    headers = {"Authorization": f"Bearer {told['registration_access_token']}"}
    path = told["registration_client_uri"].removeprefix(ISSUER)
    assert scene.provider.machine().delete(path, base_url=ISSUER, headers=headers).status_code == 204
