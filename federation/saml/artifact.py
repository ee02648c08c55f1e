"""Artifacts (saml-core-2.0-os section 3.5, saml-bindings-2.0-os section 3.6): a message by a name, fetched by SOAP."""

from dataclasses import dataclass

from federation.saml import reading
from federation.saml.arriving import Message
from federation.saml.names import ASSERTION, PROTOCOL


@dataclass(frozen=True, slots=True)
class ArtifactResolve:
    """Who has `artifact` and wants what it stands for. There is none that was not proved to come from `issuer`."""

    id: str
    issuer: str
    issue_instant: int
    artifact: str
    destination: str | None = None


def read_resolve(message: Message) -> ArtifactResolve:
    """Raises `BadSignature` where it was not signed, `Unreadable`."""
    element = reading.signed_of_kind(message, "ArtifactResolve")
    return ArtifactResolve(
        id=element.get("ID", ""),
        issuer=reading.text(element, ASSERTION, "Issuer"),
        issue_instant=reading.instant(element, "IssueInstant"),
        artifact=reading.text(element, PROTOCOL, "Artifact"),
        destination=element.get("Destination"),
    )
