"""RFC 8707: a token is for one resource server, which the client names, and the citizen is told of."""

from typing import Any
from urllib.parse import urlencode

import pytest

from idp.citizens.citizen import Status
from idp.oidc.resources.reach import MAX_RESOURCES
from tests.support.answers import granted, refused, token_refused, tokens
from tests.support.assertions import JWKS, signed
from tests.support.provider import ISSUER, Provider
from tests.support.resource_servers import (
    ASKED,
    RECORDS,
    TAXES,
    Platform,
    agree,
    asker,
    introspected,
    platform,
    revoke,
)

INACTIVE = {"active": False}
USERINFO = f"{ISSUER}/userinfo"
BOTH = {"scope": "openid profile records:read taxes:read offline_access"}


@pytest.fixture
def records(provider: Provider) -> Platform:
    return platform(provider)


def authorize_both(records: Platform, *resources: str) -> str:
    """A code for several resources, which come as several parameters."""
    client = records.known.client
    pairs = [*client.request(**BOTH).items(), *(("resource", uri) for uri in resources)]
    page = records.known.visitor.get("/authorize?" + urlencode(pairs))
    return granted(records.known.visitor.allow(page) if page.status_code == 200 else page, client)


def test_rfc8707_2_the_one_that_was_named_is_the_tokens_audience(records: Platform) -> None:
    told = records.tokens()
    assert told["scope"] == "records:read"
    assert (told["token_type"], told["expires_in"]) == ("Bearer", 300)
    seen = records.seen(told["access_token"])
    now = int(records.provider.clock.now())
    sub = seen.pop("sub")
    assert seen == {
        "active": True,
        "token_type": "Bearer",
        "iss": ISSUER,
        "aud": RECORDS,
        "client_id": records.known.client.id,
        "iat": now,
        "exp": now + 300,
        "scope": "records:read",
        "auth_time": now,
        "acr": "urn:citizen-idp:aal:1",
        "amr": ["pwd"],
    }
    own = introspected(records.provider, records.known.client, told["access_token"])
    assert own.pop("sub") == records.provider.services.keys.verify(told["id_token"], "JWT")["sub"] != sub
    assert own == seen


def test_rfc8707_2_2_of_several_each_token_is_for_one(records: Platform) -> None:
    client, provider = records.known.client, records.provider
    code = authorize_both(records, RECORDS, TAXES, USERINFO)
    first = tokens(provider.token(client, client.exchange(code, resource=TAXES)))
    assert first["scope"] == "taxes:read"
    assert introspected(provider, client, first["access_token"])["aud"] == TAXES
    fields = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    second = tokens(provider.token(client, fields | {"resource": RECORDS}))
    assert records.seen(second["access_token"])["scope"] == second["scope"] == "records:read"
    fields["refresh_token"] = second["refresh_token"]
    third = tokens(provider.token(client, fields | {"resource": USERINFO}))
    assert third["scope"] == "openid profile offline_access"
    assert "name" in provider.userinfo(third["access_token"]).get_json()
    fields["refresh_token"] = third["refresh_token"]
    token_refused(provider.token(client, fields), "invalid_target")
    token_refused(provider.token(client, fields | {"resource": RECORDS + "/"}), "invalid_target")
    tokens(provider.token(client, fields | {"resource": TAXES}))


def test_rfc8707_2_2_of_several_one_has_to_be_named(records: Platform) -> None:
    client = records.known.client
    code = authorize_both(records, RECORDS, TAXES)
    token_refused(records.provider.token(client, client.exchange(code)), "invalid_target")


def test_the_token_for_userinfo_has_no_scope_of_resources(records: Platform) -> None:
    client, provider = records.known.client, records.provider
    code = authorize_both(records, RECORDS, USERINFO)
    told = tokens(provider.token(client, client.exchange(code, resource=USERINFO)))
    assert told["scope"] == "openid profile offline_access"
    assert introspected(provider, client, told["access_token"])["scope"] == told["scope"]
    assert provider.userinfo(told["access_token"]).status_code == 200


def test_without_a_resource_everything_is_for_userinfo(records: Platform) -> None:
    told = records.tokens(resource=None)
    assert told["scope"] == "openid profile offline_access"
    assert records.provider.userinfo(told["access_token"]).status_code == 200
    assert records.tokens(resource=USERINFO)["scope"] == told["scope"]


@pytest.mark.parametrize(
    "changes",
    [
        {"resource": "https://nobody.example/"},
        {"resource": RECORDS + "#f"},
        {"resource": "records"},
        {"resource": f"{RECORDS} "},
        {"scope": "openid profile"},
        {"scope": "openid taxes:read"},
        {"scope": "openid taxes:file", "resource": TAXES},
        {"resource": " ".join([RECORDS] + [f"https://{n}.example" for n in range(MAX_RESOURCES)])},
    ],
)
def test_rfc8707_2_a_resource_that_is_unknown_or_of_which_nothing_is_asked(
    records: Platform, changes: dict[str, str]
) -> None:
    client = records.known.client
    refused(records.known.visitor.authorize(client, **(ASKED | changes)), client, "invalid_target")
    asked = client.request(**(ASKED | changes))
    answer = records.provider.machine().post("/par", base_url=ISSUER, data=asked, headers=client.basic)
    token_refused(answer, "invalid_target")


@pytest.mark.parametrize("resource", ["https://nobody.example/", TAXES, USERINFO, f"{RECORDS} {TAXES}"])
def test_rfc8707_2_2_a_code_gives_nothing_that_was_not_asked(records: Platform, resource: str) -> None:
    client, known = records.known.client, records.known
    answer = records.provider.token(client, client.exchange(known.code(**ASKED), resource=resource))
    token_refused(answer, "invalid_target")


