"""AuthnRequest (saml-core-2.0-os section 3.4.1)."""

import enum
from dataclasses import dataclass

from federation.saml.name_id import NameId


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
