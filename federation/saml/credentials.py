"""Our keys for SAML: what signs, what opens, and how a new one is made.

`Signer` and `Decrypter` are interfaces, because a key may also live in a module that never gives it out. Here are those
that hold it in memory. A certificate is how metadata carries a key (SAML V2.0 Metadata Interoperability Profile):
nobody acts on its names or times.
"""

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final, Protocol

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import NameOID

from federation.saml import algorithms, names

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey

HASHES: Final[Mapping[str, hashes.HashAlgorithm]] = {
    names.SHA1: hashes.SHA1(),  # noqa: S303  within OAEP only: `algorithms.DIGESTS` lacks it
    names.SHA256: hashes.SHA256(),
    names.SHA384: hashes.SHA384(),
    names.SHA512: hashes.SHA512(),
}
MASKS: Final[Mapping[str, hashes.HashAlgorithm]] = {
    names.MGF1_SHA1: HASHES[names.SHA1],
    names.MGF1_SHA256: HASHES[names.SHA256],
}
SMALLEST_RSA_BITS: Final = 2048
LARGEST_RSA_BITS: Final = 8192
LARGEST_RSA_EXPONENT: Final = 1 << 32
"""Larger ones take others' time, or OpenSSL does not encrypt to them. Everybody has 65537."""
MOST_KEYS_KEPT: Final = 512
"""Of other entities; each takes some kilobytes."""
VALID_FOR: Final = timedelta(days=3650)
"""Of a certificate of ours. Keys are changed through metadata long before."""


class UnusableKey(ValueError):
    """A certificate that cannot be read, or a key that we do not use."""


class Signer(Protocol):
    """What signs: the address of its algorithm and that of the digest that goes with it, and the certificate that
    metadata publishes, DER in base64."""

    @property
    def algorithm(self) -> str: ...

    @property
    def digest(self) -> str: ...

    @property
    def certificate(self) -> str: ...

    def sign(self, data: bytes) -> bytes:
        """The signature as XML Signature has it: for ECDSA the two numbers, each as long as the curve's order (RFC 9231
        section 2.3.6)."""
        ...


class Decrypter(Protocol):
    """What opens keys that were encrypted to us."""

    def unwrap(self, wrapped: bytes, digest: str, mask: str) -> bytes:
        """The key, which RSA-OAEP hid with this digest and mask generation. Raises `ValueError`."""
        ...


class KeySigner:
    """Signs with a key in memory."""

    def __init__(self, key: PrivateKey, certificate: str, method: algorithms.Signing) -> None:
        """Raises `UnusableKey` for an algorithm that is not this kind of key's."""
        self.algorithm: Final = method.algorithm
        self.digest: Final = method.digest
        self.certificate: Final = certificate
        signature = algorithms.SIGNATURES[method.algorithm]
        self._sign = _signing(key, signature.kind, HASHES[signature.digest])

    def sign(self, data: bytes) -> bytes:
        return self._sign(data)


def _signing(key: PrivateKey, kind: str, digest: hashes.HashAlgorithm) -> Callable[[bytes], bytes]:
    if isinstance(key, rsa.RSAPrivateKey) and kind == algorithms.RSA:
        scheme = padding.PKCS1v15()
        return lambda data: key.sign(data, scheme, digest)
    if isinstance(key, ec.EllipticCurvePrivateKey) and kind == algorithms.EC:
        method, length = ec.ECDSA(digest), (key.curve.key_size + 7) // 8
        return lambda data: _two_numbers(key.sign(data, method), length)
    raise UnusableKey("the algorithm is not this key's")


def _two_numbers(der: bytes, length: int) -> bytes:
    r, s = decode_dss_signature(der)
    return r.to_bytes(length, "big") + s.to_bytes(length, "big")


class KeyDecrypter:
    """Opens with a key in memory."""

    def __init__(self, key: PrivateKey) -> None:
        """Raises `UnusableKey` where it is not an RSA key."""
        if not isinstance(key, rsa.RSAPrivateKey):
            raise UnusableKey("only RSA keys open what is encrypted")
        self._key = key

    def unwrap(self, wrapped: bytes, digest: str, mask: str) -> bytes:
        return self._key.decrypt(wrapped, oaep(digest, mask))


@lru_cache(maxsize=16)
def oaep(digest: str, mask: str) -> padding.OAEP:
    return padding.OAEP(padding.MGF1(MASKS[mask]), HASHES[digest], None)


@dataclass(frozen=True, slots=True)
class NewCredential:
    """A fresh key, PKCS #8 in DER, with a certificate that it signed itself, DER in base64."""

    private_der: bytes
    certificate: str


def new_credential(kind: str, subject_name: str, now: int) -> NewCredential:
    """`kind` is one of `algorithms`: RSA with 2048 bits, EC on P-256. `now` is seconds since the epoch."""
    key: PrivateKey
    if kind == algorithms.EC:
        key = ec.generate_private_key(ec.SECP256R1())
    else:
        key = rsa.generate_private_key(public_exponent=65537, key_size=SMALLEST_RSA_BITS)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject_name)])
    made = datetime.fromtimestamp(now, UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(made)
        .not_valid_after(made + VALID_FOR)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return NewCredential(private, base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode())


def open_private(der: bytes) -> PrivateKey:
    """A key that `new_credential` made and our vault kept. Raises `UnusableKey`."""
    # Its seal proves that it is as we made it; to validate an RSA key again takes 40 ms.
    private = serialization.load_der_private_key(der, password=None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(private, PrivateKey):
        raise UnusableKey("neither an RSA nor an EC key")
    return private


@lru_cache(maxsize=MOST_KEYS_KEPT)
def public_key(certificate: str) -> PublicKey:
    """The key in a certificate, DER in base64; nothing else of it counts. Those asked for last are kept, for a key that
    was used before is quicker too. Raises `UnusableKey`: also for RSA keys of fewer than 2048 bits, of more than 8192
    or with a large exponent, and for curves other than P-256, P-384 and P-521."""
    try:
        key = x509.load_der_x509_certificate(base64.b64decode("".join(certificate.split()), validate=True)).public_key()
    except (ValueError, binascii.Error, UnsupportedAlgorithm) as error:
        raise UnusableKey("not a certificate") from error
    if isinstance(key, rsa.RSAPublicKey) and _is_usable(key):
        return key
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1 | ec.SECP384R1 | ec.SECP521R1):
        return key
    raise UnusableKey("neither RSA of 2048 to 8192 bits nor an EC key on a NIST curve")


def _is_usable(key: rsa.RSAPublicKey) -> bool:
    fits = SMALLEST_RSA_BITS <= key.key_size <= LARGEST_RSA_BITS
    return fits and key.public_numbers().e <= LARGEST_RSA_EXPONENT
