"""What a front door is to the sign-in: it takes back its transaction and answers whoever asked."""

from dataclasses import dataclass
from typing import Protocol

from idp.errors import OAuthError
from idp.login.party import RelyingParty
from idp.login.transaction import Transaction
from idp.sessions import Session


@dataclass(frozen=True, slots=True)
class Redirect:
    """An answer to the relying party by way of the browser. Only a front door that proved the address makes one."""

    location: str


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

    def refuse(self, transaction: Transaction, error: OAuthError) -> Redirect:
        """Answer with an error. Raises `PartyGone`."""
        ...

    def origin(self, transaction: Transaction) -> str:
        """Where the answer will go, as a CSP source: the pages' forms may end there."""
        ...
