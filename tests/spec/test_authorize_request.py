"""The authorization request, parameter by parameter: RFC 6749 sections 3.1 and 4.1.1, OIDC Core section 3.1.2.1, RFC
7636 section 4.3, RFC 9207.

The citizen is signed in and has agreed before, so that an honest request gets a code at once; whatever else a request
gets is due to the one thing that is wrong with it.
"""

from dataclasses import replace
from urllib.parse import quote, urlencode

import pytest

from idp.codec import encode
from tests.support.answers import granted, refused, refused_on_a_page
from tests.support.known import Known
from tests.support.provider import Registered, challenge

# -- what is right ----------------------------------------------------------------------------------------------------


def test_rfc6749_4_1_2_an_honest_request_gets_a_code_with_state_and_rfc9207_iss(known: Known) -> None:
    response = known.visitor.authorize(known.client)
    assert len(granted(response, known.client)) == 44
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Referrer-Policy"] == "same-origin"


def test_oidc_core_3_1_2_1_post_is_as_good_as_get(known: Known) -> None:
    granted(known.visitor.post("/authorize", known.client.request()), known.client)


def test_oidc_core_3_1_2_1_a_post_from_the_clients_own_page_meets_the_session(known: Known) -> None:
    """SameSite=Lax keeps our cookies back from such a POST, but not from the GET it is answered with."""
    bare = known.provider.machine().post(
        "/authorize", data=known.client.request(state="a b&c"), base_url="https://id.example"
    )
    assert bare.status_code == 303
    assert "Set-Cookie" not in bare.headers
    granted(known.visitor.get(bare.location), known.client, "a b&c")


def test_rfc6749_3_1_unknown_and_empty_parameters_are_as_if_omitted(known: Known) -> None:
    granted(
        known.visitor.authorize(known.client, unknown="x", display="", prompt="", max_age="", claims=""), known.client
    )


@pytest.mark.parametrize(
    "state",
    ["a b+c/d=e&f#g?h%20", '"><script>alert(9)</script>', "状态 ", "\r\nSet-Cookie: x=1", "\x00\x7f", "x" * 8192],
)
def test_rfc6749_4_1_2_state_comes_back_as_it_was(known: Known, state: str) -> None:
    granted(known.visitor.authorize(known.client, state=state), known.client, state)
    refused(
        known.visitor.authorize(known.client, state=state, response_type="token"),
        known.client,
        "unsupported_response_type",
        state,
    )


def test_rfc6749_4_1_1_state_and_nonce_may_be_left_out(known: Known) -> None:
    granted(known.visitor.authorize(known.client, state=None, nonce=None), known.client, None)


# -- one thing wrong: the client is told ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "changes"),
    [
        ("invalid_request", {"response_type": None}),
        ("unsupported_response_type", {"response_type": "nonsense"}),
        ("unsupported_response_type", {"response_type": "token"}),
        ("unsupported_response_type", {"response_type": "id_token"}),
        ("unsupported_response_type", {"response_type": "code id_token"}),
        ("unsupported_response_type", {"response_type": "CODE"}),
        ("invalid_request", {"response_mode": "web_message"}),
        ("invalid_request_object", {"request": "eyJhbGciOiJub25lIn0.e30."}),
        ("invalid_request_object", {"request": "x"}),
        ("request_uri_not_supported", {"request_uri": "https://portal.example/request.jwt"}),
        ("registration_not_supported", {"registration": "{"}),
        ("invalid_scope", {"scope": None}),
        ("invalid_scope", {"scope": "profile"}),
        ("invalid_scope", {"scope": "OpenID"}),
        ("invalid_request", {"code_challenge": None, "code_challenge_method": None}),
        ("invalid_request", {"code_challenge": None}),
        ("invalid_request", {"code_challenge_method": None}),
        ("invalid_request", {"code_challenge_method": "plain"}),
        ("invalid_request", {"code_challenge_method": "s256"}),
        ("invalid_request", {"code_challenge": "abc"}),
        ("invalid_request", {"code_challenge": challenge()[:-1]}),
        ("invalid_request", {"code_challenge": challenge() + "A"}),
        ("invalid_request", {"code_challenge": challenge() + "="}),
        ("invalid_request", {"code_challenge": challenge()[:-1] + "+"}),
        ("invalid_request", {"code_challenge": challenge()[:-1] + "\uff21"}),
        ("invalid_request", {"prompt": "none login"}),
        ("invalid_request", {"prompt": "create login"}),
        ("invalid_request", {"max_age": "abc"}),
        ("invalid_request", {"max_age": "-1"}),
        ("invalid_request", {"max_age": "1.5"}),
        ("invalid_request", {"max_age": "1" * 10}),
        ("invalid_request", {"max_age": "\uff11"}),
        ("invalid_request", {"display": "hologram"}),
        ("invalid_request", {"nonce": "x" * 1025}),
        ("invalid_request", {"nonce": "a\nb"}),
        ("invalid_request", {"login_hint": "\x1b[2J"}),
        ("invalid_request", {"ui_locales": "x" * 1025}),
        ("invalid_request", {"claims_locales": "x" * 1025}),
        ("invalid_request", {"claims": "{"}),
        ("invalid_request", {"claims": "[]"}),
        ("invalid_request", {"claims": '{"id_token": 1}'}),
        ("invalid_request", {"claims": '{"userinfo": {"name": "x"}}'}),
        ("invalid_request", {"claims": '{"userinfo": {"name": {"essential": "yes"}}}'}),
        ("invalid_request", {"claims": '{"id_token": {"sub": {"value": 1}}}'}),
        ("invalid_request", {"claims": '{"id_token": {"sub": {"value": "\\ud800"}}}'}),
        ("invalid_request", {"claims": '{"id_token": {"sub": {"values": ["a", "b"]}}}'}),
        ("invalid_request", {"claims": "[" * 5000}),
        ("invalid_request", {"claims": '{"id_token": {"acr": {"value": ' + "9" * 5000 + "}}}"}),
        ("invalid_request", {"id_token_hint": "x"}),
        ("invalid_request", {"id_token_hint": "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0."}),
    ],
)
def test_oidc_core_3_1_2_6_the_proved_client_is_told_what_is_wrong(
    known: Known, error: str, changes: dict[str, str | None]
) -> None:
    refused(known.visitor.authorize(known.client, **changes), known.client, error)


