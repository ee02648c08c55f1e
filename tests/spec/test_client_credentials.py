"""RFC 6749 section 4.4: a client acts for itself, at a resource server of its own scopes."""

from typing import Any

import pytest

from idp.errors import InvalidClientMetadata, InvalidRedirectUri
from idp.oidc.clients.client import TOKEN_EXCHANGE
from idp.oidc.register import InitialTokens
from tests.support.answers import token_refused, tokens
from tests.support.assertions import JWKS, asserted, assertion
from tests.support.provider import CALLBACK, ISSUER, Provider, Registered
from tests.support.resource_servers import (
    MACHINE,
    RECORDS,
    TAXES,
    asker,
    introspected,
    machine,
    resource_server,
    revoke,
)

GRANT = {"grant_type": "client_credentials"}


def token_of(provider: Provider, client: Registered, **fields: str) -> dict[str, Any]:
    return tokens(provider.token(client, GRANT | fields))


@pytest.mark.parametrize("named", [{}, {"resource": RECORDS}, {"scope": "records:read"}])
def test_rfc6749_4_4_3_a_token_and_no_refresh_token(provider: Provider, named: dict[str, str]) -> None:
    resource_server(provider, token_seconds=120)
    client = machine(provider)
    told = token_of(provider, client, **named)
    token = told.pop("access_token")
    assert told == {"token_type": "Bearer", "expires_in": 120, "scope": "records:read"}
    assert introspected(provider, client, token)["sub"] == client.id


def test_rfc7662_2_2_the_resource_server_is_told_all_and_others_nothing(provider: Provider) -> None:
    platform, stranger = asker(provider), asker(provider)
    resource_server(provider, introspection_client=platform.id)
    client = machine(provider)
    told, now = token_of(provider, client), int(provider.clock.now())
    assert introspected(provider, platform, told["access_token"]) == {
        "active": True,
        "token_type": "Bearer",
        "iss": ISSUER,
        "sub": client.id,
        "aud": RECORDS,
        "client_id": client.id,
        "iat": now,
        "exp": now + told["expires_in"],
        "scope": "records:read",
    }
    assert introspected(provider, stranger, told["access_token"]) == {"active": False}


@pytest.mark.parametrize("token_format", ["opaque", "jwt"])
def test_a_token_ends_with_its_time_its_client_and_its_resource(provider: Provider, token_format: str) -> None:
    platform = asker(provider)
    resource_server(provider, introspection_client=platform.id, token_format=token_format)
    services = provider.services

    def active(token: str) -> bool:
        provider.clock.advance(2)
        return bool(introspected(provider, platform, token)["active"])

    client = machine(provider)
    first, second, third = (token_of(provider, client)["access_token"] for _ in range(3))
    assert len({first, second, third}) == 3
    revoke(provider, machine(provider), first)  # another client's attempt
    assert active(first)
    revoke(provider, client, first)
    assert not active(first)
    assert active(second)
    services.clients.set_enabled(client.id, False)
    assert not active(second)
    services.clients.set_enabled(client.id, True)
    services.resources.remove(RECORDS)
    assert not active(second)
    resource_server(provider, introspection_client=platform.id, token_format=token_format)
    assert active(second)
    provider.clock.advance(300)
    assert not active(second)
    fourth = token_of(provider, client)["access_token"]
    services.clients.remove(client.id)
    assert not active(fourth)


def test_the_token_is_not_for_userinfo(provider: Provider) -> None:
    for token_format in ("opaque", "jwt"):
        resource_server(provider, token_format=token_format)
        answer = provider.userinfo(token_of(provider, machine(provider))["access_token"])
        assert (answer.status_code, answer.get_json()["error"]) == (401, "invalid_token")


