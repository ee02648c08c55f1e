"""What ends at clients when a citizen takes back a consent, or is suspended: their tokens, and their own sessions."""

from collections.abc import Sequence
from dataclasses import replace

from idp.account.agreements import REASON, PartyTold
from idp.oidc.leaving.backchannel import BackChannel
from idp.oidc.tokens.families import Families
from idp.sessions import Session, client_of_leg


class Withdrawal:
    """`idp.account.agreements.EndsAccess` for OIDC."""

    def __init__(self, families: Families, back_channel: BackChannel) -> None:
        self._families = families
        self._back_channel = back_channel

    def end_access(self, citizen_id: str, client_id: str, sessions: Sequence[Session]) -> bool:
        """Revoke every family of this client, and tell it that its sessions have ended. Other clients of sessions that
        ended with it are told soon after, from the ledger."""
        self._families.revoke_of_citizen(citizen_id, client_id, REASON)
        told = self._back_channel.tell(REASON, *(_only(session, client_id) for session in sessions))
        return all(each.confirmed for each in told)

    def end_all_access(self, citizen_id: str, reason: str, sessions: Sequence[Session]) -> Sequence[PartyTold]:
        """Revoke every family of this citizen, and tell each client that its sessions have ended."""
        self._families.revoke_of_citizen(citizen_id, None, reason)
        return [PartyTold(each.client.client_id, each.confirmed) for each in self._back_channel.tell(reason, *sessions)]


def _only(session: Session, client_id: str) -> Session:
    """The session as far as one client is concerned."""
    return replace(session, legs={name: leg for name, leg in session.legs.items() if client_of_leg(name) == client_id})