def test_rfc6749_4_1_2_1_a_state_that_is_too_long_is_refused_and_not_sent_back(known: Known) -> None:
    refused(known.visitor.authorize(known.client, state="x" * 8193), known.client, "invalid_request", None)


@pytest.mark.parametrize(
    "name", ["response_type", "scope", "nonce", "code_challenge", "code_challenge_method", "prompt", "unknown"]
)
def test_rfc6749_3_1_a_repeated_parameter_is_refused(known: Known, name: str) -> None:
    twice = urlencode([*(known.client.request() | {name: "x"}).items(), (name, "y")])
    refused(known.visitor.get(f"/authorize?{twice}"), known.client, "invalid_request")
    same = urlencode(
        [*known.client.request(prompt="consent", unknown="x").items(), (name, known.client.request().get(name, "x"))]
    )
    refused(known.visitor.get(f"/authorize?{same}"), known.client, "invalid_request")


def test_rfc6749_3_1_a_repeated_state_is_not_sent_back(known: Known) -> None:
    twice = urlencode([*known.client.request().items(), ("state", "state-1")])
    refused(known.visitor.get(f"/authorize?{twice}"), known.client, "invalid_request", None)


def test_rfc6749_4_1_2_1_a_client_kept_without_codes_gets_none(known: Known) -> None:
    """None is registered so today; documents live longer than rules."""
    honest = known.provider.client()
    kept = Registered(replace(honest.client, grant_types=("refresh_token",)), honest.secret)
    known.provider.services.records.clients.save(kept.id, encode(kept.client), 0)
    refused(known.visitor.authorize(kept), kept, "unauthorized_client")


# -- PKCE lifted ------------------------------------------------------------------------------------------------------


def test_rfc7636_4_3_pkce_is_lifted_for_a_confidential_client_that_registered_so(known: Known) -> None:
    client = known.meet(require_pkce=False)
    granted(known.visitor.authorize(client, code_challenge=None, code_challenge_method=None), client)


@pytest.mark.parametrize(
    "changes",
    [
        {"code_challenge": None},
        {"code_challenge_method": None},
        {"code_challenge_method": "plain"},
        {"code_challenge": "abc"},
    ],
)
def test_rfc7636_4_3_where_pkce_is_lifted_half_of_it_is_still_wrong(known: Known, changes: dict[str, None]) -> None:
    client = known.provider.client(require_pkce=False)
    refused(known.visitor.authorize(client, **changes), client, "invalid_request")


def test_rfc9700_2_1_1_pkce_cannot_be_lifted_for_a_public_client(known: Known) -> None:
    client = known.provider.client(token_endpoint_auth_method="none")
    refused(known.visitor.authorize(client, code_challenge=None, code_challenge_method=None), client, "invalid_request")


# -- scope ------------------------------------------------------------------------------------------------------------


def test_oidc_core_3_1_2_1_scopes_that_are_unknown_or_not_the_clients_are_left_out(known: Known) -> None:
    """Not registered: citizen_id and offline_access; unknown: admin. What remains was agreed to before."""
    code = granted(
        known.visitor.authorize(known.client, scope="openid admin profile citizen_id offline_access"), known.client
    )
    told = known.provider.token(known.client, known.client.exchange(code)).get_json()
    assert told["scope"] == "openid profile"
    assert "refresh_token" not in told


# -- syntax -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "raw", ["", "%", "state=%ff", "state=%ed%a0%80", "&".join(f"p{n}=1" for n in range(101)), "x=" + "y" * 40_000]
)
def test_rfc6749_3_1_what_cannot_be_read_is_a_page(known: Known, raw: str) -> None:
    refused_on_a_page(known.visitor.get("/authorize?" + raw))
    honest = urlencode(known.client.request(state=None))
    if raw not in ("", "%"):
        refused_on_a_page(known.visitor.get(f"/authorize?{honest}&{raw}"))


def test_rfc6749_3_1_other_bodies_and_methods_are_refused(known: Known) -> None:
    machine, request = known.provider.machine(), known.client.request()
    refused_on_a_page(machine.post("/authorize", json=request))
    refused_on_a_page(machine.post("/authorize", data=request, content_type="multipart/form-data"))
    refused_on_a_page(machine.post("/authorize", data=b"state=\xff", content_type="application/x-www-form-urlencoded"))
    assert machine.post("/authorize", data={"x": "y" * 70_000}).status_code == 413
    for method in ("PUT", "DELETE", "PATCH"):
        assert machine.open("/authorize", method=method).status_code == 405


def test_rfc9110_9_3_2_head_gives_no_code(known: Known) -> None:
    address = "/authorize?" + urlencode(known.client.request(), quote_via=quote)
    assert "Location" not in known.visitor.http.head(address, base_url="https://id.example").headers
