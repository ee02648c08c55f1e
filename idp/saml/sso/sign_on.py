"""Single sign-on (saml-profiles-2.0-os section 4.1), and the front door to the sign-in.

A signed-in citizen whom this service provider has met in this session costs one round trip more than looking the
session up: the entry by which a logout request finds the session is written under it if, at that moment, it is live,
sure and fresh enough and has a leg for just this request. In every other case the sign-in is asked what is next, and
ends at `respond`, which writes the same.
"""

import logging
from dataclasses import dataclass
from typing import Final

from federation.saml.algorithms import NoCommonAlgorithm
from federation.saml.names import ARTIFACT
from federation.saml.response import Status
from idp.audit.events import EventType
from idp.audit.recorder import event
from idp.citizens.registry import Citizens
from idp.clock import Clock
from idp.codec import decode, encode
from idp.login.dispatch import Interaction
from idp.login.door import PartyGone, Redirect, Refusal, SignInRefused, origin_of
from idp.login.legs import CAPACITY, LegNames
from idp.login.party import RelyingParty
from idp.login.settling import Settling
from idp.login.transaction import Transaction, Transactions
from idp.saml.directory import ServiceProviders
from idp.saml.naming import Naming, index_key
from idp.saml.senders import NotProved
from idp.saml.service_provider import ServiceProvider
from idp.saml.sso import consumers, request
from idp.saml.sso.answers import DENIED, UNABLE, Answers
from idp.saml.sso.consumers import NoConsumer
from idp.saml.sso.incoming import Incoming, Proved
from idp.saml.sso.request import Asked, Wanted
from idp.saml.sso.sending import Sending
from idp.saml.sso.statuses import REFUSALS, StatusRefusal
from idp.sessions import Session, Sessions
from idp.storage.state import Gone, Refused, StateStore

DOOR: Final = "saml"

_log = logging.getLogger(__name__)


class NoPlace(PartyGone):
    """The metadata of who asks has no place to answer at, or nothing to answer with."""

    def __init__(self, provider: ServiceProvider) -> None:
        super().__init__(provider.party_id)
        self.provider = provider


@dataclass(frozen=True, slots=True)
class Visit:
    """What a browser brings besides the request: its session and its binding cookie, if it has them, and the address it
    comes from."""

    session: Session | None
    browser: str
    source: str


