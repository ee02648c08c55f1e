"""LogoutRequest and LogoutResponse (saml-core-2.0-os section 3.7)."""

from dataclasses import dataclass

from federation.saml.name_id import NameId


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
