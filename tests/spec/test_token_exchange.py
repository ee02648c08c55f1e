"""RFC 8693: a resource server goes on to another one in the citizen's name, within the other's rules."""

from dataclasses import dataclass, replace
from typing import Any

import pytest
from werkzeug.test import TestResponse

from idp.citizens.citizen import Status
from idp.oidc.clients.client import TOKEN_EXCHANGE
from idp.oidc.grants.token_exchange import MAX_ACTORS
from tests.support.answers import token_refused, tokens
from tests.support.dpop import bound_tokens, holder
from tests.support.provider import ISSUER, Provider, Registered
from tests.support.resource_servers import (
    ASKED,
    RECORDS,
    TAXES,
    Platform,
    agree,
    asker,
    introspected,
    machine,
    of_jwt,
    resource_server,
    revoke,
)
from tests.support.resource_servers import platform as records_platform

ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
GRANT = {"grant_type": TOKEN_EXCHANGE, "subject_token_type": ACCESS_TOKEN}
INACTIVE = {"active": False}
ENDLESS = {"token_seconds": 3_600}


@dataclass
class Chain:
    """A portal calls the server of the records, which goes on to that of the taxes."""

    records: Platform
    gateway: Registered
    taxes: Registered

    @property
    def provider(self) -> Provider:
        return self.records.provider

    def exchange(self, subject: str, client: Registered | None = None, **fields: str | None) -> TestResponse:
        told = GRANT | {"subject_token": subject, "resource": TAXES} | fields
        kept = {name: value for name, value in told.items() if value is not None}
        return self.provider.token(client or self.gateway, kept)

    def exchanged(self, subject: str, client: Registered | None = None, **fields: str | None) -> Any:
        return tokens(self.exchange(subject, client, **fields))

    def subject(self) -> str:
        return str(self.records.tokens()["access_token"])

    def seen(self, token: str) -> Any:
        return introspected(self.provider, self.taxes, token)


@pytest.fixture(params=["opaque", "jwt"])
def chain(request: pytest.FixtureRequest, provider: Provider) -> Chain:
    return chained(provider, request.param)


@pytest.fixture
def opaque(provider: Provider) -> Chain:
    return chained(provider, "opaque")


def chained(provider: Provider, token_format: str) -> Chain:
    records = records_platform(provider, token_format=token_format)
    scope = "taxes:read taxes:file"
    gateway = machine(provider, scope, grant_types=[TOKEN_EXCHANGE])
    taxes = asker(provider)
    # the gateway is the server of the records
    resource_server(provider, introspection_client=gateway.id, token_format=token_format)
    rule = {"client_id": gateway.id, "scopes": {"taxes:read": "records:read", "taxes:file": "records:write"}}
    portal = {"client_id": records.known.client.id, "scopes": {"taxes:read": "records:read"}}
    resource_server(
        provider,
        TAXES,
        *scope.split(),
        introspection_client=taxes.id,
        exchange=[rule, portal],
        token_format=token_format,
        **ENDLESS,
    )
    return Chain(records, gateway, taxes)


def test_rfc8693_2_2_1_the_answer_and_4_1_who_acts(chain: Chain) -> None:
    subject = chain.subject()
    chain.provider.clock.advance(100)
    told = chain.exchanged(subject)
    token = told.pop("access_token")
    assert told == {
        "issued_token_type": ACCESS_TOKEN,
        "token_type": "Bearer",
        "expires_in": 200,
        "scope": "taxes:read",
    }
    seen, before = chain.seen(token), introspected(chain.provider, chain.gateway, subject)
    assert (seen["aud"], seen["client_id"], seen["scope"]) == (TAXES, chain.gateway.id, "taxes:read")
    assert seen["act"] == {"sub": chain.gateway.id}
    assert (seen["auth_time"], seen["acr"], seen["exp"]) == (before["auth_time"], before["acr"], before["exp"])
    assert seen["sub"] != before["sub"]
    assert introspected(chain.provider, chain.gateway, token)["active"]
    assert chain.provider.userinfo(token).status_code == 401


def test_rfc9068_2_2_a_jwt_names_who_acts(provider: Provider) -> None:
    chain = chained(provider, "jwt")
    claims = of_jwt(chain.exchanged(chain.subject())["access_token"])[1]
    assert (claims["aud"], claims["act"]) == (TAXES, {"sub": chain.gateway.id})


def test_rfc8693_2_1_audience_is_the_same_name(opaque: Chain) -> None:
    subject = opaque.subject()
    for fields in ({"resource": None, "audience": TAXES}, {"audience": TAXES}, {"requested_token_type": ACCESS_TOKEN}):
        assert opaque.exchanged(subject, **fields)["scope"] == "taxes:read"


def test_the_client_it_was_issued_to_may_be_the_one_of_the_rule(opaque: Chain) -> None:
    provider, known = opaque.provider, opaque.records.known
    grants = ["authorization_code", "refresh_token", TOKEN_EXCHANGE]
    portal = provider.client(scope=f"{ASKED['scope']} taxes:read", grant_types=grants)
    agree(known, portal, **ASKED)
    subject = known.tokens(portal, **ASKED)["access_token"]
    token_refused(opaque.exchange(subject, portal), "invalid_target")
    rule = {"client_id": portal.id, "scopes": {"taxes:read": "records:read"}}
    resource_server(provider, TAXES, "taxes:read", introspection_client=opaque.taxes.id, exchange=[rule])
    assert opaque.seen(opaque.exchanged(subject, portal)["access_token"])["client_id"] == portal.id
    mine = holder(known)
    bound = bound_tokens(mine.redeem(portal, **ASKED))["access_token"]
    token_refused(opaque.exchange(bound, portal), "invalid_request")
    token_refused(bound_by(opaque, portal, bound, holder(known).proof()), "invalid_request")
    answer = bound_tokens(bound_by(opaque, portal, bound, mine.proof()))
    assert opaque.seen(answer["access_token"])["cnf"] == {"jkt": mine.jkt}


