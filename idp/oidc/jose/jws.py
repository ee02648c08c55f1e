"""JSON Web Signatures (RFC 7515): made with `cryptography` keys, read with joserfc.

joserfc is called here and in `jwe.py` alone. A token has one `typ` and its own checks, so that none passes for another
(RFC 8725 section 3.11).
"""

import json
import warnings
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from joserfc import jwk, jws
from joserfc.errors import BadSignatureError, JoseError, SecurityWarning

from idp.codec import encode
from idp.secrets import urlsafe

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey

# RFC 9864 gave EdDSA another name; many clients and registrations go on saying this one (OIDC Registration, RFC 8037).
warnings.filterwarnings("ignore", message="EdDSA is deprecated", category=SecurityWarning)

_SHA256: Final = hashes.SHA256()
_PKCS1: Final = padding.PKCS1v15()
_PSS: Final = padding.PSS(padding.MGF1(_SHA256), 32)
_ECDSA: Final = ec.ECDSA(_SHA256)
MAX_LENGTH: Final = 16_384
"""Characters of a token that are read."""
CLIENT_ALGORITHMS: Final = ("RS256", "PS256", "ES256", "EdDSA", "Ed25519")
"""What clients may sign with (RFC 7518 section 3.1, RFC 8037 section 3.1, RFC 9864 section 2.2)."""
MAC_ALGORITHM: Final = "HS256"
"""What clients may sign with that have a secret for it; it is never tried with a public key."""
_MEMBERS: Final = {"RSA": ("n", "e"), "EC": ("crv", "x", "y"), "OKP": ("crv", "x")}
_SUITS: Final = {"RS256": "RSA", "PS256": "RSA", "ES256": "EC", "EdDSA": "OKP", "Ed25519": "OKP"}
_CURVES: Final = {"sig": ("P-256", "Ed25519"), "enc": ("P-256", "P-384", "P-521", "X25519")}
"""By what a key is for (RFC 7517 section 4.2)."""
_PRIVATE: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_RSA_BITS: Final = range(2048, 4097)
_RSA_EXPONENTS: Final = range(3, 2**32)
_LONGEST_KID: Final = 256
"""It stands in the header of what is encrypted to the key."""
_TRIED: Final = 4
"""Keys that are tried where the header names none."""


class _Reading(jws.JWSRegistry):
    """A header may carry a key (RFC 9449 section 4.2), and the longest that is taken. What nobody here knows in it is
    passed over (RFC 7515 section 4); a header that forbids this by `crit` is refused before."""

    max_header_length = 2_048

    def __init__(self, algorithms: Collection[str] | None = None) -> None:
        super().__init__(algorithms=algorithms, strict_check_header=False)


_READING: Final = _Reading()

_KINDS: Final[Mapping[type, Any]] = {
    rsa.RSAPublicKey: jwk.RSAKey,
    ec.EllipticCurvePublicKey: jwk.ECKey,
    ed25519.Ed25519PublicKey: jwk.OKPKey,
}

PublicJwk = Mapping[str, str]


class InvalidJws(ValueError):
    """Not a JWS that one of these keys signed for this use."""


class UnknownSigner(InvalidJws):
    """A JWS of the right form that none of these keys signed; another key might have."""


class InvalidJwk(ValueError):
    """Not a public key that we take. Says why, and quotes nothing."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key, its `kid` (RFC 7638 thumbprint of the public half) and its one algorithm."""

    kid: str
    alg: str
    private: PrivateKey

    def sign(self, claims: Mapping[str, object], typ: str | None) -> str:
        """Compact serialization (section 3.1)."""
        named = {"alg": self.alg, "kid": self.kid}
        header = urlsafe(encode(named | {"typ": typ} if typ else named))
        signing_input = f"{header}.{urlsafe(encode(claims))}"
        return f"{signing_input}.{urlsafe(self._signature(signing_input.encode('ascii')))}"

    def _signature(self, data: bytes) -> bytes:
        """RFC 7518 sections 3.3 to 3.5, RFC 8037 section 3.1."""
        if isinstance(self.private, rsa.RSAPrivateKey):
            return self.private.sign(data, _PSS if self.alg == "PS256" else _PKCS1, _SHA256)
        if isinstance(self.private, ed25519.Ed25519PrivateKey):
            return self.private.sign(data)
        r, s = decode_dss_signature(self.private.sign(data, _ECDSA))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def public_jwk(key: PrivateKey, alg: str, use: str) -> dict[str, str]:
    """The public half as it is published, named by its RFC 7638 thumbprint."""
    kind: Any = (
        jwk.RSAKey
        if isinstance(key, rsa.RSAPrivateKey)
        else jwk.OKPKey
        if isinstance(key, ed25519.Ed25519PrivateKey)
        else jwk.ECKey
    )
    public = kind.import_key(key.public_key())
    members: dict[str, str] = public.as_dict(private=False)
    return members | {"kid": public.thumbprint(), "use": use, "alg": alg}


def client_jwk(members: object) -> PublicJwk:
    """The public key of a client (RFC 7517), less all that is not the key itself; one without `use` signs. Raises
    `InvalidJwk`, also for a private or symmetric one, which the client had better throw away now."""
    kty = members.get("kty") if isinstance(members, dict) else None
    if not isinstance(members, dict) or not isinstance(kty, str) or kty not in _MEMBERS:
        raise InvalidJwk("not an RSA, EC or OKP key")
    if _PRIVATE & members.keys():
        raise InvalidJwk("a private key")
    use = members.get("use", "sig")
    if not isinstance(use, str) or use not in _CURVES:
        raise InvalidJwk("neither for signatures nor for encryption")
    kept = ("kty", *_MEMBERS[kty], *(name for name in ("kid", "alg", "use") if name in members))
    if not all(isinstance(members.get(name), str) for name in kept) or len(members.get("kid", "")) > _LONGEST_KID:
        raise InvalidJwk("a member is missing, or no text, or too long")
    key = {name: str(members[name]) for name in kept}
    try:
        public = jwk.import_key(dict(key))
        fits = _fits(public.public_key) if isinstance(public, jwk.RSAKey) else key.get("crv") in _CURVES[use]
    except (JoseError, ValueError, TypeError, KeyError):  # the last for a curve that joserfc does not know
        raise InvalidJwk("not a key") from None
    if not fits:
        raise InvalidJwk("too weak, too costly, or of a curve that is not taken")
    return key


