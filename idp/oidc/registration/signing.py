"""What a client signs, and the keys that it signs with (RFC 7591 section 2, RFC 9101 section 10.5)."""

from collections.abc import Mapping
from typing import Any, Final

from idp.errors import InvalidClientMetadata
from idp.oidc.clients.client import CLIENT_SECRET_JWT, PRIVATE_KEY_JWT, SELF_SIGNED_TLS_CLIENT_AUTH
from idp.oidc.clients.client_keys import key_set
from idp.oidc.jose import jws
from idp.oidc.jose.jws import InvalidJwk, client_jwk
from idp.oidc.jose.keys import ENCRYPTION
from idp.oidc.registration.addresses import called
from idp.oidc.registration.answers import encryption
from idp.oidc.registration.members import Metadata, boolean, one_of

_OWN_KEY_METHODS: Final = (PRIVATE_KEY_JWT, SELF_SIGNED_TLS_CLIENT_AUTH)
"""Those by which a client proves itself with a key that it registered."""


def incoming(metadata: Metadata) -> dict[str, Any]:
    """How its requests come (RFC 9126 section 6, RFC 9101 section 10.5)."""
    names = ("require_pushed_authorization_requests", "require_signed_request_object")
    alg = "request_object_signing_alg"
    chosen = one_of(metadata, alg, jws.CLIENT_ALGORITHMS, "") or None
    bound: dict[str, Any] = {name: boolean(metadata, name, default=False) for name in names}
    return bound | {alg: chosen} | encryption(metadata, "request_object_encryption", tuple(ENCRYPTION))


def _signs(requests: Mapping[str, Any]) -> bool:
    """Whether it said anything of signing them."""
    chosen = ("request_object_signing_alg", "backchannel_authentication_request_signing_alg")
    return requests["require_signed_request_object"] or any(requests.get(name) is not None for name in chosen)


def signing_alg(metadata: Metadata, method: str) -> str | None:
    """OIDC Registration section 2: what assertions are signed with."""
    offered = (jws.MAC_ALGORITHM,) if method == CLIENT_SECRET_JWT else jws.CLIENT_ALGORITHMS
    return one_of(metadata, "token_endpoint_auth_signing_alg", offered, "") or None


def own_keys(metadata: Metadata, method: str, requests: Mapping[str, Any]) -> dict[str, Any]:
    """RFC 7591 section 2: by value or by address, never both; with public keys only. One has to sign, where the client
    authenticates so or its requests are signed."""
    signs = method in _OWN_KEY_METHODS or _signs(requests)
    uri, document = called(metadata, "jwks_uri"), metadata.get("jwks")
    if uri is not None and document is not None:
        raise InvalidClientMetadata("jwks and jwks_uri are both there")
    if uri is not None or (document is None and not signs):
        return {"jwks_uri": uri}
    if document is None:
        raise InvalidClientMetadata("jwks or jwks_uri is missing, with the public keys that it signs with")
    try:
        keys = tuple(client_jwk(key) for key in key_set(document))
    except InvalidJwk as invalid:
        raise InvalidClientMetadata(f"jwks: {invalid}") from None
    if not keys or (signs and not any(key.get("use", "sig") == "sig" for key in keys)):
        raise InvalidClientMetadata("jwks has no key, or none to sign with")
    return {"jwks": {"keys": keys}}


def keys_uri(keys: Mapping[str, Any], method: str) -> str | None:
    """Where the keys are that it authenticates with. Those of others anybody can name."""
    return keys.get("jwks_uri") if method in _OWN_KEY_METHODS else None
