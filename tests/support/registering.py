"""Client metadata proved without a store: what a client would be told that it was registered as."""

import json

from federation.fetch import Fetcher
from idp.codec import encode
from idp.oidc import discovery
from idp.oidc.clients.client import Client
from idp.oidc.provider import Engine
from idp.oidc.registration.registrar import Registrar, describe
from idp.oidc.registration.sector import Sectors
from idp.oidc.registration.statement import SoftwareStatements
from idp.oidc.resources.resources import Resource
from idp.services import DEFAULT_SCOPE
from tests.support.clock import FrozenClock
from tests.support.provider import CALLBACK, ISSUER


class Nobody:
    """No client is registered yet."""

    def get(self, client_id: str) -> Client | None:
        return None


class Nowhere:
    """No resource server is registered yet."""

    def of_scope(self, scope: str) -> Resource | None:
        return None


SECTORS = Sectors(lambda: Fetcher(frozenset()))
STATEMENTS = SoftwareStatements({}, FrozenClock(), ISSUER)
METADATA = discovery.metadata(ISSUER, registration=False, mutual_tls=None)
REGISTRAR = Registrar(Engine(METADATA, Nobody()), SECTORS, STATEMENTS, DEFAULT_SCOPE, Nowhere())

PUBLIC_KEY = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "kid": "1"}
"""RFC 8037 appendix A.2."""

WHOLE = {
    "redirect_uris": [CALLBACK, "https://portal.example/other?page=1"],
    "client_name": "社会保险",
    "client_name#en": "Social insurance",
    "token_endpoint_auth_method": "private_key_jwt",
    "token_endpoint_auth_signing_alg": "EdDSA",
    "jwks": {
        "keys": [
            {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "kid": "1"},
            {"kty": "OKP", "crv": "X25519", "x": "3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08", "use": "enc"},
        ]
    },
    "grant_types": ["authorization_code", "refresh_token"],
    "response_types": ["code"],
    "application_type": "web",
    "subject_type": "public",
    "id_token_signed_response_alg": "ES256",
    "id_token_encrypted_response_alg": "ECDH-ES",
    "id_token_encrypted_response_enc": "A256GCM",
    "userinfo_signed_response_alg": "EdDSA",
    "userinfo_encrypted_response_alg": "ECDH-ES+A256KW",
    "userinfo_encrypted_response_enc": "A256GCM",
    "authorization_signed_response_alg": "PS256",
    "authorization_encrypted_response_alg": "ECDH-ES",
    "authorization_encrypted_response_enc": "A256GCM",
    "introspection_signed_response_alg": "ES256",
    "introspection_encrypted_response_alg": "ECDH-ES",
    "introspection_encrypted_response_enc": "A256GCM",
    "scope": "openid profile phone citizen_id offline_access",
    "require_pkce": False,
    "require_pushed_authorization_requests": True,
    "require_signed_request_object": True,
    "request_object_signing_alg": "EdDSA",
    "request_object_encryption_alg": "RSA-OAEP-256",
    "request_object_encryption_enc": "A256GCM",
    "default_max_age": 3600,
    "require_auth_time": True,
    "default_acr_values": ["urn:citizen-idp:aal:2"],
    "post_logout_redirect_uris": ["https://portal.example/out"],
    "backchannel_logout_uri": "https://portal.example/logged-out?x=1",
    "backchannel_logout_session_required": True,
    "frontchannel_logout_uri": "https://portal.example/gone?x=1",
    "frontchannel_logout_session_required": True,
    "initiate_login_uri": "https://portal.example/sign-in",
    "software_id": "0f6a7f38-portal",
    "software_version": "2.1",
    "contacts": ["ops@portal.example"],
    "lawful_basis": "statutory_duty",
    "lawful_basis_rule": "社会保险法第五十七条",
    "purpose": "办理参保登记",
    "purpose#en": "Enrolment",
    "retention": "五年",
    "optional_scopes": ["phone"],
    "authorization_details_types": ["urn:citizen-idp:certificate-records"],
    "client_uri": "https://portal.example/",
    "logo_uri": "https://portal.example/logo.png",
    "policy_uri#zh-CN": "https://portal.example/policy",
    "tos_uri": "https://portal.example/tos",
}
"""Every member that is acted on, none at its default."""


def registered(**metadata: object) -> dict[str, object]:
    client = REGISTRAR.prove(json.dumps({"redirect_uris": [CALLBACK]} | metadata).encode())
    told: dict[str, object] = json.loads(encode(describe(client)))
    return told
