"""E. Clients that register themselves: what they may become, what they may cost, and what an operator took from them.

The rules of RFC 7591 and RFC 7592: `tests/spec/test_register.py`.
"""

import base64
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from idp.codec import encode
from idp.errors import InvalidClientMetadata
from idp.oidc.authorization.par import OF_STRANGERS
from idp.oidc.register import InitialTokens
from idp.oidc.registration.configured import carry_out, plan_one
from tests.support.answers import id_token_claims
from tests.support.assertions import JWKS, KEYS, asserted, signed
from tests.support.interposed import Interposed
from tests.support.known import Known, acquainted
from tests.support.provider import CALLBACK, ISSUER, Provider, Registered, parameters, running_provider, settings_for
from tests.support.registering import registered as proved

HONEST = {"redirect_uris": [CALLBACK], "client_name": "开放平台", "scope": "openid profile"}


@pytest.fixture
def open_to_all(tmp_path: Path) -> Iterator[Provider]:
    with running_provider(settings_for(tmp_path, IDP_REGISTRATION="open")) as provider:
        yield provider


def register(provider: Provider, **changes: Any) -> tuple[int, dict[str, Any]]:
    token = InitialTokens(provider.services.state, provider.services.randomness).issue(60)
    headers = {"Authorization": f"Bearer {token}"}
    answer = provider.machine().post("/register", base_url=ISSUER, json=HONEST | changes, headers=headers)
    return answer.status_code, answer.get_json()


def change(provider: Provider, told: dict[str, Any], **changes: Any) -> int:
    headers = {"Authorization": f"Bearer {told['registration_access_token']}"}
    path = f"/register/{told['client_id']}"
    body = HONEST | {"client_id": told["client_id"]} | changes
    return provider.machine().put(path, base_url=ISSUER, json=body, headers=headers).status_code


def client_of(provider: Provider, told: dict[str, Any]) -> Registered:
    found = provider.services.clients.get(told["client_id"])
    assert found is not None
    return Registered(found, told.get("client_secret", ""))


def sub_at(known: Known, client: Registered) -> str:
    """What the signed-in citizen is called there."""
    answer = known.visitor.authorize(client, scope="openid profile")
    code = parameters(known.visitor.allow(answer).location)["code"]
    fields = client.exchange(code) | ({} if client.secret else {"client_id": client.id})
    told = known.provider.token(client, fields, None if client.secret else {}).get_json()
    return str(id_token_claims(told["id_token"])["sub"])


APP = {"application_type": "native", "token_endpoint_auth_method": "none"}


def test_e_dcr_an_app_whose_scheme_looks_like_a_host_is_another_sector(provider: Provider) -> None:
    known = acquainted(provider)
    portals = id_token_claims(known.tokens()["id_token"])["sub"]
    status, told = register(provider, redirect_uris=["portal.example:/cb"], **APP)
    assert status == 201
    assert sub_at(known, client_of(provider, told)) != portals
    status, told = register(provider)
    assert change(provider, told, redirect_uris=["portal.example:/cb"], **APP) == 400


def test_e_dcr_apps_of_this_machine_are_strangers_to_each_other(provider: Provider) -> None:
    known = acquainted(provider)
    clients = [
        client_of(provider, register(provider, redirect_uris=[uri], **APP)[1])
        for uri in ("http://127.0.0.1/cb", "http://localhost:7/x")
    ]
    assert len({sub_at(known, client) for client in clients}) == 2
    _, told = register(provider, redirect_uris=["http://127.0.0.1/cb"], **APP)
    assert change(provider, told, redirect_uris=["http://127.0.0.1/other"], **APP) == 200


def test_e_dcr_an_app_that_takes_the_scheme_of_another_is_a_stranger_to_it(provider: Provider) -> None:
    known, uri = acquainted(provider), {"redirect_uris": ["cn.example.tax:/cb"]}
    theirs = id_token_claims(known.tokens(known.meet(**uri, **APP))["id_token"])["sub"]
    _, told = register(provider, **uri, **APP)
    assert sub_at(known, client_of(provider, told)) != theirs
    assert change(provider, told, redirect_uris=["cn.example.tax:/other"], **APP) == 200


BOTH = {"grant_types": ["authorization_code", "urn:ietf:params:oauth:grant-type:device_code"]}


def test_e_dcr_who_is_answered_elsewhere_is_not_of_the_sector_of_an_address_that_he_names(provider: Provider) -> None:
    """With the device flow he would learn by which name the portal of that address knows a citizen."""
    known = acquainted(provider)
    portals = id_token_claims(known.tokens()["id_token"])["sub"]
    _, told = register(provider, **BOTH)
    assert sub_at(known, client_of(provider, told)) != portals
    _, told = register(provider)
    assert sub_at(known, client_of(provider, told)) == portals, "codes go to the portal alone"
    assert change(provider, told, **BOTH) == 400
    assert change(provider, told) == 200


