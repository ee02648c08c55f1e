"""Signature wrapping in every message: what was signed is carried along somewhere, and something else is to be read.

The eight classical shapes (XSW1 to XSW8), each with an ID of its own, the same ID, and an ID by another spelling; and
once more with the schema switched off, for the position of a signature has to hold by itself. Whatever is read, if
anything is, is what was signed.
"""

from collections.abc import Callable

import pytest
from lxml import etree

from federation.saml import arriving, schema, verifying, xml
from federation.saml.arriving import Unreadable
from federation.saml.names import ASSERTION, DS, PROTOCOL
from federation.saml.schema import BadSchema
from federation.saml.verifying import BadSignature
from tests.support.saml_messages import MESSAGES, in_form, in_soap, rsa_peer, signed_by

Element = etree._Element
SIGNATURE = f"{{{DS}}}Signature"
REFUSED = (Unreadable, BadSignature, BadSchema, xml.BadXml)

EVIL = {
    "AuthnRequest": ("https://sp.example/acs", "https://evil.example/acs"),
    "LogoutRequest": ("zhang.san", "li.si"),
    "LogoutResponse": ("_ours", "_theirs"),
    "ArtifactResolve": ("AAQAAA==", "AAQAAB=="),
    "Response": ("zhang.san", "li.si"),
    "ArtifactResponse": ("zhang.san", "li.si"),
}
"""What the attacker wants to be read in each message."""
IDENTIFIERS = {"ArtifactResponse": "_ar"}


def taken(element: Element) -> Element:
    """Its signature, out of it."""
    signature = element.find(SIGNATURE)
    assert signature is not None
    element.remove(signature)
    return signature


def at_head(element: Element, signature: Element) -> None:
    element.insert(1, signature)


def in_object(signature: Element, what: Element) -> None:
    etree.SubElement(signature, f"{{{DS}}}Object").append(what)


def in_extensions(element: Element, at: int, what: Element) -> None:
    extensions = etree.Element(f"{{{PROTOCOL}}}Extensions")
    extensions.append(what)
    element.insert(at, extensions)


def xsw1_original_in_the_signature(true: Element, evil: Element) -> Element:
    signature = taken(true)
    signature.append(true)
    at_head(evil, signature)
    return evil


def xsw2_original_beside_the_signature(true: Element, evil: Element) -> Element:
    at_head(evil, taken(true))
    evil.insert(1, true)
    return evil


def xsw3_evil_root_around_the_original(true: Element, evil: Element) -> Element:
    evil.append(true)
    return evil


def xsw4_evil_inside_the_original(true: Element, evil: Element) -> Element:
    true.append(evil)
    return true


def xsw5_original_at_the_end(true: Element, evil: Element) -> Element:
    at_head(evil, taken(true))
    evil.append(true)
    return evil


def xsw6_original_in_key_info(true: Element, evil: Element) -> Element:
    signature = taken(true)
    etree.SubElement(signature, f"{{{DS}}}KeyInfo").append(true)
    at_head(evil, signature)
    return evil


def xsw7_original_in_extensions(true: Element, evil: Element) -> Element:
    at_head(evil, taken(true))
    in_extensions(evil, 2, true)
    return evil


def xsw7_signed_original_in_extensions(true: Element, evil: Element) -> Element:
    in_extensions(evil, 1, true)
    return evil


def xsw7_evil_in_extensions(true: Element, evil: Element) -> Element:
    in_extensions(true, 2, evil)
    return true


def xsw8_original_in_an_object(true: Element, evil: Element) -> Element:
    signature = taken(true)
    in_object(signature, true)
    at_head(evil, signature)
    return evil


def xsw8_evil_in_an_object(true: Element, evil: Element) -> Element:
    signature = true.find(SIGNATURE)
    assert signature is not None
    in_object(signature, evil)
    return true


def two_signatures(true: Element, evil: Element) -> Element:
    evil.insert(1, etree.fromstring(etree.tostring(taken(true))))
    evil.insert(1, etree.fromstring(etree.tostring(evil[1])))
    return evil


SHAPES: list[Callable[[Element, Element], Element]] = [
    xsw1_original_in_the_signature,
    xsw2_original_beside_the_signature,
    xsw3_evil_root_around_the_original,
    xsw4_evil_inside_the_original,
    xsw5_original_at_the_end,
    xsw6_original_in_key_info,
    xsw7_original_in_extensions,
    xsw7_signed_original_in_extensions,
    xsw7_evil_in_extensions,
    xsw8_original_in_an_object,
    xsw8_evil_in_an_object,
    two_signatures,
]


def other(evil: Element) -> None:
    evil.set("ID", "_evil")


def same(evil: Element) -> None:
    """As the original's."""


def spelled(evil: Element) -> None:
    evil.set("Id", evil.attrib.pop("ID"))


def both(evil: Element) -> None:
    evil.set("Id", evil.attrib["ID"])
    evil.set("ID", "_evil")


