"""The citizen's own page: who gets what, and taking it back (PIPL articles 15 and 44)."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from idp.pages.consenting import ConsentItem
from idp.pages.ending import PartyResult


@dataclass(frozen=True, slots=True)
class AgreementView:
    """`granted` are scopes and claims; `rule` is what a duty rests on that no citizen can withdraw from."""

    client_id: str
    name: str
    host: str
    granted: Sequence[ConsentItem]
    since: datetime.date
    rule: str
    withdrawable: bool


@dataclass(frozen=True, slots=True)
class AccountPage:
    """Posts `client` to withdraw. `person` is the masked name, None for somebody who is not signed in. `leave_href`
    signs him out of the service he has just withdrawn from, where only this browser can."""

    template: ClassVar[str] = "account.html"
    action: str
    csrf: str
    person: str | None = None
    agreements: Sequence[AgreementView] = ()
    withdrawn: PartyResult | None = None
    leave_href: str | None = None
