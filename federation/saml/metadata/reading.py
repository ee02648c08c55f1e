"""EntityDescriptor -> `SpEntity` (saml-metadata-2.0-os section 2.3).

What we do not act on is left out, and so is what we must not act on: endpoints at addresses that are no web addresses
or not protected, bindings we do not speak, links that are no links. What remains has been looked at once, here, so that
nobody further in has to.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Final
from urllib.parse import urlsplit

from lxml.etree import _Element as Element

from federation.saml.metadata.about import about
from federation.saml.metadata.elements import alg, children, in_languages, md, number, text, truth
from federation.saml.metadata.entity import AttributeService, Endpoint, EntityKey, RequestedAttribute, SpEntity
from federation.saml.names import (
    ARTIFACT,
    ASSERTION,
    DS,
    MDATTR,
    METADATA,
    POST,
    PROTOCOL,
    REDIRECT,
    SOAP,
    UNSPECIFIED_NAMES,
)

MAX_ENTITY_ID: Final = 1024
"""Characters (section 2.2.1)."""
MAX_ENDPOINTS: Final = 100
MAX_KEYS: Final = 20
MAX_ATTRIBUTES: Final = 200
"""Of each kind in one entity; what a service provider really has is a tenth of it."""
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?", re.ASCII)
_HOST: Final = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?|[0-9a-f:.]+", re.ASCII)
_LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")


class BadMetadata(ValueError):
    """The metadata cannot be used. Says why in words that name elements, and quotes no value."""


def entity_id_of(entity: Element) -> str:
    """Raises `BadMetadata`."""
    entity_id = (entity.get("entityID") or "").strip()
    if not 0 < len(entity_id) <= MAX_ENTITY_ID or not entity_id.isprintable() or " " in entity_id:
        raise BadMetadata("entityID is missing, longer than 1024 characters, or no URI")
    return entity_id


def valid_until(element: Element) -> int | None:
    """The element's own `validUntil`, in seconds since the epoch; None if it has none. Raises `BadMetadata`."""
    return instant(element.get("validUntil"), "validUntil")


def instant(raw: str | None, name: str) -> int | None:
    """A time of XML Schema, in seconds since the epoch; without a zone it is UTC (saml-core-2.0-os section 1.3.3).
    Raises `BadMetadata`."""
    if raw is None:
        return None
    told = raw.strip()
    try:
        if not _INSTANT.fullmatch(told):
            raise ValueError
        zoned = told if re.search(r"(Z|[+-]\d\d:\d\d)\Z", told) else f"{told}Z"
        return int(datetime.fromisoformat(zoned).timestamp())
    except (ValueError, OverflowError):
        raise BadMetadata(f"{name} is not a time") from None


def service_provider(entity: Element) -> SpEntity | None:
    """The entity as a service provider, or None if it is none that speaks SAML 2.0. Raises `BadMetadata`."""
    entity_id = entity_id_of(entity)
    role = _role(entity)
    if role is None:
        return None
    consumers = tuple(_endpoints(role, "AssertionConsumerService", (POST, ARTIFACT)))
    if not consumers:
        raise BadMetadata("no AssertionConsumerService by POST or artifact at an https address")
    services = children(role, md("AttributeConsumingService"))[:MAX_ENDPOINTS]
    limits = [limit for limit in (valid_until(entity), valid_until(role)) if limit is not None]
    return SpEntity(
        entity_id=entity_id,
        assertion_consumers=consumers,
        single_logout=tuple(_endpoints(role, "SingleLogoutService", (REDIRECT, POST, SOAP))),
        keys=tuple(islice(_keys(role), MAX_KEYS)),
        name_id_formats=tuple(dict.fromkeys(text(each) for each in children(role, md("NameIDFormat"))[:MAX_ENDPOINTS])),
        authn_requests_signed=truth(role.get("AuthnRequestsSigned")) or False,
        want_assertions_signed=truth(role.get("WantAssertionsSigned")) or False,
        attribute_services=tuple(map(_attribute_service, services)),
        signing_methods=_algorithms(entity, role, "SigningMethod"),
        digest_methods=_algorithms(entity, role, "DigestMethod"),
        entity_attributes=_entity_attributes(entity),
        about=about(entity, role),
        valid_until=min(limits, default=None),
    )


