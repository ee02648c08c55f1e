"""C. Mix-up, parameters and flows (RFC 9207, RFC 9700 sections 2.1.2, 2.4 and 4.4, RFC 6749 section 3.1).

UPSTREAM-* waits for sign-in at other organisations (see README.md).
"""

import base64
import json
from typing import Any
from urllib.parse import urlencode

import pytest
from werkzeug.test import TestResponse

from tests.support.provider import ISSUER, Provider, Registered, parameters


@pytest.fixture
def client(provider: Provider) -> Registered:
    return provider.client()


def payload(id_token: str) -> dict[str, Any]:
    part = id_token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return claims


def test_c_iss_in_every_response(provider: Provider, client: Registered) -> None:
    person, visitor = provider.citizen(), provider.visitor()
    assert visitor.arrive(client, person)["iss"] == ISSUER
    assert visitor.hop(client)["iss"] == ISSUER
    assert visitor.hop(client, response_type="token")["iss"] == ISSUER
    other = provider.client()
    denied = visitor.submit(visitor.authorize(other), "decision", decision="deny")
    assert parameters(denied.location) == {
        "error": "access_denied",
        "error_description": "The citizen or the provider refused.",
        "state": "state-1",
        "iss": ISSUER,
    }
    metadata = provider.machine().get("/.well-known/openid-configuration").get_json()
    assert metadata["authorization_response_iss_parameter_supported"] is True


@pytest.mark.parametrize(
    "name", ["scope", "state", "response_type", "nonce", "prompt", "code_challenge", "claims", "x"]
)
def test_c_dup_param_is_never_a_code(provider: Provider, client: Registered, name: str) -> None:
    visitor = provider.visitor()
    visitor.arrive(client, provider.citizen())
    honest = client.request()
    query = urlencode([*honest.items(), *[(name, honest.get(name, "1"))] * (1 if name in honest else 2)])
    answer = parameters(visitor.get(f"/authorize?{query}").location)
    assert answer["error"] == "invalid_request"
    assert ("state" in answer) == (name != "state")


def test_c_dup_param_client_id_goes_nowhere(provider: Provider, client: Registered) -> None:
    query = urlencode([*client.request().items(), ("client_id", provider.client().id)])
    response = provider.visitor().get(f"/authorize?{query}")
    assert response.status_code == 400
    assert "Location" not in response.headers


@pytest.mark.parametrize("separator", [";", "%26", "&amp;"])
def test_c_dup_param_by_another_separator_is_a_part_of_the_value(
    provider: Provider, client: Registered, separator: str
) -> None:
    query = urlencode(client.request(state=None)) + f"&state=a{separator}redirect_uri=https://evil.example/cb"
    page = provider.visitor().get(f"/authorize?{query}")
    assert page.status_code == 200


@pytest.mark.parametrize("name", ["code", "grant_type", "redirect_uri", "code_verifier", "client_id"])
def test_c_dup_param_token_endpoint(provider: Provider, client: Registered, name: str) -> None:
    code = provider.visitor().arrive(client, provider.citizen())["code"]
    fields = client.exchange(code)
    body = urlencode([*fields.items(), *[(name, fields.get(name, "x"))] * (1 if name in fields else 2)])
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    response = provider.machine().post("/token", data=body, headers=client.basic | form)
    assert (response.status_code, response.get_json()["error"]) == (400, "invalid_request")
    assert provider.token(client, fields).status_code == 200


@pytest.mark.parametrize(
    "response_type", ["token", "id_token", "code token", "code id_token", "id_token token", "none", "CODE", "code code"]
)
def test_c_implicit_and_hybrid_are_not_offered(provider: Provider, client: Registered, response_type: str) -> None:
    visitor = provider.visitor()
    visitor.arrive(client, provider.citizen())
    assert visitor.hop(client, response_type=response_type)["error"] == "unsupported_response_type"
    metadata = provider.machine().get("/.well-known/openid-configuration").get_json()
    assert metadata["response_types_supported"] == ["code"]


@pytest.mark.parametrize("mode", ["web_message", "JWT", "jwt.query", "web_message.jwt", "QUERY"])
def test_c_respmode_that_is_not_offered(provider: Provider, client: Registered, mode: str) -> None:
    assert provider.visitor().hop(client, response_mode=mode)["error"] == "invalid_request"


