"""How an answer reaches a client: OAuth 2.0 Multiple Response Type Encoding Practices section 2.1, OAuth 2.0 Form Post
Response Mode."""

from urllib.parse import parse_qsl, urlsplit

import pytest
from werkzeug.test import TestResponse

from tests.support.answers import refused, refused_on_a_page, tokens
from tests.support.forms import form
from tests.support.known import Known
from tests.support.provider import CALLBACK, ISSUER, Registered


def posted(response: TestResponse, client: Registered) -> dict[str, str]:
    """What the page posts to the client."""
    assert (response.status_code, response.mimetype) == (200, "text/html")
    assert response.headers["Cache-Control"] == "no-store"
    found = form(response.text, "iss")
    assert found.action == client.client.redirect_uris[0]
    return {name: values[0] for name, values in found.fields.items()}


def in_fragment(response: TestResponse) -> dict[str, str]:
    assert response.status_code == 303
    parts = urlsplit(response.location)
    assert (f"{parts.scheme}://{parts.netloc}{parts.path}", parts.query) == (CALLBACK, "")
    return dict(parse_qsl(parts.fragment))


def redeemed(known: Known, code: str) -> None:
    tokens(known.provider.token(known.client, known.client.exchange(code)))


def test_form_post_2_a_page_posts_code_state_and_issuer(known: Known) -> None:
    told = posted(known.visitor.authorize(known.client, response_mode="form_post"), known.client)
    assert told.keys() == {"code", "state", "iss"}
    assert (told["state"], told["iss"]) == ("state-1", ISSUER)
    redeemed(known, told["code"])


def test_form_post_after_a_sign_in_too(known: Known) -> None:
    visitor = known.provider.visitor()
    page = visitor.authorize(known.client, response_mode="form_post")
    redeemed(known, posted(visitor.password(page, known.person), known.client)["code"])


def test_multiple_response_types_2_1_in_the_fragment(known: Known) -> None:
    told = in_fragment(known.visitor.authorize(known.client, response_mode="fragment"))
    assert told.keys() == {"code", "state", "iss"}
    redeemed(known, told["code"])
    visitor = known.provider.visitor()
    page = visitor.authorize(known.client, response_mode="fragment")
    redeemed(known, in_fragment(visitor.password(page, known.person))["code"])


def test_an_error_goes_the_same_way(known: Known) -> None:
    stranger = known.provider.visitor()
    asked = {"prompt": "none", "state": "s"}
    told = posted(stranger.authorize(known.client, response_mode="form_post", **asked), known.client)
    assert (told["error"], told["state"], told["iss"]) == ("login_required", "s", ISSUER)
    assert in_fragment(stranger.authorize(known.client, response_mode="fragment", **asked))["error"] == "login_required"
    asked = {"scope": "profile", "response_mode": "form_post"}
    assert posted(stranger.authorize(known.client, **asked), known.client)["error"] == "invalid_scope"


def test_a_citizen_who_declines_is_told_of_in_a_form(known: Known) -> None:
    client, visitor = known.provider.client(), known.provider.visitor()
    page = visitor.password(visitor.authorize(client, response_mode="form_post"), known.person)
    told = posted(visitor.submit(page, "decision", decision="deny"), client)
    assert told["error"] == "access_denied"


@pytest.mark.parametrize("mode", ["web_message", "QUERY", "x" * 2000])
def test_what_is_not_offered_is_refused_in_the_query(known: Known, mode: str) -> None:
    refused(known.visitor.authorize(known.client, response_mode=mode), known.client, "invalid_request")


def test_a_form_is_not_posted_to_an_app(known: Known) -> None:
    app = known.provider.client(
        application_type="native", redirect_uris=["cn.example.app:/cb"], post_logout_redirect_uris=[]
    )
    answer = known.visitor.authorize(app, response_mode="form_post")
    assert answer.status_code == 303
    assert answer.location.startswith("cn.example.app:/cb?error=invalid_request&")


def test_before_the_address_is_proved_nothing_is_posted(known: Known) -> None:
    answer = known.visitor.authorize(known.client, response_mode="form_post", redirect_uri="https://evil.example/")
    refused_on_a_page(answer, "evil.example")


def test_the_page_may_post_to_the_client_and_run_its_own_script_and_no_more(known: Known) -> None:
    answer = known.visitor.authorize(known.client, response_mode="form_post", state='"><script>alert(1)</script>')
    policy = answer.headers["Content-Security-Policy"]
    assert policy.endswith("form-action 'self' https://portal.example; script-src 'self'")
    assert "default-src 'none'" in policy
    assert answer.text.count("<script") == 1
    assert posted(answer, known.client)["state"] == '"><script>alert(1)</script>'
    login = known.provider.visitor().authorize(known.client, response_mode="form_post")
    assert "script-src" not in login.headers["Content-Security-Policy"]
