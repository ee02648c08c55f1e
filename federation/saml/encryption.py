"""EncryptedAssertion and EncryptedID (saml-core-2.0-os sections 2.3.4 and 2.2.4; XML Encryption 1.1).

The content is encrypted under a fresh key, the key to the recipient's, and the EncryptedKey travels where every
implementation looks for it: within the KeyInfo of the data. It names the recipient's certificate, so that whoever has
several keys knows which.
"""

import os
from base64 import b64decode, b64encode
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES

from federation.saml import algorithms, names, schema, xml
from federation.saml.algorithms import Encrypting
from federation.saml.credentials import HASHES, MASKS, Decrypter, UnusableKey, oaep, public_key
from federation.saml.metadata.entity import EntityKey
from federation.saml.schema import BadSchema
from federation.saml.writing import SAML, Xml
from federation.saml.xml import BadXml, Element

ASSERTION: Final = "EncryptedAssertion"
NAME_ID: Final = "EncryptedID"
_CONTENT: Final = {
    (f"{{{names.ASSERTION}}}{ASSERTION}", f"{{{names.ASSERTION}}}Assertion"),
    (f"{{{names.ASSERTION}}}{NAME_ID}", f"{{{names.ASSERTION}}}NameID"),
}
"""What may be in what."""
MOST_KEYS: Final = 4
"""EncryptedKeys of one element that are tried, each with every key of ours: those for us and a few for others."""
_IV_BYTES: Final = 12
"""Of GCM (XML Encryption 1.1 section 5.2.4)."""
_BLOCK_BYTES: Final = 16


class CannotDecrypt(Exception):
    """Whatever was wrong with it. Which it was is said to nobody: such answers have told attackers the content."""


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


def decrypt(element: Element, decrypters: Sequence[Decrypter]) -> Element:
    """What is in an EncryptedAssertion or EncryptedID: a document of its own that passed its schema, and about which
    nothing else is proved. Raises `CannotDecrypt`."""
    plain = _plain(element, decrypters)
    try:
        content = xml.parse(plain, len(plain))
        schema.check(content)
    except (BadXml, BadSchema):
        raise CannotDecrypt from None
    if (element.tag, content.tag) not in _CONTENT:
        raise CannotDecrypt
    return content


def _plain(element: Element, decrypters: Sequence[Decrypter]) -> bytes:
    """The content, by the first key that opens it: GCM proves that it is the one. Raises `CannotDecrypt`."""
    data = element.find(f"{{{names.XENC}}}EncryptedData")
    if data is None or (block := _method(data).get("Algorithm", "")) not in algorithms.GCM:
        raise CannotDecrypt
    inside = data.iterfind(f"{{{names.DS}}}KeyInfo/{{{names.XENC}}}EncryptedKey")
    beside = element.iterfind(f"{{{names.XENC}}}EncryptedKey")
    for key in islice((*inside, *beside), MOST_KEYS):
        for decrypter in decrypters:
            with suppress(ValueError, InvalidTag):
                content_key = _unwrapped(key, decrypter)
                if len(content_key) == algorithms.KEY_SIZES[block]:
                    content = _content(data)
                    return AESGCM(content_key).decrypt(content[:_IV_BYTES], content[_IV_BYTES:], None)
    raise CannotDecrypt


def _unwrapped(key: Element, decrypter: Decrypter) -> bytes:
    """The key that an EncryptedKey holds. Raises `ValueError`."""
    method = _method(key)
    transport = method.get("Algorithm")
    digest = _named(method, f"{{{names.DS}}}DigestMethod", names.SHA1)
    mask = _named(method, f"{{{names.XENC11}}}MGF", names.MGF1_SHA1)
    if transport not in (names.RSA_OAEP, names.RSA_OAEP_MGF1P) or method.findtext(f"{{{names.XENC}}}OAEPparams"):
        raise ValueError("no key transport of ours")
    if transport == names.RSA_OAEP_MGF1P:
        mask = names.MGF1_SHA1
    if digest not in HASHES or mask not in MASKS:
        raise ValueError("no digest of ours")
    return decrypter.unwrap(_content(key), digest, mask)


def _method(element: Element) -> Element:
    found = element.find(f"{{{names.XENC}}}EncryptionMethod")
    if found is None:
        raise CannotDecrypt
    return found


def _named(method: Element, child: str, otherwise: str) -> str:
    found = method.find(child)
    return otherwise if found is None else found.get("Algorithm", "")


def _content(element: Element) -> bytes:
    """Raises `ValueError`."""
    value = element.findtext(f"{{{names.XENC}}}CipherData/{{{names.XENC}}}CipherValue") or ""
    return b64decode("".join(value.split()), validate=True)
