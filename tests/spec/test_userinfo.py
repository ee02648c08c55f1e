"""/userinfo: OIDC Core section 5.3, with bearer tokens as RFC 6750 has them."""

import json
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from idp.citizens.citizen import Status
from tests.support.provider import ISSUER, Person, Provider, Registered

FORM = "application/x-www-form-urlencoded"
PLAIN = 'Bearer realm="citizen-idp"'
ALL = "openid profile email phone address citizen_id"


def access(provider: Provider, client: Registered, person: Person, **asked: str | None) -> str:
    """An access token of a citizen who agreed to all that was asked."""
    answer = provider.visitor().arrive(client, person, **asked)
    token: str = provider.token(client, client.exchange(answer["code"])).json["access_token"]
    return token


def ask(provider: Provider, method: str = "GET", query: str = "", **request: object) -> TestResponse:
    return provider.machine().open("/userinfo" + query, method=method, base_url=ISSUER, **request)


def claims(response: TestResponse) -> dict[str, object]:
    """What was released. It is JSON that nobody may keep."""
    assert response.status_code == 200, response.text
    assert response.mimetype == "application/json"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.json is not None
    return dict(response.json)


def refused(response: TestResponse, status: int, error: str) -> None:
    assert (response.status_code, response.json["error"]) == (status, error)
    if status == 401:
        assert response.headers["WWW-Authenticate"] == f'{PLAIN}, error="{error}"'


# -- where the token stands -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ("c770aef3-6784-41f7-8e0e-ff5f97bddb3a", True),
        ("C770AEF3-6784-41F7-8E0E-FF5F97BDDB3A", True),
        ("{c770aef3-6784-41f7-8e0e-ff5f97bdd}", False),
        ("c770aef3678441f78e0eff5f97bddb3a", False),
        ("x" * 36, False),
        ("", False),
    ],
)
def test_fapi_1_6_2_1_the_id_of_a_call_comes_back(shared_provider: Provider, sent: str, told: bool) -> None:
    answer = ask(shared_provider, headers={"x-fapi-interaction-id": sent})
    assert answer.headers.get("x-fapi-interaction-id") == (sent if told else None)


@pytest.fixture
def token(provider: Provider) -> str:
    return access(provider, provider.client(), provider.citizen())


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_rfc6750_2_1_a_token_in_the_header(provider: Provider, token: str, method: str, scheme: str) -> None:
    response = ask(provider, method, headers={"Authorization": f"{scheme} {token}"})
    assert "sub" in claims(response)


def test_oidc_core_5_3_1_a_post_with_an_empty_form(provider: Provider, token: str) -> None:
    response = ask(provider, "POST", headers={"Authorization": f"Bearer {token}"}, data=b"", content_type=FORM)
    assert "sub" in claims(response)


def test_rfc6750_2_2_a_token_in_the_form(provider: Provider, token: str) -> None:
    assert "sub" in claims(ask(provider, "POST", data={"access_token": token}))


def test_rfc6750_2_2_a_form_with_get_is_not_read(provider: Provider, token: str) -> None:
    response = ask(provider, data=urlencode({"access_token": token}), content_type=FORM)
    assert (response.status_code, response.headers["WWW-Authenticate"]) == (401, PLAIN)


def test_rfc6750_2_2_another_content_type_is_not_read(provider: Provider, token: str) -> None:
    response = ask(provider, "POST", data=json.dumps({"access_token": token}), content_type="application/json")
    refused(response, 400, "invalid_request")


def test_rfc6750_2_3_a_token_in_the_query_is_refused(provider: Provider, token: str) -> None:
    refused(ask(provider, query=f"?access_token={token}"), 400, "invalid_request")


def test_rfc6750_2_two_places_at_once_are_refused(provider: Provider, token: str) -> None:
    header = {"Authorization": f"Bearer {token}"}
    refused(ask(provider, "POST", headers=header, data={"access_token": token}), 400, "invalid_request")
    refused(ask(provider, query=f"?access_token={token}", headers=header), 400, "invalid_request")
    refused(ask(provider, "POST", f"?access_token={token}", data={"access_token": token}), 400, "invalid_request")


def test_rfc6750_3_1_a_parameter_twice_is_refused(provider: Provider, token: str) -> None:
    body = f"access_token={token}&access_token={token}"
    refused(ask(provider, "POST", data=body, content_type=FORM), 400, "invalid_request")


# -- tokens that are not good -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic YTpi", "Token x", "BearerX abc", "Negotiate"])
def test_rfc6750_3_1_without_a_token_no_error_is_told(provider: Provider, header: str | None) -> None:
    """Only the scheme is told, for the client may not know that one is needed."""
    response = ask(provider, headers={} if header is None else {"Authorization": header})
    assert (response.status_code, response.headers["WWW-Authenticate"], response.json) == (401, PLAIN, {})