CIBA = {
    "grant_types": ["authorization_code", "urn:openid:params:grant-type:ciba"],
    "backchannel_token_delivery_mode": "poll",
}


def test_e_dcr_nobody_may_ask_citizens_who_have_begun_nothing_because_he_registered_himself(provider: Provider) -> None:
    """He would need no more than their numbers to fill their inboxes, until one of them is pressed."""
    assert register(provider, **CIBA)[0] == 400
    _, told = register(provider)
    assert change(provider, told, **CIBA) == 400
    clients = provider.services.clients
    carry_out(clients, [plan_one(clients, told["client_id"], encode(HONEST | CIBA))])
    assert change(provider, told, **CIBA) == 200, "what an operator granted stays"


def test_e_dcr_a_grant_that_an_operator_gave_leaves_the_sector_as_it_is(provider: Provider) -> None:
    _, told = register(provider)
    clients = provider.services.clients
    carry_out(clients, [plan_one(clients, told["client_id"], encode(HONEST | BOTH))])
    assert change(provider, told, **BOTH) == 200
    assert client_of(provider, told).client.sector == "portal.example"


@pytest.mark.parametrize(
    "granted", [{"subject_type": "public"}, {"lawful_basis": "statutory_duty", "lawful_basis_rule": "某法"}]
)
def test_e_dcr_nobody_grants_himself_what_an_operator_grants(provider: Provider, granted: dict[str, str]) -> None:
    assert register(provider, **granted)[0] == 400
    assert change(provider, register(provider)[1], **granted) == 400


def test_e_dcr_a_duty_is_for_what_it_was_granted_for(provider: Provider) -> None:
    _, told = register(provider)
    clients, duty = provider.services.clients, {"lawful_basis": "statutory_duty", "lawful_basis_rule": "某法第一条"}
    before = clients.get(told["client_id"])
    assert before is not None
    clients.change(before, clients.prove(encode(HONEST | duty)))
    assert change(provider, told, **duty) == 200
    assert change(provider, told, **duty, scope="openid profile phone") == 400
    assert change(provider, told, **duty | {"lawful_basis_rule": "另一条"}) == 400


def test_e_dcr_a_change_in_flight_brings_no_removed_client_back(provider: Provider) -> None:
    _, told = register(provider)
    honest = provider.services.clients
    late = Interposed(honest)
    late.before["change"] = partial(honest.remove, told["client_id"])
    assert change(provider.with_services(clients=late), told) == 401
    assert late.before == {}
    assert honest.get(told["client_id"]) is None


def test_e_dcr_who_registered_himself_has_a_strangers_limits(open_to_all: Provider) -> None:
    told = open_to_all.machine().post("/register", base_url=ISSUER, json=HONEST).get_json()
    client = client_of(open_to_all, told)

    def push(**more: str) -> int:
        answer = open_to_all.machine().post(
            "/par", base_url=ISSUER, data=client.request(scope="openid profile", **more), headers=client.basic
        )
        return answer.status_code

    assert [push() for _ in range(OF_STRANGERS.size + 1)] == [201] * OF_STRANGERS.size + [429]
    wrong = client.exchange("x")
    assert 429 in [open_to_all.token(client, wrong).status_code for _ in range(40)]


@pytest.mark.parametrize("bits", [3072, 4104])
def test_e_dcr_a_key_that_costs_is_not_taken(bits: int) -> None:
    """Whoever sends a request object makes us try the client's keys, before anything is counted."""
    modulus, exponent = (1 << (bits - 1)) | 1, 65_537 if bits > 4_096 else (1 << 3_069) | 1
    members = {name: _number(value) for name, value in (("n", modulus), ("e", exponent))}
    with pytest.raises(InvalidClientMetadata, match="jwks"):
        proved(jwks={"keys": [{"kty": "RSA"} | members]})


