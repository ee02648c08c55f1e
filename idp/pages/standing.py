"""The issuer's own pages: home, help and errors."""

import enum
from dataclasses import dataclass
from typing import ClassVar


class ErrorKind(enum.Enum):
    """What went wrong, as far as a citizen is concerned. `wording.ERRORS` has the words."""

    UNKNOWN_CLIENT = "unknown_client"
    BAD_REDIRECT = "bad_redirect"
    BAD_REQUEST = "bad_request"
    NOT_BEGUN = "not_begun"
    """A step of a sign-in was opened by itself: a bookmark, say."""
    EXPIRED = "expired"
    FINISHED = "finished"
    OTHER_BROWSER = "other_browser"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    METHOD = "method"
    TOO_MANY = "too_many"
    UNAVAILABLE = "unavailable"
    ACCOUNT_CLOSED = "account_closed"
    """Shown only after the right password: before proof, nobody learns the state of an account."""
    TOO_LARGE = "too_large"
    INTERNAL = "internal"
    SIGN_IN_REFUSED = "sign_in_refused"


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """`reference` stands in the log too. `retry_after` is in seconds. `client_uri` leads back to the service."""

    template: ClassVar[str] = "error.html"
    kind: ErrorKind
    reference: str
    client_name: str | None = None
    retry_after: int | None = None
    client_uri: str | None = None


@dataclass(frozen=True, slots=True)
class HomePage:
    """`signed_in_person` is the masked name, or None."""

    template: ClassVar[str] = "home.html"
    signed_in_person: str | None = None
    sign_out_href: str = "/logout"
    account_href: str = "/account"


@dataclass(frozen=True, slots=True)
class HelpPage:
    """Forgotten password, lost phone, where to find a person to talk to. `back_href` leads back to the sign-in."""

    template: ClassVar[str] = "help.html"
    back_href: str | None = None
