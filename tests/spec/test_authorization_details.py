"""RFC 9396: a citizen is asked for single types of his certificate records, and a token opens those and no others."""

import json
from dataclasses import replace
from typing import Any

import pytest

from idp.codec import encode
from idp.errors import InvalidClientMetadata
from idp.oidc.register import InitialTokens
from idp.oidc.registration.registrar import MAX_SCOPE
from idp.oidc.registration.resource_server import MAX_URI
from idp.oidc.resources.authorization_details import (
    CERTIFICATE_RECORDS,
    MAX_DETAILS,
    MAX_LENGTH,
    MAX_RECORDS,
)
from idp.oidc.scopes import CLAIMS, SCOPES
from tests.support.answers import granted, refused, token_refused, tokens
from tests.support.assertions import JWKS, signed
from tests.support.known import Known
from tests.support.provider import CALLBACK, ISSUER, Provider, Registered
from tests.support.resource_servers import (
    RECORDS,
    agree,
    asker,
    introspected,
    machine,
    of_jwt,
    resource_server,
)

DRIVING, MARRIAGE, OTHER = "11100000000013127D001", "11100000MB0184638Y002", "11100000000013127D999"
CITY = "https://city.example/"
NAMES = {
    DRIVING: {"name": "机动车驾驶证", "name#en": "Driving licence"},
    MARRIAGE: {"name": "结婚证", "name#en": "Marriage certificate"},
}
MANY = {f"{index:018}001": {"name": "x"} for index in range(MAX_RECORDS + 1)}
SCOPE = "openid offline_access"


def detail(*codes: str, **changes: Any) -> dict[str, Any]:
    honest = {
        "type": CERTIFICATE_RECORDS,
        "actions": ["read"],
        "locations": [RECORDS],
        "certificate_types": list(codes or (DRIVING,)),
    }
    return {name: value for name, value in (honest | changes).items() if value is not None}


def asking(*details: Any) -> dict[str, str]:
    return {"scope": SCOPE, "authorization_details": json.dumps(details)}


@pytest.fixture
def platform(provider: Provider) -> Registered:
    """As which the resource server of the records introspects."""
    asking_as = asker(provider)
    resource_server(provider, certificate_types=NAMES, introspection_client=asking_as.id)
    resource_server(provider, CITY, "city:read", certificate_types=MANY | {MARRIAGE: NAMES[MARRIAGE]})
    return asking_as


@pytest.fixture
def known(provider: Provider, platform: Registered) -> Known:
    client = provider.client(scope=SCOPE, authorization_details_types=[CERTIFICATE_RECORDS], jwks=JWKS)
    person, visitor = provider.citizen(), provider.visitor()
    visitor.arrive(client, person, **asking(detail(DRIVING, MARRIAGE)))
    return Known(provider, person, client, visitor)


def test_rfc9396_7_what_was_granted_is_told_to_the_client_and_the_resource_server(
    known: Known, platform: Registered
) -> None:
    told = known.tokens(**asking(detail(DRIVING), detail(MARRIAGE, DRIVING)))
    expected = [detail(DRIVING, MARRIAGE)]
    assert told["authorization_details"] == expected
    assert told["scope"] == ""
    seen = introspected(known.provider, platform, told["access_token"])
    assert (seen["aud"], seen["authorization_details"]) == (RECORDS, expected)
    assert known.provider.userinfo(told["access_token"]).status_code == 401


def test_rfc9396_9_1_a_jwt_says_it_too(known: Known, platform: Registered) -> None:
    resource_server(known.provider, certificate_types=NAMES, introspection_client=platform.id, token_format="jwt")
    token = known.tokens(**asking(detail(MARRIAGE)))["access_token"]
    assert of_jwt(token)[1]["authorization_details"] == [detail(MARRIAGE)]
    assert introspected(known.provider, platform, token)["authorization_details"] == [detail(MARRIAGE)]


def test_rfc9396_6_a_token_request_may_ask_for_less_and_not_for_more(known: Known, platform: Registered) -> None:
    client, provider = known.client, known.provider
    code = known.code(**asking(detail(DRIVING, MARRIAGE)))
    less = json.dumps([detail(MARRIAGE)])
    told = tokens(provider.token(client, client.exchange(code, authorization_details=less)))
    assert told["authorization_details"] == [detail(MARRIAGE)]
    fields = {"grant_type": "refresh_token", "refresh_token": told["refresh_token"]}
    told = tokens(provider.token(client, fields | {"authorization_details": json.dumps([detail(DRIVING)])}))
    assert told["authorization_details"] == [detail(DRIVING)]
    fields["refresh_token"] = told["refresh_token"]
    for more in ([detail(MARRIAGE, locations=[CITY])], [detail(), detail(OTHER)], "x", []):
        text = more if isinstance(more, str) else json.dumps(more)
        token_refused(provider.token(client, fields | {"authorization_details": text}), "invalid_authorization_details")
    told = tokens(provider.token(client, fields))
    assert told["authorization_details"] == [detail(DRIVING, MARRIAGE)]
    assert introspected(provider, platform, told["access_token"])["authorization_details"] == [
        detail(DRIVING, MARRIAGE)
    ]


