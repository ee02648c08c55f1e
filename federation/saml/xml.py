"""Bytes to elements, and elements to the bytes that are signed: the only parser that SAML meets here.

Signatures are got round where a message reads in two ways. So there is one way: UTF-8, no DTD and with it no entities,
no processing instructions, comments gone before anybody can stumble over them, and nothing fetched.
"""

import re
from collections.abc import Sequence
from typing import Final, TypeAlias

from lxml import etree

Element: TypeAlias = etree._Element

DEPTH: Final = 32
"""Elements inside each other. A signed Response in a SOAP envelope has a dozen; each level more costs whoever walks the
tree or writes its canonical form."""
ATTRIBUTES: Final = 32
"""Of one element; SAML's richest has twelve."""
NAMESPACES: Final = 32
"""Declared by one element. The canonical form of thousands takes half a second of our time, and 100 kB of theirs."""

_DECLARATION: Final = re.compile(
    rb"""(?:\xef\xbb\xbf)?<\?xml version=["']1\.0["'](?: encoding=["'](?i:utf-8)["'])?"""
    rb"""(?: standalone=["'](?:yes|no)["'])? ?\?>"""
)
"""The one that may be there, with the mark that some editors put before it."""
_RELATIVE: Final = re.compile(rb"""xmlns(?::[^=\s]*)?\s*=\s*(["'])(?!\1|[A-Za-z][A-Za-z0-9+.-]*:)""")
"""A namespace whose name is no absolute URI. It has no canonical form (Canonical XML 1.0 section 1.3), and libraries
differ in how far around such a name they refuse to go."""
_TOO_DEEP: Final = etree.XPath("boolean(" + "/*" * (DEPTH + 1) + ")")
_TOO_WIDE: Final = etree.XPath(f"boolean(//@*[{ATTRIBUTES + 1}])")


class BadXml(Exception):
    """Not XML that we read. The text is for logs."""


def parse(raw: bytes, limit: int) -> Element:
    """The root of a document of at most `limit` bytes. Raises `BadXml`."""
    if len(raw) > limit:
        raise BadXml("too long")
    _refuse_tricks(raw)
    try:
        root = etree.fromstring(raw, parser())
    except (etree.XMLSyntaxError, ValueError):
        raise BadXml("not well-formed") from None
    if _TOO_DEEP(root) or _TOO_WIDE(root):
        raise BadXml("too deep, or too many attributes")
    return root


def parser() -> etree.XMLParser:
    """Of each call its own: threads that share one wait for each other."""
    return etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=False,
        strip_cdata=True,
        collect_ids=False,
        recover=False,
    )


def canonical(element: Element, prefixes: Sequence[str] = ()) -> bytes:
    """Exclusive XML Canonicalization 1.0 without comments; `prefixes` are those that it treats inclusively. Raises
    `BadXml` where there is none, as for relative namespace names."""
    try:
        return etree.tostring(
            element, method="c14n", exclusive=True, with_comments=False, inclusive_ns_prefixes=list(prefixes) or None
        )
    except etree.C14NError:
        raise BadXml("no canonical form") from None


def copied(element: Element) -> Element:
    """The element as the root of a document of its own, with every namespace that is in scope."""
    return etree.fromstring(apart(element), parser())


def apart(element: Element) -> bytes:
    """The element as a document of its own, with every namespace that is in scope, needed or not."""
    return etree.tostring(element, encoding="UTF-8", xml_declaration=False, with_tail=False)


def _refuse_tricks(raw: bytes) -> None:
    """What may not be there at all is looked for in the bytes, before a parser could act on it. Raises `BadXml`."""
    declared = _DECLARATION.match(raw)
    if b"<?" in raw[declared.end() if declared else 0 :]:
        raise BadXml("a processing instruction, or not declared as XML 1.0 in UTF-8")
    if b"<!DOCTYPE" in raw or b"<!ENTITY" in raw:
        raise BadXml("a document type")
    if raw.count(b"xmlns") > NAMESPACES and any(tag.count(b"xmlns") > NAMESPACES for tag in raw.split(b"<")):
        raise BadXml("too many namespaces")
    if _RELATIVE.search(raw):
        raise BadXml("a namespace without an absolute name")
