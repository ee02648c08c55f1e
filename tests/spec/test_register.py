"""Dynamic registration and its management: RFC 7591 section 3, RFC 7592 section 2, OIDC Registration section 3."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from idp.audit.writer import AuditWriter
from idp.login.assurance import acr
from idp.oidc.register import OF_A_SOURCE, InitialTokens
from idp.oidc.registration.configured import carry_out, plan_one
from tests.support.assertions import JWKS
from tests.support.parallel import together
from tests.support.provider import CALLBACK, ISSUER, Provider, Registered, running_provider, settings_for

HONEST = {"redirect_uris": [CALLBACK], "client_name": "开放平台", "scope": "openid profile"}


@pytest.fixture
def open_to_all(tmp_path: Path) -> Iterator[Provider]:
    with running_provider(settings_for(tmp_path, IDP_REGISTRATION="open")) as provider:
        yield provider


def initial(provider: Provider, seconds: int = 3600) -> str:
    return InitialTokens(provider.services.state, provider.services.randomness).issue(seconds)


def send(
    provider: Provider, method: str, path: str, token: str | None = None, body: Any = None, **more: Any
) -> TestResponse:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return provider.machine().open(path, method=method, base_url=ISSUER, json=body, headers=headers, **more)


def register(provider: Provider, token: str | None = None, **changes: Any) -> TestResponse:
    return send(provider, "POST", "/register", token, HONEST | changes)


def registered(provider: Provider, **changes: Any) -> dict[str, Any]:
    answer = register(provider, initial(provider), **changes)
    assert (answer.status_code, answer.mimetype) == (201, "application/json"), answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    told: dict[str, Any] = answer.get_json()
    return told


def manage(
    provider: Provider, told: dict[str, Any], method: str, body: Any = None, token: str | None = None
) -> TestResponse:
    path = told["registration_client_uri"].removeprefix(ISSUER)
    return send(provider, method, path, token or told["registration_access_token"], body)


def refused(answer: TestResponse, error: str, status: int = 400) -> None:
    assert (answer.status_code, answer.get_json()["error"]) == (status, error), answer.text


# -- registering -------------------------------------------------------------------------------------------------------


def test_rfc7591_3_2_1_a_client_registers_and_signs_a_citizen_in(provider: Provider) -> None:
    told = registered(provider)
    assert told["registration_client_uri"] == f"{ISSUER}/register/{told['client_id']}"
    assert told["client_secret_expires_at"] == 0
    assert {name: told[name] for name in HONEST} == HONEST
    client = Registered(provider.services.clients.get(told["client_id"]), told["client_secret"])
    answer = provider.visitor().arrive(client, provider.citizen(), scope="openid profile")
    assert provider.token(client, client.exchange(answer["code"])).status_code == 200


def test_rfc7591_3_2_1_a_client_without_secret_gets_none(provider: Provider) -> None:
    for changes in (
        {"token_endpoint_auth_method": "none"},
        {"token_endpoint_auth_method": "private_key_jwt", "jwks": JWKS},
    ):
        assert "client_secret" not in registered(provider, **changes)


def test_nothing_secret_is_kept_as_it_is(provider: Provider) -> None:
    told = registered(provider)
    kept = provider.services.records.clients.get(told["client_id"])
    assert kept is not None
    for secret in (told["client_secret"], told["registration_access_token"]):
        assert secret.encode() not in kept.document
    shown = json.dumps(provider.services.clients.describe(provider.services.clients.get(told["client_id"])))
    assert "digest" not in shown


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"redirect_uris": ["http://portal.example/cb"]}, "invalid_redirect_uri"),
        ({"redirect_uris": []}, "invalid_redirect_uri"),
        ({"grant_types": ["password"]}, "invalid_client_metadata"),
        ({"scope": "profile"}, "invalid_client_metadata"),
        ({"token_endpoint_auth_method": "tls_client_auth"}, "invalid_client_metadata"),
        ({"scope": "openid citizen_id"}, "invalid_client_metadata"),
        ({"lawful_basis": "statutory_duty", "lawful_basis_rule": "某法"}, "invalid_client_metadata"),
    ],
)
def test_rfc7591_3_2_2_a_mistake_has_its_code_and_leaves_the_token_good(
    provider: Provider, changes: dict[str, Any], error: str
) -> None:
    token = initial(provider)
    refused(register(provider, token, **changes), error)
    assert register(provider, token).status_code == 201


@pytest.mark.parametrize(
    ("member", "value"),
    [
        *(("grant_types", ["password"]), ("grant_types", ["authorization_code", "password"])),
        *(("response_types", ["token"]), ("subject_type", "personal"), ("id_token_signed_response_alg", "none")),
    ],
)
def test_rfc7591_3_2_2_what_is_not_offered_is_named_by_its_member(provider: Provider, member: str, value: Any) -> None:
    told = register(provider, initial(provider), **{member: value}).get_json()
    assert told["error"] == "invalid_client_metadata"
    assert f": {member} " in told["error_description"]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"\xff", b'{"redirect_uris":1,"redirect_uris":2}', b"{}" + b" " * 70_000]
)
def test_rfc7591_3_1_what_is_no_json_object_is_refused(provider: Provider, body: bytes) -> None:
    headers = {"Authorization": f"Bearer {initial(provider)}"}
    answer = provider.machine().post(
        "/register", base_url=ISSUER, data=body, headers=headers, content_type="application/json"
    )
    assert answer.status_code == 400
    assert answer.get_json()["error"] in ("invalid_client_metadata", "invalid_request")
    form = provider.machine().post("/register", base_url=ISSUER, data={"a": "b"}, headers=headers)
    refused(form, "invalid_request")


# -- who may -----------------------------------------------------------------------------------------------------------


def test_rfc7591_1_2_an_initial_access_token_is_good_once_and_for_its_time(provider: Provider) -> None:
    token = initial(provider)
    assert register(provider, token).status_code == 201
    refused(register(provider, token), "invalid_token", 401)
    late = initial(provider, 60)
    provider.clock.advance(61)
    refused(register(provider, late), "invalid_token", 401)


@pytest.mark.parametrize("token", ["x", "0" * 44, "\N{LATIN SMALL LETTER E WITH ACUTE}"])
def test_rfc6750_3_1_an_unknown_token_is_refused(provider: Provider, token: str) -> None:
    refused(register(provider, token), "invalid_token", 401)


def test_rfc6750_3_without_a_token_the_scheme_is_named(provider: Provider) -> None:
    answer = register(provider)
    assert (answer.status_code, answer.headers["WWW-Authenticate"].split()[0]) == (401, "Bearer")


def test_one_of_parallel_callers_uses_an_initial_access_token(provider: Provider) -> None:
    token = initial(provider)
    outcomes = together([lambda: register(provider, token) for _ in range(8)])
    assert sorted(each.status_code for each in outcomes if isinstance(each, TestResponse)) == [201] + [401] * 7


def test_where_registration_is_open_no_token_is_asked_and_a_source_registers_a_few(open_to_all: Provider) -> None:
    answers = [register(open_to_all).status_code for _ in range(OF_A_SOURCE.size + 1)]
    assert answers == [201] * OF_A_SOURCE.size + [429]
    open_to_all.clock.advance(30)
    assert register(open_to_all).status_code == 201


def test_where_registration_is_closed_nobody_registers(tmp_path: Path) -> None:
    with running_provider(settings_for(tmp_path, IDP_REGISTRATION="closed")) as provider:
        refused(register(provider, initial(provider)), "access_denied", 403)
        told = provider.machine().get("/.well-known/openid-configuration", base_url=ISSUER).get_json()
        assert "registration_endpoint" not in told


# -- managing ----------------------------------------------------------------------------------------------------------


def test_rfc7592_2_1_a_client_reads_itself(provider: Provider) -> None:
    told = registered(provider)
    answer = manage(provider, told, "GET")
    assert answer.status_code == 200
    assert answer.get_json() == {
        name: value for name, value in told.items() if name not in ("client_secret", "registration_access_token")
    }


def test_rfc7592_2_2_a_client_changes_itself_and_stays_who_it_is(provider: Provider) -> None:
    told = registered(provider)
    change = HONEST | {
        "client_id": told["client_id"],
        "redirect_uris": [CALLBACK, CALLBACK + "/2"],
        "client_name": "新名称",
    }
    changed = manage(provider, told, "PUT", change | {"client_secret": told["client_secret"]})
    assert changed.status_code == 200
    now = changed.get_json()
    assert (now["client_id"], now["client_name"], len(now["redirect_uris"])) == (told["client_id"], "新名称", 2)
    assert now["client_id_issued_at"] == told["client_id_issued_at"]
    provider.clock.advance(2)
    client = Registered(provider.services.clients.get(told["client_id"]), told["client_secret"])
    answer = provider.visitor().arrive(client, provider.citizen(), scope="openid profile", redirect_uri=CALLBACK + "/2")
    fields = client.exchange(answer["code"]) | {"redirect_uri": CALLBACK + "/2"}
    assert provider.token(client, fields).status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        {"client_id": None},
        {"client_id": "another"},
        {"client_secret": "another"},
        {"redirect_uris": ["https://elsewhere.example/cb"]},
        {"scope": "openid citizen_id"},
        {"lawful_basis": "statutory_duty", "lawful_basis_rule": "某法"},
        {"redirect_uris": ["javascript:alert(1)"]},
    ],
)
def test_rfc7592_2_2_what_may_not_change_is_refused_and_nothing_is_changed(
    provider: Provider, change: dict[str, Any]
) -> None:
    told = registered(provider)
    body = {
        name: value for name, value in (HONEST | {"client_id": told["client_id"]} | change).items() if value is not None
    }
    assert manage(provider, told, "PUT", body).status_code == 400
    assert manage(provider, told, "GET").get_json()["redirect_uris"] == HONEST["redirect_uris"]


def test_rfc7592_2_2_what_an_operator_granted_may_stay(provider: Provider) -> None:
    told = registered(provider)
    services = provider.services
    before = services.clients.get(told["client_id"])
    services.clients.change(
        before, services.clients.prove(json.dumps(HONEST | {"scope": "openid citizen_id"}).encode())
    )
    provider.clock.advance(2)
    body = HONEST | {"client_id": told["client_id"], "scope": "openid citizen_id"}
    assert manage(provider, told, "PUT", body).status_code == 200


def by_operator(provider: Provider, told: dict[str, Any], **members: Any) -> None:
    clients = provider.services.clients
    carry_out(clients, [plan_one(clients, told["client_id"], json.dumps(HONEST | members).encode())])
    provider.clock.advance(2)


FAPI = {"profile": "fapi2", "jwks": JWKS}
BY_KEY = {"token_endpoint_auth_method": "private_key_jwt", "jwks": JWKS}


@pytest.mark.parametrize(
    ("operator", "developer"),
    [
        (FAPI, {}),
        (FAPI, FAPI | {"profile": "standard"}),
        (BY_KEY, {}),
        (BY_KEY, {"token_endpoint_auth_method": "none"}),
        ({"require_pushed_authorization_requests": True}, {"require_pushed_authorization_requests": False}),
        ({"require_signed_request_object": True, "jwks": JWKS}, {"jwks": JWKS}),
        ({"dpop_bound_access_tokens": True}, {}),
        ({"require_pkce": True}, {"require_pkce": False}),
        ({"default_acr_values": [acr(2)]}, {}),
        ({"default_max_age": 300}, {"default_max_age": 3_600}),
        ({"request_object_signing_alg": "ES256", "jwks": JWKS}, {"request_object_signing_alg": "RS256", "jwks": JWKS}),
    ],
)
def test_rfc7592_2_2_what_an_operator_set_a_developer_does_not_weaken(
    provider: Provider, operator: dict[str, Any], developer: dict[str, Any]
) -> None:
    told = registered(provider, require_pkce="require_pkce" not in operator)
    by_operator(provider, told, **operator)
    named = HONEST | {"client_id": told["client_id"]}
    before = manage(provider, told, "GET").get_json()
    answer = manage(provider, told, "PUT", named | developer)
    refused(answer, "invalid_client_metadata")
    assert "was set by the operator" in answer.get_json()["error_description"]
    assert manage(provider, told, "GET").get_json() == before
    assert manage(provider, told, "PUT", named | operator | {"client_name": "新名称"}).status_code == 200
    refused(manage(provider, told, "PUT", named | developer), "invalid_client_metadata")
    by_operator(provider, told, **developer)
    assert manage(provider, told, "PUT", named | developer).status_code == 200


def test_rfc7592_2_2_what_a_developer_chose_he_may_change(provider: Provider) -> None:
    """And beyond what an operator set he may go."""
    told = registered(provider, dpop_bound_access_tokens=True, require_pkce=False)
    by_operator(provider, told, dpop_bound_access_tokens=True, require_pkce=False, client_name="新名称")
    named = HONEST | {"client_id": told["client_id"]}
    assert manage(provider, told, "PUT", named).status_code == 200
    by_operator(provider, told, require_pkce=False)
    assert manage(provider, told, "PUT", named | FAPI).status_code == 200


def test_rfc7592_2_2_a_secret_comes_and_goes_with_the_method(provider: Provider) -> None:
    told = registered(provider)
    body = HONEST | {"client_id": told["client_id"]}
    without = manage(provider, told, "PUT", body | {"token_endpoint_auth_method": "none"}).get_json()
    again = manage(provider, told, "PUT", body).get_json()
    assert "client_secret" not in without
    assert again["client_secret"] != told["client_secret"]


def test_rfc7592_2_3_a_client_removes_itself(provider: Provider) -> None:
    told = registered(provider)
    answer = manage(provider, told, "DELETE")
    assert (answer.status_code, answer.data) == (204, b"")
    refused(manage(provider, told, "GET"), "invalid_token", 401)
    assert provider.services.clients.get(told["client_id"]) is None


def test_rfc7592_2_nobody_manages_another_client(provider: Provider) -> None:
    mine, theirs, operators = registered(provider), registered(provider), provider.client()
    for method in ("GET", "PUT", "DELETE"):
        refused(manage(provider, theirs, method, HONEST, mine["registration_access_token"]), "invalid_token", 401)
        refused(
            send(provider, method, f"/register/{operators.id}", mine["registration_access_token"], HONEST),
            "invalid_token",
            401,
        )
        refused(
            send(provider, method, "/register/nobody", mine["registration_access_token"], HONEST), "invalid_token", 401
        )
        assert send(provider, method, f"/register/{theirs['client_id']}", None, HONEST).status_code == 401
    assert manage(provider, theirs, "GET").status_code == 200


def test_a_disabled_client_is_not_managed(provider: Provider) -> None:
    told = registered(provider)
    provider.services.clients.set_enabled(told["client_id"], False)
    for method in ("GET", "PUT", "DELETE"):
        refused(manage(provider, told, method, HONEST | {"client_id": told["client_id"]}), "invalid_token", 401)


def test_what_happened_is_told(provider: Provider) -> None:
    told = registered(provider)
    manage(provider, told, "PUT", HONEST | {"client_id": told["client_id"]})
    manage(provider, told, "DELETE")
    AuditWriter(provider.services.state, provider.services.records.audit, "test").move()
    found = provider.services.records.audit.search(client_id=told["client_id"])
    assert [each.event.event for each in found] == ["client:added", "client:changed", "client:removed"]
    assert {json.loads(each.event.document)["actor"] for each in found} == {"registration"}


def test_rfc7591_3_2_2_a_developer_is_told_what_is_wrong_and_nothing_that_he_sent(provider: Provider) -> None:
    for changes, words in (
        ({"profile": "fapi2"}, "jwks or jwks_uri is missing"),
        ({"require_pkce": "<b>yes</b>"}, "require_pkce is not a boolean"),
        ({"client_uri": "javascript:alert(1)"}, "client_uri"),
    ):
        answer = register(provider, initial(provider), **changes)
        refused(answer, "invalid_client_metadata")
        description = answer.get_json()["error_description"]
        assert words in description
        assert not set(description) & set('<>"\\')
        assert "alert" not in description
