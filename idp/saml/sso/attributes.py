"""Which attributes a service provider gets: those that its metadata requests, as far as an operator registered them and
the citizen agrees, and never more."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from federation.mapping import ATTRIBUTES, BY_NAME, BY_SAML, PAIRWISE_ID, SUBJECT_ID
from federation.saml import names
from federation.saml.assertion import Attribute
from federation.saml.metadata.entity import AttributeService, RequestedAttribute, default_of
from idp.citizens.citizen import Citizen
from idp.saml.derived import Derived
from idp.saml.naming import Naming
from idp.saml.service_provider import ServiceProvider
from idp.saml.sso.statuses import StatusRefusal

_REQUIREMENT: Final = "urn:oasis:names:tc:SAML:profiles:subject-id:req"
"""The entity attribute by which metadata asks for an identifier (SAML V2.0 Subject Identifier Attributes Profile
section 2)."""
_GENDERS: Final = {"male": "1", "female": "2"}
"""ISO 5218, as SCHAC has it."""

_VALUES: Final[Mapping[str, Callable[[Citizen], str | None]]] = {
    "name": lambda citizen: citizen.profile.name,
    "birthdate": lambda citizen: (citizen.profile.birthdate or "").replace("-", "") or None,
    "gender": lambda citizen: _GENDERS.get(citizen.profile.gender or ""),
    "email": lambda citizen: citizen.profile.email,
    "phone_number": lambda citizen: citizen.profile.phone,
    "address": lambda citizen: _postal(citizen.profile.address),
    "citizen_id_number": lambda citizen: citizen.profile.number,
}


@dataclass(frozen=True, slots=True)
class Requested:
    """By our own names, in the order of the table; `essential` are those without which the service cannot be given."""

    names: tuple[str, ...]
    essential: tuple[str, ...]


def requested(provider: ServiceProvider, index: int | None) -> Requested:
    """What is asked; `index` is the request's AttributeConsumingServiceIndex. Raises `StatusRefusal` where the metadata
    has none of that index."""
    return _BY_DEFAULT.of(provider) if index is None else _requested(provider, index)


def _requested(provider: ServiceProvider, index: int | None) -> Requested:
    asked = _by_service(provider, index) | dict.fromkeys(_identifiers(provider), True)
    found = tuple(row.name for row in ATTRIBUTES if row.name in asked and row.name in provider.at_most)
    return Requested(found, tuple(name for name in found if asked[name] and name not in provider.optional))


_BY_DEFAULT: Final = Derived(lambda provider: _requested(provider, None))


def released(asked: Sequence[str], agreed: Sequence[str], provider: ServiceProvider) -> Sequence[str]:
    """Of what was asked, what the citizen agreed to and an operator still registers. A name of the citizen that this
    service provider alone knows is part of the sign-in itself."""
    return [name for name in asked if name in provider.at_most and (name in agreed or name == PAIRWISE_ID)]


def told(granted: Sequence[str], citizen: Citizen, sp: str, naming: Naming) -> tuple[Attribute, ...]:
    """Attributes of the assertion; what is not known is left out. `sp` is the service provider's entityID."""
    found = ((name, _value(name, citizen, sp, naming)) for name in granted)
    return tuple(
        Attribute(BY_NAME[name].saml, (value,), friendly_name=BY_NAME[name].friendly)
        for name, value in found
        if value is not None
    )


def _value(name: str, citizen: Citizen, sp: str, naming: Naming) -> str | None:
    if name == PAIRWISE_ID:
        return naming.pairwise_id(sp, citizen.id)
    if name == SUBJECT_ID:
        return naming.subject_id(citizen.id)
    return _VALUES[name](citizen)


def _by_service(provider: ServiceProvider, index: int | None) -> dict[str, bool]:
    """What is requested, and whether it is required, by the AttributeConsumingService that the request or else the
    metadata chooses. Where it has none, by the operator, if he registered attributes himself: he knows what the service
    needs. A service provider of an aggregate that requests nothing gets nothing."""
    services = provider.entity.attribute_services
    if not services and index is None:
        return dict.fromkeys(provider.attributes or (), True)
    asked: dict[str, bool] = {}
    for each in _service(services, index).requested:
        name = _name(each)
        if name is not None:
            asked[name] = asked.get(name, False) or each.required
    return asked


def _identifiers(provider: ServiceProvider) -> Sequence[str]:
    """By entity attribute (Subject Identifier Attributes Profile section 2), which has one value or none that counts.
    `any` is the one that tells less, if it may have that."""
    match provider.entity.entity_attributes.get(_REQUIREMENT):
        case ("subject-id",):
            return [SUBJECT_ID]
        case ("pairwise-id",):
            return [PAIRWISE_ID]
        case ("any",):
            return [PAIRWISE_ID if PAIRWISE_ID in provider.at_most else SUBJECT_ID]
    return []


def _postal(address: str | None) -> str | None:
    """One line of it (RFC 4517 section 3.3.28)."""
    return None if address is None else address.replace("\\", "\\5C").replace("$", "\\24")


def _name(attribute: RequestedAttribute) -> str | None:
    row = BY_SAML.get(attribute.name)
    return row.name if row and attribute.name_format in (names.URI_NAMES, names.UNSPECIFIED_NAMES) else None


def _service(services: Sequence[AttributeService], index: int | None) -> AttributeService:
    """saml-metadata-2.0-os section 2.4.4: the default one, where the request names none. Raises `StatusRefusal`."""
    if index is None:
        return default_of(services)
    found = next((each for each in services if each.index == index), None)
    if found is None:
        raise StatusRefusal(names.REQUESTER, names.REQUEST_UNSUPPORTED)
    return found
