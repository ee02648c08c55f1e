"""From what is asked and who is signed in to the answer, or to the step that is missing: what `dispatch` decides on is
looked up here."""

from typing import Final

from idp.citizens.registry import Citizens
from idp.login.consent import Consents, Granted, leg, leg_name
from idp.login.dispatch import Known, Step, next_step
from idp.login.door import FrontDoor, Redirect
from idp.login.party import RelyingParty
from idp.login.transaction import Ask, Transaction
from idp.sessions import Session, Sessions
from idp.storage.state import Gone

_NOTHING: Final = Granted((), ())


class Settling:
    def __init__(self, citizens: Citizens, sessions: Sessions, consents: Consents) -> None:
        self._citizens = citizens
        self._sessions = sessions
        self._consents = consents

    def settle(self, transaction: Transaction, session: Session | None, door: FrontDoor) -> Redirect | Step:
        """The answer, if nothing is left to ask, else the next step. Raises `SignInRefused` or `PartyGone`."""
        try:
            return self._settle(transaction, session, door)
        except Gone:  # signed out in another tab, just now
            return self._settle(transaction, None, door)

    def _settle(self, transaction: Transaction, session: Session | None, door: FrontDoor) -> Redirect | Step:
        ask = transaction.ask
        party = door.party(ask.client_id)
        meant = _meant(transaction, session, door)
        granted = self._granted(meant, ask, party)
        reachable = self._reachable(meant) if meant and meant.head.aal < ask.aal else 0
        agreed = not ask.fresh_consent or (meant is not None and transaction.agreed_by == meant.head.citizen_id)
        stranger = granted is None and self._stranger(meant, ask, party)
        step = next_step(ask, Known(meant, transaction.proven, reachable, agreed and granted is not None, stranger))
        if step is not Step.RESPOND or meant is None or granted is None:
            return step
        if ask.own:
            return door.respond(transaction, meant, "")
        field = leg_name(ask, party)
        after = self._sessions.add_leg(meant, field, leg(ask.client_id, granted))
        # Whoever withdraws looks for sessions with the leg after ending the consent, and may have looked too early.
        still = self._consents.remembered(meant.head.citizen_id, ask, party)
        if still is None:
            self._sessions.end(after, "consent_withdrawn")
            raise Gone("consent")
        return door.respond(transaction, after, field) if still == granted else self._settle(transaction, after, door)

    def _granted(self, meant: Session | None, ask: Ask, party: RelyingParty) -> Granted | None:
        if meant is None:
            return None
        return _NOTHING if ask.own else self._consents.remembered(meant.head.citizen_id, ask, party)

    def _stranger(self, meant: Session | None, ask: Ask, party: RelyingParty) -> bool:
        if meant is None or not ask.acquainted:
            return False
        return not set(ask.scopes) <= set(self._consents.present(meant.head.citizen_id, party.id).scopes)

    def _reachable(self, session: Session) -> int:
        account = self._citizens.account(session.head.citizen_id)
        return 2 if account and account.totp_secret else 1


def _meant(transaction: Transaction, session: Session | None, door: FrontDoor) -> Session | None:
    """The session, unless the request names another citizen than the one who is signed in."""
    ask = transaction.ask
    if session is None or ask.subject is None:
        return session
    return session if door.subject(ask.client_id, session.head.citizen_id) == ask.subject else None