def _fits(key: rsa.RSAPublicKey) -> bool:
    """Long enough to be safe, and short enough that a stranger's signature costs little to refuse."""
    return key.key_size in _RSA_BITS and key.public_numbers().e in _RSA_EXPONENTS


def unproved_claims(token: str) -> dict[str, Any]:
    """What a token says, to find out whose it might be. Raises `InvalidJws`."""
    return _unproved(token)[1]


def _unproved(token: str) -> tuple[jws.CompactSignature, dict[str, Any]]:
    """A token taken apart, and its claims. Raises `InvalidJws`."""
    if len(token) > MAX_LENGTH or not token.isascii():
        raise InvalidJws("too long")
    try:
        parts = jws.extract_compact(token.encode(), registry=_READING)
        claims = json.loads(parts.payload)
        json.dumps(claims, ensure_ascii=False).encode()  # halves of surrogate pairs are no text
    except (JoseError, ValueError, TypeError, RecursionError):
        raise InvalidJws("not a JWS") from None
    if not isinstance(claims, dict):
        raise InvalidJws("no claims")
    return parts, claims


def _prove(parts: jws.CompactSignature, key: jwk.Key, alg: str) -> None:
    """That `key` signed it with `alg`. Raises `BadSignatureError` or another of joserfc's."""
    if not jws.validate_compact(parts, key, registry=_Reading(algorithms=[alg])):
        raise BadSignatureError


def verify_of_client(
    token: str, keys: Iterable[PublicJwk], algorithms: Collection[str], types: Collection[object]
) -> dict[str, Any]:
    """The claims of a token that a client signed with one of its keys and one of `algorithms`. Raises `InvalidJws`,
    and of these `UnknownSigner` where all is well but the keys.

    Where the header names a key, that one is tried; else those that suit the algorithm. `types` are those its `typ` may
    have, with None for none at all.
    """
    parts, claims = _unproved(token)
    _verify(parts, keys, algorithms, types)
    return claims


def _verify(
    parts: jws.CompactSignature, keys: Iterable[PublicJwk], algorithms: Collection[str], types: Collection[object]
) -> None:
    header = parts.headers()
    alg, kid = header.get("alg"), header.get("kid")
    if not isinstance(alg, str) or alg not in algorithms or alg not in _SUITS or "crit" in header:
        raise InvalidJws("not an algorithm of this client")
    if header.get("typ") not in types:
        raise InvalidJws("another type")
    suiting = [
        key
        for key in keys
        if key["kty"] == _SUITS[alg] and key.get("alg", alg) == alg and (kid is None or key.get("kid", kid) == kid)
    ]
    for key in suiting[:_TRIED]:
        try:
            return _prove(parts, jwk.import_key(dict(key)), alg)
        except (JoseError, ValueError, TypeError):
            continue
    raise UnknownSigner("no key of this client signed it")


def prove_known(public: object, keys: Iterable[PublicJwk]) -> None:
    """That a public key of `cryptography` is one of a client's. Raises `UnknownSigner`."""
    kind = next((taken for made, taken in _KINDS.items() if isinstance(public, made)), None)
    if kind is None:
        raise UnknownSigner("not a kind of key that clients have")
    try:
        thumbprint = kind.import_key(public).thumbprint()
    except KeyError:  # for a curve that joserfc does not know
        raise UnknownSigner("not a curve that clients have") from None
    if not any(jwk.import_key(dict(key)).thumbprint() == thumbprint for key in keys):
        raise UnknownSigner("no key of this client")


def verify_of_secret(token: str, secret: str, types: Collection[object]) -> dict[str, Any]:
    """The claims of a token whose MAC is that of a client's secret, and nothing but a MAC (OIDC Core section 10.1).
    Raises `InvalidJws`."""
    parts, claims = _unproved(token)
    header = parts.headers()
    if header.get("alg") != MAC_ALGORITHM or header.get("typ") not in types or "crit" in header:
        raise InvalidJws("not an algorithm or type of this client")
    try:
        _prove(parts, jwk.OctKey.import_key(secret), MAC_ALGORITHM)
    except (JoseError, ValueError, TypeError):
        raise InvalidJws("not of this secret") from None
    return claims


def verify_of_holder(token: str, algorithms: Collection[str], typ: str) -> tuple[str, dict[str, Any]]:
    """The RFC 7638 thumbprint of the public key that a token's own header carries, and the claims that this key signed
    (RFC 9449 section 4.3). Raises `InvalidJws`: it proves that somebody has the key, and not who he is."""
    parts, claims = _unproved(token)
    try:
        carried = client_jwk(parts.headers().get("jwk"))
    except InvalidJwk:
        raise InvalidJws("no public key in its header") from None
    key = {name: text for name, text in carried.items() if name != "kid"}
    if key.pop("use", "sig") != "sig":
        raise InvalidJws("the key in its header is not for signatures")
    _verify(parts, (key,), algorithms, (typ,))
    return jwk.import_key(dict(key)).thumbprint(), claims


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
