"""The steps of a sign-in, without their pages. Each does one thing and returns; `settle` asks `dispatch` what comes
next.

A credential is proved before anything is done with it, and every attempt is counted before its outcome is known. What a
citizen may learn before proof is the same for accounts that exist and for those that do not.
"""

import base64
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from idp.audit.events import EventType
from idp.audit.recorder import Fact, event
from idp.citizens.identifiers import InvalidIdentifier, parse_identifier
from idp.citizens.registry import Citizens, LoginAccount
from idp.clock import Clock
from idp.codec import encode
from idp.login import totp
from idp.login.assurance import aal_of, acr
from idp.login.browsers import KnownBrowsers
from idp.login.consent import Consents, ask_digest
from idp.login.dispatch import Known, Step, next_step
from idp.login.door import FrontDoor, Redirect
from idp.login.password import Passwords, WrongPassword
from idp.login.recovery import Recovery, WrongRecoveryCode
from idp.login.renewal import Renewal
from idp.login.throttle import Admission, Throttle
from idp.login.totp import WrongCode
from idp.login.transaction import Ask, Proven, Transaction, Transactions
from idp.secrets import shard_for
from idp.sessions import Session, Sessions, leg_field
from idp.storage.state import Gone, StateStore, Throttled
from idp.vault import Unsealable, Vault

_HINT: Final = "login_hint"


class AccountClosed(Exception):
    """The credentials are right, and the account is suspended or closed."""


