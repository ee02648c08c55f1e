"""What a front door is to the sign-in: it takes back its transaction and answers whoever asked."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit

from idp.login.party import RelyingParty
from idp.login.transaction import Transaction
from idp.sessions import Session


class Refusal(enum.Enum):
    """Why there is no sign-in to answer with. Each front door has its protocol's word for each."""

    LOGIN_REQUIRED = "login_required"
    """The citizen would have to sign in, and may not be asked."""
    INTERACTION_REQUIRED = "interaction_required"
    """The citizen would have to prove more, and may not be asked."""
    CONSENT_REQUIRED = "consent_required"
    """The citizen would have to agree, and may not be asked."""
    LEVEL_UNREACHABLE = "level_unreachable"
    """The citizen has no authenticators for the level that must be reached."""
    DECLINED = "declined"
    """The citizen was asked to agree, and did not."""
    STRANGER = "stranger"
    """The citizen has never agreed, and only one who has will do."""


class SignInRefused(Exception):
    """Whoever asked is to be answered with `refusal`."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal


class PartyGone(Exception):
    """Who asked is no longer registered, is disabled, or gave up the address to answer to."""


@dataclass(frozen=True, slots=True)
class Redirect:
    """An answer to the relying party by way of the browser. Only a front door that proved the address makes one.

    With `fields` the browser posts them to `location`; `party` is who gets them, by language.
    """

    location: str
    fields: Mapping[str, str] | None = None
    party: Mapping[str, str] = field(default_factory=dict)


def origin_of(address: str) -> str:
    """Scheme and host of an address, or the scheme of an app, as `form-action` names them."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else f"{parts.scheme}:"


@dataclass(frozen=True, slots=True)
class OtherDevice:
    """The sign-in is for somebody who waits elsewhere, not for this browser: what tells the citizen who that is.

    `code` stands on the screen there, `message` is what he was told there; it was asked from the address `source` at
    `asked_at`, seconds since the epoch.
    """

    code: str = ""
    message: str = ""
    source: str = ""
    asked_at: int = 0


class FrontDoor(Protocol):
    def party(self, client_id: str) -> RelyingParty:
        """Who asks. Raises `PartyGone`."""
        ...

    def subject(self, client_id: str, citizen_id: str) -> str:
        """The name this relying party knows a citizen by. Raises `PartyGone`."""
        ...

    def respond(self, transaction: Transaction, session: Session, leg: str) -> Redirect:
        """Answer with what `leg` of the session grants. Raises `Gone` if the session has ended meanwhile, or
        `PartyGone`."""
        ...

    def refuse(self, transaction: Transaction, refusal: Refusal) -> Redirect:
        """Answer that there is no sign-in, and why. Raises `PartyGone`."""
        ...

    def other_device(self, transaction: Transaction) -> OtherDevice | None:
        """For whom the answer is, if not for this browser."""
        ...

    def origin(self, transaction: Transaction) -> str:
        """Where the answer will go, as a CSP source: the pages' forms may end there."""
        ...
