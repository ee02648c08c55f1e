"""A metadata document that an operator brings, which holds one service provider."""

from collections.abc import Iterator
from typing import Final

from lxml import etree
from lxml.etree import _Element as Element

from federation.saml.metadata.elements import md
from federation.saml.metadata.entity import SpEntity
from federation.saml.metadata.reading import BadMetadata, service_provider

MAX_BYTES: Final = 1_000_000
"""Of one entity's metadata: real ones have ten thousand."""


def one_service_provider(raw: bytes) -> SpEntity:
    """The service provider that the document describes; it may stand in an EntitiesDescriptor. Raises `BadMetadata`."""
    root = _parsed(raw)
    if root.tag not in (md("EntityDescriptor"), md("EntitiesDescriptor")):
        raise BadMetadata("neither an EntityDescriptor nor an EntitiesDescriptor of SAML 2.0")
    found = [each for each in map(service_provider, descriptors(root)) if each is not None]
    if len(found) != 1:
        raise BadMetadata(
            "more than one service provider in it: aggregates are for `idp metadata add`"
            if found
            else "no service provider in it that speaks SAML 2.0"
        )
    return found[0]


def descriptors(root: Element) -> Iterator[Element]:
    """Every EntityDescriptor of a document, however deep it stands."""
    return root.iter(md("EntityDescriptor"))


def _parsed(raw: bytes) -> Element:
    if len(raw) > MAX_BYTES:
        raise BadMetadata(f"longer than {MAX_BYTES} bytes")
    if b"<!DOCTYPE" in raw or b"<!ENTITY" in raw:
        raise BadMetadata("it has a document type")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True)
    try:
        return etree.fromstring(raw, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise BadMetadata("it is not well-formed XML") from None