def _number(value: int) -> str:
    return base64.urlsafe_b64encode(value.to_bytes((value.bit_length() + 7) // 8, "big")).rstrip(b"=").decode()


@pytest.mark.parametrize("kty", [[], {}, 7, None])
def test_e_dcr_a_key_of_no_kind_is_refused(kty: Any) -> None:
    with pytest.raises(InvalidClientMetadata, match="jwks"):
        proved(jwks={"keys": [{"kty": kty}]})


# -- texts that are none ----------------------------------------------------------------------------------------------


def half_a_pair(claims: dict[str, Any]) -> str:
    """A token in which every `HALF` is half of a surrogate pair, as only JSON can write it."""
    payload = json.dumps(claims).replace("HALF", "\\ud800").encode()
    head, body = (_text(part) for part in (json.dumps({"alg": "RS256", "kid": "rsa"}).encode(), payload))
    signature = KEYS["RS256"].private_key.sign(f"{head}.{body}".encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{head}.{body}.{_text(signature)}"


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@pytest.mark.parametrize("path", ["/token", "/par", "/introspect", "/revoke"])
@pytest.mark.parametrize("claim", ["sub", "jti", "aud"])
def test_e_half_a_surrogate_pair_in_an_assertion_is_no_500(provider: Provider, path: str, claim: str) -> None:
    client = provider.client(token_endpoint_auth_method="private_key_jwt", jwks=JWKS)
    exp = int(provider.clock.now()) + 60
    honest = {"iss": client.id, "sub": client.id, "aud": ISSUER, "exp": exp, "jti": "x"}
    fields = {"grant_type": "authorization_code", "token": "x"} | asserted(half_a_pair(honest | {claim: "HALF"}))
    answer = provider.machine().post(path, base_url=ISSUER, data=fields)
    assert (answer.status_code, answer.get_json()["error"]) == (401, "invalid_client")


@pytest.mark.parametrize("claim", ["state", "nonce", "login_hint", "claims", "x"])
def test_e_half_a_surrogate_pair_in_a_request_object_is_no_500(provider: Provider, claim: str) -> None:
    client = provider.client(jwks=JWKS)
    inside = client.request() | {"aud": ISSUER, "exp": int(provider.clock.now()) + 60}
    value: Any = {"userinfo": {"name": {"value": "HALF"}}} if claim == "claims" else "HALF"
    request = half_a_pair(inside | {claim: value})
    pushed = provider.machine().post("/par", base_url=ISSUER, data={"request": request}, headers=client.basic)
    assert (pushed.status_code, pushed.get_json()["error"]) == (400, "invalid_request_object")


# -- one JWT for another ----------------------------------------------------------------------------------------------


def test_rfc9101_10_8_a_request_object_is_no_assertion(provider: Provider) -> None:
    client = provider.client(jwks=JWKS, token_endpoint_auth_method="private_key_jwt")
    now = int(provider.clock.now())
    claims = client.request() | {"iss": client.id, "sub": client.id, "aud": ISSUER, "exp": now + 300, "jti": "1"}
    typed = signed(claims, "RS256", None, {"typ": "oauth-authz-req+jwt"})
    answer = provider.machine().post("/introspect", base_url=ISSUER, data={"token": "x"} | asserted(typed))
    assert answer.status_code == 401
    untyped = signed(claims, "RS256", None, {"typ": "JWT"})
    page = provider.visitor().authorize(client, request=untyped)
    assert parameters(page.location)["error"] == "invalid_request_object"


def test_a_request_object_without_any_time_is_refused(provider: Provider) -> None:
    client = provider.client(jwks=JWKS)
    now = int(provider.clock.now())
    for times, error in (({}, True), ({"iat": now - 4_000}, True), ({"iat": now}, False)):
        request = signed(client.request() | {"aud": ISSUER} | times, "RS256", None, {})
        answer = provider.visitor().authorize(client, request=request)
        assert ("error" in (answer.headers.get("Location") or "")) is error


# -- taken back -------------------------------------------------------------------------------------------------------


def test_what_is_taken_from_a_client_its_tokens_give_no_more(provider: Provider) -> None:
    scope = "openid profile phone offline_access"
    known = acquainted(provider, scope=scope)
    client, clients = known.client, provider.services.clients
    told = known.tokens(scope=scope)
    assert "phone_number" in provider.userinfo(told["access_token"]).get_json()

    def shrink(scope: str) -> None:
        metadata = {"redirect_uris": [CALLBACK], "scope": scope, "grant_types": ["authorization_code", "refresh_token"]}
        found = clients.get(client.id)
        assert found is not None
        clients.change(found, clients.prove(encode(metadata)))
        provider.clock.advance(2)

    shrink("openid profile offline_access")
    assert "phone_number" not in provider.userinfo(told["access_token"]).get_json()
    fields = {"grant_type": "refresh_token", "refresh_token": told["refresh_token"]}
    refreshed = provider.token(client, fields).get_json()
    assert refreshed["scope"] == "openid profile offline_access"
    assert "phone_number" not in provider.userinfo(refreshed["access_token"]).get_json()
    shrink("openid profile")
    fields = {"grant_type": "refresh_token", "refresh_token": refreshed["refresh_token"]}
    assert provider.token(client, fields).get_json()["error"] == "invalid_grant"


@pytest.mark.parametrize("uri", ["https://portal.example:/cb", "https://a_b.example/cb"])
def test_a_form_is_posted_only_where_the_policy_can_name_the_place(provider: Provider, uri: str) -> None:
    client = provider.client(redirect_uris=[uri])
    answer = provider.visitor().authorize(client, redirect_uri=uri, response_mode="form_post")
    assert answer.status_code == 303
    assert parameters(answer.location)["error"] == "invalid_request"
