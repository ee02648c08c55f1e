"""Ours against libxmlsec1, on documents that hypothesis signs, changes and glues together.

Whatever `signed` accepts, xmlsec accepts over the same element; and what we then read is what xmlsec verified: with the
signature put back into it, and nothing else, xmlsec accepts it again.
"""

import copy
from collections.abc import Callable
from html import escape

import pytest
import xmlsec
from hypothesis import event, given, settings
from hypothesis import strategies as st
from lxml import etree

from federation.saml import schema, verifying, xml
from federation.saml.names import DS
from tests.support.saml_messages import MESSAGES, ec_peer, signed_by

Element = etree._Element
SIGNATURE = f"{{{DS}}}Signature"
KEY = ec_peer()
REFUSED = (verifying.BadSignature, schema.BadSchema, xml.BadXml)
TEXTS = st.text(
    st.one_of(
        st.sampled_from("张三 \t\n\r<>&\"'-]"), st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Cn"])
    ),
    min_size=1,
    max_size=12,
)
PLAIN = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Cn"]), max_size=12)
IDS = {"ArtifactResponse": ["_ar", "_id", "_a"], "Response": ["_id", "_a"], "Assertion": ["_a"]}


def by_xmlsec(raw: bytes, identifier: str) -> bool:
    """Read by a parser that drops nothing, verified by the key that we hold."""
    root = etree.fromstring(raw, etree.XMLParser(resolve_entities=False))
    found = [element for element in root.iter(etree.Element) if element.get("ID") == identifier]
    signature = found[0].find(SIGNATURE) if len(found) == 1 else None
    if signature is None:
        return False
    try:
        xmlsec.tree.add_ids(root, ["ID"])
        context = xmlsec.SignatureContext()
        context.key = xmlsec.Key.from_memory(KEY.pem, xmlsec.constants.KeyDataFormatPem)
        context.verify(signature)
    except xmlsec.Error:
        return False
    return True


def with_signature(fresh: Element, signature: Element) -> bytes:
    """What we would read, as a document of its own, with the signature in its place again."""
    whole = copy.deepcopy(fresh)
    again = copy.deepcopy(signature)
    again.tail = None
    whole.insert(1 if etree.QName(whole[0]).localname == "Issuer" else 0, again)
    return etree.tostring(whole)


def compare(raw: bytes) -> int:
    """How many of the elements that are signed somewhere in it we accept."""
    try:
        root = xml.parse(raw, 1_000_000)
    except xml.BadXml:
        return 0
    accepted = 0
    for element in [signature.getparent() for signature in root.iter(SIGNATURE)]:
        if element is None:
            continue
        try:
            fresh = verifying.signed(element, [KEY.public])
        except REFUSED:
            continue
        accepted += 1
        identifier = element.get("ID", "")
        assert by_xmlsec(raw, identifier), "we accept what xmlsec does not"
        signature = element.find(SIGNATURE)
        assert signature is not None
        assert by_xmlsec(with_signature(fresh, signature), identifier), "we read what xmlsec did not verify"
    return accepted


@st.composite
def signed_documents(draw: st.DrawFn) -> str:
    """Any message, with values of any kind, signed in one place or two."""
    kind = draw(st.sampled_from(sorted(MESSAGES)))
    document = MESSAGES[kind]
    for value in ("zhang.san", "AAQAAA==", "_s1"):
        if value in document and draw(st.booleans()):
            document = document.replace(value, escape(draw(TEXTS)).replace("\r", "&#13;"))
    where = IDS.get(kind, ["_id"])
    for identifier in draw(st.lists(st.sampled_from(where), min_size=1, max_size=2, unique=True)):
        document = signed_by(KEY, document, identifier)
    return document


def nodes(root: Element) -> list[Element]:
    return list(root.iter(etree.Element))


def move(root: Element, one: Element, other: Element, text: str) -> None:
    if one is not root and one not in other.iterancestors() and one is not other:
        other.append(one)


def duplicate(root: Element, one: Element, other: Element, text: str) -> None:
    other.append(copy.deepcopy(one))


def before(root: Element, one: Element, other: Element, text: str) -> None:
    if other is not root:
        other.addprevious(copy.deepcopy(one))