@dataclass(frozen=True, slots=True)
class Peer:
    """Who is at the other end: `source` is the address, `marker` the cookie that remembers known browsers."""

    source: str
    marker: str


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
        throttle: Throttle,
        browsers: KnownBrowsers,
        transactions: Transactions,
        sessions: Sessions,
        consents: Consents,
        state: StateStore,
        vault: Vault,
        clock: Clock,
    ) -> None:
        self._citizens = citizens
        self._passwords = passwords
        self._recovery = recovery
        self._renewal = renewal
        self._throttle = throttle
        self._browsers = browsers
        self._transactions = transactions
        self._sessions = sessions
        self._consents = consents
        self._state = state
        self._vault = vault
        self._clock = clock
        self._count: Callable[[str], None] | None = None

    def on_outcome(self, listener: Callable[[str], None]) -> None:
        """`listener` is told how each attempt ended: the event's name without `login:`."""
        self._count = listener

    # -- whom the relying party expects -------------------------------------------------------------------------------

    def conceal(self, ask: Ask) -> Ask:
        """The ask as it may be stored: a hint may be a citizen's number, and numbers are not kept in plain text."""
        if not ask.login_hint:
            return ask
        sealed = self._vault.seal(ask.login_hint.encode(), _HINT)
        return replace(ask, login_hint=base64.b64encode(sealed).decode())

    def hint(self, transaction: Transaction) -> str:
        """The hint of a stored transaction, if there is one that still opens."""
        try:
            return self._vault.open(base64.b64decode(transaction.ask.login_hint), _HINT).decode()
        except Unsealable:
            return ""

    # -- what is next -----------------------------------------------------------------------------------------------

    def settle(self, transaction: Transaction, session: Session | None, door: FrontDoor) -> Redirect | Step:
        """The answer, if nothing is left to ask, else the next step. Raises `SignInRefused` or `PartyGone`."""
        try:
            return self._settle(transaction, session, door)
        except Gone:  # signed out in another tab, just now
            return self._settle(transaction, None, door)

    def _settle(self, transaction: Transaction, session: Session | None, door: FrontDoor) -> Redirect | Step:
        ask = transaction.ask
        party = door.party(ask.client_id)
        meant = self._meant(transaction, session, door)
        since = transaction.created_at if ask.fresh_consent else 0
        granted = self._consents.remembered(meant.head.citizen_id, ask, party, since) if meant else None
        reachable = self._reachable(meant) if meant and meant.head.aal < ask.aal else 0
        step = next_step(ask, Known(meant, transaction.proven, reachable, granted is not None))
        if step is not Step.RESPOND or meant is None:
            return step
        leg = leg_field(ask.client_id, ask_digest(ask, party))
        return door.respond(transaction, self._sessions.add_leg(meant, leg, encode(granted)), leg)

    def _meant(self, transaction: Transaction, session: Session | None, door: FrontDoor) -> Session | None:
        """The session, unless the request names another citizen than the one who is signed in."""
        ask = transaction.ask
        if session is None or ask.subject is None:
            return session
        return session if door.subject(ask.client_id, session.head.citizen_id) == ask.subject else None

    def _reachable(self, session: Session) -> int:
        account = self._citizens.account(session.head.citizen_id)
        return 2 if account and account.totp_secret else 1

    # -- the steps --------------------------------------------------------------------------------------------------

    def password(
        self, transaction: Transaction, session: Session | None, typed: str, password: str, peer: Peer
    ) -> Arrived | Transaction:
        """Check number or phone with password. Gives the transaction back where a second factor is due.

        Raises `WrongPassword`, `Throttled`, `Busy` or `AccountClosed`.
        """
        account, name = self._account(typed)
        known = self._browsers.known(peer.marker, account.citizen.id) if account else None
        admission = self._admit(name, peer, known)
        try:
            verified = self._passwords.verify(password, account.password_hash if account else None)
            if account is None:
                raise WrongPassword
        except WrongPassword:
            self._tell(EventType.LOGIN_FAILURE, account, source=peer.source, method="pwd")
            raise
        self._throttle.forgive(admission)
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
        admission = self._admit_code(transaction, account, peer)
        try:
            totp.verify(account.totp_secret or "", code, account.citizen.id, self._state, self._clock)
        except WrongCode:
            self._tell(EventType.LOGIN_TOTP_FAILURE, account, source=peer.source, method="otp")
            raise
        self._throttle.forgive(admission)
        self._prove_open(account)
        return self._proven(transaction, account, (*before, "otp"), session, peer)

    def recovery_code(
        self, transaction: Transaction, session: Session | None, code: str, peer: Peer
    ) -> Arrived | Transaction:
        """Check a recovery code.

        Raises `WrongRecoveryCode`, `Throttled`, `AccountClosed`, or `Gone` where no code is due.
        """
        account, before = self._pending(transaction, session)
        admission = self._admit_code(transaction, account, peer)
        try:
            self._recovery.use(account.citizen.id, code)
        except WrongRecoveryCode:
            self._tell(EventType.LOGIN_RECOVERY_FAILURE, account, source=peer.source)
            raise
        self._throttle.forgive(admission)
        self._prove_open(account)
        self._tell(EventType.LOGIN_RECOVERY_USED, account, source=peer.source)
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
        self._tell(EventType.PASSWORD_CHANGED, account, source=peer.source)
        return self._arrive(account, proven.amr, session, peer)

    def agree(self, transaction: Transaction, session: Session, door: FrontDoor, ticked: frozenset[str]) -> None:
        """Record the citizen's consent. Raises `MissingRequired` or `PartyGone`."""
        party = door.party(transaction.ask.client_id)
        granted = self._consents.agree(session.head.citizen_id, transaction.ask, party, ticked)
        facts: dict[str, Fact] = {
            "scopes": granted.scopes,
            "claims": granted.claims,
            "lawful_basis": party.lawful_basis,
        }
        self._consent_event(EventType.CONSENT_GRANTED, transaction, session, facts)

    def decline(self, transaction: Transaction, session: Session) -> None:
        self._consent_event(EventType.CONSENT_DENIED, transaction, session, {"scopes": transaction.ask.scopes})

    # -- what the steps share -----------------------------------------------------------------------------------------

    def _account(self, typed: str) -> tuple[LoginAccount | None, str]:
        """The account of a typed number or phone, and the name under which attempts on it are counted, known or not."""
        try:
            identifier = parse_identifier(typed, self._clock)
        except InvalidIdentifier:
            return None, self._vault.fingerprint("typed", typed[:100])
        account = self._citizens.for_sign_in(identifier.kind, identifier.value)
        return account, self._vault.fingerprint("typed", identifier.value)

    def _admit(self, name: str, peer: Peer, known: str | None) -> Admission:
        try:
            return self._throttle.admit(name, peer.source, known)
        except Throttled as throttled:
            self._tell(EventType.LOGIN_THROTTLED, None, source=peer.source, retry_after=throttled.retry_after)
            raise

    def _admit_code(self, transaction: Transaction, account: LoginAccount, peer: Peer) -> Admission:
        try:
            return self._throttle.admit_code(transaction.id, account.citizen.id, self._known(peer, account))
        except Throttled as throttled:
            self._tell(EventType.LOGIN_THROTTLED, account, source=peer.source, retry_after=throttled.retry_after)
            raise

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

    def _known(self, peer: Peer, account: LoginAccount) -> str | None:
        return self._browsers.known(peer.marker, account.citizen.id)

    def _prove_open(self, account: LoginAccount) -> None:
        """Only after proof may anybody learn that an account is closed."""
        if not account.citizen.may_sign_in:
            self._tell(EventType.LOGIN_REFUSED, account, reason=account.citizen.status.value)
            raise AccountClosed

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
        self._tell(EventType.LOGIN_SUCCESS, account, source=peer.source, amr=amr, acr=acr(aal_of(amr)))
        return Arrived(handle, session, self._browsers.remember(peer.marker, citizen_id))

    def _tell(self, what: EventType, account: LoginAccount | None, **facts: Fact) -> None:
        citizen_id = account.citizen.id if account else None
        told = event(what, self._clock.now(), citizen_id=citizen_id, **facts)
        self._state.queue(shard_for(citizen_id or ""), [told])
        group, _, outcome = what.value.partition(":")
        if group == "login" and self._count is not None:
            self._count(outcome)

    def _consent_event(
        self, what: EventType, transaction: Transaction, session: Session, facts: dict[str, Fact]
    ) -> None:
        told = event(
            what, self._clock.now(), citizen_id=session.head.citizen_id, client_id=transaction.ask.client_id, **facts
        )
        self._state.queue(session.key.shard, [told])
