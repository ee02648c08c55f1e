"""Where the answer goes: an AssertionConsumerService that stands in the metadata, and nowhere else
(saml-profiles-2.0-os section 4.1.4.1). Until it is found an error is a page of our own."""

from collections.abc import Sequence
from typing import Final

from federation.saml.authn_request import AuthnRequest
from federation.saml.metadata.entity import Endpoint, SpEntity
from federation.saml.names import ARTIFACT, POST

ANSWERED_BY: Final = (POST, ARTIFACT)
"""By these bindings we answer; an assertion in an address is not one of them (section 4.1.2)."""


class NoConsumer(Exception):
    """The metadata has no such place, or none that we answer to."""


def consumer(request: AuthnRequest, entity: SpEntity, by_artifact: bool) -> Endpoint:
    """The one that the request names, by index or by address, else the default one. `by_artifact` is what the service
    provider likes better where the request leaves that open. Raises `NoConsumer`."""
    places = [each for each in entity.assertion_consumers if each.binding in ANSWERED_BY]
    if request.acs_index is not None:
        places = [each for each in places if each.index == request.acs_index]
    if request.acs_url is not None:
        places = [each for each in places if each.location == request.acs_url]
    named = [each for each in places if each.binding == request.protocol_binding]
    if request.protocol_binding in ANSWERED_BY and not named:
        raise NoConsumer
    return _default(named or _liked(places, by_artifact))


def unsolicited(entity: SpEntity, by_artifact: bool) -> Endpoint:
    """The default one, where nobody asked. Raises `NoConsumer`."""
    return _default(_liked([each for each in entity.assertion_consumers if each.binding in ANSWERED_BY], by_artifact))


def _liked(places: Sequence[Endpoint], by_artifact: bool) -> Sequence[Endpoint]:
    liked = [each for each in places if each.binding == (ARTIFACT if by_artifact else POST)]
    return liked or places


def _default(places: Sequence[Endpoint]) -> Endpoint:
    """saml-metadata-2.0-os section 2.2.3: the first that says so, else the first that does not say no, else the
    first."""
    if not places:
        raise NoConsumer
    order = {True: 0, None: 1, False: 2}
    return min(places, key=lambda each: order[each.is_default])