UNKNOWN = [
    "x",
    "a" * 43,
    "f" + "A" * 43,
    "..",
    "a b c",
    "é",
    "%00",
    "\"',;",
    "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.",
    "A" * 8_000,
]


@pytest.mark.parametrize("token", UNKNOWN, ids=range(len(UNKNOWN)))
def test_rfc6750_3_1_an_unknown_or_malformed_token(provider: Provider, token: str) -> None:
    response = ask(provider, headers={"Authorization": f"Bearer {token}"})
    refused(response, 401, "invalid_token")
    assert response.json.keys() == {"error", "error_description"}
    assert len(token) < 5 or token not in response.text, "what came is not shown again"


def test_rfc6750_3_1_an_expired_token(provider: Provider, token: str) -> None:
    provider.clock.advance(provider.services.settings.lifetimes.access_token_seconds - 1)
    assert provider.userinfo(token).status_code == 200
    provider.clock.advance(1)
    refused(provider.userinfo(token), 401, "invalid_token")


def test_rfc6750_3_1_a_token_whose_citizen_signed_out(provider: Provider) -> None:
    person, client, visitor = provider.citizen(), provider.client(), provider.visitor()
    answer = provider.token(client, client.exchange(visitor.arrive(client, person)["code"])).json
    assert provider.userinfo(answer["access_token"]).status_code == 200
    visitor.get("/logout?" + urlencode({"id_token_hint": answer["id_token"]}))
    refused(provider.userinfo(answer["access_token"]), 401, "invalid_token")


def test_rfc6750_3_1_a_token_of_a_client_that_was_disabled(provider: Provider) -> None:
    client = provider.client()
    token = access(provider, client, provider.citizen())
    provider.services.clients.set_enabled(client.id, enabled=False)
    refused(provider.userinfo(token), 401, "invalid_token")


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.ACTIVE])
def test_rfc6750_3_1_a_token_of_a_citizen_who_is_no_longer_active(provider: Provider, status: Status) -> None:
    person = provider.citizen()
    token = access(provider, provider.client(), person)
    provider.services.citizens.set_status(person.citizen.id, status)
    refused(provider.userinfo(token), 401, "invalid_token")


def test_rfc6750_3_1_a_token_without_openid_reaches_no_claims(provider: Provider) -> None:
    """A refresh may narrow the scope (RFC 6749 section 6); UserInfo is for openid (OIDC Core section 5.3)."""
    client = provider.client(scope="openid profile offline_access")
    answer = provider.visitor().arrive(client, provider.citizen(), scope="openid profile offline_access")
    first = provider.token(client, client.exchange(answer["code"])).json
    narrowed = provider.token(
        client, {"grant_type": "refresh_token", "refresh_token": first["refresh_token"], "scope": "profile"}
    ).json
    response = provider.userinfo(narrowed["access_token"])
    refused(response, 403, "insufficient_scope")
    assert response.headers["WWW-Authenticate"] == f'{PLAIN}, error="insufficient_scope", scope="openid"'
    assert provider.userinfo(first["access_token"]).status_code == 200


# -- what is released -------------------------------------------------------------------------------------------------


def released(provider: Provider, person: Person, client: Registered, **asked: str | None) -> dict[str, object]:
    return claims(provider.userinfo(access(provider, client, person, **asked)))


@pytest.fixture
def person(provider: Provider) -> Person:
    return provider.citizen(email="jw@example.cn", address="北京市东城区 1 号", gender="female", birthdate="1950-01-02")


@pytest.mark.parametrize(
    ("scope", "names"),
    [
        ("openid", set()),
        ("openid profile", {"name", "birthdate", "gender", "updated_at"}),
        ("openid email", {"email", "email_verified"}),
        ("openid phone", {"phone_number", "phone_number_verified"}),
        ("openid address", {"address"}),
        ("openid email phone", {"email", "email_verified", "phone_number", "phone_number_verified"}),
        ("openid unheard_of", set()),
    ],
)
def test_oidc_core_5_4_a_scope_gives_its_claims_and_no_more(
    provider: Provider, person: Person, scope: str, names: set[str]
) -> None:
    assert released(provider, person, provider.client(), scope=scope).keys() == {"sub"} | names


