"""Which algorithms we use with whom: our allow-lists, and the choice from what the other's metadata names (SAML V2.0
Metadata Profile for Algorithm Support 1.0; for encryption saml-metadata-2.0-os section 2.4.1.1).

What stands in no list here is never used, whoever asks for it: no SHA-1 signatures, no RSA PKCS #1 1.5 encryption, no
triple DES. Of several that both sides have, ours that stands first is taken.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from federation.saml import names

RSA: Final = "RSA"
EC: Final = "EC"


@dataclass(frozen=True, slots=True)
class SignatureMethod:
    """What kind of key it takes, and with which digest."""

    kind: str
    digest: str


SIGNATURES: Final[Mapping[str, SignatureMethod]] = {
    names.ECDSA_SHA256: SignatureMethod(EC, names.SHA256),
    names.ECDSA_SHA384: SignatureMethod(EC, names.SHA384),
    names.ECDSA_SHA512: SignatureMethod(EC, names.SHA512),
    names.RSA_SHA256: SignatureMethod(RSA, names.SHA256),
    names.RSA_SHA384: SignatureMethod(RSA, names.SHA384),
    names.RSA_SHA512: SignatureMethod(RSA, names.SHA512),
}
"""Those we sign with and take (RFC 9231 sections 2.3.2 to 2.3.6), the ones we like best first."""
DIGESTS: Final[Mapping[str, str]] = {names.SHA256: "sha256", names.SHA384: "sha384", names.SHA512: "sha512"}
"""Those of references, with their names in `hashlib`."""
UNLESS_NAMED: Final = (names.RSA_SHA256,)
"""What is taken of a peer whose metadata names no signature: every implementation has it, and many refuse ECDSA."""

GCM: Final = (names.AES256_GCM, names.AES128_GCM)
CBC: Final = (names.AES256_CBC, names.AES128_CBC)
"""Without integrity of its own; only where an operator made an exception for one peer."""
KEY_SIZES: Final[Mapping[str, int]] = {
    names.AES256_GCM: 32,
    names.AES128_GCM: 16,
    names.AES256_CBC: 32,
    names.AES128_CBC: 16,
}
"""In bytes."""


_OTHER_BLOCKS: Final = (f"{names.XENC}tripledes-cbc", f"{names.XENC}aes192-cbc", f"{names.XENC11}aes192-gcm")
_RSA_1_5: Final = f"{names.XENC}rsa-1_5"
"""Known only so that a peer that names nothing else is not given what it did not name."""


class NoCommonAlgorithm(Exception):
    """We have none of what the other names. Nothing is sent: weaker, or in the clear, would not be what they asked."""


@dataclass(frozen=True, slots=True)
class Signing:
    """How a message is signed: the signature and the digest of its reference, by their addresses."""

    algorithm: str
    digest: str


def choose_signature(
    offered: Collection[str], signing_methods: Collection[str], digest_methods: Collection[str], override: str | None
) -> Signing:
    """What we sign with for a peer. `offered` are those that our keys can; `override` is an operator's word, which
    stands above the peer's metadata. Raises `NoCommonAlgorithm`."""
    if override is not None:
        signing_methods, digest_methods = (override,), ()
    named = signing_methods or UNLESS_NAMED
    for algorithm, method in SIGNATURES.items():
        if algorithm in offered and algorithm in named:
            return Signing(algorithm, _digest(method.digest, digest_methods))
    raise NoCommonAlgorithm("no signature algorithm in common")


def _digest(own: str, named: Collection[str]) -> str:
    """The signature's own digest, if the peer has it."""
    for digest in (own, *DIGESTS):
        if not named or digest in named:
            return digest
    raise NoCommonAlgorithm("no digest algorithm in common")


OPENED: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(GCM, ()),
    names.RSA_OAEP: (names.SHA256,),
    names.RSA_OAEP_MGF1P: (names.SHA1,),
}
"""What our metadata names beside a key that opens what is encrypted to us."""


@dataclass(frozen=True, slots=True)
class Encrypting:
    """How content is encrypted, and how its key is: by OAEP with this digest and mask generation."""

    block: str
    transport: str
    digest: str
    mask: str


_MOST_COMMON: Final = (names.RSA_OAEP_MGF1P, names.SHA1, names.MGF1_SHA1)
"""The one form that all have. SHA-1 is sound within OAEP, where nothing rests on collisions."""


def choose_encryption(methods: Mapping[str, Collection[str]], allow_cbc: bool) -> Encrypting:
    """How to encrypt to a key whose metadata names these methods, with the digests it names for each. Raises
    `NoCommonAlgorithm`."""
    return Encrypting(_block(methods, allow_cbc), *_transport(methods))


def _block(methods: Collection[str], allow_cbc: bool) -> str:
    """An exception for CBC was made because the peer has nothing better; what it names all the same counts first."""
    ours = (*GCM, *CBC) if allow_cbc else GCM
    for block in ours:
        if block in methods:
            return block
    if any(block in methods for block in (*CBC, *_OTHER_BLOCKS)):
        raise NoCommonAlgorithm("no block encryption in common")
    return CBC[0] if allow_cbc else GCM[0]


def _transport(methods: Mapping[str, Collection[str]]) -> tuple[str, str, str]:
    """The way with SHA-256 throughout goes to those who name it, and no further: several refuse it."""
    modern = methods.get(names.RSA_OAEP)
    if modern is not None and (not modern or names.SHA256 in modern):
        return names.RSA_OAEP, names.SHA256, names.MGF1_SHA256
    older = methods.get(names.RSA_OAEP_MGF1P)
    if older is not None and (not older or names.SHA1 in older):
        return _MOST_COMMON
    if older is not None and names.SHA256 in older:
        return names.RSA_OAEP_MGF1P, names.SHA256, names.MGF1_SHA1
    if modern is not None and names.SHA1 in modern:
        return names.RSA_OAEP, names.SHA1, names.MGF1_SHA1
    if older is not None or modern is not None or _RSA_1_5 in methods:
        raise NoCommonAlgorithm("no key transport in common")
    return _MOST_COMMON