@pytest.mark.parametrize("grant", ["password", "implicit", "urn:ietf:params:oauth:grant-type:jwt-bearer", "x" * 9_000])
def test_c_ropc_and_other_grants_are_not_offered(provider: Provider, client: Registered, grant: str) -> None:
    fields = {"grant_type": grant, "username": "x", "password": "y"}
    response = provider.token(client, fields)
    assert (response.status_code, response.get_json()["error"]) == (400, "unsupported_grant_type")


def test_c_token_by_get_in_the_query_or_as_json(provider: Provider, client: Registered) -> None:
    code = provider.visitor().arrive(client, provider.citizen())["code"]
    fields, machine = client.exchange(code), provider.machine()
    assert machine.get("/token", query_string=fields, headers=client.basic).status_code == 405
    assert machine.post("/token", query_string=fields, headers=client.basic).status_code == 400
    assert machine.post("/token", json=fields, headers=client.basic).status_code in (400, 415)
    multipart = {"Content-Type": "multipart/form-data; boundary=x"}
    assert machine.post("/token", data="--x--", headers=client.basic | multipart).status_code in (400, 415)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert machine.post("/token", query_string=fields, headers=client.basic | form).status_code == 400
    assert provider.token(client, fields).status_code == 200


@pytest.mark.parametrize("path", ["/token", "/userinfo", "/authorize", "/login", "/consent", "/logout", "/"])
def test_c_method_is_refused(provider: Provider, path: str) -> None:
    for method in ("TRACE", "PUT", "DELETE", "PATCH", "TRACK", "X" * 200):
        response = provider.machine().open(path, method=method)
        assert response.status_code in (405, 501), method


def test_c_token_no_store(provider: Provider, client: Registered) -> None:
    code = provider.visitor().arrive(client, provider.citizen())["code"]
    answers = [provider.token(client, client.exchange(code)) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 400]
    answers.append(provider.userinfo(answers[0].get_json()["access_token"]))
    answers.append(provider.userinfo("x"))
    assert all("no-store" in answer.headers["Cache-Control"] for answer in answers)


def test_c_access_token_in_the_query_is_refused(provider: Provider, client: Registered) -> None:
    code = provider.visitor().arrive(client, provider.citizen())["code"]
    token = provider.token(client, client.exchange(code)).get_json()["access_token"]
    assert provider.machine().get("/userinfo", query_string={"access_token": token}).status_code in (400, 401)
    both = {"Authorization": f"Bearer {token}"}
    assert provider.machine().post("/userinfo", data={"access_token": token}, headers=both).status_code == 400
    assert provider.userinfo(token).status_code == 200


@pytest.mark.parametrize("prompt", ["none login", "login none", "none none consent", "create login", "LOGIN"])
def test_c_prompt_that_contradicts_itself(provider: Provider, client: Registered, prompt: str) -> None:
    visitor = provider.visitor()
    visitor.arrive(client, provider.citizen())
    assert visitor.hop(client, prompt=prompt)["error"] == "invalid_request"


@pytest.mark.parametrize("max_age", ["-1", "1e3", "１２", "9" * 40, "0x10", " 1", "1.5", "None"])
def test_c_max_age_that_is_no_number(provider: Provider, client: Registered, max_age: str) -> None:
    assert provider.visitor().hop(client, max_age=max_age)["error"] == "invalid_request"


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("request", "invalid_request_object"),
        ("request_uri", "request_uri_not_supported"),
        ("registration", "registration_not_supported"),
    ],
)
def test_c_request_objects_of_nobody_are_not_read_and_none_is_fetched(
    provider: Provider, client: Registered, name: str, error: str
) -> None:
    answer = provider.visitor().hop(client, **{name: "https://evil.example/ro.jwt"})
    assert answer["error"] == error


