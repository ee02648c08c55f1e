"""Tricks with signatures: algorithms, references, values and keys. Each is signed by the true key, or would be if the
trick worked, so that nothing but the trick can be the reason to refuse it."""

import base64
import hashlib
import hmac
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives import serialization
from lxml import etree

from federation.saml import arriving, schema, verifying, xml
from federation.saml.arriving import Unreadable
from federation.saml.metadata.entity import EntityKey
from federation.saml.names import DS, ENVELOPED, EXC_C14N, PROTOCOL, RSA_SHA256, SHA1, SHA256
from federation.saml.schema import BadSchema
from federation.saml.verifying import BadSignature
from tests.support.saml_messages import (
    LOGOUT_REQUEST,
    RESPONSE,
    Peer,
    ec_peer,
    in_form,
    in_query,
    in_soap,
    rsa_peer,
    signed_by,
    template,
)

REFUSED = (Unreadable, BadSignature, BadSchema)
BLANK = template("_id", RSA_SHA256)
HMAC = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"
RSA_SHA1 = f"{DS}rsa-sha1"


def proved(document: str | bytes, peer: Peer | None = None) -> bytes:
    """What would be read of it."""
    message = arriving.from_form(in_form(document), None).proved([(peer or rsa_peer()).public])
    return xml.canonical(message.element)


def by_hand(blank: str, document: str = LOGOUT_REQUEST, digest: bytes | None = None) -> str:
    """Signed as the signature itself says, whatever it says: the digest is over the element as it stands, or given."""
    root = etree.fromstring(document.encode())
    covered = etree.tostring(root, method="c14n", exclusive=True) if digest is None else b""
    told = base64.b64encode(hashlib.sha256(covered).digest() if digest is None else digest).decode()
    filled = blank.replace("<ds:DigestValue/>", f"<ds:DigestValue>{told}</ds:DigestValue>")
    at = document.index("</saml:Issuer>") + len("</saml:Issuer>")
    signed = etree.fromstring((document[:at] + filled + document[at:]).encode())
    info = signed.find(f"{{{DS}}}Signature/{{{DS}}}SignedInfo")
    value = signed.find(f"{{{DS}}}Signature/{{{DS}}}SignatureValue")
    assert info is not None
    assert value is not None
    value.text = base64.b64encode(rsa_peer().sign(etree.tostring(info, method="c14n", exclusive=True))).decode()
    return etree.tostring(signed, encoding="unicode")


def test_k_what_is_signed_by_hand_is_read() -> None:
    """Or the tests below would prove nothing."""
    assert proved(by_hand(BLANK)) == xml.canonical(etree.fromstring(LOGOUT_REQUEST.encode()))


REFERENCE = BLANK[BLANK.index("<ds:Reference") : BLANK.index("</ds:SignedInfo>")]
INFO = BLANK[BLANK.index("<ds:SignedInfo>") : BLANK.index("<ds:SignatureValue/>")]
EXCLUSIVE = f'<ds:Transform Algorithm="{EXC_C14N}"/>'
XPATH = (
    '<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116">'
    "<ds:XPath>not(ancestor-or-self::ds:Signature)</ds:XPath></ds:Transform>"
)
BASE64 = f'<ds:Transform Algorithm="{DS}base64"/>'
XSLT = '<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116"/>'
INCLUSIVE = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"