def test_rfc9396_3_each_location_gets_a_token_of_its_own(known: Known, platform: Registered) -> None:
    client, provider = known.client, known.provider
    asked = asking(detail(MARRIAGE, locations=[RECORDS, CITY]))
    agree(known, client, **asked)
    token_refused(provider.token(client, client.exchange(known.code(**asked))), "invalid_target")
    told = tokens(provider.token(client, client.exchange(known.code(**asked), resource=CITY)))
    assert told["authorization_details"] == [detail(MARRIAGE, locations=[CITY])]
    assert introspected(provider, platform, told["access_token"]) == {"active": False}
    told = tokens(provider.token(client, client.exchange(known.code(**asked), resource=RECORDS)))
    assert introspected(provider, platform, told["access_token"])["authorization_details"] == [detail(MARRIAGE)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "{}",
        "[]",
        "[1]",
        "null",
        '"x"',
        "[" * 5_000,
        json.dumps([detail(type="account_information")]),
        json.dumps([detail(type=None)]),
        json.dumps([detail(type=[CERTIFICATE_RECORDS])]),
        json.dumps([detail(actions=["write"])]),
        json.dumps([detail(actions=["read", "write"])]),
        json.dumps([detail(actions=[])]),
        json.dumps([detail(actions=None)]),
        json.dumps([detail(locations=None)]),
        json.dumps([detail(locations=[])]),
        json.dumps([detail(locations=RECORDS)]),
        json.dumps([detail(locations=[RECORDS, RECORDS])]),
        json.dumps([detail(locations=[f"{ISSUER}/userinfo"])]),
        json.dumps([detail(locations=[{}])]),
        json.dumps([detail(certificate_types=None)]),
        json.dumps([detail(certificate_types=[])]),
        json.dumps([detail(DRIVING, DRIVING)]),
        json.dumps([detail(OTHER)]),
        json.dumps([detail(DRIVING, locations=[RECORDS, CITY])]),
        json.dumps([detail(), detail(OTHER)]),
        json.dumps([detail(privileges=["admin"])]),
        json.dumps([detail()])[:-2] + ', "type": "x"}]',
        json.dumps([detail()] * (MAX_DETAILS + 1)),
        json.dumps([detail(*MANY, locations=[CITY])]),
        json.dumps([detail()]) + " " * MAX_LENGTH,
        '[{"type": "\\ud800"}]',
    ],
)
def test_rfc9396_5_what_is_not_just_so_is_refused(known: Known, text: str) -> None:
    client = known.client
    asked = client.request(scope=SCOPE, authorization_details=text or " ")
    answer = known.provider.machine().post("/par", base_url=ISSUER, data=asked, headers=client.basic)
    token_refused(answer, "invalid_authorization_details")
    if len(text) < 3_000:
        answer = known.visitor.authorize(client, scope=SCOPE, authorization_details=text or " ")
        refused(answer, client, "invalid_authorization_details")


def test_as_many_types_as_may_be_are_asked_and_told_to_the_trail(known: Known) -> None:
    codes = list(MANY)[:MAX_RECORDS]
    asked = asking(detail(*codes, locations=[CITY]))
    agree(known, known.client, **asked)
    told = known.tokens(**asked)
    assert told["authorization_details"] == [detail(*codes, locations=[CITY])]


def test_rfc9396_10_a_client_asks_what_it_registered_for(known: Known) -> None:
    provider = known.provider
    client = provider.client(scope=SCOPE)
    refused(known.visitor.authorize(client, **asking(detail())), client, "invalid_authorization_details")
    with pytest.raises(InvalidClientMetadata):
        provider.client(authorization_details_types=["account_information"])
    services = provider.services
    token = InitialTokens(services.state, services.randomness).issue(60)
    answer = provider.machine().post(
        "/register",
        base_url=ISSUER,
        json={"redirect_uris": [CALLBACK], "authorization_details_types": [CERTIFICATE_RECORDS]},
        headers={"Authorization": f"Bearer {token}"},
    )
    token_refused(answer, "invalid_client_metadata")


def test_nobody_but_a_citizen_grants_records(known: Known) -> None:
    client = machine(known.provider, authorization_details_types=[CERTIFICATE_RECORDS])
    fields = {"grant_type": "client_credentials", "authorization_details": json.dumps([detail()])}
    token_refused(known.provider.token(client, fields), "invalid_authorization_details")


def test_the_citizen_reads_which_records_and_where_and_agrees_to_each(known: Known) -> None:
    client = known.provider.client(scope=SCOPE, authorization_details_types=[CERTIFICATE_RECORDS])
    page = known.visitor.authorize(client, **asking(detail(DRIVING)), ui_locales="en")
    assert "Reads your record: Driving licence" in page.text
    assert "Marriage" not in page.text
    granted(known.visitor.allow(page), client)
    assert "读取您的证照记录：机动车驾驶证" in known.visitor.get("/account").text
    asked = asking(detail(MARRIAGE)) | {"prompt": "none"}
    refused(known.visitor.authorize(client, **asked), client, "consent_required")
    asked = asking(detail(DRIVING)) | {"prompt": "none"}
    granted(known.visitor.authorize(client, **asked), client)


