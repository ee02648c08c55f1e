"""What ends at a client when a citizen takes back the consent: its tokens, and its own session."""

from collections.abc import Sequence
from dataclasses import replace

from idp.oidc.backchannel import BackChannel
from idp.oidc.families import Families
from idp.sessions import Session, client_of_leg


class Withdrawal:
    """`idp.account.agreements.EndsAccess` for OIDC."""

    def __init__(self, families: Families, back_channel: BackChannel) -> None:
        self._families = families
        self._back_channel = back_channel

    def end_access(self, citizen_id: str, client_id: str, sessions: Sequence[Session]) -> bool:
        """Revoke every family of this client, and tell it that its sessions have ended."""
        self._families.revoke_of_citizen(citizen_id, client_id, "consent_withdrawn")
        told = [each for session in sessions for each in self._back_channel.tell(_only(session, client_id))]
        return all(each.confirmed for each in told)


def _only(session: Session, client_id: str) -> Session:
    """The session as far as one client is concerned."""
    return replace(session, legs={name: leg for name, leg in session.legs.items() if client_of_leg(name) == client_id})