BLANKS = {
    "two references": BLANK.replace("</ds:SignedInfo>", f"{REFERENCE}</ds:SignedInfo>"),
    "two references, another first": BLANK.replace(
        "<ds:Reference", REFERENCE.replace("#_id", "#_else") + "<ds:Reference", 1
    ),
    "no reference": BLANK.replace(REFERENCE, ""),
    "two SignedInfo (CVE-2025-29774)": BLANK.replace("<ds:SignatureValue/>", f"{INFO}<ds:SignatureValue/>"),
    "an empty URI": BLANK.replace('URI="#_id"', 'URI=""'),
    "no URI": BLANK.replace(' URI="#_id"', ""),
    "an XPointer": BLANK.replace("#_id", "#xpointer(/)"),
    "an XPointer by ID": BLANK.replace("#_id", "#xpointer(id('_id'))"),
    "a URI elsewhere": BLANK.replace("#_id", "https://evil.example/x.xml"),
    "a URI of a file": BLANK.replace("#_id", "file:///etc/passwd"),
    "an ID of nobody": BLANK.replace("#_id", "#_nobody"),
    "two signs of number": BLANK.replace("#_id", "##_id"),
    "XPath": BLANK.replace(EXCLUSIVE, XPATH + EXCLUSIVE),
    "XPath alone": BLANK.replace(EXCLUSIVE, XPATH),
    "XSLT": BLANK.replace(EXCLUSIVE, XSLT + EXCLUSIVE),
    "base64": BLANK.replace(EXCLUSIVE, BASE64 + EXCLUSIVE),
    "no transforms": BLANK.replace(f'<ds:Transform Algorithm="{ENVELOPED}"/>{EXCLUSIVE}', ""),
    "not enveloped": BLANK.replace(f'<ds:Transform Algorithm="{ENVELOPED}"/>', ""),
    "enveloped twice": BLANK.replace(EXCLUSIVE, f'<ds:Transform Algorithm="{ENVELOPED}"/>'),
    "the canonical form first": BLANK.replace(f'<ds:Transform Algorithm="{ENVELOPED}"/>{EXCLUSIVE}', "@").replace(
        "@", f'{EXCLUSIVE}<ds:Transform Algorithm="{ENVELOPED}"/>'
    ),
    "inclusive canonical form": BLANK.replace(EXCLUSIVE, f'<ds:Transform Algorithm="{INCLUSIVE}"/>'),
    "with comments": BLANK.replace(EXCLUSIVE, f'<ds:Transform Algorithm="{EXC_C14N}WithComments"/>'),
    "inclusive SignedInfo": BLANK.replace(EXC_C14N, INCLUSIVE, 1),
    "SHA-1 digest": BLANK.replace(SHA256, SHA1),
    "MD5 digest": BLANK.replace(SHA256, "http://www.w3.org/2001/04/xmldsig-more#md5"),
    "no digest method": BLANK.replace(f'<ds:DigestMethod Algorithm="{SHA256}"/>', ""),
    "SHA-1 signature": BLANK.replace(RSA_SHA256, RSA_SHA1),
    "no algorithm": BLANK.replace(RSA_SHA256, ""),
    "none": BLANK.replace(RSA_SHA256, "none"),
    "ECDSA said of RSA": BLANK.replace(RSA_SHA256, ec_peer().algorithm),
    "another hash said": BLANK.replace(RSA_SHA256, RSA_SHA256.replace("256", "512")),
    "MAC": BLANK.replace(RSA_SHA256, HMAC),
    "a MAC of one bit": BLANK.replace(
        f'<ds:SignatureMethod Algorithm="{RSA_SHA256}"/>',
        f'<ds:SignatureMethod Algorithm="{HMAC}"><ds:HMACOutputLength>1</ds:HMACOutputLength></ds:SignatureMethod>',
    ),
    "an object": BLANK.replace("</ds:Signature>", "<ds:Object/></ds:Signature>"),
    "a manifest": BLANK.replace(
        "</ds:Signature>", f"<ds:Object><ds:Manifest>{REFERENCE}</ds:Manifest></ds:Object></ds:Signature>"
    ),
    "an ID of its own": BLANK.replace("<ds:Signature ", '<ds:Signature Id="_id" '),
    "something in the signature value": BLANK.replace(
        "<ds:SignatureValue/>", "<ds:SignatureValue><x/></ds:SignatureValue>"
    ),
}


@pytest.mark.parametrize("trick", BLANKS)
def test_k_signatures_of_other_shapes_are_refused(trick: str) -> None:
    with pytest.raises(REFUSED):
        proved(by_hand(BLANKS[trick]))