def bound_by(chain: Chain, client: Registered, subject: str, proof: str) -> TestResponse:
    fields = GRANT | {"subject_token": subject, "resource": TAXES}
    return chain.provider.token(client, fields, client.basic | {"DPoP": proof})


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"subject_token": None}, "invalid_request"),
        ({"subject_token": "x.y.z"}, "invalid_request"),
        ({"subject_token": "eyJ.x.y"}, "invalid_request"),
        ({"subject_token_type": None}, "invalid_request"),
        ({"subject_token_type": "urn:ietf:params:oauth:token-type:id_token"}, "invalid_request"),
        ({"requested_token_type": "urn:ietf:params:oauth:token-type:refresh_token"}, "invalid_request"),
        ({"actor_token": "x", "actor_token_type": ACCESS_TOKEN}, "invalid_request"),
        ({"authorization_details": "[]"}, "invalid_authorization_details"),
        ({"resource": None}, "invalid_target"),
        ({"resource": RECORDS}, "invalid_target"),
        ({"resource": f"{ISSUER}/userinfo"}, "invalid_target"),
        ({"resource": "https://nobody.example/"}, "invalid_target"),
        ({"audience": RECORDS}, "invalid_target"),
        ({"scope": "taxes:file"}, "invalid_scope"),
        ({"scope": "taxes:read records:read"}, "invalid_scope"),
        ({"scope": "openid"}, "invalid_scope"),
    ],
)
def test_rfc8693_2_2_2_whatever_is_not_in_the_rules_is_refused(
    opaque: Chain, changes: dict[str, str | None], error: str
) -> None:
    token_refused(opaque.exchange(opaque.subject(), **changes), error)


def test_who_has_not_the_grant_or_no_rule_is_refused(opaque: Chain) -> None:
    subject = opaque.subject()
    token_refused(opaque.exchange(subject, opaque.records.known.client), "unauthorized_client")
    stranger = machine(opaque.provider, "taxes:read", grant_types=[TOKEN_EXCHANGE])
    token_refused(opaque.exchange(subject, stranger), "invalid_request")
    public = {"grant_type": TOKEN_EXCHANGE, "client_id": opaque.gateway.id}
    token_refused(opaque.provider.token(opaque.gateway, public, {}), "invalid_client", 401)


@pytest.mark.parametrize("end", ["revoked", "signed out", "family", "suspended", "portal", "gateway", "expired"])
def test_it_ends_with_what_it_was_exchanged_for(chain: Chain, end: str) -> None:
    provider, known = chain.provider, chain.records.known
    portal = provider.client(scope="openid records:read") if end == "signed out" else known.client
    asked = {"scope": "openid records:read", "resource": RECORDS} if end == "signed out" else ASKED
    agree(known, portal, **asked)
    told = known.tokens(portal, **asked)
    token = chain.exchanged(told["access_token"])["access_token"]
    assert chain.seen(token)["active"]
    services = provider.services
    if end == "revoked":
        revoke(provider, portal, told["access_token"])
    elif end == "signed out":
        known.visitor.submit(known.visitor.get("/logout"), "decision", decision="allow")
    elif end == "family":
        revoke(provider, portal, told["refresh_token"])
    elif end == "suspended":
        services.citizens.set_status(known.person.citizen.id, Status.SUSPENDED)
    elif end == "expired":
        provider.clock.advance(300)
    else:
        services.clients.set_enabled((portal if end == "portal" else chain.gateway).id, False)
    provider.clock.advance(2)
    assert chain.seen(token) == INACTIVE
    if end != "gateway":
        token_refused(chain.exchange(told["access_token"]), "invalid_request")


def test_rfc8693_4_1_a_chain_of_actors_has_an_end(opaque: Chain) -> None:
    provider, token = opaque.provider, opaque.subject()
    scope, holder_of, actors = "records:read", opaque.gateway, []
    for index in range(MAX_ACTORS + 1):
        uri, own = f"https://step{index}.example/", f"step{index}:read"
        rule = {"client_id": holder_of.id, "scopes": {own: scope}}
        resource_server(provider, uri, own, exchange=[rule])
        change(provider, holder_of, own)
        following = machine(provider, own, grant_types=[TOKEN_EXCHANGE])
        resource_server(provider, uri, own, exchange=[rule], introspection_client=following.id)
        answer = opaque.exchange(token, holder_of, resource=uri)
        if index == MAX_ACTORS:
            token_refused(answer, "invalid_request")
            return
        token, scope = tokens(answer)["access_token"], own
        actors.append(holder_of.id)
        holder_of = following
        expected: dict[str, Any] = {}
        for actor in actors:
            expected = {"sub": actor} | ({"act": expected} if expected else {})
        assert introspected(provider, following, token)["act"] == expected


def change(provider: Provider, client: Registered, scope: str) -> None:
    """An operator gives a client another scope beside those it has."""
    clients = provider.services.clients
    before = clients.get(client.id)
    assert before is not None
    clients.change(before, replace(before, scope=(*before.scope, scope)))
    provider.clock.advance(2)


def test_a_client_that_acts_for_itself_stays_the_subject(opaque: Chain) -> None:
    own = machine(opaque.provider)
    subject = tokens(opaque.provider.token(own, {"grant_type": "client_credentials"}))["access_token"]
    seen = opaque.seen(opaque.exchanged(subject)["access_token"])
    assert (seen["sub"], seen["client_id"], seen["act"]) == (own.id, opaque.gateway.id, {"sub": opaque.gateway.id})
