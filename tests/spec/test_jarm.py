"""JARM 1.0: authorization responses as JWTs, in every way an answer may go."""

from urllib.parse import parse_qsl, urlsplit

import pytest
from werkzeug.test import TestResponse

from tests.support.answers import refused, tokens
from tests.support.forms import form
from tests.support.jwts import ALGORITHMS, read
from tests.support.known import Known
from tests.support.provider import CALLBACK, ISSUER, Registered

MODES = ("jwt", "query.jwt", "fragment.jwt", "form_post.jwt")


def response(answer: TestResponse, mode: str) -> str:
    """The JWT of an answer, which has nothing beside it."""
    if mode == "form_post.jwt":
        assert answer.status_code == 200
        found = form(answer.text, "response")
        assert found.action == CALLBACK
        told = {name: values[0] for name, values in found.fields.items()}
    else:
        assert answer.status_code == 303, answer.text
        parts = urlsplit(answer.location)
        assert f"{parts.scheme}://{parts.netloc}{parts.path}" == CALLBACK
        there, empty = (parts.fragment, parts.query) if mode == "fragment.jwt" else (parts.query, parts.fragment)
        assert empty == ""
        told = dict(parse_qsl(there, strict_parsing=True))
    assert told.keys() == {"response"}
    return told["response"]


def ask(known: Known, client: Registered, mode: str, **changes: str | None) -> TestResponse:
    return known.visitor.authorize(client, response_mode=mode, **changes)


@pytest.mark.parametrize("mode", MODES)
def test_jarm_2_3_the_code_in_a_jwt_and_nothing_beside_it(known: Known, mode: str) -> None:
    header, claims = read(known.provider, response(ask(known, known.client, mode), mode))
    assert header["alg"] == "RS256"
    code = claims.pop("code")
    now = int(known.provider.clock.now())
    assert claims == {"iss": ISSUER, "aud": known.client.id, "exp": now + 300, "state": "state-1"}
    tokens(known.provider.token(known.client, known.client.exchange(code)))


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_jarm_3_signed_with_what_the_client_registered(known: Known, alg: str) -> None:
    client = known.meet(authorization_signed_response_alg=alg)
    header, claims = read(known.provider, response(ask(known, client, "jwt"), "jwt"))
    assert (header["alg"], claims["aud"]) == (alg, client.id)


@pytest.mark.parametrize("mode", MODES)
def test_jarm_2_1_an_error_is_signed_too(known: Known, mode: str) -> None:
    stranger = known.provider.visitor()
    answer = stranger.authorize(known.client, response_mode=mode, prompt="none", state=None)
    _, claims = read(known.provider, response(answer, mode))
    assert (claims["error"], claims["iss"], claims["aud"]) == ("login_required", ISSUER, known.client.id)
    assert "state" not in claims
    _, claims = read(known.provider, response(ask(known, known.client, mode, scope="profile"), mode))
    assert (claims["error"], claims["state"]) == ("invalid_scope", "state-1")


@pytest.mark.parametrize("mode", ["jwt", "form_post.jwt"])
def test_jarm_2_3_after_the_pages_of_a_sign_in_too(known: Known, mode: str) -> None:
    visitor = known.provider.visitor()
    answer = visitor.password(visitor.authorize(known.client, response_mode=mode), known.person)
    _, claims = read(known.provider, response(answer, mode))
    tokens(known.provider.token(known.client, known.client.exchange(claims["code"])))
    client = known.provider.client()
    page = ask(known, client, mode)
    _, claims = read(known.provider, response(known.visitor.submit(page, "decision", decision="deny"), mode))
    assert claims["error"] == "access_denied"


def test_jarm_2_3_3_a_form_is_not_posted_to_an_app(known: Known) -> None:
    app = known.provider.client(
        application_type="native", redirect_uris=["cn.example.app:/cb"], post_logout_redirect_uris=[]
    )
    answer = ask(known, app, "form_post.jwt")
    assert answer.location.startswith("cn.example.app:/cb?error=invalid_request&")


@pytest.mark.parametrize("mode", ["JWT", "query.JWT", ".jwt", "jwt.jwt", "web_message.jwt"])
def test_jarm_2_3_no_other_mode_is_taken(known: Known, mode: str) -> None:
    refused(ask(known, known.client, mode), known.client, "invalid_request")


def test_jarm_2_2_a_plain_answer_stays_plain_whatever_was_registered(known: Known) -> None:
    client = known.meet(authorization_signed_response_alg="ES256")
    assert "response=" not in known.visitor.authorize(client).location


def test_rfc8725_3_11_it_passes_for_no_id_token(known: Known) -> None:
    token = response(ask(known, known.client, "jwt"), "jwt")
    header, claims = read(known.provider, token)
    assert "typ" not in header
    assert not {"sub", "iat", "nonce"} & claims.keys()
    assert known.visitor.get(f"/logout?id_token_hint={token}").status_code == 400
