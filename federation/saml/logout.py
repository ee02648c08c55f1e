"""LogoutRequest and LogoutResponse (saml-core-2.0-os section 3.7)."""

from collections.abc import Sequence
from dataclasses import dataclass

from federation.saml import encryption, reading
from federation.saml.arriving import Message, Unreadable
from federation.saml.credentials import Decrypter, Signer
from federation.saml.encryption import CannotDecrypt
from federation.saml.name_id import NameId
from federation.saml.names import ASSERTION, PROTOCOL
from federation.saml.response import Status, written_status
from federation.saml.signing import finished
from federation.saml.writing import SAMLP, Xml, attribute, given, given_instant, instant, issuer, name_id, text
from federation.saml.xml import Element


@dataclass(frozen=True, slots=True)
class LogoutRequest:
    """Whose session ends, and which: all of theirs where `session_indexes` is empty. Times are seconds since the epoch.
    There is none that was not proved to come from `issuer`, for none is read before."""

    id: str
    issuer: str
    issue_instant: int
    name_id: NameId
    session_indexes: tuple[str, ...] = ()
    destination: str | None = None
    not_on_or_after: int | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class LogoutResponse:
    """What became of it. `status` is the top-level code, `detail` the second-level one, if there is one."""

    id: str
    issuer: str
    issue_instant: int
    in_response_to: str
    status: str
    detail: str | None = None
    destination: str | None = None


def read_request(message: Message, decrypters: Sequence[Decrypter] = ()) -> LogoutRequest:
    """`decrypters` open a name that was encrypted. Raises `BadSignature` where it was not signed, `Unreadable`."""
    element = reading.signed_of_kind(message, "LogoutRequest")
    return LogoutRequest(
        id=element.get("ID", ""),
        issuer=reading.text(element, ASSERTION, "Issuer"),
        issue_instant=reading.instant(element, "IssueInstant"),
        name_id=_name_id(element, decrypters),
        session_indexes=reading.texts(element, PROTOCOL, "SessionIndex"),
        destination=element.get("Destination"),
        not_on_or_after=reading.instant(element, "NotOnOrAfter") if "NotOnOrAfter" in element.attrib else None,
        reason=element.get("Reason"),
    )


def _name_id(request: Element, decrypters: Sequence[Decrypter]) -> NameId:
    encrypted = request.find(f"{{{ASSERTION}}}{encryption.NAME_ID}")
    if encrypted is None:
        return reading.name_id(request)
    try:
        return reading.named(encryption.decrypt(encrypted, decrypters))
    except CannotDecrypt:
        raise Unreadable("a name that we cannot open") from None


def read_response(message: Message) -> LogoutResponse:
    """Raises `BadSignature` where it was not signed, `Unreadable`."""
    return _response(reading.signed_of_kind(message, "LogoutResponse"))


def read_answer(message: Message) -> LogoutResponse:
    """Signed or not: over a connection that we opened to its sender, TLS proves who answers (saml-profiles-2.0-os
    section 4.4.4.2). Raises `Unreadable`."""
    return _response(reading.of_kind(message, "LogoutResponse"))


def _response(element: Element) -> LogoutResponse:
    status, detail = reading.status(element)
    return LogoutResponse(
        id=element.get("ID", ""),
        issuer=reading.text(element, ASSERTION, "Issuer"),
        issue_instant=reading.instant(element, "IssueInstant"),
        in_response_to=element.get("InResponseTo", ""),
        status=status,
        detail=detail,
        destination=element.get("Destination"),
    )


def written_request(request: LogoutRequest, signer: Signer | None) -> Xml:
    """The samlp:LogoutRequest, signed where there is a signer: by redirect it is its query that is signed. Raises
    `Unwritable`."""
    indexes = "".join(f"<samlp:SessionIndex>{text(index)}</samlp:SessionIndex>" for index in request.session_indexes)
    before = (
        f"<samlp:LogoutRequest{SAMLP}{given('Destination', request.destination)}"
        f' ID="{attribute(request.id)}" IssueInstant="{instant(request.issue_instant)}"'
        f"{given_instant('NotOnOrAfter', request.not_on_or_after)}{given('Reason', request.reason)}"
        f' Version="2.0">{issuer(request.issuer)}'
    )
    after = f"{name_id(request.name_id, declared=False)}{indexes}</samlp:LogoutRequest>"
    return finished(before, after, request.id, signer)


def written_response(response: LogoutResponse, signer: Signer | None) -> Xml:
    """The samlp:LogoutResponse, signed where there is a signer. Raises `Unwritable`."""
    before = (
        f"<samlp:LogoutResponse{SAMLP}{given('Destination', response.destination)}"
        f' ID="{attribute(response.id)}" InResponseTo="{attribute(response.in_response_to)}"'
        f' IssueInstant="{instant(response.issue_instant)}" Version="2.0">{issuer(response.issuer)}'
    )
    after = f"{written_status(Status(response.status, response.detail))}</samlp:LogoutResponse>"
    return finished(before, after, response.id, signer)
