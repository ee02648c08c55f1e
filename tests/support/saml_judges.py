"""Judges of what we write in SAML: libraries of others that do not know how we put it together.

Canonical form and schemas by libxml2, signatures by libxmlsec1 and by signxml, encryption by libxmlsec1.
"""

from base64 import b64encode
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import onelogin.saml2
import xmlsec
from lxml import etree
from signxml import XMLVerifier
from signxml.algorithms import SignatureMethod
from signxml.verifier import SignatureConfiguration

from federation.saml import names

SCHEMAS = Path(onelogin.saml2.__file__).parent / "schemas"
EXAMPLE_TIME = 1_800_000_000


@cache
def _schema(name: str) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(SCHEMAS / name))


def parsed(text: str | bytes) -> Any:
    return etree.fromstring(text.encode() if isinstance(text, str) else text)


def canonical(text: str) -> str:
    """Exclusive canonical form, as libxml2 makes it."""
    return canonical_of(parsed(text))


def canonical_of(element: Any) -> str:
    return etree.tostring(element, method="c14n", exclusive=True, with_comments=False).decode()


def assert_valid(text: str, schema: str = "protocol") -> None:
    """By the XSDs of OASIS: `protocol`, `assertion` or `metadata`. They are older than XML Encryption 1.1."""
    root = parsed(text)
    etree.strip_elements(root, f"{{{names.XENC11}}}MGF")
    _schema(f"saml-schema-{schema}-2.0.xsd").assertValid(root)
    for extension, of in _EXTENSIONS.items():
        for element in root.iter(f"{{{extension}}}*"):
            if not element.getparent().tag.startswith(f"{{{extension}}}"):
                _schema(of).assertValid(parsed(etree.tostring(element, with_tail=False)))


_EXTENSIONS = {
    names.MDUI: "sstc-saml-metadata-ui-v1.0.xsd",
    names.ALGSUPPORT: "sstc-saml-metadata-algsupport-v1.0.xsd",
}


def proved(element: Any, certificate: str) -> None:
    """The one signature that is a child of this element is good, both say; it covers the element. Raises otherwise."""
    xmlsec_verifies(element, certificate)
    signxml_verifies(element, certificate)


def xmlsec_verifies(element: Any, certificate: str) -> None:
    (signature,) = element.findall(f"{{{names.DS}}}Signature")
    xmlsec.tree.add_ids(element, ["ID"])
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(pem(certificate), xmlsec.constants.KeyDataFormatCertPem)
    context.verify(signature)
    (reference,) = signature.iter(f"{{{names.DS}}}Reference")
    assert reference.get("URI") == "#" + element.get("ID")


def signxml_verifies(element: Any, certificate: str) -> None:
    found = XMLVerifier().verify(
        etree.tostring(element),
        x509_cert=pem(certificate).decode(),
        id_attribute="ID",
        expect_config=SignatureConfiguration(
            location="./",
            verification_time=datetime.fromtimestamp(EXAMPLE_TIME, UTC),
            signature_methods=frozenset(SignatureMethod),
            ignore_ambiguous_key_info=True,
        ),
    )
    assert found.signed_xml is not None
    assert found.signed_xml.get("ID") == element.get("ID")


def opened(encrypted: Any, key_der: bytes) -> Any:
    """What libxmlsec1 finds in an EncryptedAssertion or EncryptedID."""
    manager = xmlsec.KeysManager()
    manager.add_key(
        xmlsec.Key.from_memory(pem(b64encode(key_der).decode(), "PRIVATE KEY"), xmlsec.constants.KeyDataFormatPem)
    )
    (data,) = encrypted.findall(f"{{{names.XENC}}}EncryptedData")
    return xmlsec.EncryptionContext(manager).decrypt(data)


def encrypt(content: Any, certificate: str, block: Any) -> None:
    """Put an xenc:EncryptedData in the place of the content, made by libxmlsec1 for the key of a certificate."""
    data = xmlsec.template.encrypted_data_create(content, block, type=xmlsec.constants.TypeEncElement, ns="xenc")
    xmlsec.template.encrypted_data_ensure_cipher_value(data)
    info = xmlsec.template.encrypted_data_ensure_key_info(data, ns="ds")
    key = xmlsec.template.add_encrypted_key(info, xmlsec.constants.TransformRsaOaep)
    xmlsec.template.encrypted_data_ensure_cipher_value(key)
    manager = xmlsec.KeysManager()
    manager.add_key(xmlsec.Key.from_memory(pem(certificate), xmlsec.constants.KeyDataFormatCertPem))
    context = xmlsec.EncryptionContext(manager)
    length = 128 if block is xmlsec.constants.TransformAes128Gcm else 256
    context.key = xmlsec.Key.generate(xmlsec.constants.KeyDataAes, length, xmlsec.constants.KeyDataTypeSession)
    context.encrypt_xml(data, content)


def pem(base64: str, what: str = "CERTIFICATE") -> bytes:
    return f"-----BEGIN {what}-----\n{base64}\n-----END {what}-----\n".encode()
