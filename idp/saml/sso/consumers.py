"""Where the answer goes: an AssertionConsumerService that stands in the metadata, and nowhere else
(saml-profiles-2.0-os section 4.1.4.1). Until it is found an error is a page of our own."""

from collections.abc import Sequence
from typing import Final

from federation.saml.authn_request import AuthnRequest
from federation.saml.metadata.entity import Endpoint, SpEntity, default_of
from federation.saml.names import ARTIFACT, POST

ANSWERED_BY: Final = (POST, ARTIFACT)
"""By these bindings we answer; an assertion in an address is not one of them (section 4.1.2)."""


class NoConsumer(Exception):
    """The metadata has no such place, or none that we answer to."""


def consumer(request: AuthnRequest, entity: SpEntity, by_artifact: bool) -> Endpoint:
    """The one that the request names, by index, by address or by binding, else the default one. `by_artifact`: where
    the request leaves the binding open, an artifact is liked better than what the metadata says. Where the one that
    fits has another binding than was asked for, it can be told that there. Raises `NoConsumer`."""
    places = _answered(entity)
    if request.acs_index is not None:
        places = [each for each in places if each.index == request.acs_index]
    if request.acs_url is not None:
        places = [each for each in places if each.location == request.acs_url]
    bound = [each for each in places if each.binding == request.protocol_binding]
    return _default(bound or places, by_artifact)


def unsolicited(entity: SpEntity, by_artifact: bool) -> Endpoint:
    """The default one, where nobody asked. Raises `NoConsumer`."""
    return _default(_answered(entity), by_artifact)


def serves(entity: SpEntity, location: str, binding: str) -> bool:
    """Whether the metadata has this place (still)."""
    return any((each.location, each.binding) == (location, binding) for each in entity.assertion_consumers)


def _answered(entity: SpEntity) -> Sequence[Endpoint]:
    return [each for each in entity.assertion_consumers if each.binding in ANSWERED_BY]


def _default(places: Sequence[Endpoint], by_artifact: bool) -> Endpoint:
    """Where the metadata leaves it open too, by POST: it needs no second question. Raises `NoConsumer`."""
    if not places:
        raise NoConsumer
    if by_artifact:
        return default_of([each for each in places if each.binding == ARTIFACT] or places)
    return default_of(sorted(places, key=lambda each: each.binding != POST))
