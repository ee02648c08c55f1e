"""What was signed, and by whom (saml-core-2.0-os section 5.4, saml-bindings-2.0-os section 3.4.4.1).

Nothing that a signature covers is read from where it was found. `signed` gives back a new tree, of exactly the bytes
that were hashed; whatever else stood in the document is not in it.
"""

import base64
import binascii
import hashlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from hmac import compare_digest
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
from federation.saml.names import DS, EXC_C14N
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
_LIKE: Final = etree.XPath("count(//@*[translate(local-name(), 'ID', 'id') = 'id'][. = $own])")
_SIGNATURE: Final = f"{{{DS}}}Signature"
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
    signatures = element.findall(_SIGNATURE)
    if len(signatures) != 1:
        raise BadSignature("not one signature in its place")
    _refuse_likenesses(element)
    for key in _fitting(_algorithm(signatures[0]), keys):
        covered = _Verifier(element).covered(signatures[0], key)
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


class _Verifier(XMLVerifier):
    """signxml, given the signature alone, with a KeyInfo of ours in the place of whatever the sender put there.

    It proves SignedInfo and hands the one Reference in it to `_verify_reference`. Its own way with that copies the
    document four times, and an aggregate of 10 MB is half a gigabyte then; ours takes what our schema lets through. If
    it were not called any more, signxml would look for the ID in the signature, find none, and refuse."""

    def __init__(self, element: Element) -> None:
        super().__init__()
        self._element = element

    def covered(self, signature: Element, key: PublicKey) -> bytes | None:
        """The bytes that were hashed, if `key` signed them."""
        alone = xml.copied(signature)
        for theirs in alone.findall(f"{{{DS}}}KeyInfo"):
            alone.remove(theirs)
        value = etree.SubElement(etree.SubElement(alone, f"{{{DS}}}KeyInfo"), f"{{{_DSIG11}}}DEREncodedKeyValue")
        value.text = base64.b64encode(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
        try:
            result = self.verify(
                xml.apart(alone),
                validate_schema=False,  # ours has been asked, and is stricter
                parser=xml.parser(),
                expect_config=_EXPECTED,
            )
        except (SignXMLException, InvalidSignature, BadXml, ValueError):
            return None
        return result.signed_data if isinstance(result, VerifyResult) else None

    def _verify_reference(self, reference: Element, *_others: object) -> VerifyResult:
        if reference.get("URI") != f"#{self._element.get('ID')}":
            raise BadSignature("over something else")
        covered = xml.canonical(_without_signature(self._element), _prefixes(reference))
        method, told = reference.find(f"{{{DS}}}DigestMethod"), reference.findtext(f"{{{DS}}}DigestValue") or ""
        name = DIGESTS["" if method is None else method.get("Algorithm", "")]
        if not compare_digest(hashlib.new(name, covered).digest(), base64.b64decode(told)):
            raise BadSignature("what was signed was changed")
        return VerifyResult(covered, None, reference, b"")


def _algorithm(signature: Element) -> str:
    method = signature.find(f"{{{DS}}}SignedInfo/{{{DS}}}SignatureMethod")
    return "" if method is None else method.get("Algorithm", "")


def _without_signature(element: Element) -> Element:
    """The enveloped-signature transform (XML Signature section 6.6.4): a copy, in which only the signature is gone and
    not the blanks after it."""
    copy = xml.copied(element)
    signature = copy.find(_SIGNATURE)
    if signature is not None:
        before = signature.getprevious()
        if before is None:
            copy.text = (copy.text or "") + (signature.tail or "")
        else:
            before.tail = (before.tail or "") + (signature.tail or "")
        copy.remove(signature)
    return copy


def _prefixes(reference: Element) -> list[str]:
    """Of the exclusive canonical form, those that it treats inclusively (Exclusive XML Canonicalization section 4)."""
    found = reference.find(f"{{{DS}}}Transforms/{{{DS}}}Transform/{{{EXC_C14N}}}InclusiveNamespaces")
    return [] if found is None else found.get("PrefixList", "").split()


def _refuse_likenesses(element: Element) -> None:
    """Whoever looks up the ID, by whatever spelling of the attribute, finds this element. Raises `BadSignature`."""
    if _LIKE(element.getroottree(), own=element.get("ID", "")) != 1:
        raise BadSignature("an ID that is there twice")


def _fitting(algorithm: str, keys: Sequence[PublicKey]) -> Iterator[PublicKey]:
    method = SIGNATURES.get(algorithm)
    if method is None:
        raise BadSignature("an algorithm that we do not take")
    kind = rsa.RSAPublicKey if method.kind == RSA else ec.EllipticCurvePublicKey
    return (key for key in keys[:KEYS] if isinstance(key, kind))


def _reread(covered: bytes, element: Element) -> Element:
    """Raises `BadSignature`, `BadSchema`."""
    try:
        fresh = xml.parse(covered, len(covered))
    except BadXml:
        raise BadSignature("over no document") from None
    if fresh.tag != element.tag or fresh.get("ID") != element.get("ID") or fresh.find(_SIGNATURE) is not None:
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
