"""The authenticators' steps of a sign-in, without their pages. Each proves one thing and returns what came of it.

A credential is proved before anything is done with it, and every attempt is counted before its outcome is known. What a
citizen may learn before proof is the same for accounts that exist and for those that do not.
"""

from dataclasses import dataclass

from idp.audit.events import EventType
from idp.citizens.registry import Citizens, LoginAccount
from idp.clock import Clock
from idp.login import totp
from idp.login.assurance import aal_of, acr
from idp.login.attempts import Attempts, Peer
from idp.login.browsers import KnownBrowsers
from idp.login.outcomes import Outcomes
from idp.login.password import Passwords, WrongPassword
from idp.login.recovery import Recovery, WrongRecoveryCode
from idp.login.renewal import Renewal
from idp.login.totp import WrongCode
from idp.login.transaction import Proven, Transaction, Transactions
from idp.sessions import Session, Sessions
from idp.storage.state import Gone, StateStore


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


class SignIn:
    def __init__(
        self,
        citizens: Citizens,
        passwords: Passwords,
        recovery: Recovery,
        renewal: Renewal,
        attempts: Attempts,
        outcomes: Outcomes,
        browsers: KnownBrowsers,
        transactions: Transactions,
        sessions: Sessions,
        state: StateStore,
        clock: Clock,
    ) -> None:
        self._citizens = citizens
        self._passwords = passwords
        self._recovery = recovery
        self._renewal = renewal
        self._attempts = attempts
        self._outcomes = outcomes
        self._browsers = browsers
        self._transactions = transactions
        self._sessions = sessions
        self._state = state
        self._clock = clock

    # -- the steps --------------------------------------------------------------------------------------------------

    def password(
        self, transaction: Transaction, session: Session | None, typed: str, password: str, peer: Peer
    ) -> Arrived | Transaction:
        """Check number or phone with password. Gives the transaction back where a second factor is due.

        Raises `WrongPassword`, `Throttled`, `Busy` or `AccountClosed`.
        """
        account, admission = self._attempts.admit(typed, peer)
        try:
            verified = self._passwords.verify(password, account.password_hash if account else None)
            if account is None:
                raise WrongPassword
        except WrongPassword:
            self._outcomes.tell(EventType.LOGIN_FAILURE, account, source=peer.source, method="pwd")
            raise
        self._attempts.succeeded(admission)
        if verified.new_hash is not None and account.password_hash is not None:
            self._citizens.upgrade_password_hash(account.citizen.id, account.password_hash, verified.new_hash)
        self._prove_open(account)
        if account.totp_secret is not None:
            return self._transactions.prove(transaction, Proven(account.citizen.id, ("pwd",)))
        return self._proven(transaction, account, ("pwd",), session, peer)

    def code(self, transaction: Transaction, session: Session | None, code: str, peer: Peer) -> Arrived | Transaction:
        """Check a one-time code.

        Raises `WrongCode`, `ReplayedCode`, `Throttled`, `AccountClosed`, or `Gone` where no code is due.
        """
        account, before = self._pending(transaction, session)
        admission = self._attempts.admit_code(transaction, account, peer)
        try:
            totp.verify(account.totp_secret or "", code, account.citizen.id, self._state, self._clock)
        except WrongCode:
            self._outcomes.tell(EventType.LOGIN_TOTP_FAILURE, account, source=peer.source, method="otp")
            raise
        self._attempts.succeeded(admission)
        self._prove_open(account)
        return self._proven(transaction, account, (*before, "otp"), session, peer)

    def recovery_code(
        self, transaction: Transaction, session: Session | None, code: str, peer: Peer
    ) -> Arrived | Transaction:
        """Check a recovery code.

        Raises `WrongRecoveryCode`, `Throttled`, `AccountClosed`, or `Gone` where no code is due.
        """
        account, before = self._pending(transaction, session)
        admission = self._attempts.admit_code(transaction, account, peer)
        try:
            self._recovery.use(account.citizen.id, code)
        except WrongRecoveryCode:
            self._outcomes.tell(EventType.LOGIN_RECOVERY_FAILURE, account, source=peer.source)
            raise
        self._attempts.succeeded(admission)
        self._prove_open(account)
        self._outcomes.tell(EventType.LOGIN_RECOVERY_USED, account, source=peer.source)
        return self._proven(transaction, account, (*before, "otp"), session, peer)

    def new_password(
        self, transaction: Transaction, session: Session | None, new: str, again: str, peer: Peer
    ) -> Arrived:
        """Take a new password where one is due.

        Raises `Mismatch`, `WeakPassword`, `ReusedPassword`, `Busy`, `AccountClosed`, or `Gone` where none is due.
        """
        proven = transaction.proven
        account = self._citizens.account(proven.citizen_id) if proven and proven.complete else None
        if proven is None or account is None:
            raise Gone("new password")
        self._prove_open(account)
        self._renewal.choose(account, new, again)
        self._outcomes.tell(EventType.PASSWORD_CHANGED, account, source=peer.source)
        return self._arrive(account, proven.amr, session, peer)

    # -- what the steps share -----------------------------------------------------------------------------------------

    def _pending(self, transaction: Transaction, session: Session | None) -> tuple[LoginAccount, tuple[str, ...]]:
        """Whose second factor is due, and by what the first was proven. Raises `Gone`."""
        proven = transaction.proven
        if proven is not None and proven.complete:
            raise Gone("second factor")
        if proven is None and session is not None:
            proven = Proven(session.head.citizen_id, session.head.amr)
        account = self._citizens.account(proven.citizen_id) if proven else None
        if proven is None or account is None or account.totp_secret is None:
            raise Gone("second factor")
        return account, tuple(method for method in proven.amr if method == "pwd")

    def _prove_open(self, account: LoginAccount) -> None:
        """Only after proof may anybody learn that an account is closed."""
        if not account.citizen.may_sign_in:
            self._outcomes.tell(EventType.LOGIN_REFUSED, account, reason=account.citizen.status.value)
            raise AccountClosed(account.citizen.id)

    def _proven(
        self,
        transaction: Transaction,
        account: LoginAccount,
        amr: tuple[str, ...],
        before: Session | None,
        peer: Peer,
    ) -> Arrived | Transaction:
        """Every factor is proven: a session, unless the password must be renewed first."""
        if "pwd" in amr and self._renewal.due(account):
            return self._transactions.prove(transaction, Proven(account.citizen.id, amr, complete=True))
        return self._arrive(account, amr, before, peer)

    def _arrive(self, account: LoginAccount, amr: tuple[str, ...], before: Session | None, peer: Peer) -> Arrived:
        citizen_id = account.citizen.id
        handle, session = self._sessions.open(citizen_id, aal_of(amr), amr, before)
        # Whoever suspends an account looks for its sessions after setting the status, and may have looked too early.
        now = self._citizens.account(citizen_id) or account
        if not now.citizen.may_sign_in:
            self._sessions.end(session, "suspended")
        self._prove_open(now)
        self._outcomes.tell(EventType.LOGIN_SUCCESS, account, source=peer.source, amr=amr, acr=acr(aal_of(amr)))
        return Arrived(handle, session, self._browsers.remember(peer.marker, citizen_id))
