"""JSON Web Encryption (RFC 7516) to a client: what only its private key opens.

The list is short and strong (RFC 8725 section 3.2): RSA with OAEP and SHA-256 or ephemeral Diffie-Hellman, and content
under AES with a proof of its integrity. Nothing is compressed (section 3.6).
"""

from collections.abc import Iterable
from typing import Final

from joserfc import jwe, jwk

from idp.oidc.jws import PublicJwk

ALGORITHMS: Final = ("RSA-OAEP-256", "ECDH-ES", "ECDH-ES+A256KW")
"""For the key of the content (RFC 7518 section 4.1)."""
ENCODINGS: Final = ("A128CBC-HS256", "A256GCM")
"""For the content (section 5.1); the first is the default of every specification that lets clients choose."""
_SUITS: Final = {"RSA-OAEP-256": ("RSA",), "ECDH-ES": ("EC", "OKP"), "ECDH-ES+A256KW": ("EC", "OKP")}


class NoRecipient(LookupError):
    """Of these keys none is one to encrypt to."""


def recipient(keys: Iterable[PublicJwk], alg: str) -> PublicJwk:
    """The key to encrypt to with `alg`: one that says so before one that does not. Raises `NoRecipient`."""
    suiting = [
        key
        for key in keys
        if key["kty"] in _SUITS[alg]
        and key.get("crv") != "Ed25519"  # which signs and nothing else
        and key.get("use", "enc") == "enc"
        and key.get("alg", alg) == alg
    ]
    if not suiting:
        raise NoRecipient(alg)
    return max(suiting, key=lambda key: ("use" in key, "alg" in key))


def encrypt(content: bytes, key: PublicJwk, alg: str, enc: str, cty: str | None) -> str:
    """Compact serialization (RFC 7516 section 3.1); `cty` is `JWT` around a JWT that is signed (RFC 7519 section
    5.2)."""
    header = {"alg": alg, "enc": enc, "cty": cty, "kid": key.get("kid")}
    told = {name: value for name, value in header.items() if value is not None}
    return jwe.encrypt_compact(told, content, jwk.import_key(dict(key)), algorithms=[alg, enc])