def test_oidc_core_5_1_the_claims_have_their_shapes(provider: Provider, person: Person) -> None:
    found = released(provider, person, provider.client(), scope="openid profile email phone address")
    assert found.pop("sub")
    assert found == {
        "name": "李静文",
        "birthdate": "1950-01-02",
        "gender": "female",
        "updated_at": int(provider.clock.now()),
        "email": "jw@example.cn",
        "email_verified": False,
        "phone_number": person.phone,
        "phone_number_verified": False,
        "address": {"formatted": "北京市东城区 1 号"},
    }


def test_oidc_core_5_3_2_what_is_not_known_is_left_out(provider: Provider) -> None:
    found = released(provider, provider.citizen(), provider.client(), scope="openid email phone address")
    assert found.keys() == {"sub", "phone_number", "phone_number_verified"}


def test_oidc_core_5_3_2_sub_is_that_of_the_id_token(provider: Provider, person: Person) -> None:
    client = provider.client()
    tokens = provider.token(client, client.exchange(provider.visitor().arrive(client, person)["code"])).json
    hinted = provider.services.keys.verify(tokens["id_token"], "JWT")
    assert claims(provider.userinfo(tokens["access_token"]))["sub"] == hinted["sub"]


def test_oidc_core_5_5_single_claims_come_where_they_were_asked_for(provider: Provider, person: Person) -> None:
    client = provider.client()
    wanted = json.dumps({"userinfo": {"email": {"essential": True}}, "id_token": {"birthdate": {"essential": True}}})
    answer = provider.visitor().arrive(client, person, scope="openid", claims=wanted)
    tokens = provider.token(client, client.exchange(answer["code"])).json
    in_token = provider.services.keys.verify(tokens["id_token"], "JWT")
    assert in_token["birthdate"] == "1950-01-02"
    assert "email" not in in_token
    assert claims(provider.userinfo(tokens["access_token"])).keys() == {"sub", "email"}


def test_oidc_core_5_5_a_claim_outside_the_clients_scope_is_not_given(provider: Provider, person: Person) -> None:
    client = provider.client(scope="openid")
    wanted = json.dumps({"userinfo": {"email": {"essential": True}, "citizen_id_number": {"essential": True}}})
    assert released(provider, person, client, scope="openid", claims=wanted).keys() == {"sub"}


def test_pipl_28_the_number_is_given_only_to_a_client_that_may_have_it(provider: Provider, person: Person) -> None:
    """It asks, and the answer is as if it had not."""
    assert "citizen_id_number" not in released(provider, person, provider.client(), scope=ALL)


@pytest.mark.parametrize("optional", [[], ["citizen_id"]])
def test_pipl_29_the_number_is_given_when_it_was_ticked(
    provider: Provider, person: Person, optional: list[str]
) -> None:
    client, visitor = provider.client(scope=ALL, optional_scopes=optional), provider.visitor()
    page = visitor.password(visitor.authorize(client, scope="openid citizen_id"), person)
    assert person.number not in page.text
    arrived = visitor.allow(page, "citizen_id")
    code = dict(pair.split("=") for pair in arrived.location.partition("?")[2].split("&"))["code"]
    tokens = provider.token(client, client.exchange(code)).json
    assert claims(provider.userinfo(tokens["access_token"]))["citizen_id_number"] == person.number


def test_pipl_29_the_number_is_not_given_when_it_was_not_ticked(provider: Provider, person: Person) -> None:
    client = provider.client(scope=ALL, optional_scopes=["citizen_id"])
    tokens = access(provider, client, person, scope="openid citizen_id")
    assert "citizen_id_number" not in claims(provider.userinfo(tokens))


# -- whatever comes ---------------------------------------------------------------------------------------------------

_ANYTHING = st.binary(max_size=200)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    method=st.sampled_from(["GET", "POST", "HEAD", "PUT", "OPTIONS"]),
    query=st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=60),
    scheme=st.sampled_from([b"Bearer ", b"bearer", b"Basic ", b""]),
    credentials=_ANYTHING,
    content_type=st.sampled_from([FORM, "application/json", "multipart/form-data", "", FORM + "; charset=utf-16"]),
    body=_ANYTHING | _ANYTHING.map(lambda tail: b"access_token=" + tail),
)
def test_whatever_bytes_come_the_answer_is_an_error_of_the_requests(
    provider: Provider, method: str, query: str, scheme: bytes, credentials: bytes, content_type: str, body: bytes
) -> None:
    header = (scheme + credentials).decode("latin-1").replace("\r", "").replace("\n", "")
    response = ask(
        provider,
        method,
        data=body,
        content_type=content_type,
        environ_overrides={"HTTP_AUTHORIZATION": header, "QUERY_STRING": query},
    )
    assert response.status_code in ((204,) if method == "OPTIONS" else (400, 401, 405))