def test_a_refusal_leaves_the_refresh_token_as_it_was(records: Platform) -> None:
    client, provider = records.known.client, records.provider
    fields = {"grant_type": "refresh_token", "refresh_token": records.tokens()["refresh_token"]}
    token_refused(provider.token(client, fields | {"resource": TAXES}), "invalid_target")
    token_refused(provider.token(client, fields | {"scope": "openid"}), "invalid_target")
    provider.clock.advance(provider.services.settings.lifetimes.refresh_grace_seconds + 1)
    told = tokens(provider.token(client, fields | {"scope": "records:read"}))
    assert records.seen(told["access_token"])["active"]


def test_rfc8707_2_in_pushed_and_signed_requests_too(records: Platform) -> None:
    known, provider = records.known, records.provider
    client = provider.client(scope=BOTH["scope"], jwks=JWKS)
    agree(known, client, **ASKED)
    pushed = provider.machine().post("/par", base_url=ISSUER, data=client.request(**ASKED), headers=client.basic)
    query = {"client_id": client.id, "request_uri": pushed.get_json()["request_uri"]}
    code = granted(known.visitor.get("/authorize?" + urlencode(query)), client)
    assert tokens(provider.token(client, client.exchange(code)))["scope"] == "records:read"
    inside: dict[str, Any] = client.request(**ASKED) | {"aud": ISSUER, "exp": int(provider.clock.now()) + 60}
    for resource in (RECORDS, [RECORDS], [RECORDS, USERINFO]):
        request = signed(inside | {"resource": resource}, "ES256", None, {})
        code = granted(
            known.visitor.get("/authorize?" + urlencode({"client_id": client.id, "request": request})), client
        )
        told = tokens(provider.token(client, client.exchange(code, resource=RECORDS)))
        assert told["scope"] == "records:read"


def test_the_citizen_reads_what_it_means_and_where(records: Platform) -> None:
    provider, known = records.provider, records.known
    client = provider.client(scope=BOTH["scope"])
    page = known.visitor.authorize(client, **(ASKED | {"ui_locales": "en"}))
    assert "Read: records:read" in page.text
    assert "Done in your name at: Records" in page.text
    assert "taxes" not in page.text
    known.visitor.allow(page)
    account = known.visitor.get("/account").text
    assert "读取：records:read" in account
    assert "证照平台" in account


def test_an_agreement_to_one_resource_is_none_to_another(records: Platform) -> None:
    client = records.known.client
    asked = {"scope": "openid taxes:read", "resource": TAXES, "prompt": "none"}
    refused(records.known.visitor.authorize(client, **asked), client, "consent_required")


def test_an_optional_scope_may_be_left_out(records: Platform) -> None:
    provider, known = records.provider, records.known
    client = provider.client(scope=BOTH["scope"], optional_scopes=["records:read"])
    page = known.visitor.authorize(client, **ASKED)
    code = granted(known.visitor.allow(page, "none of them"), client)
    token_refused(provider.token(client, client.exchange(code)), "invalid_target")


def test_a_token_ends_with_the_session_or_with_its_family(records: Platform) -> None:
    known, client, provider = records.known, records.known.client, records.provider
    plain = provider.client(scope="openid records:read")
    agree(known, plain, scope="openid records:read", resource=RECORDS)
    short = known.tokens(plain, scope="openid records:read", resource=RECORDS)["access_token"]
    durable = records.tokens()
    fields = {"grant_type": "refresh_token", "refresh_token": durable["refresh_token"]}
    refreshed = tokens(provider.token(client, fields))
    known.visitor.submit(known.visitor.get("/logout"), "decision", decision="allow")
    assert records.seen(short) == INACTIVE
    assert records.seen(durable["access_token"])["active"]
    assert records.seen(refreshed["access_token"])["active"]
    revoke(provider, client, refreshed["refresh_token"])
    assert records.seen(durable["access_token"]) == records.seen(refreshed["access_token"]) == INACTIVE


def test_a_code_that_is_replayed_ends_its_token(records: Platform) -> None:
    client, provider = records.known.client, records.provider
    code = records.known.code(**ASKED)
    token = tokens(provider.token(client, client.exchange(code)))["access_token"]
    assert records.seen(token)["active"]
    token_refused(provider.token(client, client.exchange(code)), "invalid_grant")
    assert records.seen(token) == INACTIVE


def test_a_token_gives_no_more_than_its_client_and_its_resource_still_have(records: Platform) -> None:
    provider, known = records.provider, records.known
    token = records.tokens()["access_token"]
    provider.services.citizens.set_status(known.person.citizen.id, Status.SUSPENDED)
    assert records.seen(token) == INACTIVE
    provider.services.citizens.set_status(known.person.citizen.id, Status.ACTIVE)
    assert records.seen(token)["active"]
    provider.services.clients.set_enabled(known.client.id, False)
    provider.clock.advance(2)
    assert records.seen(token) == INACTIVE


def test_rfc7662_4_only_the_audience_and_the_client_are_told(records: Platform) -> None:
    token = records.tokens()["access_token"]
    for stranger in (records.provider.client(), asker(records.provider)):
        assert introspected(records.provider, stranger, token) == INACTIVE
    userinfo = records.tokens(resource=USERINFO)["access_token"]
    assert records.seen(userinfo) == INACTIVE
