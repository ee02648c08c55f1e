"""F. Token exchange used to get more, for longer, from somebody else's token or from what is no access token (RFC 8693
section 5)."""

import pytest

from idp.oidc.clients.client import TOKEN_EXCHANGE
from tests.support.answers import token_refused, tokens
from tests.support.provider import Provider, Registered
from tests.support.resource_servers import (
    RECORDS,
    TAXES,
    Platform,
    asker,
    introspected,
    machine,
    platform,
    resource_server,
    revoke,
)

ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"


@pytest.fixture
def records(provider: Provider) -> Platform:
    return platform(provider)


@pytest.fixture
def gateway(records: Platform) -> Registered:
    """The server of the records, which may read taxes for whoever lets it read records, and file them for others."""
    provider = records.provider
    found = machine(provider, "taxes:read taxes:file records:read", grant_types=[TOKEN_EXCHANGE])
    resource_server(provider, introspection_client=found.id, exchange=[rule(found, {"records:read": "taxes:read"})])
    upon = {"taxes:read": "records:read", "taxes:file": "taxes:file"}
    resource_server(
        provider,
        TAXES,
        "taxes:read",
        "taxes:file",
        introspection_client=found.id,
        exchange=[rule(found, upon)],
        token_seconds=3_600,
    )
    return found


def rule(client: Registered, scopes: dict[str, str]) -> dict[str, object]:
    return {"client_id": client.id, "scopes": scopes}


def fields(subject: str, **more: str) -> dict[str, str]:
    return {
        "grant_type": TOKEN_EXCHANGE,
        "subject_token": subject,
        "subject_token_type": ACCESS_TOKEN,
        "resource": TAXES,
    } | more


def test_f_exchange_of_what_is_no_token_for_a_resource(records: Platform, gateway: Registered) -> None:
    told, userinfo = records.tokens(), records.tokens(resource=None)["access_token"]
    code = records.known.code()
    for text in (userinfo, f"{userinfo}.r", told["id_token"], told["refresh_token"], code, told["access_token"][:-2]):
        token_refused(records.provider.token(gateway, fields(text)), "invalid_request")


def test_f_exchange_to_widen(records: Platform, gateway: Registered) -> None:
    subject = records.tokens()["access_token"]
    for scope in ("taxes:file", "taxes:read taxes:file", "records:read", "openid", "profile", "offline_access"):
        token_refused(records.provider.token(gateway, fields(subject, scope=scope)), "invalid_scope")
    narrow = tokens(records.provider.token(gateway, fields(subject)))
    assert narrow["scope"] == "taxes:read"
    again = records.provider.token(gateway, fields(narrow["access_token"], scope="taxes:file"))
    token_refused(again, "invalid_target")


def test_f_exchange_for_a_scope_that_the_client_does_not_have(records: Platform, gateway: Registered) -> None:
    provider, subject = records.provider, records.tokens()["access_token"]
    poor = machine(provider, "records:read", grant_types=[TOKEN_EXCHANGE])
    resource_server(provider, introspection_client=poor.id)
    resource_server(provider, TAXES, "taxes:read", exchange=[rule(poor, {"taxes:read": "records:read"})])
    token_refused(provider.token(poor, fields(subject)), "invalid_target")


def test_f_exchange_to_live_on(records: Platform, gateway: Registered) -> None:
    """To and fro between two resources gives no second more, and no life after the first token's."""
    provider, first = records.provider, records.tokens()["access_token"]
    provider.clock.advance(200)
    second = tokens(provider.token(gateway, fields(first)))
    third = tokens(provider.token(gateway, fields(second["access_token"], resource=RECORDS)))
    assert (second["expires_in"], third["expires_in"]) == (100, 100)
    revoke(provider, records.known.client, first)
    for told in (second, third):
        assert introspected(provider, gateway, told["access_token"]) == {"active": False}
        token_refused(provider.token(gateway, fields(told["access_token"])), "invalid_request")


def test_f_a_stolen_token_is_exchanged_by_nobody_else(records: Platform, gateway: Registered) -> None:
    provider, subject = records.provider, records.tokens()["access_token"]
    thief = machine(provider, "taxes:read", grant_types=[TOKEN_EXCHANGE])
    others = [rule(gateway, {"taxes:read": "records:read"}), rule(thief, {"taxes:read": "records:read"})]
    server = asker(provider)
    resource_server(provider, TAXES, "taxes:read", introspection_client=server.id, exchange=others)
    token_refused(provider.token(thief, fields(subject)), "invalid_request")
    token = tokens(provider.token(gateway, fields(subject)))["access_token"]
    token_refused(provider.token(thief, fields(token)), "invalid_request")
    assert introspected(provider, thief, token) == {"active": False}
