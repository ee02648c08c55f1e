"""JSON Web Signatures (RFC 7515): made with `cryptography` keys, read with joserfc.

The one home of joserfc. A token has one `typ` and its own checks, so that none passes for another (RFC 8725 section
3.11).
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from joserfc import jwk, jws
from joserfc.errors import JoseError

from idp.codec import encode
from idp.secrets import urlsafe

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

_SHA256: Final = hashes.SHA256()
_PKCS1: Final = padding.PKCS1v15()
_ECDSA: Final = ec.ECDSA(_SHA256)
MAX_LENGTH: Final = 16_384


class InvalidJws(ValueError):
    """Not a JWS that one of our keys signed for this use."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key, its `kid` (RFC 7638 thumbprint of the public half) and its one algorithm."""

    kid: str
    alg: str
    private: PrivateKey

    def sign(self, claims: Mapping[str, object], typ: str) -> str:
        """Compact serialization (section 3.1)."""
        header = urlsafe(encode({"alg": self.alg, "kid": self.kid, "typ": typ}))
        signing_input = f"{header}.{urlsafe(encode(claims))}"
        return f"{signing_input}.{urlsafe(self._signature(signing_input.encode('ascii')))}"

    def _signature(self, data: bytes) -> bytes:
        """RFC 7518 sections 3.3 and 3.4."""
        if isinstance(self.private, rsa.RSAPrivateKey):
            return self.private.sign(data, _PKCS1, _SHA256)
        r, s = decode_dss_signature(self.private.sign(data, _ECDSA))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def public_jwk(key: PrivateKey, alg: str) -> dict[str, str]:
    """The public half as it is published, named by its RFC 7638 thumbprint."""
    kind: Any = jwk.RSAKey if isinstance(key, rsa.RSAPrivateKey) else jwk.ECKey
    public = kind.import_key(key.public_key())
    members: dict[str, str] = public.as_dict(private=False)
    return members | {"kid": public.thumbprint(), "use": "sig", "alg": alg}


def verify(token: str, keys: Iterable[Mapping[str, str]], typ: str) -> dict[str, Any]:
    """The claims of a token signed by one of these public keys, with the algorithm that key is published for. Raises
    `InvalidJws`.

    Times are not judged here: an ID token hint may be expired (OIDC Core section 3.1.2.1).
    """
    if len(token) > MAX_LENGTH or not token.isascii():
        raise InvalidJws("too long")
    try:
        header = jws.extract_compact(token.encode()).headers()
        key = next((known for known in keys if known["kid"] == header.get("kid")), None)
        if key is None or header.get("alg") != key["alg"] or header.get("typ") != typ or "crit" in header:
            raise InvalidJws("not one of our headers")
        verified = jws.deserialize_compact(token, jwk.import_key(dict(key)), algorithms=[key["alg"]])
        claims = json.loads(verified.payload)
    except (JoseError, ValueError, TypeError, RecursionError):
        raise InvalidJws("not verifiable") from None
    if not isinstance(claims, dict):
        raise InvalidJws("no claims")
    return claims
