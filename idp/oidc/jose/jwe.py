"""JSON Web Encryption (RFC 7516): to a client, what only its private key opens; and to us, what a client would show to
nobody on the way.

The list is short and strong (RFC 8725 section 3.2): RSA with OAEP and SHA-256 or ephemeral Diffie-Hellman, and content
under AES with a proof of its integrity. Nothing is compressed (section 3.6).
"""

from base64 import urlsafe_b64decode
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from joserfc import jwe, jwk
from joserfc.errors import JoseError

from idp.codec import decode
from idp.oidc.jose.jws import PrivateKey, PublicJwk

ALGORITHMS: Final = ("RSA-OAEP-256", "ECDH-ES", "ECDH-ES+A256KW")
"""For the key of the content (RFC 7518 section 4.1)."""
ENCODINGS: Final = ("A128CBC-HS256", "A256GCM")
"""For the content (section 5.1); the first is the default of every specification that lets clients choose."""
_SUITS: Final = {"RSA-OAEP-256": ("RSA",), "ECDH-ES": ("EC", "OKP"), "ECDH-ES+A256KW": ("EC", "OKP")}
_READ: Final = frozenset({"alg", "enc", "kid", "cty", "typ", "epk", "apu", "apv"})
MAX_LENGTH: Final = 24_576
"""A JWS of `jws.MAX_LENGTH`, encoded once more, and a header."""


class InvalidJwe(ValueError):
    """Not a JWE to one of our keys. Why is told to nobody: whoever tries would learn from it."""


@dataclass(frozen=True, slots=True)
class DecryptionKey:
    """A private key of ours, its `kid` and its one algorithm."""

    kid: str
    alg: str
    private: PrivateKey


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


def encrypted(token: str) -> bool:
    """Whether it has the five parts of a JWE (section 7.1) rather than the three of a JWS."""
    return token.count(".") == 4


def decrypt(token: str, keys: Iterable[DecryptionKey]) -> str:
    """The content, which has to be text. Raises `InvalidJwe`.

    The header names one of the keys by `kid`, or by `alg` the first of them, and nothing that has to be understood
    (`crit`) or is compressed (`zip`).
    """
    if len(token) > MAX_LENGTH or not token.isascii():
        raise InvalidJwe
    try:
        header = decode(urlsafe_b64decode(token.partition(".")[0] + "=="), dict[str, Any])
        key = next(key for key in keys if key.alg == header["alg"] and header.get("kid", key.kid) == key.kid)
        if not header.keys() <= _READ or header["enc"] not in ENCODINGS:
            raise InvalidJwe
        kind: Any = jwk.RSAKey if key.alg == "RSA-OAEP-256" else jwk.ECKey
        opened = jwe.decrypt_compact(token, kind.import_key(key.private), algorithms=[key.alg, header["enc"]])
        return (opened.plaintext or b"").decode()
    except (JoseError, ValueError, TypeError, KeyError, AssertionError, StopIteration, RecursionError):
        raise InvalidJwe from None
