"""The authenticators' steps of a sign-in, without their pages. Each proves one thing and returns what came of it.

A credential is proved before anything is done with it, and every attempt is counted before its outcome is known. What a
citizen may learn before proof is the same for accounts that exist and for those that do not.
"""

from dataclasses import dataclass, replace
from typing import NoReturn

from idp.audit.events import EventType
from idp.citizens.identifiers import Identifier
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
from idp.storage.records.errors import Changed
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
        self, transaction: Transaction, session: Session | None, identifier: Identifier, password: str, peer: Peer
    ) -> Arrived | Transaction:
        """Check number or phone with password. Gives the transaction back where a second factor is due.

        Raises `WrongPassword`, `Throttled`, `Busy` or `AccountClosed`.
        """
        account, admission = self._attempts.admit(identifier, peer)
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
            return self._transactions.prove(transaction, _password_proven(account))
        return self._proven(transaction, account, ("pwd",), session, peer)

    def code(self, transaction: Transaction, session: Session | None, code: str, peer: Peer) -> Arrived | Transaction:
        """Check a one-time code.

        Raises `WrongCode`, `ReplayedCode`, `Throttled`, `AccountClosed`, or `Gone` where no code is due.
        """
        account = self._pending(transaction, session)
        admission = self._attempts.admit_code(transaction, account, peer)
        try:
            totp.verify(account.totp_secret or "", code, account.citizen.id, self._state, self._clock)
        except WrongCode:
            self._outcomes.tell(EventType.LOGIN_TOTP_FAILURE, account, source=peer.source, method="otp")
            raise
        self._attempts.succeeded(admission)
        self._prove_open(account)
        return self._second_proven(transaction, account, session, peer)

    def recovery_code(
        self, transaction: Transaction, session: Session | None, code: str, peer: Peer
    ) -> Arrived | Transaction:
        """Check a recovery code.

        Raises `WrongRecoveryCode`, `Throttled`, `AccountClosed`, or `Gone` where no code is due.
        """
        account = self._pending(transaction, session)
        admission = self._attempts.admit_code(transaction, account, peer)
        try:
            self._recovery.use(account.citizen.id, code)
        except WrongRecoveryCode:
            self._outcomes.tell(EventType.LOGIN_RECOVERY_FAILURE, account, source=peer.source)
            raise
        self._attempts.succeeded(admission)
        self._prove_open(account)
        self._outcomes.tell(EventType.LOGIN_RECOVERY_USED, account, source=peer.source)
        return self._second_proven(transaction, account, session, peer)

    def new_password(
        self, transaction: Transaction, session: Session | None, new: str, again: str, peer: Peer
    ) -> Arrived:
        """Take a new password where one is due.

        Raises `Mismatch`, `WeakPassword`, `ReusedPassword`, `Busy`, `AccountClosed`, or `Gone` where none is due.
        """
        proven = transaction.proven
        if proven is None or not proven.complete:
            raise Gone("new password")
        account = self._still_proven(transaction, proven)
        self._prove_open(account)
        if not self._renewal.due(account):
            self._forget(transaction)
        try:
            self._renewal.choose(account, new, again)
        except Changed:  # in another browser, just now
            self._forget(transaction)
        self._outcomes.tell(EventType.PASSWORD_CHANGED, account, source=peer.source)
        return self._signed_in(account, proven.amr, session, peer)

    # -- what the steps share -----------------------------------------------------------------------------------------

    def _pending(self, transaction: Transaction, session: Session | None) -> LoginAccount:
        """Whose second factor is due. Raises `Gone`."""
        proven = transaction.proven
        if proven is not None and not proven.complete:
            account: LoginAccount | None = self._still_proven(transaction, proven)
        else:
            account = self._citizens.account(session.head.citizen_id) if session and proven is None else None
        if account is None or account.totp_secret is None:
            raise Gone("second factor")
        return account

    def _still_proven(self, transaction: Transaction, proven: Proven) -> LoginAccount:
        """Whose proof this is. Raises `Gone` if it was of a password that is the citizen's no more."""
        account = self._citizens.account(proven.citizen_id)
        if account is None or account.password_set_at != proven.password_set_at:
            self._forget(transaction)
        return account

    def _forget(self, transaction: Transaction) -> NoReturn:
        """The proof is worth nothing any more; the transaction starts with the password again."""
        self._transactions.prove(transaction, None)
        raise Gone("proof")

    def _prove_open(self, account: LoginAccount) -> None:
        """Only after proof may anybody learn that an account is closed."""
        if not account.citizen.may_sign_in:
            self._outcomes.tell(EventType.LOGIN_REFUSED, account, reason=account.citizen.status.value)
            raise AccountClosed(account.citizen.id)

    def _second_proven(
        self, transaction: Transaction, account: LoginAccount, session: Session | None, peer: Peer
    ) -> Arrived | Transaction:
        """The second factor is proven; the first was in this transaction or, in a step-up, when the session began."""
        if transaction.proven is not None:
            return self._proven(transaction, account, (*transaction.proven.amr, "otp"), session, peer)
        if session is None:
            raise Gone("session")
        amr = (*(method for method in session.head.amr if method == "pwd"), "otp")
        return self._arrived(account, self._sessions.step_up(session, aal_of(amr), amr), peer)

    def _proven(
        self,
        transaction: Transaction,
        account: LoginAccount,
        amr: tuple[str, ...],
        before: Session | None,
        peer: Peer,
    ) -> Arrived | Transaction:
        """Every factor is proven: a session, unless the password must be renewed first."""
        if self._renewal.due(account):
            return self._transactions.prove(transaction, replace(_password_proven(account), amr=amr, complete=True))
        return self._signed_in(account, amr, before, peer)

    def _signed_in(self, account: LoginAccount, amr: tuple[str, ...], before: Session | None, peer: Peer) -> Arrived:
        return self._arrived(account, self._sessions.open(account.citizen.id, aal_of(amr), amr, before), peer)

    def _arrived(self, account: LoginAccount, opened: tuple[str, Session], peer: Peer) -> Arrived:
        handle, session = opened
        citizen_id, head = account.citizen.id, session.head
        # Whoever suspends an account looks for its sessions after setting the status, and may have looked too early.
        now = self._citizens.account(citizen_id) or account
        if not now.citizen.may_sign_in:
            self._sessions.end(session, "suspended")
        self._prove_open(now)
        self._outcomes.tell(EventType.LOGIN_SUCCESS, account, source=peer.source, amr=head.amr, acr=acr(head.aal))
        return Arrived(handle, session, self._browsers.remember(peer.marker, citizen_id))


def _password_proven(account: LoginAccount) -> Proven:
    return Proven(account.citizen.id, ("pwd",), account.password_set_at)
