"""docs/openapi.json says what is served now, all of it and nothing else."""

import json
from pathlib import Path
from typing import Any

import pytest

from idp.oidc.authorization.request import PARAMETERS
from tests.support.openapi import FILE, document, offered, text
from tests.support.provider import ISSUER, Provider, running_provider, settings_for
from tests.support.registering import WHOLE


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> tuple[Provider, dict[str, Any]]:
    with running_provider(settings_for(tmp_path_factory.mktemp("described"), IDP_REGISTRATION="open")) as provider:
        return provider, document(provider.app, offered(provider.services.engine.metadata))


def properties(document: dict[str, Any], path: str) -> set[str]:
    (body,) = document["paths"][path]["post"]["requestBody"]["content"].values()
    return set(body["schema"]["properties"])


def test_the_file_is_what_is_served(tmp_path: Path) -> None:
    with running_provider(settings_for(tmp_path, IDP_REGISTRATION="open")) as provider:
        now = text(provider.app, offered(provider.services.engine.metadata))
    assert json.loads(FILE.read_text()) == json.loads(now), "run: python -m tests.support.openapi"


def test_every_endpoint_of_discovery_is_described(described: tuple[Provider, dict[str, Any]]) -> None:
    provider, document = described
    metadata = offered(provider.services.engine.metadata)
    endpoints = {value for name, value in metadata.items() if name.endswith(("_endpoint", "jwks_uri"))}
    assert {each.removeprefix(ISSUER) for each in endpoints} <= set(document["paths"])


def test_what_a_request_may_carry_is_described(described: tuple[Provider, dict[str, Any]]) -> None:
    _, document = described
    authenticating = {"client_id", "client_secret", "client_assertion", "client_assertion_type"}
    assert properties(document, "/authorize") == PARAMETERS
    assert properties(document, "/par") == PARAMETERS - {"request_uri"} | authenticating
    assert {"code", "code_verifier", "refresh_token", "device_code", "auth_req_id"} <= properties(document, "/token")
    assert {"login_hint", "id_token_hint", "binding_message", "scope"} | authenticating <= properties(document, "/ciba")
    assert properties(document, "/introspect") == {"token"} | authenticating
    assert properties(document, "/userinfo") == {"access_token"}


def test_client_metadata_is_described(described: tuple[Provider, dict[str, Any]]) -> None:
    _, document = described
    members = set(document["components"]["schemas"]["ClientMetadata"]["properties"])
    assert {name.partition("#")[0] for name in WHOLE} <= members
    assert not {name for name in members if "digest" in name or "salt" in name}
