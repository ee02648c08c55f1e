"""IDP_PKCE: where a deployment lets clients that registered themselves choose between a code challenge and a nonce (RFC
9700 section 2.1.1), and who never may choose."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.answers import granted, refused
from tests.support.assertions import JWKS
from tests.support.provider import CALLBACK, ISSUER, Provider, Registered, Visitor, running_provider, settings_for

BARE: dict[str, None] = {"code_challenge": None, "code_challenge_method": None}


@pytest.fixture(scope="module")
def lenient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    chosen = settings_for(tmp_path_factory.mktemp("pkce"), IDP_REGISTRATION="open", IDP_PKCE="or_nonce")
    with running_provider(chosen) as provider:
        yield provider


@pytest.fixture(scope="module")
def visitor(lenient: Provider) -> Visitor:
    visitor = lenient.visitor()
    visitor.arrive(lenient.client(), lenient.citizen())
    return visitor


def told(provider: Provider, **metadata: Any) -> dict[str, Any]:
    """What a client hears that registers itself."""
    document = {"redirect_uris": [CALLBACK]} | metadata
    answer = provider.machine().post("/register", base_url=ISSUER, json=document)
    assert answer.status_code == 201, answer.text
    return dict(answer.get_json())


def himself(provider: Provider, **metadata: Any) -> Registered:
    known = told(provider, **metadata)
    client = provider.services.clients.get(known["client_id"])
    assert client is not None
    return Registered(client, known.get("client_secret", ""))


def test_rfc9700_2_1_1_a_nonce_does_in_the_place_of_a_challenge(lenient: Provider) -> None:
    assert told(lenient)["require_pkce"] is False
    client = himself(lenient)
    code = lenient.visitor().arrive(client, lenient.citizen(), **BARE)["code"]
    assert lenient.token(client, client.exchange(code, code_verifier=None)).status_code == 200


def test_rfc9700_2_1_1_without_either_there_is_no_code(lenient: Provider, visitor: Visitor) -> None:
    client = himself(lenient)
    refused(visitor.authorize(client, nonce=None, **BARE), client, "invalid_request")


def test_rfc7636_4_6_a_challenge_that_was_sent_is_held_to(lenient: Provider) -> None:
    client = himself(lenient)
    code = lenient.visitor().arrive(client, lenient.citizen())["code"]
    assert lenient.token(client, client.exchange(code, code_verifier=None)).get_json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    "metadata",
    [
        {"require_pkce": True},
        {"token_endpoint_auth_method": "none"},
        {"profile": "fapi2", "jwks": JWKS},
    ],
)
def test_rfc9700_2_1_1_who_says_so_or_cannot_choose_sends_a_challenge(
    lenient: Provider, visitor: Visitor, metadata: dict[str, Any]
) -> None:
    assert told(lenient, **metadata)["require_pkce"] is True
    client = himself(lenient, **metadata)
    refused(visitor.authorize(client, **BARE), client, "invalid_request")


def test_who_is_registered_by_an_operator_sends_a_challenge_unless_he_says_otherwise(
    lenient: Provider, visitor: Visitor
) -> None:
    strict, lifted = lenient.client(), lenient.client(require_pkce=False)
    refused(visitor.authorize(strict, **BARE), strict, "invalid_request")
    visitor.allow(visitor.authorize(lifted))
    granted(visitor.authorize(lifted, nonce=None, **BARE), lifted)


def test_rfc7592_2_2_the_same_holds_at_a_change(lenient: Provider) -> None:
    known = told(lenient, require_pkce=True)
    path = known["registration_client_uri"].removeprefix(ISSUER)
    document = {"client_id": known["client_id"], "redirect_uris": [CALLBACK]}
    headers = {"Authorization": f"Bearer {known['registration_access_token']}"}
    answer = lenient.machine().put(path, base_url=ISSUER, json=document, headers=headers)
    assert answer.get_json()["require_pkce"] is False


def test_rfc9700_2_1_1_a_deployment_that_says_nothing_is_strict(shared_provider: Provider) -> None:
    proved = shared_provider.services.clients.prove(b'{"redirect_uris": ["https://portal.example/callback"]}')
    assert proved.require_pkce is True
    assert shared_provider.services.settings.pkce == "required"