def test_rfc9396_3_in_a_signed_request_it_is_an_array(known: Known) -> None:
    inside = known.client.request(scope=SCOPE) | {
        "authorization_details": [detail()],
        "aud": ISSUER,
        "exp": int(known.provider.clock.now()) + 60,
    }
    asked = {"client_id": known.client.id, "request": signed(inside, "ES256", None, {})}
    answer = known.visitor.http.get("/authorize", base_url=ISSUER, query_string=asked)
    exchange = known.client.exchange(granted(answer, known.client))
    assert tokens(known.provider.token(known.client, exchange))["authorization_details"] == [detail()]


def test_what_the_client_or_the_resource_has_no_more_a_token_gives_no_more(known: Known, platform: Registered) -> None:
    told = known.tokens(**asking(detail(DRIVING, MARRIAGE)))
    resource_server(known.provider, certificate_types={MARRIAGE: NAMES[MARRIAGE]}, introspection_client=platform.id)
    seen = introspected(known.provider, platform, told["access_token"])
    assert seen["authorization_details"] == [detail(MARRIAGE)]
    fields = {"grant_type": "refresh_token", "refresh_token": told["refresh_token"]}
    refreshed = tokens(known.provider.token(known.client, fields))
    assert refreshed["authorization_details"] == [detail(MARRIAGE)]


def test_records_are_asked_for_as_what_the_service_needs(known: Known) -> None:
    client = known.provider.client(scope=SCOPE, authorization_details_types=[CERTIFICATE_RECORDS])
    page = known.visitor.authorize(client, **asking(detail()))
    assert 'value="certificates/' not in page.text, "there is no box to leave empty"
    exchange = client.exchange(granted(known.visitor.allow(page, "nothing else"), client))
    assert tokens(known.provider.token(client, exchange))["authorization_details"] == [detail()]


def test_what_the_citizen_agrees_to_no_more_a_refresh_gives_no_more(known: Known) -> None:
    """The client says other words, and is agreed to anew, for less."""
    clients, client = known.provider.services.clients, known.client
    told = known.tokens(**asking(detail(DRIVING, MARRIAGE)))
    before = clients.get(client.id)
    assert before is not None
    clients.change(before, replace(before, purpose={"": "another one"}))
    known.provider.clock.advance(2)
    agree(known, client, **asking(detail(DRIVING)))
    fields = {"grant_type": "refresh_token", "refresh_token": told["refresh_token"]}
    assert tokens(known.provider.token(client, fields))["authorization_details"] == [detail(DRIVING)]


LONGEST = ("https://records.example/" + "records/" * MAX_URI)[:MAX_URI]


def longest_scope() -> tuple[str, ...]:
    """As long as a client may register one: all of ours, and of a resource server's as many as fit."""
    scopes = [*SCOPES]
    while len(encode((*scopes, longer := f"scope-{len(scopes)}-{'x' * 12}"))) <= MAX_SCOPE:
        scopes.append(longer)
    spare = MAX_SCOPE - len(encode(scopes))
    return (*scopes[:-1], scopes[-1] + "y" * spare)


def test_the_longest_request_that_may_be_granted_is_told_to_the_trail(provider: Provider) -> None:
    """An event that is too long for it would be a fault at /token, when the code is burnt."""
    scope, codes = longest_scope(), tuple(MANY)[:MAX_RECORDS]
    assert (len(encode(scope)), len(LONGEST)) == (MAX_SCOPE, MAX_URI)
    resource_server(provider, LONGEST, *(each for each in scope if each not in SCOPES), certificate_types=MANY)
    client = provider.client(
        scope=" ".join(scope),
        authorization_details_types=[CERTIFICATE_RECORDS],
        lawful_basis="statutory_duty",
        lawful_basis_rule="社会保险法第五十七条",
    )
    asked = {
        "scope": " ".join(scope),
        "claims": json.dumps({place: dict.fromkeys(CLAIMS) for place in ("id_token", "userinfo")}),
        "resource": f"{ISSUER}/userinfo",
        "authorization_details": json.dumps([detail(*codes, locations=[LONGEST])]),
    }
    visitor, person = provider.visitor(), provider.citizen()
    visitor.arrive(client, person, **asked)
    exchange = client.exchange(granted(visitor.authorize(client, **asked), client))
    told = tokens(provider.token(client, exchange | {"resource": LONGEST}))
    assert told["authorization_details"] == [detail(*codes, locations=[LONGEST])]
    for resource in (f"{ISSUER}/userinfo", LONGEST):
        fields = {"grant_type": "refresh_token", "refresh_token": told["refresh_token"], "resource": resource}
        told = tokens(provider.token(client, fields))
    assert told["authorization_details"] == [detail(*codes, locations=[LONGEST])]
