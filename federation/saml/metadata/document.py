"""Bytes -> what they say of service providers: of one alone, or of all that an aggregate has (saml-metadata-2.0-os
sections 2.3 and 4).

Nothing of a signed document is read but what the signature covers. In an aggregate each entity is looked at by itself,
so that one which is not as it should be does not take the others with it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final

from federation.saml import schema, xml
from federation.saml.credentials import PublicKey
from federation.saml.metadata.elements import md
from federation.saml.metadata.entity import SpEntity
from federation.saml.metadata.reading import BadMetadata, entity_id_of, service_provider, valid_until
from federation.saml.schema import BadSchema
from federation.saml.verifying import BadSignature, signed
from federation.saml.xml import BadXml, Element

MAX_BYTES: Final = 1_000_000
"""Of one entity's metadata: real ones have ten thousand."""
MAX_AGGREGATE_BYTES: Final = 120_000_000
"""Of an aggregate: the largest that there is, of a whole world of universities, has 100 million."""
MAX_AHEAD_SECONDS: Final = 60 * 86_400
"""How far ahead an aggregate may say that it is good: whoever keeps an old copy could use it as long, with keys in it
that were taken back since."""
_READING: Final = b"1 "
"""Goes into digests. To be counted up when `reading.py` takes more of an entity, so that all are read again."""
_ENTITY, _ENTITIES = md("EntityDescriptor"), md("EntitiesDescriptor")


@dataclass(frozen=True, slots=True)
class Described:
    """A service provider in a document that is trusted, not read yet. `limit` is the nearest `validUntil` around it,
    below the root. `digest` changes when anything of it does."""

    entity_id: str
    digest: str
    limit: int | None
    _element: Element

    def read(self) -> SpEntity:
        """Raises `BadMetadata`."""
        entity_id_of(self._element)
        if len(xml.apart(self._element)) > MAX_BYTES:  # the schema takes time that grows with the square of a list
            raise BadMetadata("too long")
        _check(self._element)
        found = service_provider(self._element)
        if found is None or found.entity_id != self.entity_id:
            raise BadMetadata("no service provider that speaks SAML 2.0")
        if self.limit is None:
            return found
        return replace(found, valid_until=min(self.limit, found.valid_until or self.limit))


@dataclass(frozen=True, slots=True)
class Trusted:
    """A document whose signature was proved. `valid_until` is the root's, in seconds since the epoch."""

    valid_until: int
    _root: Element

    def service_providers(self) -> Iterator[Described]:
        """Each entity with a service provider in it, once; the first, where an id is there twice."""
        seen: set[str] = set()
        for described in _described(self._root, None):
            if described.entity_id not in seen:
                seen.add(described.entity_id)
                yield described


def proved(raw: bytes, keys: Sequence[PublicKey], now: float, limit: int = MAX_AGGREGATE_BYTES) -> Trusted:
    """A document that one of `keys` signed as a whole, and that says until when it is good: neither too long ago nor
    too far ahead. Raises `BadMetadata`."""
    try:
        root = signed(_parsed(raw, limit), keys)
    except BadSignature as error:
        raise BadMetadata(f"its signature: {error}") from None
    except BadSchema as error:
        raise BadMetadata(f"not as metadata is: {error}") from None
    end = valid_until(root)
    if end is None:
        raise BadMetadata("no validUntil")
    if end <= now:
        raise BadMetadata("its validUntil has passed")
    if end > now + MAX_AHEAD_SECONDS:
        raise BadMetadata("its validUntil is too far ahead")
    return Trusted(end, root)


def one_service_provider(raw: bytes) -> SpEntity:
    """The service provider that a document describes of which somebody else says that it is trusted; it may stand in an
    EntitiesDescriptor. Raises `BadMetadata`."""
    return only(_parsed(raw, MAX_BYTES))


def one_of(trusted: Trusted) -> SpEntity:
    """The one service provider that a proved document describes. Raises `BadMetadata`."""
    found = only(trusted._root)
    return replace(found, valid_until=min(trusted.valid_until, found.valid_until or trusted.valid_until))


def only(root: Element) -> SpEntity:
    """Raises `BadMetadata`."""
    if root.tag not in (_ENTITY, _ENTITIES):
        raise BadMetadata("neither an EntityDescriptor nor an EntitiesDescriptor of SAML 2.0")
    found = [each.read() for each in _described(root, valid_until(root))]
    if len(found) != 1:
        raise BadMetadata(
            "more than one service provider in it: aggregates are for `idp metadata add`"
            if found
            else "no service provider in it that speaks SAML 2.0"
        )
    return found[0]


def _described(element: Element, limit: int | None) -> Iterator[Described]:
    """`limit` is the nearest `validUntil` so far. No id is proved yet: that is done when its entity is read."""
    if element.tag == _ENTITY:
        if element.find(md("SPSSODescriptor")) is not None:
            yield Described(element.get("entityID") or "", _digest(element, limit), limit, element)
        return
    for child in element:
        if child.tag in (_ENTITY, _ENTITIES):
            own = valid_until(child) if child.tag == _ENTITIES else None
            yield from _described(child, min((end for end in (limit, own) if end is not None), default=None))


def _digest(element: Element, limit: int | None) -> str:
    return sha256(b"%s%d %s" % (_READING, limit or 0, xml.apart(element))).hexdigest()


def _check(element: Element) -> None:
    try:
        schema.check(element)
    except BadSchema as error:
        raise BadMetadata(f"not as metadata is: {error}") from None


def _parsed(raw: bytes, limit: int) -> Element:
    try:
        return xml.parse(raw, limit)
    except BadXml as error:
        raise BadMetadata(f"the XML: {error}") from None
