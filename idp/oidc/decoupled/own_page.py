"""The front door of /approve itself, for a citizen who is not signed in: nobody else asks, and nothing is passed on.

The sign-in is the one that all have, and leads back to the page; what waits there is told only to whom it waits for.
"""

from typing import Final
from urllib.parse import urlsplit

from idp.login.door import OtherDevice, PartyGone, Redirect, Refusal
from idp.login.party import CONSENT, RelyingParty
from idp.login.transaction import Ask, Transaction
from idp.sessions import Session

DOOR: Final = "approve"
ASK: Final = Ask("", (), own=True)
_NAME: Final = {"zh-CN": "等待我处理的请求", "en": "Requests that wait for me"}


class OwnPageDoor:
    """`page` is the path of the page under the issuer."""

    def __init__(self, issuer: str, page: str) -> None:
        self._page = page
        self._party = RelyingParty(
            id="",
            name=_NAME,
            host=urlsplit(issuer).netloc,
            uri={"": issuer + page},
            policy_uri={},
            purpose={},
            retention={},
            lawful_basis=CONSENT,
            lawful_basis_rule="",
            optional=(),
        )

    def party(self, client_id: str) -> RelyingParty:
        return self._party

    def subject(self, client_id: str, citizen_id: str) -> str:
        raise PartyGone  # nobody here knows a citizen by a name

    def origin(self, transaction: Transaction) -> str:
        return ""

    def other_device(self, transaction: Transaction) -> OtherDevice | None:
        return None

    def respond(self, transaction: Transaction, session: Session, leg: str) -> Redirect:
        return Redirect(self._page)

    def refuse(self, transaction: Transaction, refusal: Refusal) -> Redirect:
        return Redirect(self._page)
