"""Whatever is thrown at /authorize and /token, the answer is the error its RFC names, in its form, and never a fault of
ours; on both kinds of records, for what one takes the other may refuse."""

import base64
from collections.abc import Iterator
from urllib.parse import urlencode, urlsplit

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from idp.codec import encode
from idp.oidc.resources.authorization_details import CERTIFICATE_RECORDS
from idp.storage.records.upgrade import upgrade
from idp.vault.master_keys import ensure_key_file
from tests.support.forms import form
from tests.support.known import Known, acquainted
from tests.support.postgres_service import PostgresServer
from tests.support.provider import CALLBACK, ISSUER, Registered, parameters, running_provider, settings_for
from tests.support.randomness import CountingRandomness

FORM = "application/x-www-form-urlencoded"
TO_CLIENT = {
    "invalid_request",
    "unauthorized_client",
    "unsupported_response_type",
    "invalid_scope",
    "login_required",
    "interaction_required",
    "consent_required",
    "invalid_request_object",
    "request_uri_not_supported",
    "registration_not_supported",
    "unmet_authentication_requirements",
    "invalid_target",
    "invalid_authorization_details",
}
TO_SERVER = {
    (400, "invalid_request"),
    (401, "invalid_client"),
    (400, "invalid_grant"),
    (400, "unauthorized_client"),
    (400, "unsupported_grant_type"),
    (400, "invalid_scope"),
    (400, "invalid_request_object"),
    (400, "invalid_target"),
    (400, "invalid_authorization_details"),
}
TO_ELSEWHERE = {
    (400, "unknown_user_id"),
    (400, "invalid_binding_message"),
    (429, "temporarily_unavailable"),  # one client asks for one person so often and no more
}
AUTHORIZE = [
    "response_type",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "prompt",
    "max_age",
    "display",
    "ui_locales",
    "login_hint",
    "claims_locales",
    "acr_values",
    "claims",
    "id_token_hint",
    "response_mode",
    "request",
    "request_uri",
    "registration",
    "resource",
    "authorization_details",
    "client_id",
    "redirect_uri",
    "x",
]
TOKEN = [
    "grant_type",
    "code",
    "redirect_uri",
    "code_verifier",
    "client_id",
    "client_secret",
    "refresh_token",
    "scope",
    "client_assertion",
    "resource",
    "authorization_details",
    "subject_token",
    "subject_token_type",
    "x",
]

MEMBERS = [
    "type",
    "actions",
    "locations",
    "certificate_types",
    "id_token",
    "userinfo",
    "acr",
    "sub",
    "auth_time",
    "name",
    "value",
    "values",
    "essential",
]

texts = st.text(st.characters(codec="utf-8"), max_size=40) | st.sampled_from(
    ["", "\0", "none", "login", "code", "openid", "0", "S256"]
)
claims = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(MEMBERS), inner, max_size=4),
).map(lambda document: encode(document).decode())
headers = st.text(st.characters(max_codepoint=255, blacklist_categories=["Cc"]), max_size=60)
credentials = headers | st.binary(max_size=60).map(lambda raw: "Basic " + base64.b64encode(raw).decode())
often = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])


def changed(names: list[str]) -> st.SearchStrategy[list[tuple[str, str]]]:
    return st.lists(st.tuples(st.sampled_from(names), texts | claims), max_size=5)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def known(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Known]:
    directory, more = tmp_path_factory.mktemp("provider"), {}
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres_server")
        more = {"IDP_RECORDS_URL": server.create_database()}
        upgrade(more["IDP_RECORDS_URL"])
        ensure_key_file(directory / "master.key", CountingRandomness(), 0)
    with running_provider(settings_for(directory, **more)) as provider:
        types = [CERTIFICATE_RECORDS]
        yield acquainted(provider, scope="openid profile offline_access", authorization_details_types=types)
    if more:
        server.drop_database(more["IDP_RECORDS_URL"])


def authorize(known: Known, query: bytes, signed_in: bool) -> None:
    http = known.visitor.http if signed_in else known.provider.machine()
    held_to_its_form(
        http.get("/authorize", base_url=ISSUER, environ_overrides={"QUERY_STRING": query.decode("latin-1")})
    )
    held_to_its_form(http.post("/authorize", base_url=ISSUER, data=query, content_type=FORM))


def held_to_its_form(response: TestResponse) -> None:
    if response.status_code == 200:  # response_mode=form_post
        assert form(response.text, "iss").action == CALLBACK
    elif response.status_code != 303:
        assert response.status_code == 400, response.text
        assert response.mimetype == "text/html"
    elif response.location.startswith("/"):
        assert urlsplit(response.location).path in ("/login", "/consent", "/authorize")
    else:
        assert response.location.startswith(CALLBACK + "?")
        told = parameters(response.location)
        assert told["iss"] == ISSUER
        assert "code" in told or told["error"] in TO_CLIENT


def token(known: Known, body: bytes, authorization: str | None, content_type: str = FORM) -> None:
    """From ever another address: wrong secrets are slowed by source."""
    known.provider.clock.advance(0.001)
    given_headers = {} if authorization is None else {"Authorization": authorization}
    peer = {"REMOTE_ADDR": f"2001:db8:{hash((body, authorization)) % 0xFFFF:x}:{hash(body) % 0xFFFF:x}::1"}
    response = known.provider.machine().post(
        "/token", base_url=ISSUER, data=body, content_type=content_type, headers=given_headers, environ_base=peer
    )
    assert (response.status_code, response.get_json()["error"]) in TO_SERVER, response.text
    assert response.headers["Cache-Control"] == "no-store"


