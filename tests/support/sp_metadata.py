"""Metadata of made-up service providers, as text."""

from collections.abc import Sequence
from datetime import UTC, datetime

ENTITY_ID = "https://portal.example/saml"
ACS = "https://portal.example/saml/acs"
NAMESPACES = (
    'xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="http://www.w3.org/2000/09/xmldsig#" '
    'xmlns:mdui="urn:oasis:names:tc:SAML:metadata:ui"'
)
_POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
_PROTOCOL = "urn:oasis:names:tc:SAML:2.0:protocol"
UI = (
    '<md:Extensions><mdui:UIInfo><mdui:DisplayName xml:lang="zh-CN">社会保险</mdui:DisplayName>'
    '<mdui:DisplayName xml:lang="en">Social insurance</mdui:DisplayName></mdui:UIInfo></md:Extensions>'
)


def entity(
    entity_id: str = ENTITY_ID,
    *,
    acs: str = ACS,
    attributes: str = "",
    within: str = "",
    role: str = "",
    extensions: str = UI,
    keys: Sequence[str] = (),
) -> str:
    """An EntityDescriptor. `attributes` are the root's, `role` those of its SPSSODescriptor; `within` is text that
    stands in the role before the endpoints, and `keys` certificates."""
    descriptors = "".join(
        f"<md:KeyDescriptor><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{each}</ds:X509Certificate></ds:X509Data>"
        "</ds:KeyInfo></md:KeyDescriptor>"
        for each in keys
    )
    return (
        f'<md:EntityDescriptor {NAMESPACES} entityID="{entity_id}" {attributes}>'
        f'<md:SPSSODescriptor protocolSupportEnumeration="{_PROTOCOL}" {role}>{extensions}{descriptors}{within}'
        f'<md:AssertionConsumerService Binding="{_POST}" Location="{acs}" index="0"/>'
        "</md:SPSSODescriptor></md:EntityDescriptor>"
    )


def entities(inner: str, attributes: str = "") -> str:
    """An EntitiesDescriptor around them."""
    return f"<md:EntitiesDescriptor {NAMESPACES} {attributes}>{inner}</md:EntitiesDescriptor>"


def at(seconds: float) -> str:
    """A time as metadata has it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
