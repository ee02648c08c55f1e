"""Client metadata that may be registered: RFC 7591, OpenID Connect Dynamic Client Registration 1.0, RFC 8252."""

import json

import pytest
from joserfc import jwk

from idp.codec import encode
from idp.oidc.registration.configured import carry_out, plan
from tests.support.answers import token_refused, tokens
from tests.support.provider import CALLBACK, Provider, Registered
from tests.support.registering import PUBLIC_KEY, REGISTRAR, WHOLE, registered


def test_rfc7591_3_2_1_the_defaults_are_told() -> None:
    told = registered()
    assert told == {
        "redirect_uris": [CALLBACK],
        "client_name": "portal.example",
        "token_endpoint_auth_method": "client_secret_basic",
        "grant_types": ["authorization_code"],
        "response_types": ["code"],
        "application_type": "web",
        "subject_type": "pairwise",
        "id_token_signed_response_alg": "RS256",
        "scope": "openid profile",
        "require_pkce": True,
        "require_pushed_authorization_requests": False,
        "require_signed_request_object": False,
        "dpop_bound_access_tokens": False,
        "backchannel_user_code_parameter": False,
        "tls_client_certificate_bound_access_tokens": False,
        "require_auth_time": False,
        "backchannel_logout_session_required": False,
        "frontchannel_logout_session_required": False,
        "lawful_basis": "consent",
        "profile": "standard",
        "client_id_issued_at": 0,
        "client_secret_expires_at": 0,
        "enabled": True,
    }


def test_oidc_core_11_who_names_no_scope_and_would_refresh_may_ask_for_it() -> None:
    told = registered(grant_types=["authorization_code", "refresh_token"])
    assert told["scope"] == "openid profile offline_access"
    assert registered(grant_types=["authorization_code", "refresh_token"], scope="openid")["scope"] == "openid"


def test_rfc7591_3_2_1_what_was_asked_is_told_back() -> None:
    told = registered(**WHOLE)
    assert {name: told.get(name) for name in WHOLE} == WHOLE


def test_rfc7591_2_unknown_members_are_ignored_and_not_told_back() -> None:
    told = registered(made_up={"deep": [1, 2]}, request_uris=["https://portal.example/r"])
    assert not told.keys() & {"made_up", "request_uris"}  # addresses of request objects are not fetched


@pytest.mark.parametrize("more", [{}, {"token_endpoint_auth_method": "private_key_jwt"}])
def test_rfc7591_2_keys_may_be_published(more: dict[str, str]) -> None:
    told = registered(jwks_uri="https://portal.example/jwks", require_signed_request_object=True, **more)
    assert (told["jwks_uri"], told.get("jwks")) == ("https://portal.example/jwks", None)


def test_rfc7517_4_2_keys_to_encrypt_to_stand_beside_those_that_sign() -> None:
    keys = [
        jwk.RSAKey.generate_key(2048, {"kid": "r", "use": "enc"}),
        jwk.ECKey.generate_key("P-521", {"kid": "e", "use": "enc"}),
        jwk.OKPKey.generate_key("X25519", {"kid": "o", "use": "enc"}),
    ]
    public = [key.as_dict(private=False) for key in keys]
    assert registered(jwks={"keys": [PUBLIC_KEY, *public]})["jwks"] == {"keys": [PUBLIC_KEY, *public]}


def test_rfc7591_2_offline_access_brings_the_refresh_grant() -> None:
    assert registered(scope="openid offline_access")["grant_types"] == ["authorization_code", "refresh_token"]


@pytest.mark.parametrize(
    ("uri", "kind"),
    [
        ("https://portal.example", "web"),
        ("https://portal.example:8443/cb", "web"),
        ("https://xn--fiqs8s.example/cb", "web"),
        ("http://localhost:8001/cb", "web"),
        ("http://127.0.0.1/cb", "native"),
        ("http://[::1]:9000/cb", "native"),
        ("com.example.app:/cb", "native"),
        ("https://app.example/cb", "native"),
    ],
)
def test_rfc8252_7_redirect_addresses_that_may_be(uri: str, kind: str) -> None:
    told = registered(redirect_uris=[uri], application_type=kind)
    assert told["redirect_uris"] == [uri]
    assert told["client_name"]


def test_oidc_core_8_1_the_host_is_the_sector() -> None:
    two = {"redirect_uris": [CALLBACK, "https://portal.example:8443/b"]}
    assert REGISTRAR.prove(json.dumps(two).encode()).sector == "portal.example"


# -- what is kept -----------------------------------------------------------------------------------------------------


def test_rfc7591_3_2_1_the_secret_is_told_once_and_kept_as_a_digest(shared_provider: Provider) -> None:
    client = shared_provider.client()
    stored = shared_provider.services.records.clients.get(client.id)
    assert len(client.secret) >= 43
    assert stored is not None
    assert client.secret.encode() not in stored.document
    assert client.secret not in str(shared_provider.services.clients.describe(client.client))


def test_rfc7591_2_a_public_client_gets_no_secret(shared_provider: Provider) -> None:
    client = shared_provider.client(token_endpoint_auth_method="none")
    assert (client.secret, client.client.client_secret_digest) == ("", None)


def test_rfc7591_3_2_1_no_two_clients_have_one_id(shared_provider: Provider) -> None:
    assert len({shared_provider.client().id for _ in range(5)}) == 5


def test_a_client_with_an_id_of_its_own_choice_signs_citizens_in_by_the_secret_it_has_now(provider: Provider) -> None:
    document = {"client_id": "social.insurance~1", "redirect_uris": [CALLBACK], "scope": "openid profile"}
    clients = provider.services.clients
    planned = plan(clients, encode([document]))
    carry_out(clients, planned)
    old = Registered(planned[0].after, planned[0].secret or "")
    new = Registered(planned[0].after, clients.renew_secret(planned[0].after).client_secret or "")
    code = provider.visitor().arrive(new, provider.citizen(), scope="openid profile")["code"]
    token_refused(provider.token(old, old.exchange(code)), "invalid_client", 401)
    tokens(provider.token(new, new.exchange(code)))