def test_c_scope_escalation(provider: Provider) -> None:
    """Scopes of others, unknown ones and look-alikes are dropped: neither asked, nor in the token."""
    client = provider.client(scope="openid profile")
    greedy = "openid profile admin citizen_id phone offline_access PROFILE profile\u00a0email"
    visitor, person = provider.visitor(), provider.citizen()
    code = visitor.arrive(client, person, scope=greedy.replace("\u00a0", " "))["code"]
    got = provider.token(client, client.exchange(code)).get_json()
    assert got["scope"] == "openid profile"
    assert "refresh_token" not in got
    told = provider.userinfo(got["access_token"]).get_json()
    assert not {"citizen_id_number", "phone_number", "email"} & told.keys()


def test_c_claims_not_granted(provider: Provider, client: Registered) -> None:
    asked = {place: {"citizen_id_number": {"essential": True}} for place in ("id_token", "userinfo")}
    visitor, person = provider.visitor(), provider.citizen()
    code = visitor.arrive(client, person, claims=json.dumps(asked))["code"]
    got = provider.token(client, client.exchange(code)).get_json()
    assert "citizen_id_number" not in payload(got["id_token"])
    assert "citizen_id_number" not in provider.userinfo(got["access_token"]).get_json()


HOSTILE_CLAIMS = {
    "deep-arrays": "[" * 4_000,
    "deep-objects": '{"a":' * 1_600,
    "deep-inside": '{"id_token":{"sub":' + "[" * 3_000 + "]" * 3_000 + "}}",
    "not-json": "{",
    "not-an-object": "[]",
    "number": "1" * 5_000,
    "place-is-a-list": '{"id_token":[]}',
    "member-is-a-text": '{"id_token":{"name":"x"}}',
    "essential-is-a-text": '{"id_token":{"name":{"essential":"yes"}}}',
    "values-are-numbers": '{"id_token":{"acr":{"values":[1]}}}',
    "long": json.dumps({"userinfo": {"x" * 9_000: None}}),
    "two-subjects": '{"id_token":{"sub":{"values":["a","b"]}}}',
    "half-a-character": '{"id_token":{"sub":{"value":"\\ud800"}}}',
    "infinity": '{"id_token":{"acr":{"essential":Infinity}}}',
    "place-twice": '{"id_token":{"acr":{"essential":true}},"id_token":{}}',
    "claim-twice": '{"id_token":{"acr":{"essential":true},"acr":null}}',
}


@pytest.mark.parametrize("claims", HOSTILE_CLAIMS.values(), ids=HOSTILE_CLAIMS.keys())
def test_g_input_deep_and_odd_json_claims(provider: Provider, client: Registered, claims: str) -> None:
    assert provider.visitor().hop(client, claims=claims)["error"] == "invalid_request"


def test_g_input_claims_of_any_other_name_are_ignored(provider: Provider, client: Registered) -> None:
    odd = json.dumps({"userinfo": {"__proto__": None, "\0": None, "名": {"value": "x"}}, "evil": {"x": 1}})
    assert "code" in provider.visitor().arrive(client, provider.citizen(), claims=odd)


@pytest.mark.parametrize("raw", ["%", "%zz", "%ff%fe", "&" * 500, "a=b&" * 101, "=", "\u00e9", "%00=%00", "a" * 40_000])
@pytest.mark.parametrize("path", ["/authorize", "/login", "/consent", "/logout", "/preferences", "/login/otp"])
def test_g_input_bad_utf8_and_too_many_fields(provider: Provider, path: str, raw: str) -> None:
    response: TestResponse = provider.visitor().get(f"{path}?{raw}")
    assert response.status_code < 500


def test_g_input_long_state_8k(provider: Provider, client: Registered) -> None:
    visitor = provider.visitor()
    state = "s" * 8_000
    assert visitor.arrive(client, provider.citizen(), state=state)["state"] == state
    assert visitor.hop(client, state="s" * 9_000)["error"] == "invalid_request"


@pytest.mark.parametrize("state", ["a\r\nSet-Cookie: x=1", "\n\n<script>", "\0", "é日本", "a&iss=https://evil.example"])
def test_g_input_header_injection_in_state(provider: Provider, client: Registered, state: str) -> None:
    visitor = provider.visitor()
    visitor.arrive(client, provider.citizen())
    response = visitor.authorize(client, state=state)
    assert parameters(response.location) | {"code": ""} == {"code": "", "state": state, "iss": ISSUER}
    assert "Set-Cookie" not in response.headers