def test_a_client_of_several_resources_says_for_which_one(provider: Provider) -> None:
    resource_server(provider)
    resource_server(provider, TAXES, "taxes:read", "taxes:file")
    client = machine(provider, "records:read taxes:read")
    token_refused(provider.token(client, GRANT), "invalid_target")
    assert token_of(provider, client, resource=TAXES)["scope"] == "taxes:read"
    assert token_of(provider, client, scope="records:read")["scope"] == "records:read"


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"scope": "openid"}, "invalid_scope"),
        ({"scope": "taxes:file"}, "invalid_scope"),
        ({"scope": "records:read taxes:read"}, "invalid_target"),
        ({"resource": RECORDS, "scope": "records:read taxes:read"}, "invalid_scope"),
        ({"resource": RECORDS + "/"}, "invalid_target"),
        ({"resource": "x"}, "invalid_target"),
        ({"resource": "https://id.example/userinfo"}, "invalid_target"),
    ],
)
def test_rfc8707_2_2_what_is_not_there_or_not_the_clients_is_refused(
    provider: Provider, fields: dict[str, str], error: str
) -> None:
    resource_server(provider)
    resource_server(provider, TAXES, "taxes:read", "taxes:file")
    token_refused(provider.token(machine(provider, "records:read taxes:read"), GRANT | fields), error)


def test_citizens_scopes_are_never_given_to_a_client_for_itself(provider: Provider) -> None:
    resource_server(provider)
    grants = ["authorization_code", "client_credentials"]
    client = provider.client(grant_types=grants, scope="openid profile records:read")
    assert token_of(provider, client)["scope"] == "records:read"
    token_refused(provider.token(client, GRANT | {"scope": "profile"}), "invalid_scope")
    token_refused(
        provider.token(provider.client(grant_types=grants), GRANT),
        "invalid_target",
    )


def test_rfc6749_4_4_2_who_is_registered_for_it_and_proved(provider: Provider) -> None:
    resource_server(provider)
    token_refused(provider.token(provider.client(), GRANT), "unauthorized_client")
    client = machine(provider)
    token_refused(provider.token(client, GRANT | {"client_id": client.id}, {}), "invalid_client", 401)
    token_refused(provider.token(client, {"grant_type": "authorization_code", "code": "x"}), "unauthorized_client")
    signing = machine(provider, token_endpoint_auth_method="private_key_jwt", jwks=JWKS)
    proof = asserted(assertion(signing.id, provider.clock.now()))
    tokens(provider.token(signing, GRANT | proof, {}))


def test_rfc7591_2_a_client_to_which_no_citizen_comes_has_no_addresses(provider: Provider) -> None:
    resource_server(provider)
    client = machine(provider)
    assert not {"redirect_uris", "response_types"} & provider.services.clients.describe(client.client).keys()
    asked = {"client_id": client.id, "redirect_uri": CALLBACK, "response_type": "code", "scope": "openid"}
    answer = provider.machine().get("/authorize", base_url=ISSUER, query_string=asked)
    assert (answer.status_code, "Location" in answer.headers) == (400, False)


@pytest.mark.parametrize(
    "metadata",
    [
        {"token_endpoint_auth_method": "none"},
        {"scope": "openid records:read"},
        {"scope": "records:write"},
        {"scope": "records:read" * 200},
        {"client_name": None},
        {"grant_types": ["client_credentials", "refresh_token"]},
        {"grant_types": ["client_credentials", "authorization_code"], "scope": "openid"},
        {"grant_types": [], "token_endpoint_auth_method": "none"},
        {"grant_types": [TOKEN_EXCHANGE], "token_endpoint_auth_method": "none"},
    ],
)
def test_rfc7591_3_2_2_what_does_not_fit_together_is_refused(provider: Provider, metadata: dict[str, Any]) -> None:
    resource_server(provider)
    with pytest.raises((InvalidClientMetadata, InvalidRedirectUri)):
        machine(provider, **metadata)


@pytest.mark.parametrize(
    "metadata",
    [
        MACHINE | {"client_name": "x", "scope": None},
        {"redirect_uris": [CALLBACK], "scope": "openid records:read"},
        {"redirect_uris": [CALLBACK], "grant_types": ["authorization_code", "client_credentials"]},
        {"redirect_uris": [CALLBACK], "grant_types": ["authorization_code", TOKEN_EXCHANGE]},
    ],
)
def test_rfc7591_5_nobody_grants_it_himself(provider: Provider, metadata: dict[str, Any]) -> None:
    resource_server(provider)
    services = provider.services
    token = InitialTokens(services.state, services.randomness).issue(60)
    told = {"Authorization": f"Bearer {token}"}
    answer = provider.machine().post("/register", base_url=ISSUER, json=metadata, headers=told)
    token_refused(answer, "invalid_client_metadata")