@often
@given(changes=changed(AUTHORIZE), repeat=st.booleans(), signed_in=st.booleans())
@example(changes=[("client_id", "\0")], repeat=False, signed_in=True)
@example(changes=[("resource", "\0")], repeat=True, signed_in=True)
@example(changes=[("authorization_details", "[" * 999)], repeat=False, signed_in=True)
@example(changes=[("claims", '{"id_token":{"sub":{"value":"\\ud800"}}}')], repeat=False, signed_in=False)
def test_rfc6749_4_1_2_1_any_parameters_at_authorize(
    known: Known, changes: list[tuple[str, str]], repeat: bool, signed_in: bool
) -> None:
    honest = known.client.request()
    pairs = [*honest.items(), *changes] if repeat else list((honest | dict(changes)).items())
    authorize(known, urlencode(pairs).encode(), signed_in)


@often
@given(raw=st.binary(max_size=200), after_an_honest_request=st.booleans(), signed_in=st.booleans())
def test_rfc6749_4_1_2_1_any_bytes_at_authorize(
    known: Known, raw: bytes, after_an_honest_request: bool, signed_in: bool
) -> None:
    before = urlencode(known.client.request()).encode() + b"&" if after_an_honest_request else b""
    authorize(known, before + raw, signed_in)


@often
@given(handle=headers, browser=headers)
def test_any_cookies_at_authorize(known: Known, handle: str, browser: str) -> None:
    cookies = f"__Host-idp-session={handle}; __Host-idp-browser={browser}"
    machine = known.provider.machine()
    query = known.client.request()
    held_to_its_form(machine.get("/authorize", base_url=ISSUER, query_string=query, headers={"Cookie": cookies}))


@often
@given(changes=changed(TOKEN), repeat=st.booleans(), authorization=st.none() | credentials | st.just("honest"))
@example(changes=[("code", "\0")], repeat=False, authorization="honest")
@example(changes=[("grant_type", "refresh_token"), ("refresh_token", "\0.\0")], repeat=False, authorization="honest")
@example(changes=[("client_id", "\0")], repeat=False, authorization=None)
@example(changes=[], repeat=False, authorization="Basic AA==")
@example(changes=[], repeat=False, authorization="Basic ADo=")
@example(changes=[], repeat=False, authorization="Basic \u00e9")
def test_rfc6749_5_2_any_parameters_at_token(
    known: Known, changes: list[tuple[str, str]], repeat: bool, authorization: str | None
) -> None:
    honest = known.client.exchange("x")
    pairs = [*honest.items(), *changes] if repeat else list((honest | dict(changes)).items())
    told = known.client.basic["Authorization"] if authorization == "honest" else authorization
    token(known, urlencode(pairs).encode(), told)


@often
@given(
    raw=st.binary(max_size=200),
    content_type=st.sampled_from([FORM, "application/json", "multipart/form-data", "text/plain", ""]),
)
def test_rfc6749_5_2_any_bytes_at_token(known: Known, raw: bytes, content_type: str) -> None:
    token(known, raw, known.client.basic["Authorization"], content_type)


@often
@given(
    path=st.sampled_from(["/revoke", "/introspect", "/par"]),
    given_token=texts | headers,
    changes=changed(["token", "token_type_hint", "client_id", "client_secret", "request_uri", "scope", "x"]),
    repeat=st.booleans(),
)
@example(path="/revoke", given_token="\0", changes=[], repeat=False)
@example(path="/introspect", given_token="0" * 44 + "." + "\0" * 32, changes=[], repeat=False)
def test_rfc7009_and_rfc7662_any_parameters(
    known: Known, path: str, given_token: str, changes: list[tuple[str, str]], repeat: bool
) -> None:
    honest = {"token": given_token}
    pairs = [*honest.items(), *changes] if repeat else list((honest | dict(changes)).items())
    known.provider.clock.advance(0.001)
    response = known.provider.machine().post(
        path, base_url=ISSUER, data=urlencode(pairs).encode(), content_type=FORM, headers=known.client.basic
    )
    if response.status_code == 200:
        assert response.get_json() == ({} if path == "/revoke" else {"active": False})
    else:
        assert (response.status_code, response.get_json()["error"]) in TO_SERVER, response.text


@pytest.fixture(scope="module")
def elsewhere(known: Known) -> Registered:
    """A client that asks for citizens who answer elsewhere."""
    return known.provider.client(
        grant_types=["urn:ietf:params:oauth:grant-type:device_code", "urn:openid:params:grant-type:ciba"],
        backchannel_token_delivery_mode="poll",
        redirect_uris=[],
        post_logout_redirect_uris=[],
    )


@often
@given(
    path=st.sampled_from(["/device_authorization", "/ciba"]),
    changes=changed(
        [
            "scope",
            "login_hint",
            "id_token_hint",
            "login_hint_token",
            "binding_message",
            "requested_expiry",
            "resource",
            "authorization_details",
            "acr_values",
            "request",
        ]
    ),
)
@example(path="/ciba", changes=[("requested_expiry", "1")])
@example(path="/ciba", changes=[("login_hint", "\0")])
@example(path="/ciba", changes=[("login_hint", ""), ("scope", ""), ("request", "e30.e30.e30")])
def test_rfc8628_3_1_and_ciba_7_1_any_parameters(
    known: Known, elsewhere: Registered, path: str, changes: list[tuple[str, str]]
) -> None:
    fields = {"scope": "openid", "login_hint": "13800000000"} | dict(changes)
    known.provider.clock.advance(0.001)
    response = known.provider.machine().post(
        path, base_url=ISSUER, data=urlencode(fields).encode(), content_type=FORM, headers=elsewhere.basic
    )
    if response.status_code == 200:
        assert response.get_json()["interval"] == 5
    else:
        assert (response.status_code, response.get_json()["error"]) in TO_SERVER | TO_ELSEWHERE, response.text
