"""The authenticators' steps of a sign-in, without their pages. Each proves one thing and returns what came of it.

A credential is proved before anything is done with it, and every attempt is counted before its outcome is known. What a
citizen may learn before proof is the same for accounts that exist and for those that do not.
"""

from dataclasses import replace
from typing import NoReturn, Protocol

from idp.audit.events import EventType
from idp.citizens.identifiers import Identifier
from idp.citizens.registry import Citizens, LoginAccount
from idp.clock import Clock
from idp.login import totp
from idp.login.arriving import Arrived, Arriving
from idp.login.attempts import Attempts, Peer
from idp.login.outcomes import Outcomes
from idp.login.password import Passwords, WrongPassword
from idp.login.recovery import Recovery, WrongRecoveryCode
from idp.login.renewal import Renewal
from idp.login.totp import WrongCode
from idp.login.transaction import Proven, Transaction, Transactions
from idp.sessions import Session
from idp.storage.records.errors import Changed
from idp.storage.state import Gone, StateStore


class EndsAll(Protocol):
    def end_all(self, citizen_id: str, reason: str) -> object:
        """End all that a citizen has open: sessions, tokens, and the sessions of relying parties."""
        ...


class SignIn:
    def __init__(
        self,
        citizens: Citizens,
        passwords: Passwords,
        recovery: Recovery,
        renewal: Renewal,
        attempts: Attempts,
        outcomes: Outcomes,
        arriving: Arriving,
        transactions: Transactions,
        ends: EndsAll,
        state: StateStore,
        clock: Clock,
    ) -> None:
        self._citizens = citizens
        self._passwords = passwords
        self._recovery = recovery
        self._renewal = renewal
        self._attempts = attempts
        self._outcomes = outcomes
        self._arriving = arriving
        self._transactions = transactions
        self._ends = ends
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
        self._arriving.prove_open(account)
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
        self._arriving.prove_open(account)
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
        self._arriving.prove_open(account)
        self._outcomes.tell(EventType.LOGIN_RECOVERY_USED, account, source=peer.source)
        return self._second_proven(transaction, account, session, peer)

    def new_password(
        self, transaction: Transaction, session: Session | None, new: str, again: str, peer: Peer
    ) -> Arrived:
        """Take a new password where one is due.

        Raises `Mismatch`, `WeakPassword`, `ReusedPassword`, `Busy`, `AccountClosed`, or `Gone` where none is due.
        """
        account, amr = self.new_password_due(transaction)
        try:
            self._renewal.choose(account, new, again)
        except Changed:  # in another browser, just now
            self._forget(transaction)
        self._outcomes.tell(EventType.PASSWORD_CHANGED, account, source=peer.source)
        # Whoever knew the password before may have signed in with it elsewhere (RFC 9700 section 4.14.2).
        self._ends.end_all(account.citizen.id, "password_changed")
        renewed = self._citizens.account(account.citizen.id) or account
        return self._arriving.sign_in(transaction, renewed, amr, session, peer)

    def new_password_due(self, transaction: Transaction) -> tuple[LoginAccount, tuple[str, ...]]:
        """Whose new password is due, and by which methods that was proven. Raises `AccountClosed`, or `Gone` where none
        is due (any more)."""
        proven = transaction.proven
        if proven is None or not proven.complete:
            raise Gone("new password")
        account = self._still_proven(transaction, proven)
        self._arriving.prove_open(account)
        if not self._renewal.due(account):
            self._forget(transaction)
        return account, proven.amr

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

    def _second_proven(
        self, transaction: Transaction, account: LoginAccount, session: Session | None, peer: Peer
    ) -> Arrived | Transaction:
        """The second factor is proven; the first was in this transaction or, in a step-up, when the session began."""
        if transaction.proven is not None:
            return self._proven(transaction, account, (*transaction.proven.amr, "otp"), session, peer)
        if session is None:
            raise Gone("session")
        amr = (*(method for method in session.head.amr if method == "pwd"), "otp")
        return self._arriving.step_up(account, session, amr, peer)

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
            due = replace(_password_proven(account), amr=amr, complete=True, temporary=account.must_change_password)
            return self._transactions.prove(transaction, due)
        return self._arriving.sign_in(transaction, account, amr, before, peer)


def _password_proven(account: LoginAccount) -> Proven:
    return Proven(account.citizen.id, ("pwd",), account.password_set_at)
