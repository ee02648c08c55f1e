"""A client that signs (RFC 7523): its keys, its JWK Set, and what it sends to prove itself."""

import itertools
from collections.abc import Mapping
from typing import Any

from joserfc import jwk, jws, jwt

from tests.support.provider import ISSUER, Registered

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
KEYS: Mapping[str, Any] = {
    "RS256": jwk.RSAKey.generate_key(2048, {"kid": "rsa"}),
    "ES256": jwk.ECKey.generate_key("P-256", {"kid": "ec"}),
    "EdDSA": jwk.OKPKey.generate_key("Ed25519", {"kid": "okp"}),
}
KEYS_BY_ALG: Mapping[str, Any] = KEYS | {"PS256": KEYS["RS256"], "Ed25519": KEYS["EdDSA"]}
ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA", "Ed25519")
JWKS = {"keys": [key.as_dict(private=False) for key in KEYS.values()]}
STRANGERS = {"RS256": jwk.RSAKey.generate_key(2048, {"kid": "rsa"})}

_ANY_HEADER = jws.JWSRegistry(algorithms=[*ALGORITHMS, "HS256", "HS384"], strict_check_header=False)
_jti = itertools.count()


def key_for(alg: str) -> Any:
    return KEYS_BY_ALG.get(alg, KEYS["RS256"])


def secret_key(client: Registered, secret: str | None = None) -> Any:
    """What a client signs with that has a secret for it (OIDC Core section 9)."""
    return jwk.OctKey.import_key(client.secret if secret is None else secret)


def assertion(
    client_id: str,
    now: float,
    alg: str = "RS256",
    key: Any = None,
    header: Mapping[str, Any] | None = None,
    **claims: Any,
) -> str:
    """An honest assertion, but for `claims` (None: left out) and `header`."""
    honest = {
        "iss": client_id,
        "sub": client_id,
        "aud": ISSUER,
        "iat": int(now),
        "exp": int(now) + 60,
        "jti": f"jti-{next(_jti)}",
    }
    told = {name: value for name, value in (honest | claims).items() if value is not None}
    signing = key or key_for(alg)
    return jwt.encode(
        {"alg": alg} | ({"kid": signing.kid} if signing.kid else {}) | dict(header or {}),
        told,
        signing,
        registry=_ANY_HEADER,
    )


def signed(claims: Mapping[str, Any], alg: str, key: Any, header: Mapping[str, Any]) -> str:
    signing = key or key_for(alg)
    told = {"alg": alg, "kid": signing.kid} | dict(header)
    return jwt.encode(told, dict(claims), signing, algorithms=[*ALGORITHMS, "HS256", "HS384"])


def asserted(token: str) -> dict[str, str]:
    """The form fields of it."""
    return {"client_assertion_type": TYPE, "client_assertion": token}
