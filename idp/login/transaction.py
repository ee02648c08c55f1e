"""The stored pending request: who asks, for what, how surely; one per browser tab.

Its id goes in the URL (`t`); it is bound to the browser by a cookie, of which it keeps the digest. Many tabs work side
by side, and another browser cannot pick one up.
"""

import dataclasses
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from idp.clock import Clock
from idp.codec import decode, encode
from idp.login.hint import LoginHints
from idp.secrets import Randomness, digest, equal, mint_anywhere, shard_of, urlsafe
from idp.sources import Bucket, Sources, source_of
from idp.storage.state import Conflict, Gone, Key, StateStore

GUESSES: Final = 5
"""One-time codes that may be wrong in one transaction."""
FINISHED_SECONDS: Final = 600
"""How long an answered transaction is remembered as such."""
BEGUN: Final = Bucket(size=3_000, drain=0.02)
"""Sign-ins begun from one source, each of which is kept for some minutes: 3,000 at once, then fifty a second. A whole
network may stand behind one address; a signed-in citizen's hop begins none."""


class Finished(Exception):
    """The transaction has been answered already: Back, an impatient second press, or a second tab."""

    def __init__(self, transaction: "Transaction") -> None:
        super().__init__(transaction.door)
        self.transaction = transaction


class WrongBrowser(Exception):
    """The transaction belongs to another browser, or this one lost its cookie."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What a front door asks of the sign-in, in no protocol's words.

    `authenticated_since` and the times below are seconds since the epoch. `aal` is the level wanted; `aal_essential`
    says that less must be refused. `not_session` names a session that will not do, because a new sign-in is asked for.
    `silent` forbids asking the citizen anything. `subject`, if set, is the only subject identifier that will do.
    """

    client_id: str
    scopes: tuple[str, ...]
    claims: tuple[str, ...] = ()
    essential_claims: tuple[str, ...] = ()
    silent: bool = False
    fresh_consent: bool = False
    not_session: str = ""
    authenticated_since: int = 0
    aal: int = 0
    aal_essential: bool = False
    subject: str | None = None
    newcomer: bool = False
    """Whoever comes may have no account yet, and is told how to come by one."""
    login_hint: str = ""
    """Whom the relying party expects; in a transaction it is sealed (`hint.py`), for it may be a citizen's number."""
    languages: tuple[str, ...] = ()
    name_format: str = ""
    """The kind of name by which the relying party is to know the citizen, where its protocol has several: a word of the
    front door's own, without a colon."""
    acquainted: bool = False
    """Only a citizen who agreed to these scopes before will do; nobody else is asked to."""
    own: bool = False
    """A page of ours asks, for itself: nothing is passed on, so that there is nothing to agree to."""


@dataclass(frozen=True, slots=True)
class Proven:
    """Factors proven in this transaction, before there is a session; `complete` if only a new password is due, for the
    one that was proven was given by somebody else (`temporary`) or is too old.

    `password_set_at` (seconds since the epoch) tells which password was proven: the proof ends with that password.
    """

    citizen_id: str
    amr: tuple[str, ...]
    password_set_at: int | None = None
    complete: bool = False
    temporary: bool = False


@dataclass(frozen=True, slots=True)
class Transaction:
    id: str
    door: str
    ask: Ask
    request: str
    """The front door's own record of the request; opaque here."""
    browser: str
    created_at: int
    proven: Proven | None = None
    agreed_by: str = ""
    """The citizen who agreed on this very transaction's page, for where an earlier agreement will not do."""
    finished: bool = False


def transaction_key(transaction_id: str) -> Key:
    return Key(shard_of(transaction_id), "transaction", digest(transaction_id))


class Transactions:
    """Raises of the store apart, a transaction that is not there (any more) is `Gone`."""

    def __init__(self, state: StateStore, hints: LoginHints, clock: Clock, randomness: Randomness, ttl: int) -> None:
        self._state = state
        self._hints = hints
        self._clock = clock
        self._randomness = randomness
        self._ttl = ttl
        self._begun = Sources(state, clock, BEGUN, "begun")

    def new_browser(self) -> str:
        """A value for the cookie that binds transactions to a browser."""
        return urlsafe(self._randomness.bytes(32))

    def draft(self, door: str, ask: Ask, request: str, browser: str) -> Transaction:
        """A transaction that is not stored: often it can be answered without asking the citizen anything. The hint of
        `ask` is plain, the transaction's is sealed."""
        ask = dataclasses.replace(ask, login_hint=self._hints.seal(ask.login_hint)) if ask.login_hint else ask
        return Transaction(mint_anywhere(self._randomness), door, ask, request, digest(browser), int(self._clock.now()))

    def count(self, source: str) -> None:
        """One more sign-in begun. `source` is the browser's address. Raises `Throttled` where too many are begun from
        there."""
        self._begun.count(source_of(source))

    def store(self, transaction: Transaction, source: str) -> None:
        """Raises `Throttled`, as `count`."""
        self.count(source)
        self._state.put(transaction_key(transaction.id), _kept(transaction), self._ttl)

    def load(self, transaction_id: str, browser: str) -> Transaction:
        """Raises `Gone`, `Finished`, or `WrongBrowser` if it was begun elsewhere."""
        raw = self._state.get(transaction_key(transaction_id))
        if raw is None:
            raise Gone("transaction")
        transaction = dataclasses.replace(decode(raw, Transaction), id=transaction_id)
        if not browser or not equal(transaction.browser, digest(browser)):
            raise WrongBrowser
        if transaction.finished:
            raise Finished(transaction)
        return transaction

    def prove(self, transaction: Transaction, proven: Proven | None) -> Transaction:
        """Note what was proven, or that nothing is any more. Raises `Conflict` if another request of this tab was
        quicker."""
        after = dataclasses.replace(transaction, proven=proven)
        self._state.replace(transaction_key(transaction.id), _kept(transaction), _kept(after), self._ttl)
        return after

    def arrived(self, transaction: Transaction) -> Transaction:
        """All factors are proven and a session is open: nothing of the proof is left in the transaction.

        Raises `Conflict` or `Gone` if another request of this tab was quicker.
        """
        return transaction if transaction.proven is None else self.prove(transaction, None)

    def agreed(self, transaction: Transaction, citizen_id: str) -> Transaction:
        """Note who agreed. Where another request of this tab was quicker, this one is as good."""
        after = dataclasses.replace(transaction, agreed_by=citizen_id)
        with suppress(Conflict, Gone):
            self._state.replace(transaction_key(transaction.id), _kept(transaction), _kept(after), self._ttl)
        return after

    def finish(self, transaction: Transaction) -> None:
        """The front door has answered; the transaction cannot be used again, whatever another tab has made of it
        meanwhile. Left is who asked, to lead back there."""
        ask = Ask(transaction.ask.client_id, (), languages=transaction.ask.languages)
        after = dataclasses.replace(transaction, ask=ask, request="", proven=None, agreed_by="", finished=True)
        self._state.put(transaction_key(transaction.id), _kept(after), FINISHED_SECONDS)


def _kept(transaction: Transaction) -> bytes:
    """What the store holds: all but the id, which only the browser has."""
    return encode(dataclasses.replace(transaction, id=""))


__all__ = [
    "Ask",
    "Conflict",
    "Finished",
    "Gone",
    "Proven",
    "Transaction",
    "Transactions",
    "WrongBrowser",
]
