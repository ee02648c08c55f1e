"""Client authentication at the token endpoint: RFC 6749 sections 2.3, 3.2.1 and 5.2, OIDC Core section 9."""

import base64
import itertools
from collections.abc import Mapping

import pytest
from werkzeug.test import TestResponse

from tests.support.answers import token_refused, tokens
from tests.support.known import Known
from tests.support.provider import ISSUER, Registered

_SOURCES = itertools.count()


def basic(client_id: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()}


def ask(known: Known, fields: Mapping[str, str], headers: Mapping[str, str]) -> TestResponse:
    """From an address of its own: wrong secrets are slowed by source."""
    peer = {"REMOTE_ADDR": f"2001:db8:{next(_SOURCES):x}::1"}
    return known.provider.machine().post("/token", base_url=ISSUER, data=fields, headers=headers, environ_base=peer)


@pytest.fixture(scope="module")
def posting(known: Known) -> Registered:
    return known.meet(token_endpoint_auth_method="client_secret_post")


@pytest.fixture(scope="module")
def public(known: Known) -> Registered:
    return known.meet(token_endpoint_auth_method="none")


def test_rfc6749_2_3_1_each_client_authenticates_as_it_registered(
    known: Known, posting: Registered, public: Registered
) -> None:
    tokens(ask(known, known.client.exchange(known.code()), known.client.basic))
    secret = {"client_id": posting.id, "client_secret": posting.secret}
    tokens(ask(known, posting.exchange(known.code(posting)) | secret, {}))
    tokens(ask(known, public.exchange(known.code(public)) | {"client_id": public.id}, {}))
    assert not public.secret


def test_rfc6749_2_3_1_basic_credentials_are_form_encoded(known: Known) -> None:
    client = known.client
    encoded = basic(*("".join(f"%{ord(sign):02X}" for sign in part) for part in (client.id, client.secret)))
    tokens(ask(known, client.exchange(known.code()), encoded))


@pytest.mark.parametrize("scheme", ["basic", "BASIC", "Basic  "])
def test_rfc9110_11_1_the_schemes_case_does_not_matter(known: Known, scheme: str) -> None:
    headers = {"Authorization": known.client.basic["Authorization"].replace("Basic", scheme)}
    tokens(ask(known, known.client.exchange(known.code()), headers))


def test_rfc6749_3_2_1_client_id_may_stand_beside_basic_if_it_is_the_same(known: Known, posting: Registered) -> None:
    tokens(ask(known, known.client.exchange(known.code(), client_id=known.client.id), known.client.basic))
    other = known.client.exchange("x", client_id=posting.id)
    token_refused(ask(known, other, known.client.basic), "invalid_request")


def test_rfc6749_2_3_two_methods_at_once_are_refused(known: Known) -> None:
    both = known.client.exchange("x", client_secret=known.client.secret)
    token_refused(ask(known, both, known.client.basic), "invalid_request")
    token_refused(ask(known, both | {"client_id": known.client.id}, known.client.basic), "invalid_request")


def test_rfc6749_2_3_another_method_than_the_registered_one_is_refused_and_burns_nothing(
    known: Known, posting: Registered, public: Registered
) -> None:
    def in_body(client: Registered, secret: str | None) -> dict[str, str]:
        given = {"client_id": client.id} | ({"client_secret": secret} if secret is not None else {})
        return client.exchange(codes[client.id]) | given

    codes = {client.id: known.code(client) for client in (known.client, posting, public)}
    nobody: dict[str, str] = {}
    for fields, headers in (
        (in_body(known.client, known.client.secret), nobody),
        (in_body(known.client, None), nobody),
        (known.client.exchange(codes[known.client.id]), nobody),
        (posting.exchange(codes[posting.id]), posting.basic),
        (in_body(posting, None), nobody),
        (in_body(public, "x"), nobody),
        (public.exchange(codes[public.id]), basic(public.id, "")),
        (public.exchange(codes[public.id]), basic(public.id, "x")),
        (public.exchange(codes[public.id]), nobody),
    ):
        token_refused(ask(known, fields, headers), "invalid_client", 401)
    tokens(ask(known, known.client.exchange(codes[known.client.id]), known.client.basic))
    tokens(ask(known, in_body(posting, posting.secret), nobody))
    tokens(ask(known, in_body(public, None), nobody))


@pytest.mark.parametrize(
    "authorization",
    [
        "Basic",
        "Basic ",
        "Basic !!!",
        "Basic \xe9",
        "Basic " + base64.b64encode(b"no-colon").decode(),
        "Basic " + base64.b64encode(b":").decode(),
        "Basic " + base64.b64encode(b":secret").decode(),
        "Basic " + base64.b64encode(b"\xff:\xff").decode(),
        "Basic " + base64.b64encode(b"%ff:%ff").decode(),
        "Basic " + base64.b64encode(b"%00:%00").decode(),
        "Basic " + base64.b64encode(b"nobody:secret").decode(),
        "Basic " + base64.b64encode(b"a:b:c").decode(),
        "Bearer x",
        "Digest username=x",
        "x" * 10_000,
    ],
)
def test_rfc6749_5_2_credentials_that_are_none_get_401_with_a_challenge(known: Known, authorization: str) -> None:
    answer = ask(known, known.client.exchange("x"), {"Authorization": authorization})
    token_refused(answer, "invalid_client", 401)
    assert answer.headers["WWW-Authenticate"].startswith("Basic realm=")


def test_rfc6749_5_2_a_wrong_secret_gets_401_and_burns_nothing(known: Known) -> None:
    code = known.code()
    for secret in ("", "x", known.client.secret[:-1], known.client.secret + "x", known.client.secret.swapcase()):
        answer = ask(known, known.client.exchange(code), basic(known.client.id, secret))
        token_refused(answer, "invalid_client", 401)
        assert answer.headers["WWW-Authenticate"].startswith("Basic realm=")
    tokens(ask(known, known.client.exchange(code), known.client.basic))


def test_rfc6749_5_2_a_disabled_client_is_refused_and_its_tokens_end(known: Known) -> None:
    client = known.meet()
    code, access_token = known.code(client), known.tokens(client)["access_token"]
    known.provider.services.clients.set_enabled(client.id, False)
    known.provider.clock.advance(1)
    token_refused(ask(known, client.exchange(code), client.basic), "invalid_client", 401)
    assert known.provider.userinfo(access_token).status_code == 401


def test_the_answer_does_not_tell_an_unknown_client_from_a_wrong_secret(known: Known) -> None:
    wrong = ask(known, known.client.exchange("x"), basic(known.client.id, "x"))
    unknown = ask(known, known.client.exchange("x"), basic("0" * 32, "x"))
    assert (wrong.status_code, wrong.data) == (unknown.status_code, unknown.data)
