"""Where a service provider hears that a session ended (saml-metadata-2.0-os section 2.4.1): of what its metadata names,
what we use."""

from typing import Final

from federation.saml.metadata.entity import Endpoint, SpEntity
from federation.saml.names import POST, REDIRECT, SOAP

BY_BROWSER: Final = (REDIRECT, POST)
"""The one we like best first: a redirect needs neither script nor press."""


def of_binding(entity: SpEntity, *bindings: str) -> Endpoint | None:
    """The first endpoint of the first of these bindings that it has."""
    found = (each for binding in bindings for each in entity.single_logout if each.binding == binding)
    return next(found, None)


def by_server(entity: SpEntity) -> Endpoint | None:
    return of_binding(entity, SOAP)


def by_browser(entity: SpEntity) -> Endpoint | None:
    return of_binding(entity, *BY_BROWSER)


def for_answer(entity: SpEntity, asked_by: str) -> Endpoint | None:
    """Where an answer goes: by the binding that the request came by, else by the other."""
    return of_binding(entity, asked_by, *BY_BROWSER)
