"""Artifacts: a reference that travels through the browser, in place of a message that is then fetched from us
(saml-bindings-2.0-os section 3.6, saml-core-2.0-os section 3.5)."""

import binascii
import hashlib
from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import Final

from federation.saml import reading
from federation.saml.arriving import Message
from federation.saml.credentials import Signer
from federation.saml.names import ASSERTION, PROTOCOL
from federation.saml.response import Status, written_status
from federation.saml.signing import finished
from federation.saml.writing import SAMLP, Xml, attribute, given, instant, issuer, within

_TYPE: Final = b"\x00\x04"
HANDLE_BYTES: Final = 20
_LENGTH: Final = 2 + 2 + 20 + HANDLE_BYTES


class BadArtifact(ValueError):
    """Not an artifact of type 4."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """Type 4 (section 3.6.4): whose it is, by which of its artifact resolution services it is resolved, and a message
    handle that nobody can guess."""

    source_id: bytes
    index: int
    handle: bytes

    def __str__(self) -> str:
        return b64encode(_TYPE + self.index.to_bytes(2, "big") + self.source_id + self.handle).decode("ascii")


def source_id(entity_id: str) -> bytes:
    """SHA-1 of the entity's identifier, as section 3.6.4 has it: a name, on which no proof rests."""
    return hashlib.sha1(entity_id.encode(), usedforsecurity=False).digest()


def parse(value: str) -> Artifact:
    """Raises `BadArtifact`."""
    try:
        raw = b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadArtifact("not base64") from error
    if len(raw) != _LENGTH or not raw.startswith(_TYPE):
        raise BadArtifact("not of type 4")
    return Artifact(raw[4:24], int.from_bytes(raw[2:4], "big"), raw[24:])


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


@dataclass(frozen=True, slots=True)
class ArtifactResponse:
    """What an artifact stood for: None where it stands for nothing (any more), which is Success all the same (section
    3.5.3). `issue_instant` is seconds since the epoch."""

    id: str
    issuer: str
    issue_instant: int
    in_response_to: str
    message: Xml | None
    status: Status
    destination: str | None = None


def written_response(response: ArtifactResponse, signer: Signer | None) -> Xml:
    """The samlp:ArtifactResponse, signed where there is a signer. Raises `Unwritable`."""
    before = (
        f"<samlp:ArtifactResponse{SAMLP}{given('Destination', response.destination)}"
        f' ID="{attribute(response.id)}" InResponseTo="{attribute(response.in_response_to)}"'
        f' IssueInstant="{instant(response.issue_instant)}" Version="2.0">{issuer(response.issuer)}'
    )
    message = "" if response.message is None else within(response.message)
    after = f"{written_status(response.status)}{message}</samlp:ArtifactResponse>"
    return finished(before, after, response.id, signer)