@pytest.mark.parametrize("trick", BLANKS)
def test_k_references_and_algorithms_hold_without_the_schema(trick: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a signature says of what it covers, nothing is read but the bytes of the element without it."""
    monkeypatch.setattr(schema, "check", lambda _element: None)
    try:
        read = proved(by_hand(BLANKS[trick]))
    except (*REFUSED, KeyError, AttributeError):
        return
    assert read == xml.canonical(etree.fromstring(LOGOUT_REQUEST.encode()))


def test_k_xml_crypto_cve_2025_29775_comments_in_a_digest_change_nothing() -> None:
    signed = by_hand(BLANK)
    evil = signed.replace("zhang.san", "li.si")
    root = etree.fromstring(evil.encode())
    root.remove(root.find(f"{{{DS}}}Signature"))  # type: ignore[arg-type]
    wanted = base64.b64encode(hashlib.sha256(etree.tostring(root, method="c14n", exclusive=True)).digest()).decode()
    for crafted in (f"<!--{wanted}-->", f"<!--{wanted}-->\n", f"{wanted}<!-- -->"):
        with pytest.raises(REFUSED):
            proved(evil.replace("<ds:DigestValue>", f"<ds:DigestValue>{crafted}"))
    assert proved(signed.replace("<ds:DigestValue>", "<ds:DigestValue><!-- x -->")) == proved(signed)


def test_k_ruby_saml_cve_2024_45409_a_digest_elsewhere_is_not_looked_at() -> None:
    signed = by_hand(BLANK)
    for inside in ("samlp:Extensions", "samlp:StatusDetail"):
        smuggled = f'<{inside}><ds:DigestValue xmlns:ds="{DS}">AAAA</ds:DigestValue></{inside}>'
        with pytest.raises(REFUSED):
            proved(signed.replace("</saml:Issuer>", f"</saml:Issuer>{smuggled}"))


@pytest.mark.parametrize("namespace", ["relative", "1", "../x", "#x"])
def test_k_fragile_lock_an_empty_canonical_form_is_none(namespace: str) -> None:
    """CVE-2025-66568: where a canonical form failed, the empty one was hashed."""
    document = LOGOUT_REQUEST.replace("<samlp:Logout", f"<samlp:Logout{''}", 1).replace(
        "<saml:NameID>", f'<saml:NameID xmlns:x="{namespace}">'
    )
    for digest in (hashlib.sha256(b"").digest(), hashlib.sha256(b"\n").digest()):
        with pytest.raises(REFUSED):
            proved(by_hand(BLANK, document, digest))


def test_k_fragile_lock_attributes_of_other_namespaces_are_no_ids() -> None:
    signed = by_hand(BLANK)
    for evil in ('samlp:ID="_id"', 'samlp:ID="_else"', 'xml:id="_id"', 'id="_id"', 'xmlns:x="urn:x" x:ID="_id"'):
        with pytest.raises(REFUSED):
            proved(signed.replace(' ID="_id"', f' {evil} ID="_id"', 1))
        with pytest.raises(REFUSED):
            proved(signed.replace(' ID="_id"', f" {evil}", 1))


@pytest.mark.parametrize(
    "renamed",
    [
        (f'xmlns:samlp="{PROTOCOL}"', 'xmlns:samlp="urn:oasis:names:tc:SAML:1.0:protocol"'),
        (f'xmlns:samlp="{PROTOCOL}"', f'xmlns:samlp="{PROTOCOL} "'),
        (f'xmlns:ds="{DS}"', 'xmlns:ds="http://www.w3.org/2000/09/xmldsig"'),
        (f'xmlns:ds="{DS}"', 'xmlns:ds="http://www.w3.org/2000/09/XMLDSIG#"'),
        ("<saml:Issuer>", '<saml:Issuer xmlns:saml="urn:evil">'),
        ("<saml:NameID>", f'<saml:NameID xmlns:saml="{PROTOCOL}">'),
    ],
)
def test_k_namespaces_count_and_not_prefixes(renamed: tuple[str, str]) -> None:
    signed = by_hand(BLANK)
    assert renamed[0] in signed
    with pytest.raises(REFUSED):
        proved(signed.replace(*renamed, 1))


def test_k_prefixes_may_be_what_they_like() -> None:
    document = LOGOUT_REQUEST.replace("samlp:", "x:").replace("xmlns:samlp", "xmlns:x")
    assert proved(signed_by(rsa_peer(), document)) == xml.canonical(etree.fromstring(document.encode()))


def test_k_key_info_brings_no_key() -> None:
    """The attacker signs with a key of his own, and sends it along, in every way there is."""
    mallory = rsa_peer(7)
    numbers = mallory.public.public_numbers()
    modulus = f"<ds:Modulus>{base64.b64encode(numbers.n.to_bytes(256, 'big')).decode()}</ds:Modulus>"
    for inside in (
        f"<ds:X509Data><ds:X509Certificate>{mallory.certificate}</ds:X509Certificate></ds:X509Data>",
        f"<ds:KeyValue><ds:RSAKeyValue>{modulus}<ds:Exponent>AQAB</ds:Exponent></ds:RSAKeyValue></ds:KeyValue>",
        "<ds:KeyName>mallory</ds:KeyName>",
    ):
        told = BLANK.replace("</ds:Signature>", f"<ds:KeyInfo>{inside}</ds:KeyInfo></ds:Signature>")
        evil = signed_by(mallory, LOGOUT_REQUEST, blank=told)
        assert proved(evil, mallory), "it is a good signature, by the wrong key"
        with pytest.raises(BadSignature):
            proved(evil)


def test_k_key_info_of_another_is_not_looked_at() -> None:
    told = f"<ds:X509Data><ds:X509Certificate>{rsa_peer(7).certificate}</ds:X509Certificate></ds:X509Data>"
    blank = BLANK.replace("</ds:Signature>", f"<ds:KeyInfo>{told}</ds:KeyInfo></ds:Signature>")
    assert proved(signed_by(rsa_peer(), LOGOUT_REQUEST, blank=blank))


def test_k_signxml_cve_2025_48994_a_mac_with_the_public_key_is_no_signature() -> None:
    public = rsa_peer().public
    formats = serialization.PublicFormat.SubjectPublicKeyInfo
    for secret in (
        public.public_bytes(serialization.Encoding.PEM, formats),
        public.public_bytes(serialization.Encoding.DER, formats),
        b"",
    ):
        query = in_query(LOGOUT_REQUEST, None, rsa_peer()).replace("rsa-sha256", "hmac-sha256")
        unsigned = query.partition("&Signature=")[0]
        mac = base64.b64encode(hmac.digest(secret, unsigned.encode(), "sha256")).decode().replace("+", "%2B")
        with pytest.raises(REFUSED):
            arriving.from_query(f"{unsigned}&Signature={mac}", "SAMLRequest").proved([public])
        document = by_hand(BLANK.replace(RSA_SHA256, HMAC))
        info = etree.fromstring(document.encode()).find(f".//{{{DS}}}SignedInfo")
        assert info is not None
        value = base64.b64encode(hmac.digest(secret, etree.tostring(info, method="c14n", exclusive=True), "sha256"))
        told = document[: document.index("<ds:SignatureValue>") + 19] + value.decode()
        with pytest.raises(REFUSED):
            proved(told + document[document.index("</ds:SignatureValue>") :])


@pytest.mark.parametrize(
    "algorithm", ["", "none", RSA_SHA1, HMAC, f"{DS}dsa-sha1", RSA_SHA256.upper(), f"{RSA_SHA256} "]
)
def test_k_redirects_are_signed_by_what_we_take(algorithm: str) -> None:
    peer = Peer(rsa_peer().key, algorithm)
    with pytest.raises(REFUSED):
        arriving.from_query(in_query(LOGOUT_REQUEST, None, peer), "SAMLRequest").proved([rsa_peer().public])


def test_k_an_rsa_key_of_1024_bits_is_no_key() -> None:
    weak = rsa_peer(3, 1_024)
    assert verifying.keys_of([EntityKey(weak.certificate, "signing")], "signing") == ()


def changed(document: str, change: Callable[[bytes], bytes]) -> str:
    """With another SignatureValue."""
    start, end = document.index("<ds:SignatureValue>") + 19, document.index("</ds:SignatureValue>")
    value = base64.b64encode(change(base64.b64decode(document[start:end]))).decode()
    return document[:start] + value + document[end:]


@pytest.mark.parametrize(
    "change",
    [
        lambda value: value[:0],
        lambda value: value[:-1],
        lambda value: value + b"\0",
        lambda value: b"\0" + value,
        lambda value: bytes(len(value)),
        lambda value: bytes([value[0] ^ 1]) + value[1:],
    ],
    ids=["empty", "cut", "longer", "zero before", "zeros", "a bit"],
)
def test_k_no_other_value_is_a_signature(change: Callable[[bytes], bytes]) -> None:
    for peer in (rsa_peer(), ec_peer()):
        with pytest.raises(REFUSED):
            proved(changed(signed_by(peer, LOGOUT_REQUEST), change), peer)


@pytest.mark.parametrize("value", ["!!!!", "AAA", "", "=", "AA==AA==", "AAAA\u00a0", "&#0;", "Ａ"])
def test_k_what_is_no_base64_is_no_signature(value: str) -> None:
    signed = signed_by(rsa_peer(), LOGOUT_REQUEST)
    for name in ("SignatureValue", "DigestValue"):
        start, end = signed.index(f"<ds:{name}>"), signed.index(f"</ds:{name}>")
        with pytest.raises(REFUSED):
            proved(signed[:start] + f"<ds:{name}>{value}" + signed[end:])


@pytest.mark.parametrize("extra", ["!", "\u00e9", "-", "_", ".", "&#x7f;", "张"])
def test_k_base64_has_no_other_signs_in_it(extra: str) -> None:
    signed = signed_by(rsa_peer(), LOGOUT_REQUEST)
    for name in ("SignatureValue", "DigestValue"):
        with pytest.raises(REFUSED):
            proved(signed.replace(f"</ds:{name}>", f"{extra}</ds:{name}>"))
        with pytest.raises(REFUSED):
            proved(signed.replace(f"<ds:{name}>", f"<ds:{name}>{extra}"))


def test_k_an_id_that_is_there_twice_is_nobodys() -> None:
    """Wherever in the document the other one stands."""
    signed = signed_by(rsa_peer(), RESPONSE.replace('ID="_a"', 'ID="_id"').replace('ID="_id"', 'ID="_r"', 1), "_r")
    assert proved(signed)
    with pytest.raises(REFUSED):
        proved(signed.replace('ID="_id"', 'ID="_r"'))
    unsigned = RESPONSE.replace('ID="_a"', 'ID="_id"')
    with pytest.raises(Unreadable):
        arriving.from_form(in_form(unsigned), None)
    root = etree.fromstring(f"<x><y id='_id'/>{signed_by(rsa_peer(), LOGOUT_REQUEST)}</x>".encode())
    with pytest.raises(BadSignature):
        verifying.signed(root[1], [rsa_peer().public])


def test_k_a_signature_inside_a_part_proves_the_part_alone() -> None:
    """node-saml CVE-2025-54369, samlify CVE-2025-47949: the assertion was signed, and the Response around it read."""
    signed = signed_by(rsa_peer(), RESPONSE, "_a")
    with pytest.raises(REFUSED):
        proved(signed)
    assert not arriving.from_form(in_form(signed), None).has_signature


def test_k_what_was_signed_elsewhere_proves_nothing_here() -> None:
    """samlify #634: a signature of the right key, over metadata or another message."""
    signature = etree.fromstring(signed_by(rsa_peer(), RESPONSE, "_id").encode()).find(f"{{{DS}}}Signature")
    root = etree.fromstring(LOGOUT_REQUEST.encode())
    root.insert(1, signature)  # type: ignore[arg-type]
    with pytest.raises(BadSignature):
        proved(etree.tostring(root))


def test_k_a_true_signature_proves_no_unsigned_neighbour() -> None:
    """By SOAP: the message is the one in the body, and nothing in the header counts."""
    signed, evil = signed_by(rsa_peer(), LOGOUT_REQUEST), LOGOUT_REQUEST.replace("zhang.san", "li.si")
    for inside, headers in ((evil, [signed]), (f"{evil}{signed}", []), (evil.replace("_id", "_e"), [signed])):
        with pytest.raises(REFUSED):
            arriving.from_soap(in_soap(inside, headers)).proved([rsa_peer().public])
