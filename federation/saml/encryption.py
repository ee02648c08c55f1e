"""EncryptedAssertion and EncryptedID (saml-core-2.0-os sections 2.3.4 and 2.2.4; XML Encryption 1.1).

The content is encrypted under a fresh key, the key to the recipient's, and the EncryptedKey travels where every
implementation looks for it: within the KeyInfo of the data. It names the recipient's certificate, so that whoever has
several keys knows which.
"""

import os
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES

from federation.saml import algorithms, names
from federation.saml.algorithms import Encrypting
from federation.saml.credentials import UnusableKey, oaep, public_key
from federation.saml.metadata.entity import EntityKey
from federation.saml.writing import SAML, Xml

ASSERTION = "EncryptedAssertion"
NAME_ID = "EncryptedID"
_IV_BYTES = 12
"""Of GCM (XML Encryption 1.1 section 5.2.4)."""
_BLOCK_BYTES = 16


@dataclass(frozen=True, slots=True)
class Recipient:
    """To whose key, and how, we encrypt."""

    key: rsa.RSAPublicKey
    certificate: str
    method: Encrypting


def recipient(keys: Sequence[EntityKey], allow_cbc: bool) -> Recipient | None:
    """The first key of an entity that we can encrypt to; None where its metadata has none for that. Raises
    `NoCommonAlgorithm` where it has some and none will do: what it wants encrypted is not sent in the clear."""
    offered = [key for key in keys if key.use != "signing"]
    for key in sorted(offered, key=lambda key: key.use == ""):
        try:
            return _recipient(key, allow_cbc)
        except (UnusableKey, algorithms.NoCommonAlgorithm):
            continue
    if any(key.use or key.encryption_methods for key in offered):
        raise algorithms.NoCommonAlgorithm("no encryption key that we can use")
    return None


def _recipient(key: EntityKey, allow_cbc: bool) -> Recipient:
    public = public_key(key.certificate)
    if not isinstance(public, rsa.RSAPublicKey):
        raise UnusableKey("we encrypt to RSA keys only")
    method = algorithms.choose_encryption(key.encryption_methods, allow_cbc)
    return Recipient(public, "".join(key.certificate.split()), method)


def encrypt(content: Xml, to: Recipient, element: str) -> Xml:
    """`element` of the assertion namespace, ASSERTION or NAME_ID, with the content encrypted to the recipient."""
    method = to.method
    key = os.urandom(algorithms.KEY_SIZES[method.block])
    wrapped = to.key.encrypt(key, oaep(method.digest, method.mask))
    return Xml(
        f'<saml:{element}{SAML}><xenc:EncryptedData xmlns:xenc="{names.XENC}" Type="{names.XENC}Element">'
        f'<xenc:EncryptionMethod Algorithm="{method.block}"></xenc:EncryptionMethod>'
        f'<ds:KeyInfo xmlns:ds="{names.DS}"><xenc:EncryptedKey>{_transport(method)}'
        f"<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{to.certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"
        f"{_cipher(wrapped)}</xenc:EncryptedKey></ds:KeyInfo>{_cipher(_encrypted(content, key, method.block))}"
        f"</xenc:EncryptedData></saml:{element}>"
    )


def _transport(method: Encrypting) -> str:
    """The older form has no mask to name: it is always that with SHA-1."""
    mask = f'<xenc11:MGF xmlns:xenc11="{names.XENC11}" Algorithm="{method.mask}"></xenc11:MGF>'
    return (
        f'<xenc:EncryptionMethod Algorithm="{method.transport}">'
        f'<ds:DigestMethod Algorithm="{method.digest}"></ds:DigestMethod>'
        f"{mask if method.transport == names.RSA_OAEP else ''}</xenc:EncryptionMethod>"
    )


def _cipher(data: bytes) -> str:
    return f"<xenc:CipherData><xenc:CipherValue>{b64encode(data).decode('ascii')}</xenc:CipherValue></xenc:CipherData>"


def _encrypted(content: Xml, key: bytes, block: str) -> bytes:
    if block in algorithms.GCM:
        iv = os.urandom(_IV_BYTES)
        return iv + AESGCM(key).encrypt(iv, content.encode(), None)
    iv = os.urandom(_BLOCK_BYTES)
    encryptor = Cipher(AES(key), modes.CBC(iv)).encryptor()
    return iv + encryptor.update(_padded(content.encode())) + encryptor.finalize()


def _padded(plain: bytes) -> bytes:
    """Filled up to whole blocks; the last byte says by how many (XML Encryption 1.1 section 5.2.1)."""
    missing = _BLOCK_BYTES - len(plain) % _BLOCK_BYTES
    return plain + bytes(missing - 1) + bytes([missing])
