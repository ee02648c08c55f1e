"""What was signed, and by whom (saml-core-2.0-os section 5.4, saml-bindings-2.0-os section 3.4.4.1).

Nothing that a signature covers is read from where it was found. `signed` gives back a new tree, of exactly the bytes
that were hashed; whatever else stood in the document is not in it.
"""

import base64
import binascii
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Final
from urllib.parse import unquote

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.exceptions import SignXMLException
from signxml.verifier import SignatureConfiguration, VerifyResult, XMLVerifier

from federation.saml import schema, xml
from federation.saml.algorithms import DIGESTS, RSA, SIGNATURES
from federation.saml.credentials import HASHES, PublicKey, UnusableKey, public_key
from federation.saml.metadata.entity import EntityKey
from federation.saml.names import DS
from federation.saml.xml import BadXml, Element

KEYS: Final = 8
"""Of one entity, tried one after the other: more than a roll-over needs, and each costs a verification."""

_EXPECTED: Final = SignatureConfiguration(
    require_x509=False,
    location="./",
    expect_references=1,
    signature_methods=frozenset(SignatureMethod(uri) for uri in SIGNATURES),
    digest_algorithms=frozenset(DigestAlgorithm(uri) for uri in DIGESTS),
)
_IDENTIFIERS: Final = etree.XPath("//@*[translate(local-name(), 'ID', 'id') = 'id']")
_DSIG11: Final = "http://www.w3.org/2009/xmldsig11#"


class BadSignature(Exception):
    """Not signed by any of these keys, or not as SAML signs. The text is for logs."""


def keys_of(entity_keys: Sequence[EntityKey], use: str) -> tuple[PublicKey, ...]:
    """The keys that the entity published for `use` (`signing` or `encryption`), as far as we accept their kind.

    Of a certificate nothing but its key counts, whatever its times say (SAML V2.0 Metadata Interoperability Profile
    section 2.6.1)."""
    found: list[PublicKey] = []
    for key in entity_keys:
        if key.use in ("", use):
            with suppress(UnusableKey):
                found.append(public_key(key.certificate))
    return tuple(found)


def signed(element: Element, keys: Sequence[PublicKey]) -> Element:
    """The element as one of `keys` signed it: a document of its own, checked against its schema, without its signature.

    The signature stands directly in the element and is over it as a whole; no other ID of the document is like its own.
    What the signature says of its key is not looked at. Raises `BadSignature`, `BadSchema`."""
    schema.check(element)
    signatures = element.findall(f"{{{DS}}}Signature")
    if len(signatures) != 1:
        raise BadSignature("not one signature in its place")
    identifier = element.get("ID", "")
    if _said(signatures[0], "Reference", "URI") != f"#{identifier}":
        raise BadSignature("over something else")
    _refuse_likenesses(element)
    for key in _fitting(_said(signatures[0], "SignatureMethod", "Algorithm"), keys):
        covered = _covered(element, key)
        if covered is not None:
            return _reread(covered, element)
    raise BadSignature("by none of the keys")


def signed_query(raw_query: str, name: str, keys: Sequence[PublicKey]) -> None:
    """Whether the query of a redirect is signed by one of `keys`: over its own bytes, as they came, in the order that
    the binding gives. `name` is `SAMLRequest` or `SAMLResponse`. No parameter of these comes twice. Raises
    `BadSignature`."""
    raw = dict(field.partition("=")[::2] for field in raw_query.split("&"))
    covered = "&".join(f"{part}={raw[part]}" for part in (name, "RelayState", "SigAlg") if part in raw)
    algorithm = unquote(raw.get("SigAlg", ""))
    try:
        signature = base64.b64decode(unquote(raw.get("Signature", ""), encoding="ascii"), validate=True)
    except (binascii.Error, ValueError):
        raise BadSignature("not base64") from None
    if not any(_verified(key, algorithm, signature, covered.encode()) for key in _fitting(algorithm, keys)):
        raise BadSignature("by none of the keys")


def _said(signature: Element, name: str, attribute: str) -> str:
    """Of the signature's SignedInfo. The schema says that it is there."""
    found = signature.find(f"{{{DS}}}SignedInfo/{{{DS}}}{name}")
    return "" if found is None else found.get(attribute, "")


def _refuse_likenesses(element: Element) -> None:
    """Whoever looks up an ID, by whatever spelling of the attribute, finds one element. Raises `BadSignature`."""
    found = [str(value) for value in _IDENTIFIERS(element.getroottree())]
    if len(found) != len(set(found)):
        raise BadSignature("an ID that is there twice")


def _fitting(algorithm: str, keys: Sequence[PublicKey]) -> Iterator[PublicKey]:
    method = SIGNATURES.get(algorithm)
    if method is None:
        raise BadSignature("an algorithm that we do not take")
    kind = rsa.RSAPublicKey if method.kind == RSA else ec.EllipticCurvePublicKey
    return (key for key in keys[:KEYS] if isinstance(key, kind))


def _covered(element: Element, key: PublicKey) -> bytes | None:
    """The bytes that were hashed, if `key` signed them. signxml is given the element alone, with a KeyInfo of ours in
    the place of whatever the sender put there."""
    alone = xml.parse(apart := xml.apart(element), len(apart))
    signature = alone.find(f"{{{DS}}}Signature")
    if signature is None:
        return None
    for theirs in signature.findall(f"{{{DS}}}KeyInfo"):
        signature.remove(theirs)
    value = etree.SubElement(etree.SubElement(signature, f"{{{DS}}}KeyInfo"), f"{{{_DSIG11}}}DEREncodedKeyValue")
    value.text = base64.b64encode(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
    try:
        result = XMLVerifier().verify(
            xml.apart(alone),
            validate_schema=False,  # ours has been asked, and is stricter
            parser=xml.parser(),
            id_attribute="ID",
            expect_config=_EXPECTED,
        )
    except (SignXMLException, InvalidSignature, etree.LxmlError, ValueError):
        return None
    return result.signed_data if isinstance(result, VerifyResult) else None


def _reread(covered: bytes, element: Element) -> Element:
    """Raises `BadSignature`, `BadSchema`."""
    try:
        fresh = xml.parse(covered, len(covered))
    except BadXml:
        raise BadSignature("over no document") from None
    if fresh.tag != element.tag or fresh.get("ID") != element.get("ID") or fresh.find(f"{{{DS}}}Signature") is not None:
        raise BadSignature("over something else")
    schema.check(fresh)
    return fresh


def _verified(key: PublicKey, algorithm: str, signature: bytes, data: bytes) -> bool:
    digest = HASHES[SIGNATURES[algorithm].digest]
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, data, padding.PKCS1v15(), digest)
        else:
            key.verify(_as_der(key, signature), data, ec.ECDSA(digest))
    except InvalidSignature:
        return False
    return True


def _as_der(key: ec.EllipticCurvePublicKey, signature: bytes) -> bytes:
    """RFC 9231 section 2.3.6 writes r and s side by side; some providers sign their redirects with the DER that their
    library gave them."""
    half = (key.key_size + 7) // 8
    if len(signature) != 2 * half:
        return signature
    return utils.encode_dss_signature(*(int.from_bytes(part, "big") for part in (signature[:half], signature[half:])))
