"""The end of a sign-in: whether the account may be used, and the session."""

from dataclasses import dataclass

from idp.audit.events import EventType
from idp.citizens.registry import Citizens, LoginAccount
from idp.login.assurance import aal_of, acr
from idp.login.attempts import Peer
from idp.login.browsers import KnownBrowsers
from idp.login.outcomes import Outcomes
from idp.login.transaction import Transaction
from idp.sessions import Session, Sessions
from idp.storage.state import Gone


class AccountClosed(Exception):
    """The credentials are right, and the account is suspended or closed."""

    def __init__(self, citizen_id: str) -> None:
        super().__init__("closed")
        self.citizen_id = citizen_id


@dataclass(frozen=True, slots=True)
class Arrived:
    """A sign-in or step-up is complete: the new session, its handle for the browser, and the browser's new marker."""

    handle: str
    session: Session
    marker: str


class Arriving:
    def __init__(self, citizens: Citizens, sessions: Sessions, browsers: KnownBrowsers, outcomes: Outcomes) -> None:
        self._citizens = citizens
        self._sessions = sessions
        self._browsers = browsers
        self._outcomes = outcomes

    def prove_open(self, account: LoginAccount) -> None:
        """Raises `AccountClosed`. Only after proof may anybody learn that an account is closed."""
        if not account.citizen.may_sign_in:
            self._outcomes.tell(EventType.LOGIN_REFUSED, account, reason=account.citizen.status.value)
            raise AccountClosed(account.citizen.id)

    def sign_in(
        self,
        transaction: Transaction,
        account: LoginAccount,
        amr: tuple[str, ...],
        before: Session | None,
        peer: Peer,
    ) -> Arrived:
        """A new session, in place of the one before. Raises `AccountClosed`, or `Gone` if the password is another one
        by now."""
        opened = self._sessions.open(account.citizen.id, aal_of(amr), amr, before, transaction.id)
        return self._arrived(account, opened, peer)

    def step_up(self, account: LoginAccount, session: Session, amr: tuple[str, ...], peer: Peer) -> Arrived:
        """The session, surer. Raises `AccountClosed`, or `Gone` if it has ended meanwhile."""
        return self._arrived(account, self._sessions.step_up(session, aal_of(amr), amr), peer)

    def _arrived(self, account: LoginAccount, opened: tuple[str, Session], peer: Peer) -> Arrived:
        handle, session = opened
        citizen_id, head = account.citizen.id, session.head
        # Whoever suspends an account looks for its sessions after setting the status, and may have looked too early.
        now = self._citizens.account(citizen_id) or account
        if not now.citizen.may_sign_in:
            self._sessions.end(session, "suspended")
        self.prove_open(now)
        # Whoever gives an account another password ends its sessions after that, and may have looked too early, too.
        if now.password_set_at != account.password_set_at:
            self._sessions.end(session, "password_changed")
            raise Gone("proof")
        self._outcomes.tell(EventType.LOGIN_SUCCESS, account, source=peer.source, amr=head.amr, acr=acr(head.aal))
        return Arrived(handle, session, self._browsers.remember(peer.marker, citizen_id))
