"""What ends at relying parties when a citizen takes back a consent, or is suspended: what they can still reach, and
their own sessions."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from idp.account.agreements import REASON, PartyTold
from idp.leaving.messenger import Browser, Told
from idp.leaving.telling import Telling
from idp.sessions import Session, client_of_leg


class Revokes(Protocol):
    """What relying parties hold beyond a session; `idp.oidc.tokens.families.Families`."""

    def revoke_of_citizen(self, citizen_id: str, client_id: str | None, reason: str) -> None:
        """Of one party, or of all."""
        ...


class Withdrawal:
    """`idp.account.agreements.EndsAccess` for all front doors."""

    def __init__(self, tokens: Revokes, telling: Telling) -> None:
        self._tokens = tokens
        self._telling = telling

    def end_access(self, citizen_id: str, client_id: str, sessions: Sequence[Session]) -> Sequence[Told]:
        """Revoke what this party holds, and tell it that its sessions have ended. Other parties of sessions that
        ended with it are told soon after, from the ledger."""
        self._tokens.revoke_of_citizen(citizen_id, client_id, REASON)
        ended = (_only(session, client_id) for session in sessions)
        return self._telling.tell(REASON, *ended, browser=Browser.VISITS)

    def end_all_access(self, citizen_id: str, reason: str, sessions: Sequence[Session]) -> Sequence[PartyTold]:
        """Revoke what any party holds of this citizen, and tell each that its sessions have ended."""
        self._tokens.revoke_of_citizen(citizen_id, None, reason)
        return [PartyTold(each.party_id, each.confirmed) for each in self._telling.tell(reason, *sessions)]


def _only(session: Session, client_id: str) -> Session:
    """The session as far as one party is concerned."""
    return replace(session, legs={name: leg for name, leg in session.legs.items() if client_of_leg(name) == client_id})