def remove(root: Element, one: Element, other: Element, text: str) -> None:
    parent = one.getparent()
    if parent is not None:
        parent.remove(one)


def comment(root: Element, one: Element, other: Element, text: str) -> None:
    one.insert(0, etree.Comment("x"))


def split(root: Element, one: Element, other: Element, text: str) -> None:
    """A comment in the middle of a value."""
    if one.text:
        inside = etree.Comment("x")
        inside.tail, one.text = one.text[1:], one.text[:1]
        one.insert(0, inside)


def blanks(root: Element, one: Element, other: Element, text: str) -> None:
    one.tail = (one.tail or "") + "\n  "


def retext(root: Element, one: Element, other: Element, text: str) -> None:
    one.text = text


def take_text(root: Element, one: Element, other: Element, text: str) -> None:
    one.text = other.text


def swap_id(root: Element, one: Element, other: Element, text: str) -> None:
    one.attrib.update({"ID": other.get("ID", "_new")})


def respell_id(root: Element, one: Element, other: Element, text: str) -> None:
    if "ID" in one.attrib:
        one.set("Id", one.attrib.pop("ID"))


def attribute(root: Element, one: Element, other: Element, text: str) -> None:
    for name in one.attrib:
        one.set(name, "urn:other")
        break


def key_info(root: Element, one: Element, other: Element, text: str) -> None:
    for signature in root.iter(SIGNATURE):
        etree.SubElement(etree.SubElement(signature, f"{{{DS}}}KeyInfo"), f"{{{DS}}}KeyName").text = "x"
        break


def nothing(root: Element, one: Element, other: Element, text: str) -> None:
    pass


Change = Callable[[Element, Element, Element, str], None]
STRUCTURE: list[Change] = [move, duplicate, before, remove, swap_id, respell_id]
CONTENT: list[Change] = [comment, split, blanks, retext, take_text, attribute, key_info, nothing]


@settings(max_examples=200, deadline=None)
@given(
    document=signed_documents(),
    changes=st.lists(
        st.tuples(st.sampled_from(STRUCTURE + CONTENT), st.integers(0, 60), st.integers(0, 60), PLAIN),
        max_size=4,
    ),
)
def test_k_whatever_we_accept_xmlsec_accepts_and_we_read_what_it_verified(
    document: str, changes: list[tuple[Change, int, int, str]]
) -> None:
    root = etree.fromstring(document.encode())
    for change, one, other, text in changes:
        there = nodes(root)
        change(root, there[one % len(there)], there[other % len(there)], text)
    accepted = compare(etree.tostring(root))
    event(f"accepted: {accepted}, changes: {len(changes)}")
    if not changes:
        assert accepted


@settings(max_examples=200, deadline=None)
@given(
    document=signed_documents(), at=st.floats(0, 1, exclude_max=True), put=st.binary(max_size=3), gone=st.integers(0, 3)
)
def test_k_the_same_with_single_bytes_changed(document: str, at: float, put: bytes, gone: int) -> None:
    raw = document.encode()
    start = int(len(raw) * at)
    compare(raw[:start] + put + raw[start + gone :])


@pytest.mark.parametrize("kind", MESSAGES)
def test_k_honest_documents_are_accepted_by_both(kind: str) -> None:
    """Or the properties above could hold of nothing."""
    for identifier in IDS.get(kind, ["_id"]):
        assert compare(signed_by(KEY, MESSAGES[kind], identifier).encode()) == 1


@pytest.mark.parametrize("name", ["#urn:oasis", "ur#n:oasis", "/oasis"])
def test_k_a_relative_namespace_around_what_is_signed_is_refused(name: str) -> None:
    """As libxmlsec1 refuses it."""
    document = signed_by(KEY, MESSAGES["ArtifactResponse"], "_id")
    changed = document.replace('xmlns:samlp="urn:oasis', f'xmlns:samlp="{name}', 1)
    assert changed != document
    assert compare(changed.encode()) == 0
    assert compare(
        document.replace('xmlns:samlp="', "xmlns:samlp =\n'", 1).replace('protocol"', "protocol'", 1).encode()
    )
