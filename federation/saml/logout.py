"""LogoutRequest and LogoutResponse (saml-core-2.0-os section 3.7)."""

from dataclasses import dataclass

from federation.saml import reading
from federation.saml.arriving import Message
from federation.saml.name_id import NameId
from federation.saml.names import ASSERTION, PROTOCOL


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


def read_request(message: Message) -> LogoutRequest:
    """Raises `BadSignature` where it was not signed, `Unreadable`."""
    element = reading.signed_of_kind(message, "LogoutRequest")
    return LogoutRequest(
        id=element.get("ID", ""),
        issuer=reading.text(element, ASSERTION, "Issuer"),
        issue_instant=reading.instant(element, "IssueInstant"),
        name_id=reading.name_id(element),
        session_indexes=reading.texts(element, PROTOCOL, "SessionIndex"),
        destination=element.get("Destination"),
        not_on_or_after=reading.instant(element, "NotOnOrAfter") if "NotOnOrAfter" in element.attrib else None,
        reason=element.get("Reason"),
    )


def read_response(message: Message) -> LogoutResponse:
    """Raises `BadSignature` where it was not signed, `Unreadable`."""
    element = reading.signed_of_kind(message, "LogoutResponse")
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