def qualified(evil: Element) -> None:
    """Found by whoever asks for the local name alone."""
    evil.set(f"{{{PROTOCOL}}}ID", evil.attrib["ID"])
    evil.set("ID", "_evil")


def xml_id(evil: Element) -> None:
    evil.set("{http://www.w3.org/XML/1998/namespace}id", evil.attrib["ID"])
    evil.set("ID", "_evil")


SPELLINGS = [other, same, spelled, both, qualified, xml_id]


def wrapped(
    kind: str, shape: Callable[[Element, Element], Element], spelling: Callable[[Element], None], identifier: str
) -> tuple[bytes, bytes]:
    """The attacker's document, and what was really signed."""
    document = MESSAGES[kind]
    true = etree.fromstring(signed_by(rsa_peer(), document, identifier).encode())
    evil = etree.fromstring(document.replace(*EVIL[kind]).encode())
    spelling(evil)
    return etree.tostring(shape(true, evil)), xml.canonical(etree.fromstring(document.encode()))


@pytest.fixture(params=["schema", "no schema"])
def checked(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "no schema":
        monkeypatch.setattr(schema, "check", lambda _element: None)


@pytest.mark.usefixtures("checked")
@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
@pytest.mark.parametrize("kind", EVIL)
def test_k_xsw_whatever_is_read_is_what_was_signed(kind: str, shape: Callable[[Element, Element], Element]) -> None:
    for spelling in SPELLINGS:
        raw, true = wrapped(kind, shape, spelling, IDENTIFIERS.get(kind, "_id"))
        for arrive in (lambda raw: arriving.from_form(in_form(raw), None), lambda raw: arriving.from_soap(soap(raw))):
            try:
                message = arrive(raw).proved([rsa_peer().public])
            except REFUSED:
                continue
            assert xml.canonical(message.element) == true


def soap(raw: bytes) -> bytes:
    return in_soap(raw.decode())


@pytest.mark.parametrize("kind", EVIL)
def test_k_xsw_the_message_itself_is_read(kind: str) -> None:
    """Or the test above would prove nothing."""
    raw = signed_by(rsa_peer(), MESSAGES[kind], IDENTIFIERS.get(kind, "_id"))
    assert arriving.from_form(in_form(raw), None).proved([rsa_peer().public]).signed


ASSERTION_SHAPES: list[Callable[[Element, Element], Element]] = [
    xsw1_original_in_the_signature,
    xsw2_original_beside_the_signature,
    xsw4_evil_inside_the_original,
    xsw5_original_at_the_end,
    xsw6_original_in_key_info,
    xsw8_original_in_an_object,
    xsw8_evil_in_an_object,
]


@pytest.mark.usefixtures("checked")
@pytest.mark.parametrize("shape", ASSERTION_SHAPES, ids=lambda shape: shape.__name__)
def test_k_xsw_assertions_that_are_signed_by_themselves(shape: Callable[[Element, Element], Element]) -> None:
    for spelling in SPELLINGS:
        for place in range(4):
            raw, true = among_assertions(shape, spelling, place)
            for assertion in etree.fromstring(raw).iter(f"{{{ASSERTION}}}Assertion"):
                try:
                    element = verifying.signed(assertion, [rsa_peer().public])
                except REFUSED:
                    continue
                assert xml.canonical(element) == true


def among_assertions(
    shape: Callable[[Element, Element], Element], spelling: Callable[[Element], None], place: int
) -> tuple[bytes, bytes]:
    """A Response in which the wrapped assertion stands alone, after the true one, before it, or in Extensions."""
    response = etree.fromstring(signed_by(rsa_peer(), MESSAGES["Response"], "_a").encode())
    true = response[-1]
    evil = etree.fromstring(etree.tostring(true).replace(b"zhang.san", b"li.si"))
    taken(evil)
    spelling(evil)
    crafted = shape(etree.fromstring(etree.tostring(true)), evil)
    if place == 0:
        response.replace(true, crafted)
    elif place == 3:
        in_extensions(response, 1, crafted)
    else:
        response.insert(len(response) - (place == 2), crafted)
    return etree.tostring(response), xml.canonical(etree.fromstring(MESSAGES["Assertion"].encode()))


def test_k_authentik_cve_2026_47201_of_two_assertions_the_signed_one_is_given() -> None:
    """What was proved is what `signed` gives back; the other one cannot be reached from it."""
    response = etree.fromstring(signed_by(rsa_peer(), MESSAGES["Response"], "_a").encode())
    evil = etree.fromstring(MESSAGES["Assertion"].replace("zhang.san", "li.si").replace('"_a"', '"_b"').encode())
    response.insert(2, evil)
    assertion = verifying.signed(response[-1], [rsa_peer().public])
    assert assertion.getparent() is None
    assert b"li.si" not in etree.tostring(assertion.getroottree())
    with pytest.raises(BadSignature):
        verifying.signed(evil, [rsa_peer().public])