def _role(entity: Element) -> Element | None:
    for role in children(entity, md("SPSSODescriptor")):
        if PROTOCOL in (role.get("protocolSupportEnumeration") or "").split():
            return role
    return None


def web_address(address: str) -> bool:
    """Whether answers may be sent there, and browsers: https, or http on a loopback host."""
    if not address.isascii() or not address.isprintable() or any(sign in address for sign in ' "<>\\^`{|}#'):
        return False
    try:
        parts = urlsplit(address)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if parts.username is not None or not _HOST.fullmatch(host):
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)


def _endpoints(role: Element, name: str, bindings: tuple[str, ...]) -> Iterator[Endpoint]:
    """Those that we can use, in the metadata's order."""
    for each in children(role, md(name))[:MAX_ENDPOINTS]:
        binding, location = each.get("Binding") or "", (each.get("Location") or "").strip()
        answers = (each.get("ResponseLocation") or "").strip() or None
        if binding not in bindings or not web_address(location) or not (answers is None or web_address(answers)):
            continue
        index = number(each.get("index"))
        yield Endpoint(binding, location, answers, index, truth(each.get("isDefault")))


def _keys(role: Element) -> Iterator[EntityKey]:
    """A certificate each; a key without one is not used (saml2int SDP-MD07)."""
    for descriptor in children(role, md("KeyDescriptor")):
        use = descriptor.get("use") or ""
        methods = dict(map(_encryption_method, children(descriptor, md("EncryptionMethod"))))
        for certificate in descriptor.iterfind(f"{{{DS}}}KeyInfo/{{{DS}}}X509Data/{{{DS}}}X509Certificate"):
            yield EntityKey("".join((certificate.text or "").split()), use, methods)


def _encryption_method(method: Element) -> tuple[str, tuple[str, ...]]:
    digests = [each.get("Algorithm") or "" for each in children(method, f"{{{DS}}}DigestMethod")]
    return (method.get("Algorithm") or "", tuple(digests))


def _attribute_service(service: Element) -> AttributeService:
    return AttributeService(
        index=number(service.get("index")) or 0,
        is_default=truth(service.get("isDefault")),
        names=in_languages(children(service, md("ServiceName"))),
        descriptions=in_languages(children(service, md("ServiceDescription"))),
        requested=tuple(
            RequestedAttribute(
                name=(each.get("Name") or "").strip(),
                name_format=each.get("NameFormat") or UNSPECIFIED_NAMES,
                friendly_name=each.get("FriendlyName"),
                required=truth(each.get("isRequired")) or False,
            )
            for each in children(service, md("RequestedAttribute"))[:MAX_ATTRIBUTES]
        ),
    )


def _algorithms(entity: Element, role: Element, name: str) -> tuple[str, ...]:
    """Of the role, else of the entity (SAML V2.0 Metadata Profile for Algorithm Support section 2.4)."""
    for element in (role, entity):
        extensions = children(element, md("Extensions"))
        found = [each.get("Algorithm") or "" for extension in extensions for each in children(extension, alg(name))]
        if found:
            return tuple(dict.fromkeys(filter(None, found)))
    return ()


def _entity_attributes(entity: Element) -> Mapping[str, tuple[str, ...]]:
    """SAML V2.0 Metadata Extension for Entity Attributes section 2."""
    found: dict[str, tuple[str, ...]] = {}
    path = f"{{{METADATA}}}Extensions/{{{MDATTR}}}EntityAttributes/{{{ASSERTION}}}Attribute"
    for attribute in entity.iterfind(path):
        values = tuple(text(value) for value in children(attribute, f"{{{ASSERTION}}}AttributeValue"))
        name = attribute.get("Name") or ""
        found[name] = (*found.get(name, ()), *values)
    return found
