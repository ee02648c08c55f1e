"""JWTs that we made, read as a relying party would: with a library of its own, the keys of /jwks and its own."""

import json
from collections.abc import Mapping
from typing import Any

from joserfc import jwe, jwk, jws
from joserfc.jwk import KeySet

from tests.support.provider import ISSUER, Provider

ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
"""What we sign with."""
ENCODINGS = ("A128CBC-HS256", "A256GCM")
DECRYPTION: Mapping[str, Any] = {
    "RSA-OAEP-256": jwk.RSAKey.generate_key(2048, {"kid": "rsa-enc", "use": "enc"}),
    "ECDH-ES": jwk.ECKey.generate_key("P-256", {"kid": "ec-enc", "use": "enc"}),
    "ECDH-ES+A256KW": jwk.OKPKey.generate_key("X25519", {"kid": "okp-enc", "use": "enc", "alg": "ECDH-ES+A256KW"}),
}
"""A client's own keys, by the algorithm that suits them."""
ENCRYPTION_JWKS = {"keys": [key.as_dict(private=False) for key in DECRYPTION.values()]}


def read(provider: Provider, token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims; fails if none of the published keys signed it."""
    published = KeySet.import_key_set(provider.machine().get("/jwks", base_url=ISSUER).get_json())
    found = jws.deserialize_compact(token, published, algorithms=list(ALGORITHMS))
    claims: dict[str, Any] = json.loads(found.payload)
    return dict(found.headers()), claims


def decrypted(token: str, alg: str, enc: str) -> tuple[dict[str, Any], str]:
    """Header and content of what was encrypted to a client; fails if it was not, or in another way."""
    found = jwe.decrypt_compact(token, DECRYPTION[alg], algorithms=[alg, enc])
    assert found.plaintext is not None
    return dict(found.headers()), found.plaintext.decode()
