"""Response (saml-core-2.0-os section 3.3.3): the answer to an AuthnRequest, with an assertion or a status alone."""

from dataclasses import dataclass

from federation.saml import names
from federation.saml.credentials import Signer
from federation.saml.signing import finished
from federation.saml.writing import SAMLP, Xml, attribute, given, instant, issuer, text


@dataclass(frozen=True, slots=True)
class Status:
    """Section 3.2.2: the top-level code, a second-level one beneath it, and a sentence for whoever reads logs."""

    code: str = names.SUCCESS
    detail: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Response:
    """`issue_instant` is seconds since the epoch, `in_response_to` None where nobody asked. `assertion` is what
    `assertion.written` or `encryption.encrypt` gave, or None beside a status that is not Success."""

    id: str
    issuer: str
    issue_instant: int
    destination: str
    in_response_to: str | None
    status: Status
    assertion: Xml | None


def written(response: Response, signer: Signer | None) -> Xml:
    """The samlp:Response, signed where there is a signer. Raises `Unwritable`."""
    before = (
        f'<samlp:Response{SAMLP} Destination="{attribute(response.destination)}" ID="{attribute(response.id)}"'
        f'{given("InResponseTo", response.in_response_to)} IssueInstant="{instant(response.issue_instant)}"'
        f' Version="2.0">{issuer(response.issuer)}'
    )
    after = f"{written_status(response.status)}{response.assertion or ''}</samlp:Response>"
    return finished(before, after, response.id, signer)


def written_status(status: Status) -> str:
    """samlp:Status, within an element that has declared the prefix."""
    detail = (
        "" if status.detail is None else f'<samlp:StatusCode Value="{attribute(status.detail)}"></samlp:StatusCode>'
    )
    message = "" if status.message is None else f"<samlp:StatusMessage>{text(status.message)}</samlp:StatusMessage>"
    return (
        f'<samlp:Status><samlp:StatusCode Value="{attribute(status.code)}">{detail}</samlp:StatusCode>{message}'
        "</samlp:Status>"
    )
