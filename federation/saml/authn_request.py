"""AuthnRequest (saml-core-2.0-os section 3.4.1)."""

import enum
from dataclasses import dataclass

from federation.saml import reading
from federation.saml.arriving import Message, Unreadable
from federation.saml.name_id import NameId
from federation.saml.names import ASSERTION, PROTOCOL
from federation.saml.xml import Element


class Comparison(enum.Enum):
    """How requested context classes are compared (section 3.3.2.2.1)."""

    EXACT = "exact"
    MINIMUM = "minimum"
    MAXIMUM = "maximum"
    BETTER = "better"


@dataclass(frozen=True, slots=True)
class RequestedAuthnContext:
    """What the requester asks of the authentication, in order of its preference. `decl_refs` are declarations, which we
    cannot meet."""

    comparison: Comparison
    class_refs: tuple[str, ...]
    decl_refs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NameIdPolicy:
    """Section 3.4.1.1. `format` is None where the requester left it open."""

    format: str | None
    sp_name_qualifier: str | None
    allow_create: bool


@dataclass(frozen=True, slots=True)
class Scoping:
    """Section 3.4.1.2: through how many providers the request may go on (None: any number), which may answer it, and
    for whom the requester asks."""

    proxy_count: int | None
    idp_list: tuple[str, ...]
    requester_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AuthnRequest:
    """What a service provider asks. `issue_instant` is seconds since the epoch. `signed` says that it was proved to
    come from `issuer`; where it is False, anybody may have written it."""

    id: str
    issuer: str
    issue_instant: int
    signed: bool
    destination: str | None = None
    acs_url: str | None = None
    acs_index: int | None = None
    protocol_binding: str | None = None
    attribute_index: int | None = None
    """`AttributeConsumingServiceIndex`."""
    force_authn: bool = False
    is_passive: bool = False
    subject: NameId | None = None
    name_id_policy: NameIdPolicy | None = None
    requested_context: RequestedAuthnContext | None = None
    scoping: Scoping | None = None


def read(message: Message) -> AuthnRequest:
    """What it asks. Raises `Unreadable`."""
    element = reading.of_kind(message, "AuthnRequest")
    acs_url, acs_index = (
        element.get("AssertionConsumerServiceURL"),
        reading.integer(element, "AssertionConsumerServiceIndex"),
    )
    protocol_binding = element.get("ProtocolBinding")
    if acs_index is not None and (acs_url is not None or protocol_binding is not None):
        raise Unreadable("an address for the answer both by index and by value")
    subject = element.find(f"{{{ASSERTION}}}Subject")
    return AuthnRequest(
        id=element.get("ID", ""),
        issuer=reading.text(element, ASSERTION, "Issuer"),
        issue_instant=reading.instant(element, "IssueInstant"),
        signed=message.signed,
        destination=element.get("Destination"),
        acs_url=acs_url,
        acs_index=acs_index,
        protocol_binding=protocol_binding,
        attribute_index=reading.integer(element, "AttributeConsumingServiceIndex"),
        force_authn=reading.flag(element, "ForceAuthn"),
        is_passive=reading.flag(element, "IsPassive"),
        subject=None if subject is None else reading.name_id(subject),
        name_id_policy=_policy(element.find(f"{{{PROTOCOL}}}NameIDPolicy")),
        requested_context=_context(element.find(f"{{{PROTOCOL}}}RequestedAuthnContext")),
        scoping=_scoping(element.find(f"{{{PROTOCOL}}}Scoping")),
    )


def _policy(element: Element | None) -> NameIdPolicy | None:
    if element is None:
        return None
    return NameIdPolicy(element.get("Format"), element.get("SPNameQualifier"), reading.flag(element, "AllowCreate"))


def _context(element: Element | None) -> RequestedAuthnContext | None:
    if element is None:
        return None
    return RequestedAuthnContext(
        Comparison(element.get("Comparison", "exact")),
        reading.texts(element, ASSERTION, "AuthnContextClassRef"),
        reading.texts(element, ASSERTION, "AuthnContextDeclRef"),
    )


def _scoping(element: Element | None) -> Scoping | None:
    if element is None:
        return None
    entries = element.iterfind(f"{{{PROTOCOL}}}IDPList/{{{PROTOCOL}}}IDPEntry")
    return Scoping(
        reading.integer(element, "ProxyCount"),
        tuple(entry.get("ProviderID", "") for entry in entries),
        reading.texts(element, PROTOCOL, "RequesterID"),
    )
