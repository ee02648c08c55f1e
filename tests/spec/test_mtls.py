"""RFC 8705: clients with certificates, and tokens that are bound to them. What an attacker would try:
`tests/attacks/test_d_mtls.py`."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest
from werkzeug.test import TestResponse

from idp.errors import InvalidClientMetadata
from tests.support.answers import granted, id_token_claims, token_refused, tokens
from tests.support.assertions import JWKS, asserted, assertion
from tests.support.client_certificates import (
    DNS,
    EMAIL,
    IP,
    ORIGIN,
    SETTINGS,
    SUBJECT,
    URI,
    behind_a_proxy,
    certificate,
)
from tests.support.dpop import Holder, fresh_key, holder
from tests.support.known import Known, acquainted
from tests.support.provider import ISSUER, Provider, Registered
from tests.support.resource_servers import asker, introspected, machine, resource_server

OFFLINE = "openid profile offline_access"
BY_NAME: dict[str, Any] = {"token_endpoint_auth_method": "tls_client_auth"}
BY_KEY: dict[str, Any] = {"token_endpoint_auth_method": "self_signed_tls_client_auth"}
BOUND: dict[str, Any] = {"tls_client_certificate_bound_access_tokens": True}
MINE = certificate()


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Known]:
    with behind_a_proxy(tmp_path_factory.mktemp("mtls")) as provider:
        yield acquainted(provider)


def call(known: Known, client: Registered, path: str, fields: dict[str, str], shown: dict[str, str]) -> TestResponse:
    told = {"client_id": client.id} | fields
    return known.provider.machine().post(path, base_url=ISSUER, data=told, headers=shown)


def redeem(known: Known, client: Registered, shown: dict[str, str], **changes: str) -> TestResponse:
    fields = client.exchange(known.code(client, **changes))
    if client.secret:
        return known.provider.token(client, fields, client.basic | shown)
    return call(known, client, "/token", fields, shown)


def userinfo(known: Known, token: str, shown: dict[str, str], scheme: str = "Bearer") -> TestResponse:
    told = {"Authorization": f"{scheme} {token}"} | shown
    return known.provider.machine().get("/userinfo", base_url=ISSUER, headers=told)


NAMED = {
    "tls_client_auth_subject_dn": SUBJECT,
    "tls_client_auth_san_dns": DNS.upper(),
    "tls_client_auth_san_uri": URI,
    "tls_client_auth_san_ip": IP,
    "tls_client_auth_san_email": EMAIL,
}


@pytest.mark.parametrize("member", NAMED)
def test_rfc8705_2_1_a_client_proves_itself_by_a_name(known: Known, member: str) -> None:
    client = known.meet(**BY_NAME, **{member: NAMED[member]})
    assert not client.secret
    tokens(redeem(known, client, MINE.headers()))


@pytest.mark.parametrize("member", NAMED)
def test_rfc8705_2_1_another_name_is_another_client(known: Known, member: str) -> None:
    others = {
        "tls_client_auth_subject_dn": "CN=portal.example,C=CN",
        "tls_client_auth_san_dns": "other.example",
        "tls_client_auth_san_uri": f"{URI}/",
        "tls_client_auth_san_ip": "192.0.2.8",
        "tls_client_auth_san_email": f"x{EMAIL}",
    }
    client = known.provider.client(**BY_NAME, **{member: others[member]})
    token_refused(call(known, client, "/token", client.exchange("x"), MINE.headers()), "invalid_client", 401)
    without = certificate(subject="CN=x", names=False)
    token_refused(call(known, client, "/token", client.exchange("x"), without.headers()), "invalid_client", 401)


@pytest.mark.parametrize("structured", [False, True], ids=["nginx", "RFC 9440"])
def test_rfc8705_2_2_a_client_proves_itself_by_its_own_key(known: Known, structured: bool) -> None:
    """Nobody verified a chain: there is none."""
    client = known.meet(**BY_KEY, jwks=MINE.jwks)
    tokens(redeem(known, client, MINE.headers(verdict="FAILED:self-signed certificate", structured=structured)))
    renewed = certificate(subject="CN=renewed")  # of the same key
    tokens(redeem(known, client, renewed.headers(verdict=None)))
    other = certificate("other")
    token_refused(call(known, client, "/token", client.exchange("x"), other.headers()), "invalid_client", 401)


def test_rfc8705_2_every_endpoint_of_servers_takes_it(known: Known) -> None:
    client, shown = known.meet(**BY_NAME, tls_client_auth_san_dns=DNS), MINE.headers()
    token = tokens(redeem(known, client, shown))["access_token"]
    assert call(known, client, "/introspect", {"token": token}, shown).get_json()["active"] is True
    pushed = call(known, client, "/par", client.request(), shown)
    query = {"client_id": client.id, "request_uri": pushed.get_json()["request_uri"]}
    granted(known.visitor.get("/authorize?" + urlencode(query)), client)
    assert call(known, client, "/revoke", {"token": token}, shown).status_code == 200
    assert userinfo(known, token, shown).status_code == 401


# -- bound tokens -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "metadata",
    [
        BY_NAME | {"tls_client_auth_san_dns": DNS},
        BY_KEY | {"jwks": MINE.jwks},
        {"token_endpoint_auth_method": "none"},
        {},
    ],
    ids=["name", "key", "public", "secret"],
)
def test_rfc8705_3_a_token_is_bound_to_the_certificate_that_was_shown(known: Known, metadata: dict[str, Any]) -> None:
    client = known.meet(**BOUND, **metadata)
    token = tokens(redeem(known, client, MINE.headers()))["access_token"]
    assert userinfo(known, token, MINE.headers(structured=True)).status_code == 200
    for shown in ({}, certificate("other").headers(), certificate(subject="CN=renewed").headers()):
        refused = userinfo(known, token, shown)
        assert (refused.status_code, refused.get_json()["error"]) == (401, "invalid_token")


def test_rfc8705_3_without_a_certificate_there_is_no_token(known: Known) -> None:
    client = known.meet(**BOUND)
    token_refused(redeem(known, client, {}), "invalid_request")


def test_rfc8705_3_a_client_that_did_not_register_so_gets_bearer_tokens(known: Known) -> None:
    token = tokens(redeem(known, known.client, MINE.headers()))["access_token"]
    assert userinfo(known, token, {}).status_code == 200


def test_rfc8705_3_2_introspection_shows_the_certificate(known: Known) -> None:
    client = known.meet(**BOUND)
    token = tokens(redeem(known, client, MINE.headers()))["access_token"]
    told = introspected(known.provider, client, token)
    assert (told["active"], told["token_type"], told["cnf"]) == (True, "Bearer", {"x5t#S256": MINE.x5t})


def test_rfc8705_3_1_tokens_for_resource_servers_say_it(known: Known) -> None:
    platform = asker(known.provider)
    resource_server(known.provider, token_format="jwt", introspection_client=platform.id)
    client = machine(known.provider, **BOUND)
    answer = known.provider.token(client, {"grant_type": "client_credentials"}, client.basic | MINE.headers())
    token = tokens(answer)["access_token"]
    assert id_token_claims(token)["cnf"] == introspected(known.provider, platform, token)["cnf"]
    assert id_token_claims(token)["cnf"] == {"x5t#S256": MINE.x5t}


def test_rfc8705_4_refresh_tokens_of_a_public_client_are_bound(known: Known) -> None:
    client = known.meet(**BOUND, token_endpoint_auth_method="none", scope=OFFLINE)
    told = tokens(redeem(known, client, MINE.headers(), scope=OFFLINE))
    fields = {"grant_type": "refresh_token", "refresh_token": told["refresh_token"]}
    token_refused(call(known, client, "/token", fields, certificate("other").headers()), "invalid_grant")
    second = tokens(call(known, client, "/token", fields, MINE.headers()))
    assert userinfo(known, second["access_token"], MINE.headers()).status_code == 200


def test_a_client_that_signs_is_bound_to_its_certificate_too(known: Known) -> None:
    """As FAPI 2.0 section 5.3.2.1 allows."""
    client = known.provider.client(profile="fapi2", **BOUND, token_endpoint_auth_method="private_key_jwt", jwks=JWKS)
    assert not client.client.dpop_bound_access_tokens
    proof = asserted(assertion(client.id, known.provider.clock.now(), "ES256"))
    pushed = known.provider.machine().post("/par", base_url=ISSUER, data=client.request() | proof)
    query = {"client_id": client.id, "request_uri": pushed.get_json()["request_uri"]}
    code = granted(known.visitor.allow(known.visitor.get("/authorize?" + urlencode(query))), client)
    again = asserted(assertion(client.id, known.provider.clock.now(), "ES256"))
    told = tokens(known.provider.token(client, client.exchange(code) | again, MINE.headers()))
    assert userinfo(known, told["access_token"], MINE.headers()).status_code == 200
    assert userinfo(known, told["access_token"], {}).status_code == 401


def test_both_kinds_of_binding_are_both_asked(known: Known) -> None:
    client, mine = known.meet(**BOUND), holder(known)
    answer = redeem(known, client, MINE.headers() | {"DPoP": mine.proof()})
    token = answer.get_json()["access_token"]
    assert answer.get_json()["token_type"] == "DPoP"

    def status(shown: dict[str, str], prover: Holder) -> int:
        return userinfo(known, token, shown | {"DPoP": prover.proof("/userinfo", "GET", token)}, "DPoP").status_code

    assert status(MINE.headers(), mine) == 200
    assert status({}, mine) == 401
    assert status(MINE.headers(), Holder(known, fresh_key())) == 401
    assert userinfo(known, token, MINE.headers()).status_code == 401
    assert introspected(known.provider, client, token)["cnf"] == {"jkt": mine.jkt, "x5t#S256": MINE.x5t}


# -- what is said of it -----------------------------------------------------------------------------------------------


def configuration(provider: Provider) -> dict[str, Any]:
    return dict(provider.machine().get("/.well-known/openid-configuration", base_url=ISSUER).get_json())


def test_rfc8705_3_3_and_5_the_metadata_says_it(known: Known) -> None:
    told = configuration(known.provider)
    assert told["tls_client_certificate_bound_access_tokens"] is True
    for endpoint in ("token", "revocation", "introspection"):
        methods = told[f"{endpoint}_endpoint_auth_methods_supported"]
        assert {"tls_client_auth", "self_signed_tls_client_auth"} <= set(methods)
    aliases = told["mtls_endpoint_aliases"]
    assert aliases == {name: told[name].replace(ISSUER, ORIGIN) for name in aliases}
    assert {"token_endpoint", "userinfo_endpoint", "pushed_authorization_request_endpoint"} <= set(aliases)


def test_rfc8705_5_a_proof_may_be_for_the_alias(known: Known) -> None:
    mine = holder(known)
    assert mine.redeem(proof=mine.proof(htu=f"{ORIGIN}/token")).get_json()["token_type"] == "DPoP"


@pytest.mark.parametrize("aud", [f"{ORIGIN}/token", f"{ORIGIN}/ciba"])
def test_rfc8705_5_an_assertion_may_be_for_the_alias(known: Known, aud: str) -> None:
    """A client that calls the alias names it, as it would name the token endpoint (OIDC Core section 9)."""
    client = known.meet(token_endpoint_auth_method="private_key_jwt", jwks=JWKS)
    proof = asserted(assertion(client.id, known.provider.clock.now(), aud=aud))
    assert call(known, client, "/token", client.exchange(known.code(client)) | proof, {}).status_code == 200
    for other in (ORIGIN, f"{ORIGIN}/par"):
        proof = asserted(assertion(client.id, known.provider.clock.now(), aud=other))
        answer = call(known, client, "/token", client.exchange(known.code(client)) | proof, {})
        token_refused(answer, "invalid_client", 401)


def test_fapi_1_6_2_1_who_shows_a_certificate_gets_an_id_for_the_call(known: Known) -> None:
    told = [userinfo(known, "x", shown).headers.get("x-fapi-interaction-id") for shown in (MINE.headers(), {})]
    assert told[0] is not None
    assert (UUID(told[0]).version, told[1]) == (4, None)


def test_without_a_proxy_that_verifies_there_is_no_tls_client_auth(provider: Provider) -> None:
    """`provider` is told of no certificates at all; the next one of no verdicts."""
    assert "mtls_endpoint_aliases" not in configuration(provider)
    for member in (BY_NAME | {"tls_client_auth_san_dns": DNS}, BY_KEY | {"jwks": MINE.jwks}, BOUND):
        with pytest.raises(InvalidClientMetadata):
            provider.client(**member)


def test_where_nobody_tells_of_chains_names_are_not_taken(tmp_path_factory: pytest.TempPathFactory) -> None:
    told = {name: value for name, value in SETTINGS.items() if "VERIFIED" not in name}
    with behind_a_proxy(tmp_path_factory.mktemp("unverified"), told) as provider:
        methods = configuration(provider)["token_endpoint_auth_methods_supported"]
        assert "tls_client_auth" not in methods
        assert "self_signed_tls_client_auth" in methods
        with pytest.raises(InvalidClientMetadata):
            provider.client(**BY_NAME, tls_client_auth_san_dns=DNS)
        provider.client(**BY_KEY, jwks=MINE.jwks)


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"tls_client_auth_san_dns": DNS, "tls_client_auth_san_ip": IP},
        {"tls_client_auth_subject_dn": "portal"},
        {"tls_client_auth_subject_dn": "CN=portal, O=Ministry"},
        {"tls_client_auth_san_ip": "192.0.2"},
        {"tls_client_auth_san_dns": 7},
        {"tls_client_auth_san_dns": ""},
    ],
    ids=str,
)
def test_rfc8705_2_1_2_exactly_one_name(known: Known, members: dict[str, object]) -> None:
    with pytest.raises(InvalidClientMetadata):
        known.provider.client(**BY_NAME, **members)


def test_rfc8705_2_2_2_a_client_has_to_register_its_keys(known: Known) -> None:
    with pytest.raises(InvalidClientMetadata):
        known.provider.client(**BY_KEY)
    shown = known.provider.services.clients.describe(known.meet(**BY_NAME, tls_client_auth_san_dns=DNS).client)
    assert (shown["token_endpoint_auth_method"], shown["tls_client_auth_san_dns"]) == ("tls_client_auth", DNS)