class SingleSignOn:
    def __init__(
        self,
        incoming: Incoming,
        providers: ServiceProviders,
        naming: Naming,
        answers: Answers,
        sending: Sending,
        state: StateStore,
        sessions: Sessions,
        transactions: Transactions,
        settling: Settling,
        citizens: Citizens,
        clock: Clock,
    ) -> None:
        self.incoming: Final = incoming
        self._providers = providers
        self._naming = naming
        self._answers = answers
        self._sending = sending
        self._state = state
        self._sessions = sessions
        self._transactions = transactions
        self._settling = settling
        self._citizens = citizens
        self._clock = clock
        self._legs = LegNames(CAPACITY)

    # -- the request ------------------------------------------------------------------------------------------------

    def begin(self, proved: Proved, visit: Visit) -> Redirect | Interaction:
        """Answer at once, or say what the citizen must be asked. Raises `NoPlace`, or `Throttled` where too many
        sign-ins are begun from one address."""
        provider = proved.provider
        try:
            place = consumers.consumer(proved.request, provider.entity, provider.artifact)
        except NoConsumer:
            raise NoPlace(provider) from None
        target = request.target(proved.request, place, proved.relay_state)
        now, session = int(self._clock.now()), visit.session
        try:
            name = session.key.name if session else ""
            wanted = request.read(proved.request, provider, target, self._naming.entity_id, now, name)
        except StatusRefusal as refusal:
            return self._turn_away(provider, target, refusal.status, visit)
        return self._proceed(provider, wanted, visit)

    def begin_unsolicited(self, entity_id: str, relay_state: str | None, visit: Visit) -> Redirect | Interaction:
        """A sign-in that begins here (section 4.1.5), where an operator allowed that. Raises `NotProved`, `NoPlace`,
        `Throttled`."""
        provider = self.incoming.provider(entity_id)
        if not provider.idp_initiated:
            raise NotProved("it has to ask itself")
        try:
            place = consumers.unsolicited(provider.entity, provider.artifact)
        except NoConsumer:
            raise NoPlace(provider) from None
        return self._proceed(provider, request.unsolicited(provider, place, relay_state), visit)

    def _proceed(self, provider: ServiceProvider, wanted: Wanted, visit: Visit) -> Redirect | Interaction:
        try:
            return self._hop(provider, wanted, visit.session) or self._ask(provider, wanted, visit)
        except SignInRefused as refused:
            return self._turn_away(provider, wanted.asked, REFUSALS[refused.refusal], visit)
        except PartyGone:  # disabled since it was proved
            raise NoPlace(provider) from None

    def _turn_away(self, provider: ServiceProvider, asked: Asked, status: Status, visit: Visit) -> Redirect:
        """What an artifact stands for is kept, and anybody can have one made: it counts as a sign-in begun."""
        if asked.binding == ARTIFACT:
            self._transactions.count(visit.source)
        return self._failure(provider, asked, status)

    def _hop(self, provider: ServiceProvider, wanted: Wanted, session: Session | None) -> Redirect | None:
        """Answer at once if the session allows it."""
        ask = wanted.ask
        if session is None or ask.not_session or ask.subject:
            return None
        leg = self._legs.of(provider, ask)
        if leg not in session.legs:
            return None
        try:
            return self._answer(provider, wanted.asked, session, leg, ask.aal, ask.authenticated_since)
        except Gone:
            return None

    def _ask(self, provider: ServiceProvider, wanted: Wanted, visit: Visit) -> Redirect | Interaction:
        try:
            self._answers.prove_able(provider)
        except NoCommonAlgorithm:
            _log.error("an assertion cannot be made", extra={"client_id": provider.party_id})
            return self._turn_away(provider, wanted.asked, UNABLE, visit)
        draft = self._transactions.draft(DOOR, wanted.ask, encode(wanted.asked).decode(), visit.browser)
        answer = self._settling.settle(draft, visit.session, self)
        if isinstance(answer, Redirect):
            return answer
        self._transactions.store(draft, visit.source)
        return Interaction(answer, draft)

    # -- the front door ---------------------------------------------------------------------------------------------

    def party(self, client_id: str) -> RelyingParty:
        return self._served(client_id).party

    def subject(self, client_id: str, citizen_id: str) -> str:
        return self._naming.persistent(self._served(client_id).entity.entity_id, citizen_id)

    def origin(self, transaction: Transaction) -> str:
        return origin_of(decode(transaction.request, Asked).consumer)

    def other_device(self, transaction: Transaction) -> None:
        """The answer goes back by this very browser."""

    def respond(self, transaction: Transaction, session: Session, leg: str) -> Redirect:
        """An assertion of what `leg` grants, at the level the sign-in reached. Raises `Gone` if the session has ended
        meanwhile."""
        provider, asked = self._revive(transaction)
        ask = transaction.ask
        aal = ask.aal if ask.aal_essential else min(ask.aal, session.head.aal)
        return self._answer(provider, asked, session, leg, aal, ask.authenticated_since)

    def refuse(self, transaction: Transaction, refusal: Refusal) -> Redirect:
        provider, asked = self._revive(transaction)
        return self._failure(provider, asked, REFUSALS[refusal])

    def _served(self, party_id: str) -> ServiceProvider:
        provider = self._providers.enabled(party_id)
        if provider is None:
            raise PartyGone
        return provider

    def _revive(self, transaction: Transaction) -> tuple[ServiceProvider, Asked]:
        """Prove a stored request's address anew: the metadata may have changed while the citizen was asked."""
        provider, asked = self._served(transaction.ask.client_id), decode(transaction.request, Asked)
        if not consumers.serves(provider.entity, asked.consumer, asked.binding):
            raise PartyGone
        return provider, asked

    # -- the answer ---------------------------------------------------------------------------------------------------

    def _answer(
        self, provider: ServiceProvider, asked: Asked, session: Session, leg: str, aal: int, since: int
    ) -> Redirect:
        """The one place where an assertion is made. Raises `Gone` where the session does not allow it (any more)."""
        head, sp = session.head, provider.entity.entity_id
        citizen, guard = self._citizens.by_id(head.citizen_id), self._sessions.guard(leg, aal, since)
        if citizen is None or not citizen.may_sign_in:
            return self._failure(provider, asked, DENIED)
        index = self._naming.session_index(sp, head.citizen_id, head.lineage)
        issued = self._state.issue_under(
            session.key,
            guard,
            index_key(provider.party_id, index),
            b"{}",
            self._sessions.limits.absolute,
            self._sessions.limits.idle,
            copy=("head", leg),
            events=[event(EventType.SSO_GRANTED, self._clock.now())],
            noted=leg,
        )
        if isinstance(issued, Refused):
            raise Gone("session")
        if asked.binding == ARTIFACT:
            return self._sending.promise(provider, asked, session.key, guard, leg, self._sessions.limits.idle)
        try:
            message = self._answers.answer(provider, asked, head, citizen, issued.fields[leg])
        except NoCommonAlgorithm:
            raise NoPlace(provider) from None
        return self._sending.send(provider, asked, message)

    def _failure(self, provider: ServiceProvider, asked: Asked, status: Status) -> Redirect:
        try:
            return self._sending.send(provider, asked, self._answers.failure(provider, asked, status))
        except NoCommonAlgorithm:
            raise NoPlace(provider) from None
