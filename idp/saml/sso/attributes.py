"""Which attributes a service provider gets: those that its metadata requests, as far as an operator registered them and
the citizen agrees, and never more."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from federation.mapping import ATTRIBUTES, BY_NAME, BY_SAML, PAIRWISE_ID, SUBJECT_ID
from federation.saml import names
from federation.saml.assertion import Attribute
from federation.saml.metadata.entity import AttributeService, RequestedAttribute
from idp.citizens.citizen import Citizen
from idp.saml.naming import Naming
from idp.saml.service_provider import ServiceProvider
from idp.saml.sso.statuses import StatusRefusal

_REQUIREMENT: Final = "urn:oasis:names:tc:SAML:profiles:subject-id:req"
"""The entity attribute by which metadata asks for an identifier (SAML V2.0 Subject Identifier Attributes Profile
section 2)."""
_IDENTIFIERS: Final[Mapping[str, str]] = {"subject-id": SUBJECT_ID, "pairwise-id": PAIRWISE_ID, "any": PAIRWISE_ID}
_GENDERS: Final = {"male": "1", "female": "2"}
"""ISO 5218, as SCHAC has it."""

_VALUES: Final[Mapping[str, Callable[[Citizen], str | None]]] = {
    "name": lambda citizen: citizen.profile.name,
    "birthdate": lambda citizen: (citizen.profile.birthdate or "").replace("-", "") or None,
    "gender": lambda citizen: _GENDERS.get(citizen.profile.gender or ""),
    "email": lambda citizen: citizen.profile.email,
    "phone_number": lambda citizen: citizen.profile.phone,
    "address": lambda citizen: citizen.profile.address,
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
    service = _service(provider.entity.attribute_services, index)
    asked = {name: each.required for each in service.requested if (name := _name(each))} if service else {}
    for kind in provider.entity.entity_attributes.get(_REQUIREMENT, ()):
        if kind in _IDENTIFIERS:
            asked[_IDENTIFIERS[kind]] = True
    allowed = {*provider.attributes, PAIRWISE_ID}
    found = tuple(row.name for row in ATTRIBUTES if row.name in asked and row.name in allowed)
    return Requested(found, tuple(name for name in found if asked[name] and name not in provider.optional))


def told(granted: Sequence[str], citizen: Citizen, sp: str, naming: Naming) -> tuple[Attribute, ...]:
    """Attributes of the assertion; what is not known is left out. `sp` is the service provider's entityID."""
    found = ((name, _value(name, citizen, sp, naming)) for name in granted if name in BY_NAME)
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


def _name(attribute: RequestedAttribute) -> str | None:
    row = BY_SAML.get(attribute.name)
    return row.name if row and attribute.name_format in (names.URI_NAMES, names.UNSPECIFIED_NAMES) else None


def _service(services: Sequence[AttributeService], index: int | None) -> AttributeService | None:
    if index is None:
        order = {True: 0, None: 1, False: 2}
        return min(services, key=lambda each: order[each.is_default], default=None)
    found = next((each for each in services if each.index == index), None)
    if found is None:
        raise StatusRefusal(names.REQUESTER, names.REQUEST_UNSUPPORTED)
    return found
