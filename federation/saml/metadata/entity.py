"""What metadata says of one entity, in our words: the parts of it that we act on (saml-metadata-2.0-os, MDUI, algorithm
support, entity attributes). Texts are mappings from language tag to text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Section 2.2.2 and 2.2.3. `index` is None where the endpoint is not an indexed one, `is_default` None where the
    metadata does not say."""

    binding: str
    location: str
    response_location: str | None = None
    index: int | None = None
    is_default: bool | None = None


@dataclass(frozen=True, slots=True)
class EntityKey:
    """A certificate of the entity, DER in base64, of which nothing but the key counts (SAML V2.0 Metadata
    Interoperability Profile): neither names nor times. `use` is `signing`, `encryption` or empty for both.
    `encryption_methods` are the algorithms it names for this key, with the digests it names for each."""

    certificate: str
    use: str = ""
    encryption_methods: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RequestedAttribute:
    name: str
    name_format: str
    friendly_name: str | None
    required: bool


@dataclass(frozen=True, slots=True)
class AttributeService:
    """AttributeConsumingService (section 2.4.4.1)."""

    index: int
    is_default: bool | None
    names: Mapping[str, str]
    descriptions: Mapping[str, str]
    requested: tuple[RequestedAttribute, ...]


@dataclass(frozen=True, slots=True)
class About:
    """What people are shown of an entity: mdui:UIInfo before Organization."""

    names: Mapping[str, str] = field(default_factory=dict)
    descriptions: Mapping[str, str] = field(default_factory=dict)
    information_urls: Mapping[str, str] = field(default_factory=dict)
    privacy_urls: Mapping[str, str] = field(default_factory=dict)
    organization: Mapping[str, str] = field(default_factory=dict)
    contacts: tuple[str, ...] = ()
    """E-mail addresses."""


@dataclass(frozen=True, slots=True)
class SpEntity:
    """A service provider as its metadata describes it. `valid_until` is seconds since the epoch."""

    entity_id: str
    assertion_consumers: tuple[Endpoint, ...]
    single_logout: tuple[Endpoint, ...] = ()
    keys: tuple[EntityKey, ...] = ()
    name_id_formats: tuple[str, ...] = ()
    authn_requests_signed: bool = False
    want_assertions_signed: bool = False
    attribute_services: tuple[AttributeService, ...] = ()
    signing_methods: tuple[str, ...] = ()
    digest_methods: tuple[str, ...] = ()
    entity_attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    about: About = field(default_factory=About)
    valid_until: int | None = None


Indexed = TypeVar("Indexed", Endpoint, AttributeService)
_ORDER: Final = {True: 0, None: 1, False: 2}


def default_of(indexed: Sequence[Indexed]) -> Indexed:
    """The default of at least one (sections 2.2.3, 2.4.4): the first that says so, else the first that does not say no,
    else the first."""
    return min(indexed, key=lambda each: _ORDER[each.is_default])
