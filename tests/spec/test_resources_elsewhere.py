"""RFC 8707 and RFC 9396 where a citizen answers elsewhere: at /device_authorization (RFC 8628 section 3.1) and at /ciba
(CIBA Core section 7.1)."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.test import TestResponse

from idp.oidc.resources.authorization_details import CERTIFICATE_RECORDS
from tests.support.answers import token_refused, tokens
from tests.support.assertions import JWKS, signed
from tests.support.ciba import Asked, asked, asks_for, desk, press
from tests.support.devices import Device, answer, asks, device, kiosk, to_the_question
from tests.support.provider import ISSUER, Person, Provider, Registered, Visitor
from tests.support.resource_servers import RECORDS, TAXES, asker, introspected, resource_server

DRIVING, MARRIAGE = "11100000000013127D001", "11100000MB0184638Y002"
NAMES = {
    DRIVING: {"name": "机动车驾驶证", "name#en": "Driving licence"},
    MARRIAGE: {"name": "结婚证", "name#en": "Marriage certificate"},
}
SCOPE = "openid offline_access records:read taxes:read"
MAY = {"scope": SCOPE, "authorization_details_types": [CERTIFICATE_RECORDS], "jwks": JWKS}


def detail(*codes: str) -> dict[str, Any]:
    return {
        "type": CERTIFICATE_RECORDS,
        "actions": ["read"],
        "locations": [RECORDS],
        "certificate_types": list(codes or (DRIVING,)),
    }


ASKING = {"scope": "openid offline_access records:read", "authorization_details": json.dumps([detail(DRIVING)])}


@pytest.fixture(scope="module")
def platform(shared_provider: Provider) -> Registered:
    """As which the resource server of the records introspects."""
    asking_as = asker(shared_provider)
    resource_server(shared_provider, introspection_client=asking_as.id, certificate_types=NAMES)
    resource_server(shared_provider, TAXES, "taxes:read")
    return asking_as


@pytest.fixture
def person(shared_provider: Provider, platform: Registered) -> Person:
    return shared_provider.citizen()


Waits = Device | Asked


def by_device(provider: Provider, person: Person, visitor: Visitor, **fields: str) -> tuple[Waits, TestResponse]:
    waits = device(provider, kiosk(provider, **MAY), **ASKING | fields)
    return waits, to_the_question(visitor, waits.code, person)


def by_ciba(provider: Provider, person: Person, visitor: Visitor, **fields: str) -> tuple[Waits, TestResponse]:
    waits = asked(provider, person, desk(provider, **MAY), **ASKING | fields)
    return waits, press(visitor, "look")


def by_signed_ciba(provider: Provider, person: Person, visitor: Visitor, **fields: str) -> tuple[Waits, TestResponse]:
    """In which details are an array, and resources may be."""
    client, now, sent = desk(provider, **MAY), int(provider.clock.now()), ASKING | fields
    claims = {"iss": client.id, "aud": ISSUER, "iat": now, "nbf": now, "exp": now + 60, "jti": "jti-1"} | sent
    claims |= {"login_hint": person.number, "authorization_details": json.loads(sent["authorization_details"])}
    if "resource" in sent:
        claims["resource"] = sent["resource"].split(" ")
    told = asks_for(provider, client, {"request": signed(claims, "ES256", None, {})})
    assert told.status_code == 200, told.text
    return Asked(provider, client, dict(told.json)), press(visitor, "look")


Way = Callable[..., tuple[Waits, TestResponse]]
WAYS = pytest.mark.parametrize("way", [by_device, by_ciba, by_signed_ciba])


@pytest.fixture
def visitor(shared_provider: Provider, person: Person) -> Visitor:
    signed_in = shared_provider.visitor()
    signed_in.arrive(shared_provider.client(), person)
    return signed_in


@WAYS
def test_rfc9396_6_what_the_citizen_read_and_allowed_elsewhere_is_what_the_token_opens(
    shared_provider: Provider, platform: Registered, person: Person, visitor: Visitor, way: Way
) -> None:
    waits, page = way(shared_provider, person, visitor)
    assert "机动车驾驶证" in page.text
    assert "证照平台" in page.text
    assert "结婚证" not in page.text
    answer(visitor, page, "allow")
    told = waits.tokens()
    assert told["authorization_details"] == [detail(DRIVING)]
    seen = introspected(shared_provider, platform, told["access_token"])
    assert (seen["aud"], seen["scope"], seen["authorization_details"]) == (RECORDS, "records:read", [detail(DRIVING)])
    assert shared_provider.userinfo(told["access_token"]).status_code == 401
    fields = {"grant_type": "refresh_token", "refresh_token": told["refresh_token"]}
    assert tokens(shared_provider.token(waits.client, fields))["authorization_details"] == [detail(DRIVING)]


@WAYS
def test_rfc8707_2_2_of_several_resources_one_is_named_at_each_call(
    shared_provider: Provider, platform: Registered, person: Person, visitor: Visitor, way: Way
) -> None:
    both = {"scope": SCOPE, "resource": f"{TAXES} {RECORDS}"}
    waits, page = way(shared_provider, person, visitor, **both)
    answer(visitor, page, "allow")
    token_refused(waits.poll(), "invalid_target")  # for which the citizen need not come again
    told = tokens(shared_provider.token(waits.client, waits.fields | {"resource": RECORDS}))
    assert introspected(shared_provider, platform, told["access_token"])["scope"] == "records:read"
    fields = {"grant_type": "refresh_token", "refresh_token": told["refresh_token"]}
    token_refused(shared_provider.token(waits.client, fields), "invalid_target")
    assert tokens(shared_provider.token(waits.client, fields | {"resource": TAXES}))["scope"] == "taxes:read"


def at_device(provider: Provider, **fields: str) -> TestResponse:
    return asks(provider, kiosk(provider, scope="openid records:read"), **fields)


def at_ciba(provider: Provider, **fields: str) -> TestResponse:
    honest = {"scope": "openid", "login_hint": "13800000000"}
    return asks_for(provider, desk(provider, scope="openid records:read"), honest | fields)


@pytest.mark.parametrize("ask", [at_device, at_ciba])
@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"resource": "https://nobody.example/"}, "invalid_target"),
        ({"resource": RECORDS, "scope": "openid"}, "invalid_target"),
        ({"resource": TAXES, "scope": "openid records:read"}, "invalid_target"),
        ({"authorization_details": json.dumps([detail()])}, "invalid_authorization_details"),
        ({"authorization_details": "{"}, "invalid_authorization_details"),
    ],
)
def test_rfc8707_2_and_rfc9396_5_what_is_not_the_clients_to_ask_is_refused_by_name(
    shared_provider: Provider, platform: Registered, ask: Callable[..., TestResponse], fields: Any, error: str
) -> None:
    refused = ask(shared_provider, **fields)
    assert (refused.status_code, refused.json["error"]) == (400, error), refused.text
