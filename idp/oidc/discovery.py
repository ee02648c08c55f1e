"""What the provider says of itself (OIDC Discovery 1.0 section 3). Every line is true, and a test compares it with
behaviour."""

from collections.abc import Mapping

from idp.citizens.pseudonyms import SUBJECT_TYPES
from idp.config import MutualTls
from idp.login.assurance import OFFERED, acr
from idp.oidc.authorization.rules import PROMPTS
from idp.oidc.authorization.target import RESPONSE_MODES
from idp.oidc.clients.client import (
    AUTH_METHODS,
    DELIVERY_MODES,
    GRANT_TYPES,
    MTLS_METHODS,
    NONE,
    PROTECTED,
    TLS_CLIENT_AUTH,
)
from idp.oidc.jose import jwe
from idp.oidc.jose.jws import CLIENT_ALGORITHMS, MAC_ALGORITHM
from idp.oidc.jose.keys import ALGORITHMS, ENCRYPTION
from idp.oidc.resources.authorization_details import TYPES
from idp.oidc.scopes import CLAIMS, SCOPES
from idp.pages import LANGUAGES

_TOKEN_CLAIMS = ("sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid", "at_hash")
_ALIASED = frozenset(
    {
        "pushed_authorization_request_endpoint",
        "device_authorization_endpoint",
        "backchannel_authentication_endpoint",
        "token_endpoint",
        "userinfo_endpoint",
        "revocation_endpoint",
        "introspection_endpoint",
    }
)
"""What clients' servers call."""


def metadata(issuer: str, registration: bool, mutual_tls: MutualTls | None) -> Mapping[str, object]:
    """The document of /.well-known/openid-configuration for this issuer; `registration`: whether anybody may register a
    client over HTTP, with a token or without; `mutual_tls`: how we are told of certificates, if we are."""
    offered: dict[str, object] = {"registration_endpoint": f"{issuer}/register"} if registration else {}
    return (
        offered
        | _endpoints(issuer)
        | _flags()
        | _certificates(mutual_tls)
        | _protection()
        | _authentication((*AUTH_METHODS, *_by_certificate(mutual_tls)))
        | {
            "scopes_supported": SCOPES,
            "authorization_details_types_supported": TYPES,
            "claims_supported": (*_TOKEN_CLAIMS, *CLAIMS),
            "claim_types_supported": ("normal",),
            "request_object_signing_alg_values_supported": CLIENT_ALGORITHMS,
            "response_types_supported": ("code",),
            "response_modes_supported": RESPONSE_MODES,
            "grant_types_supported": GRANT_TYPES,
            "backchannel_token_delivery_modes_supported": DELIVERY_MODES,
            "backchannel_authentication_request_signing_alg_values_supported": CLIENT_ALGORITHMS,
            "code_challenge_methods_supported": ("S256",),
            "dpop_signing_alg_values_supported": CLIENT_ALGORITHMS,
            "subject_types_supported": SUBJECT_TYPES,
            "acr_values_supported": tuple(acr(level) for level in OFFERED),
            "prompt_values_supported": PROMPTS,
            "ui_locales_supported": LANGUAGES,
        }
    )


def _endpoints(issuer: str) -> dict[str, object]:
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "pushed_authorization_request_endpoint": f"{issuer}/par",
        "device_authorization_endpoint": f"{issuer}/device_authorization",
        "backchannel_authentication_endpoint": f"{issuer}/ciba",
        "token_endpoint": f"{issuer}/token",
        "userinfo_endpoint": f"{issuer}/userinfo",
        "jwks_uri": f"{issuer}/jwks",
        "end_session_endpoint": f"{issuer}/logout",
        "revocation_endpoint": f"{issuer}/revoke",
        "introspection_endpoint": f"{issuer}/introspect",
    }


def _authentication(methods: tuple[str, ...]) -> dict[str, object]:
    """RFC 8414 section 2: where a method signs, its algorithms have to stand beside it. Only who authenticates may
    introspect."""
    told: dict[str, object] = {}
    for endpoint in ("token", "revocation", "introspection"):
        taken = tuple(each for each in methods if each != NONE or endpoint != "introspection")
        told[f"{endpoint}_endpoint_auth_methods_supported"] = taken
        told[f"{endpoint}_endpoint_auth_signing_alg_values_supported"] = (*CLIENT_ALGORITHMS, MAC_ALGORITHM)
    return told


def _by_certificate(mutual_tls: MutualTls | None) -> tuple[str, ...]:
    if mutual_tls is None:
        return ()
    return tuple(each for each in MTLS_METHODS if each != TLS_CLIENT_AUTH or mutual_tls.verified_header)


def _certificates(mutual_tls: MutualTls | None) -> dict[str, object]:
    """RFC 8705 sections 3.3 and 5."""
    told: dict[str, object] = {"tls_client_certificate_bound_access_tokens": mutual_tls is not None}
    if mutual_tls is None or mutual_tls.origin is None:
        return told
    aliases = {name: uri for name, uri in _endpoints(mutual_tls.origin).items() if name in _ALIASED}
    return told | {"mtls_endpoint_aliases": aliases}


def _protection() -> dict[str, object]:
    """How an answer may be signed and encrypted: all kinds alike."""
    signing = {f"{kind}_signing_alg_values_supported": tuple(ALGORITHMS) for kind in PROTECTED}
    keys = {f"{kind}_encryption_alg_values_supported": jwe.ALGORITHMS for kind in PROTECTED}
    content = {f"{kind}_encryption_enc_values_supported": jwe.ENCODINGS for kind in PROTECTED}
    return {
        **signing,
        **keys,
        **content,
        "request_object_encryption_alg_values_supported": tuple(ENCRYPTION),
        "request_object_encryption_enc_values_supported": jwe.ENCODINGS,
    }


def _flags() -> dict[str, object]:
    return {
        "claims_parameter_supported": True,
        "require_pushed_authorization_requests": False,
        "request_parameter_supported": True,
        "require_signed_request_object": False,
        "request_uri_parameter_supported": False,
        "authorization_response_iss_parameter_supported": True,
        "backchannel_user_code_parameter_supported": True,
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "frontchannel_logout_supported": True,
        "frontchannel_logout_session_supported": True,
    }
