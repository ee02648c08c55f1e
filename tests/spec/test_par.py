"""RFC 9126: pushed authorization requests."""

from typing import Any
from urllib.parse import urlencode

import pytest
from werkzeug.test import TestResponse

from idp.oidc.authorization.par import OF_STRANGERS
from idp.secrets import digest, shard_of
from idp.storage.state import Key
from tests.support.answers import granted, refused, refused_on_a_page, token_refused, tokens
from tests.support.assertions import JWKS, asserted, assertion
from tests.support.known import Known
from tests.support.provider import ISSUER, Registered
from tests.support.provider import parameters as of_location

PREFIX = "urn:ietf:params:oauth:request_uri:"


def push(
    known: Known, client: Registered | None = None, headers: dict[str, str] | None = None, **changes: Any
) -> TestResponse:
    asking = client or known.client
    fields = {name: value for name, value in (asking.request() | changes).items() if value is not None}
    told = asking.basic if headers is None else headers
    return known.provider.machine().post("/par", base_url=ISSUER, data=fields, headers=told)


def pushed(known: Known, client: Registered | None = None, **changes: Any) -> str:
    answer = push(known, client, **changes)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (201, "no-store")
    told = answer.get_json()
    assert told.keys() == {"request_uri", "expires_in"}
    assert told["expires_in"] == 60
    assert told["request_uri"].startswith(PREFIX)
    return str(told["request_uri"])


def come(known: Known, request_uri: str, client_id: str | None = None, **beside: str) -> TestResponse:
    """The signed-in citizen's browser, with the reference."""
    query = {"client_id": client_id or known.client.id, "request_uri": request_uri} | beside
    return known.visitor.get("/authorize?" + urlencode(query))


def test_rfc9126_2_2_and_4_what_was_pushed_is_what_is_answered(known: Known) -> None:
    code = granted(
        come(known, pushed(known, state="of the pushed one"), state="beside"), known.client, "of the pushed one"
    )
    tokens(known.provider.token(known.client, known.client.exchange(code)))


def test_rfc9126_4_parameters_beside_the_reference_change_nothing(known: Known) -> None:
    evil = {
        "redirect_uri": "https://evil.example/",
        "scope": "openid phone",
        "code_challenge": "x" * 43,
        "prompt": "login",
    }
    granted(come(known, pushed(known), **evil), known.client)


def test_rfc9126_2_1_client_id_may_be_left_to_authentication(known: Known) -> None:
    granted(come(known, pushed(known, client_id=None)), known.client)


def test_rfc9126_4_a_reference_is_good_once(known: Known) -> None:
    reference = pushed(known)
    granted(come(known, reference), known.client)
    refused_on_a_page(come(known, reference))


def test_rfc9126_2_2_a_reference_expires(known: Known) -> None:
    reference = pushed(known)
    known.provider.clock.advance(61)
    refused_on_a_page(come(known, reference))


@pytest.mark.parametrize("reference", [PREFIX, PREFIX + "0" * 44, PREFIX + "\N{SNOWMAN}", PREFIX + "x" * 2000])
def test_rfc9126_4_an_unknown_reference_is_a_page_of_ours(known: Known, reference: str) -> None:
    refused_on_a_page(come(known, reference))


def test_rfc9126_4_another_clients_reference_is_refused_and_spent(known: Known) -> None:
    other, reference = known.meet(), pushed(known)
    refused_on_a_page(come(known, reference, other.id))
    refused_on_a_page(come(known, reference))


def test_oidc_core_6_2_an_address_of_somebodys_own_is_not_fetched(known: Known) -> None:
    answer = known.visitor.authorize(known.client, request_uri="https://portal.example/request")
    refused(answer, known.client, "request_uri_not_supported")


def test_rfc9126_2_1_a_request_uri_in_a_pushed_request_is_refused(known: Known) -> None:
    for inside in (pushed(known), "https://portal.example/r"):
        token_refused(push(known, request_uri=inside), "invalid_request")


def test_rfc9126_2_1_who_pushes_is_authenticated(known: Known) -> None:
    token_refused(push(known, headers={}), "invalid_client", 401)
    token_refused(push(known, client_id=known.meet().id), "invalid_request")


def test_rfc9126_2_1_a_client_pushes_in_the_way_it_authenticates(known: Known) -> None:
    signing = known.meet(token_endpoint_auth_method="private_key_jwt", jwks=JWKS)
    proof = asserted(assertion(signing.id, known.provider.clock.now()))
    answer = push(known, signing, {}, **proof)
    granted(come(known, answer.get_json()["request_uri"], signing.id), signing)
    public = known.meet(token_endpoint_auth_method="none")
    answer = push(known, public, {})
    granted(come(known, answer.get_json()["request_uri"], public.id), public)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"redirect_uri": "https://evil.example/"}, "invalid_request"),
        ({"redirect_uri": None}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "profile"}, "invalid_scope"),
        ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"request": "eyJhbGciOiJub25lIn0.e30."}, "invalid_request_object"),
        ({"max_age": "x"}, "invalid_request"),
        ({"scope": ["openid", "openid"]}, "invalid_request"),
    ],
)
def test_rfc9126_2_3_a_mistake_is_told_to_the_client(known: Known, changes: dict[str, Any], error: str) -> None:
    token_refused(push(known, **changes), error)


def test_rfc9126_6_a_client_that_registered_so_must_push(known: Known) -> None:
    client = known.provider.client(require_pushed_authorization_requests=True)
    granted(known.visitor.allow(come(known, pushed(known, client), client.id)), client)
    granted(come(known, pushed(known, client), client.id), client)
    refused(known.visitor.authorize(client), client, "invalid_request")


def test_what_was_pushed_is_proved_again_when_the_browser_comes(known: Known) -> None:
    client = known.meet()
    reference = pushed(known, client)
    known.provider.services.clients.set_enabled(client.id, False)
    known.provider.clock.advance(2)
    refused_on_a_page(come(known, reference, client.id))


def test_a_stranger_signs_in_for_a_pushed_request(known: Known) -> None:
    visitor = known.provider.visitor()
    query = {"client_id": known.client.id, "request_uri": pushed(known, login_hint=known.person.number)}
    page = visitor.get("/authorize?" + urlencode(query))
    assert page.request.path == "/login"
    assert known.person.number not in page.request.url
    assert "code" in of_location(visitor.password(page, known.person).location)


def test_rate_whoever_pushes_for_a_public_client_pushes_a_few_at_a_time(known: Known) -> None:
    public, provider = known.meet(token_endpoint_auth_method="none"), known.provider
    peer = {"REMOTE_ADDR": "203.0.113.77"}

    def status() -> int:
        return provider.machine().post("/par", base_url=ISSUER, data=public.request(), environ_base=peer).status_code

    assert [status() for _ in range(OF_STRANGERS.size)] == [201] * OF_STRANGERS.size
    assert status() == 429
    provider.clock.advance(1)
    assert status() == 201


def test_the_clients_proof_is_not_kept(known: Known) -> None:
    posting = known.meet(token_endpoint_auth_method="client_secret_post")
    answer = push(known, posting, {}, client_secret=posting.secret)
    handle = answer.get_json()["request_uri"].removeprefix(PREFIX)
    kept = known.provider.services.state.get(Key(shard_of(handle), "pushed", digest(handle)))
    assert kept is not None
    assert posting.secret.encode() not in kept
