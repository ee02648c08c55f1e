"""The front door of requests that wait elsewhere (`awaited.py`): the sign-in goes as always, and its answer is not sent
on but written where it is waited for."""

from dataclasses import dataclass

from idp.audit.events import EventType
from idp.audit.recorder import event
from idp.clock import Clock
from idp.codec import decode, encode
from idp.login.dispatch import Interaction
from idp.login.door import OtherDevice, Redirect, Refusal, SignInRefused
from idp.login.party import RelyingParty
from idp.login.settling import Settling
from idp.login.transaction import Ask, Transaction, Transactions
from idp.oidc.clients.client import ClientSource
from idp.oidc.clients.directory import served
from idp.oidc.decoupled.awaited import Answered, Awaited, Waiting
from idp.oidc.decoupled.ping import Pings
from idp.oidc.resources.reach import Reaching
from idp.oidc.subjects import Subjects
from idp.pages import Outcome
from idp.sessions import Session
from idp.storage.state import Gone, Key


@dataclass(frozen=True, slots=True)
class _Pending:
    """What a transaction keeps of it."""

    shard: str
    name: str


class ElsewhereDoor:
    """`pages` is the address under which the outcomes are told; `pings` tells the client that there is one, where that
    is wanted."""

    def __init__(
        self,
        waiting: Waiting,
        clients: ClientSource,
        subjects: Subjects,
        reaching: Reaching,
        clock: Clock,
        pages: str,
        allowed: EventType,
        pings: Pings | None = None,
    ) -> None:
        self._waiting = waiting
        self._clients = clients
        self._subjects = subjects
        self._reaching = reaching
        self._clock = clock
        self._pages = pages
        self._allowed = allowed
        self._pings = pings

    def request(self, key: Key) -> str:
        """The front door's own record, for a transaction."""
        return encode(_Pending(key.shard, key.name)).decode()

    def party(self, client_id: str) -> RelyingParty:
        client = served(self._clients, client_id)
        return self._reaching.party(client, client.party_elsewhere)

    def subject(self, client_id: str, citizen_id: str) -> str:
        return self._subjects.subject(served(self._clients, client_id), citizen_id)

    def origin(self, transaction: Transaction) -> str:
        """The answer goes nowhere: the pages that follow are ours."""
        return ""

    def other_device(self, transaction: Transaction) -> OtherDevice | None:
        try:
            awaited = self._waiting.find(self._key(transaction))
        except Gone:
            return OtherDevice()
        return OtherDevice(awaited.code, awaited.message, awaited.source, awaited.asked_at)

    def respond(self, transaction: Transaction, session: Session, leg: str) -> Redirect:
        ask = transaction.ask
        aal = ask.aal if ask.aal_essential else min(ask.aal, session.head.aal)
        told = [event(self._allowed, self._clock.now())]
        served(self._clients, ask.client_id)
        try:
            answered = self._waiting.allow(self._key(transaction), session, leg, aal, told)
        except Answered:
            return self._told(Outcome.OVER)
        return self._told(Outcome.ALLOWED, answered)

    def refuse(self, transaction: Transaction, refusal: Refusal) -> Redirect:
        try:
            answered = self._waiting.deny(self._key(transaction))
        except Answered:
            return self._told(Outcome.OVER)
        return self._told(Outcome.UNREACHABLE if refusal is Refusal.LEVEL_UNREACHABLE else Outcome.DENIED, answered)

    def _told(self, outcome: Outcome, answered: Awaited | None = None) -> Redirect:
        if answered is not None and self._pings is not None:
            self._pings.tell(answered)
        return Redirect(f"{self._pages}/{outcome.value}")

    def _key(self, transaction: Transaction) -> Key:
        pending = decode(transaction.request, _Pending)
        return self._waiting.key_of(pending.shard, pending.name)


class Beginning:
    """Begins the sign-in with which a citizen answers. `name` is that of the door."""

    def __init__(self, name: str, door: ElsewhereDoor, transactions: Transactions, settling: Settling) -> None:
        self._name = name
        self._door = door
        self._transactions = transactions
        self._settling = settling

    def begin(self, key: Key, ask: Ask, session: Session | None, browser: str, source: str) -> Redirect | Interaction:
        """`ask` has to want a page of its own (`fresh_consent`), so that nothing is allowed at once.

        Raises `PartyGone` or `Throttled`.
        """
        draft = self._transactions.draft(self._name, ask, self._door.request(key), browser)
        try:
            step = self._settling.settle(draft, session, self._door)
        except SignInRefused as refused:
            return self._door.refuse(draft, refused.refusal)
        if isinstance(step, Redirect):
            return step
        self._transactions.store(draft, source)
        return Interaction(step, draft)
