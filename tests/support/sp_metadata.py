"""Metadata of made-up service providers, as text."""

from collections.abc import Sequence
from datetime import UTC, datetime

from lxml import etree

from tests.support.saml_messages import Peer, fill, template

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
    after: str = "",
    role: str = "",
    extensions: str = UI,
    keys: Sequence[str] = (),
) -> str:
    """An EntityDescriptor. `attributes` are the root's, `role` those of its SPSSODescriptor; `within` is text that
    stands in the role before the endpoint, `after` behind it, and `keys` certificates."""
    descriptors = "".join(
        f"<md:KeyDescriptor><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{each}</ds:X509Certificate></ds:X509Data>"
        "</ds:KeyInfo></md:KeyDescriptor>"
        for each in keys
    )
    return (
        f'<md:EntityDescriptor {NAMESPACES} entityID="{entity_id}" {attributes}>'
        f'<md:SPSSODescriptor protocolSupportEnumeration="{_PROTOCOL}" {role}>{extensions}{descriptors}{within}'
        f'<md:AssertionConsumerService Binding="{_POST}" Location="{acs}" index="0"/>{after}'
        "</md:SPSSODescriptor></md:EntityDescriptor>"
    )


def entities(inner: str, attributes: str = "") -> str:
    """An EntitiesDescriptor around them."""
    return f"<md:EntitiesDescriptor {NAMESPACES} {attributes}>{inner}</md:EntitiesDescriptor>"


def at(seconds: float) -> str:
    """A time as metadata has it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def signed(document: str, peer: Peer) -> bytes:
    """The document with an ID, signed by python-xmlsec, which shares no code with the reader."""
    root = etree.fromstring(document.encode())
    root.set("ID", "_root")
    signature = etree.fromstring(template("_root", peer.algorithm))
    root.insert(0, signature)
    fill(peer, root, signature)
    return etree.tostring(root)


def pem(*peers: Peer) -> str:
    """Their certificates, as an operator pins them."""
    return "".join(f"-----BEGIN CERTIFICATE-----\n{peer.certificate}\n-----END CERTIFICATE-----\n" for peer in peers)
