"""Client metadata that is refused, and by which code: RFC 7591 section 3.2.2, RFC 9700 section 2.1."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwk

from idp.errors import InvalidClientMetadata, InvalidRedirectUri, InvalidSoftwareStatement
from tests.support.assertions import JWKS, KEYS
from tests.support.provider import CALLBACK
from tests.support.registering import PUBLIC_KEY, REGISTRAR, WHOLE, registered

_PUBLIC = JWKS["keys"][0]
BAD_JWKS: dict[str, Any] = {
    "no object": "x",
    "a list": [],
    "no keys": {},
    "an empty set": {"keys": []},
    "keys that are no list": {"keys": "x"},
    "a key that is no object": {"keys": [7]},
    "too many keys": {"keys": [_PUBLIC] * 21},
    "a symmetric key": {"keys": [{"kty": "oct", "k": "c2VjcmV0"}]},
    "a private key": {"keys": [KEYS["RS256"].as_dict(private=True)]},
    "a key for something else": {"keys": [_PUBLIC | {"use": "both"}]},
    "a use that is no text": {"keys": [_PUBLIC | {"use": ["sig"]}]},
    "a key to sign with that only encrypts": {"keys": [jwk.OKPKey.generate_key("Ed25519", {"use": "enc"}).as_dict()]},
    "a kid that is too long": {"keys": [_PUBLIC | {"kid": "k" * 257}]},
    "a member that is no text": {"keys": [_PUBLIC | {"n": 7}]},
    "a member that is no number": {"keys": [_PUBLIC | {"n": "!"}]},
    "a missing member": {"keys": [{"kty": "RSA", "e": "AQAB"}]},
    "a point that is not on the curve": {"keys": [{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}]},
    "a short RSA key": {"keys": [jwk.RSAKey.generate_key(1024).as_dict(private=False)]},
    "a curve that is not taken": {"keys": [jwk.ECKey.generate_key("P-384").as_dict(private=False)]},
    "a curve that nobody knows": {"keys": [{"kty": "EC", "crv": "P-999", "x": "AA", "y": "AA"}]},
    "another that nobody knows": {"keys": [{"kty": "OKP", "crv": "Ed999", "x": "AA"}]},
    "a key that cannot sign": {"keys": [jwk.OKPKey.generate_key("X25519").as_dict(private=False)]},
}

REDIRECT, METADATA = "invalid_redirect_uri", "invalid_client_metadata"


def refused(document: bytes) -> str:
    with pytest.raises((InvalidRedirectUri, InvalidClientMetadata)) as error:
        REGISTRAR.prove(document)
    return error.value.code


REFUSED: list[tuple[dict[str, object], str]] = [
    ({"redirect_uris": None}, REDIRECT),
    ({"redirect_uris": []}, REDIRECT),
    ({"redirect_uris": CALLBACK}, REDIRECT),
    ({"redirect_uris": [1]}, REDIRECT),
    ({"redirect_uris": [[CALLBACK]]}, REDIRECT),
    ({"redirect_uris": [CALLBACK, "http://portal.example/cb"]}, REDIRECT),
    ({"redirect_uris": [f"{CALLBACK}/{number}" for number in range(51)]}, REDIRECT),
    ({"redirect_uris": [CALLBACK + "x" * 2_000]}, REDIRECT),
    *(
        ({"redirect_uris": [uri]}, REDIRECT)
        for uri in (
            "",
            "/callback",
            "portal.example/cb",
            "https:///cb",
            "https://",
            "https:/portal.example/cb",
            "http://portal.example/cb",
            "http://10.0.0.1/cb",
            "http://localhost.evil.example/cb",
            "javascript:alert(1)//https://portal.example",
            "data:text/html,x",
            "file:///etc/passwd",
            "com.example.app:/cb",  # a private scheme is for native clients
            CALLBACK + "#fragment",
            CALLBACK + "#",
            "https://*.portal.example/cb",
            "https://portal.example/*",
            "https://user@portal.example/cb",
            "https://user:pw@portal.example/cb",
            "https://@portal.example/cb",
            "https://portal.example\\@evil.example/cb",
            "https://portal.example/a b",
            "https://portal.example/\r\nX: y",
            "https://portal.example/\0",
            "https://門戶.example/cb",
            "https://portal.example:99999/cb",
            "https://portal.example:x/cb",
            "https://[::1/cb",
            "https://portal.example%2eevil.example/cb",
        )
    ),
    ({"redirect_uris": ["app:/cb"], "application_type": "native"}, REDIRECT),
    ({"redirect_uris": ["com.example.app://cb"], "application_type": "native"}, REDIRECT),
    ({"redirect_uris": [CALLBACK, "https://other.example/cb"]}, METADATA),
    ({"post_logout_redirect_uris": ["http://portal.example/out"]}, REDIRECT),
    ({"post_logout_redirect_uris": "https://portal.example/out"}, REDIRECT),
    *(
        (metadata, METADATA)
        for metadata in (
            {"application_type": "service"},
            {"token_endpoint_auth_method": "private_key_jwt"},
            {
                "token_endpoint_auth_method": "private_key_jwt",
                "jwks": {"keys": [PUBLIC_KEY]},
                "token_endpoint_auth_signing_alg": "none",
            },
            {
                "token_endpoint_auth_method": "private_key_jwt",
                "jwks": {"keys": [PUBLIC_KEY]},
                "token_endpoint_auth_signing_alg": "HS256",
            },
            {"token_endpoint_auth_method": "client_secret_jwt", "token_endpoint_auth_signing_alg": "RS256"},
            {"token_endpoint_auth_method": ["none"]},
            {"token_endpoint_auth_method": "none", "require_pkce": False},
            {"require_pkce": "no"},
            {"require_pkce": 0},
            {"grant_types": ["implicit"]},
            {"grant_types": ["authorization_code", "password"]},
            {"grant_types": ["refresh_token"]},
            {"grant_types": []},
            {"grant_types": "authorization_code"},
            {"response_types": ["id_token"]},
            {"response_types": ["code id_token"]},
            {"response_types": []},
            {"response_types": 5},
            {"subject_type": "ephemeral"},
            {"id_token_signed_response_alg": "none"},
            {"id_token_signed_response_alg": "HS256"},
            {"id_token_signed_response_alg": "RS512"},
            {"userinfo_signed_response_alg": "none"},
            {"request_object_encryption_alg": "RSA1_5"},
            {"request_object_encryption_enc": "A256GCM"},
            {"authorization_signed_response_alg": "none"},
            {"introspection_signed_response_alg": "HS256"},
            {"id_token_signed_response_alg": {"alg": "RS256"}},
            {"scope": "profile"},
            {"scope": "openid everything"},
            {"scope": ["openid"]},
            {"scope": ""},
            {"default_max_age": -1},
            {"default_max_age": "60"},
            {"default_max_age": True},
            {"default_max_age": 1.5},
            {"default_max_age": 10**30},
            {"require_auth_time": "true"},
            {"default_acr_values": ["urn:citizen-idp:aal:9"]},
            {"default_acr_values": "urn:citizen-idp:aal:1"},
            {"contacts": "ops@portal.example"},
            {"contacts": [5]},
            {"client_name": 5},
            {"client_name": "x" * 2_001},
            {"client_name": "a\nb"},
            {"client_name": "a\u202eb"},
            {"client_name#en": ["x"]},
            {"client_name#e": "x"},
            {"client_name#<b>": "x"},
            {"client_uri": "http://portal.example/"},
            {"client_uri": "javascript:alert(1)"},
            {"logo_uri": "//evil.example/x.png"},
            {"policy_uri#en": "data:text/html,x"},
            {"tos_uri": "https://ok.example@evil.example/"},
            {"backchannel_logout_uri": "https://portal.example/x#y"},
            {"backchannel_logout_uri": "http://portal.example/x"},
            {"backchannel_logout_uri": "ftp://portal.example/x"},
            {"backchannel_logout_uri": ["https://portal.example/x"]},
            {"jwks_uri": "https://portal.example/jwks", "jwks": {"keys": [PUBLIC_KEY]}},
            {"jwks_uri": "https://portal.example/jwks#x"},
            {"sector_identifier_uri": "https://portal.example/sector.json#x"},
            {"sector_identifier_uri": "http://portal.example/sector.json"},
            {"sector_identifier_uri": "/sector.json"},
            {"sector_identifier_uri": ["https://portal.example/sector.json"]},
            {"sector_identifier_uri": "https://10.0.0.1/sector.json"},
            {"jwks_uri": "http://portal.example/jwks"},
            {"jwks_uri": "file:///etc/passwd"},
            {"jwks_uri": ["https://portal.example/jwks"]},
            {
                "token_endpoint_auth_method": "private_key_jwt",
                "jwks": {"keys": [PUBLIC_KEY | {"crv": "X25519", "use": "enc"}]},
            },
            {"backchannel_logout_session_required": "yes"},
            {"initiate_login_uri": "javascript:alert(1)"},
            {"initiate_login_uri": "http://portal.example/sign-in"},
            {"software_id": 7},
            {"software_version": "x" * 2_001},
            {"token_endpoint_auth_signing_alg": "none"},
            {"default_acr_values": [7]},
            {"lawful_basis": "legitimate_interest"},
            {"lawful_basis": "statutory_duty"},
            {"optional_scopes": ["phone"]},
            {"optional_scopes": ["openid"]},
            {"optional_scopes": "profile"},
        )
    ),
]


@pytest.mark.parametrize(("metadata", "code"), REFUSED, ids=[str(metadata)[:60] for metadata, _ in REFUSED])
def test_rfc7591_3_2_2_what_is_refused_and_how(metadata: dict[str, object], code: str) -> None:
    assert refused(json.dumps({"redirect_uris": [CALLBACK]} | metadata).encode()) == code


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        ({"scope": "profile"}, "scope has to name openid"),
        ({"scope": "openid records:read profile"}, "scope names records:read, which is offered neither here nor by"),
        ({"scope": "openid 11010519491231002X"}, "scope names something that is offered neither here nor by"),
        ({"scope": f"openid {'x' * 43}"}, "scope names something"),
        ({"scope": 'openid "'}, "scope names something"),
        ({"scope": "profile", "grant_types": ["client_credentials"]}, "scope names profile, which no resource server"),
        ({"optional_scopes": ["openid"]}, "optional_scopes names openid, without which there is no sign-in"),
        (
            {"scope": "openid profile", "optional_scopes": ["profile", "phone"]},
            "names phone, which scope does not name",
        ),
        ({"token_endpoint_auth_method": "tls_client_auth"}, "IDP_CLIENT_CERTIFICATE_VERIFIED_HEADER"),
        ({"token_endpoint_auth_method": "self_signed_tls_client_auth"}, "IDP_CLIENT_CERTIFICATE_HEADER"),
        ({"tls_client_certificate_bound_access_tokens": True}, "IDP_TRUSTED_PROXIES and IDP_CLIENT_CERTIFICATE_HEADER"),
        ({"token_endpoint_auth_method": "secret"}, "token_endpoint_auth_method is not one of client_secret_basic, "),
    ],
)
def test_rfc7591_3_2_2_a_refusal_says_what_to_change(metadata: dict[str, object], said: str) -> None:
    with pytest.raises(InvalidClientMetadata) as refused:
        registered(**metadata)
    assert said in refused.value.document["error_description"]


def test_a_protection_that_is_not_given_is_refused_and_not_forgotten() -> None:
    member = "tls_client_certificate_bound_access_tokens"
    assert refused(json.dumps({"redirect_uris": [CALLBACK], member: True}).encode()) == METADATA
    assert registered(**{member: False})[member] is False


DOCUMENTS = [
    b"",
    b"{",
    b"null",
    b"[]",
    b'"x"',
    b"5",
    b'{"redirect_uris": ["https://portal.example/cb"],}',
    b"{'redirect_uris': []}",
    b'\xef\xbb\xbf{"redirect_uris": ["https://portal.example/cb"]}',
    '{"redirect_uris": ["https://portal.example/cb"]}'.encode("utf-16"),
    b'{"redirect_uris": ["https://portal.example/cb"], "client_name": "\xff\xfe"}',
    b'{"redirect_uris": ["https://portal.example/cb"], "client_name": "\\ud800"}',
    b'{"redirect_uris": ["https://portal.example/cb"], "redirect_uris": ["https://evil.example/cb"]}',
    b'{"redirect_uris": ["https://portal.example/cb"], "x": {"y": 1, "y": 2}}',
    b'{"redirect_uris": ["https://portal.example/cb"], "x": NaN}',
    b'{"redirect_uris": ["https://portal.example/cb"], "x": ' + b"9" * 5_000 + b"}",
    b'{"redirect_uris": ["https://portal.example/cb"], "x": ' + b"[" * 30_000 + b"]" * 30_000 + b"}",
    b'{"x": "' + b"a" * 65_536 + b'", "redirect_uris": ["https://portal.example/cb"]}',
    b"<registration/>",
    b"redirect_uris=https%3A%2F%2Fportal.example%2Fcb",
]


@pytest.mark.parametrize("document", DOCUMENTS, ids=[document[:40].decode("latin-1") for document in DOCUMENTS])
def test_rfc7591_3_1_what_is_no_document_of_metadata(document: bytes) -> None:
    assert refused(document) in (METADATA, REDIRECT)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20) | st.just(CALLBACK),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*WHOLE, "client_name#", "purpose#x-y", "software_statement"]), JSON))
def test_whatever_stands_in_it_a_document_is_taken_or_refused_by_name(members: dict[str, object]) -> None:
    with suppress(InvalidRedirectUri, InvalidClientMetadata, InvalidSoftwareStatement):
        told = registered(**members)
        assert told["response_types"] == ["code"]


@given(st.binary(max_size=200))
def test_whatever_bytes_come_they_are_refused_by_name(document: bytes) -> None:
    assert refused(document) in (METADATA, REDIRECT)


@pytest.mark.parametrize("member", [{"request_object_signing_alg": "RS256"}, {"require_signed_request_object": True}])
def test_whoever_signs_requests_registers_its_keys(member: dict[str, Any]) -> None:
    with pytest.raises(InvalidClientMetadata, match="jwks"):
        registered(**member)
    assert registered(**member, jwks={"keys": [PUBLIC_KEY]})


@pytest.mark.parametrize("fault", BAD_JWKS)
def test_rfc7517_5_a_set_that_is_not_of_public_signing_keys_is_refused(fault: str) -> None:
    with pytest.raises(InvalidClientMetadata, match="jwks"):
        registered(jwks=BAD_JWKS[fault])
