"""The authorization endpoint (RFC 6749 section 4.1.1, OIDC Core section 3.1.2), and the front door to the sign-in.

A signed-in citizen whom this client has met in this session costs one round trip: the code is written under the session
if, at that moment, the session is live, sure and fresh enough and has a leg for just this request. In every other case
the sign-in is asked what is next, and ends at `respond`, which writes the code in the same way.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from idp.audit.events import EventType
from idp.audit.recorder import event
from idp.clock import Clock
from idp.codec import decode, encode
from idp.errors import (
    AccessDenied,
    ConsentRequired,
    InteractionRequired,
    InvalidRequestObject,
    LoginRequired,
    OAuthError,
    UnmetAuthenticationRequirements,
)
from idp.login.dispatch import Interaction
from idp.login.door import PartyGone, Redirect, Refusal, SignInRefused, origin_of
from idp.login.legs import CAPACITY, LegNames
from idp.login.party import RelyingParty
from idp.login.settling import Settling
from idp.login.transaction import Transaction, Transactions
from idp.oidc.authorization.par import Incoming
from idp.oidc.authorization.request import Wanted, read
from idp.oidc.authorization.target import Answering, Target, UnknownClient, prove
from idp.oidc.clients.client import ClientSource
from idp.oidc.clients.directory import served
from idp.oidc.clients.redirect_uris import registered
from idp.oidc.provider import Engine, PyopRequest
from idp.oidc.subjects import Subjects
from idp.oidc.tokens.grant import CodeRecord, CodeRequest, code_key, code_proof, mark_code
from idp.parameters import Parameters, parse
from idp.secrets import Randomness, mint
from idp.sessions import Session, Sessions, session_key
from idp.storage.state import Gone, Guard, Key, Refused, StateStore

DOOR = "oidc"

REFUSALS: Final[Mapping[Refusal, type[OAuthError]]] = {
    Refusal.LOGIN_REQUIRED: LoginRequired,
    Refusal.INTERACTION_REQUIRED: InteractionRequired,
    Refusal.CONSENT_REQUIRED: ConsentRequired,
    Refusal.LEVEL_UNREACHABLE: UnmetAuthenticationRequirements,
    Refusal.DECLINED: AccessDenied,
    Refusal.STRANGER: AccessDenied,
}
"""What a client is told (OIDC Core section 3.1.2.6, RFC 6749 section 4.1.2.1)."""


@dataclass(frozen=True, slots=True)
class Visit:
    """What a browser brings to the endpoint: the raw request, its session's handle and its binding cookie, if it has
    them, and the address it comes from."""

    query: str
    handle: str
    browser: str
    source: str


class AuthorizationEndpoint:
    def __init__(
        self,
        engine: Engine,
        clients: ClientSource,
        state: StateStore,
        sessions: Sessions,
        transactions: Transactions,
        settling: Settling,
        subjects: Subjects,
        incoming: Incoming,
        answering: Answering,
        clock: Clock,
        randomness: Randomness,
        code_seconds: int,
    ) -> None:
        self._answering = answering
        self._engine = engine
        self._clients = clients
        self._state = state
        self._sessions = sessions
        self._transactions = transactions
        self._settling = settling
        self._subjects = subjects
        self._incoming = incoming
        self._legs = LegNames(CAPACITY)
        self._clock = clock
        self._randomness = randomness
        self._code_seconds = code_seconds

    # -- the request ------------------------------------------------------------------------------------------------

    def begin(self, visit: Visit) -> Redirect | Interaction:
        """Answer at once, or say what the citizen must be asked.

        Raises `InvalidRequest`, `UnknownClient` or `UnprovenRedirect` where there is nowhere to answer to, and
        `Throttled` where too many sign-ins are begun from one address.
        """
        plain = self._incoming.pushed.resolve(parse(visit.query))
        try:
            parameters = self._incoming.objects.resolve(plain)
        except InvalidRequestObject as error:
            return prove(plain, self._clients).failure(self._answering, error)
        target = prove(parameters, self._clients)
        try:
            return self._proceed(parameters, target, visit)
        except OAuthError as error:
            return target.failure(self._answering, error)
        except SignInRefused as refused:
            return self._failure(target, refused.refusal)
        except PartyGone:  # disabled or changed since it was proved
            raise UnknownClient from None

    def _proceed(self, parameters: Parameters, target: Target, visit: Visit) -> Redirect | Interaction:
        key = session_key(visit.handle) if visit.handle else None
        incoming, now = self._incoming, int(self._clock.now())
        wanted = read(parameters, target, incoming.hints, incoming.reaching, now, key.name if key else "")
        pyop_request = self._engine.parse(parameters.values, wanted.code_request.scopes)
        if key is None:
            return self._ask(wanted, None, visit)
        hop = self._hop(wanted, target, pyop_request, key)
        return hop if isinstance(hop, Redirect) else self._ask(wanted, hop, visit)

    def _hop(self, wanted: Wanted, target: Target, pyop_request: PyopRequest, key: Key) -> Redirect | Session | None:
        """Issue at once if the session allows it; else give the session, or None if there is none."""
        ask = wanted.ask
        if ask.fresh_consent or ask.not_session or ask.subject:
            return self._sessions.load_key(key)
        leg = self._legs.of(target.client, ask)
        guard = self._sessions.guard(leg, ask.aal, ask.authenticated_since)
        outcome = self._issue(target, wanted.code_request, pyop_request, key, leg, guard)
        return outcome if isinstance(outcome, Redirect) else self._sessions.read(key, outcome.fields)

    def _ask(self, wanted: Wanted, session: Session | None, visit: Visit) -> Redirect | Interaction:
        draft = self._transactions.draft(DOOR, wanted.ask, encode(wanted.code_request).decode(), visit.browser)
        answer = self._settling.settle(draft, session, self)
        if isinstance(answer, Redirect):
            return answer
        self._transactions.store(draft, visit.source)
        return Interaction(answer, draft)

    # -- the front door ---------------------------------------------------------------------------------------------

    def party(self, client_id: str) -> RelyingParty:
        client = served(self._clients, client_id)
        return self._incoming.reaching.party(client, client.party)

    def subject(self, client_id: str, citizen_id: str) -> str:
        return self._subjects.subject(served(self._clients, client_id), citizen_id)

    def origin(self, transaction: Transaction) -> str:
        return origin_of(decode(transaction.request, CodeRequest).redirect_uri)

    def other_device(self, transaction: Transaction) -> None:
        """The answer goes back by this very browser."""

    def respond(self, transaction: Transaction, session: Session, leg: str) -> Redirect:
        """A code for what `leg` grants, at the level the sign-in reached. Raises `Gone` if the session has ended
        meanwhile."""
        target, code_request = self._revive(transaction)
        ask = transaction.ask
        aal = ask.aal if ask.aal_essential else min(ask.aal, session.head.aal)
        guard = self._sessions.guard(leg, aal, ask.authenticated_since)
        pyop_request = self._engine.parse(_plain(code_request), code_request.scopes)
        outcome = self._issue(target, code_request, pyop_request, session.key, leg, guard)
        if isinstance(outcome, Refused):
            raise Gone("session")
        return outcome

    def refuse(self, transaction: Transaction, refusal: Refusal) -> Redirect:
        target, _ = self._revive(transaction)
        return self._failure(target, refusal)

    def _failure(self, target: Target, refusal: Refusal) -> Redirect:
        return target.failure(self._answering, REFUSALS[refusal]())

    def _revive(self, transaction: Transaction) -> tuple[Target, CodeRequest]:
        """Prove a stored request's target anew: the client may have been disabled or changed while the citizen was
        asked."""
        stored = decode(transaction.request, CodeRequest)
        client = served(self._clients, stored.client_id)
        if not registered(client, stored.redirect_uri):
            raise PartyGone
        return Target(client, stored.redirect_uri, stored.state, stored.response_mode), stored

    def _issue(
        self, target: Target, request: CodeRequest, pyop_request: PyopRequest, key: Key, leg: str, guard: Guard
    ) -> Redirect | Refused:
        """The one place where a code is made: written under the session if the guard holds."""
        refused: list[Refused] = []

        def code() -> str:
            value = mark_code(mint(self._randomness, key.shard), request.dpop_jkt)
            record = encode(CodeRecord(request, leg))
            outcome = self._state.issue_under(
                key,
                guard,
                code_key(value),
                record,
                self._code_seconds,
                self._sessions.limits.idle,
                copy=("head", leg),
                events=[event(EventType.SSO_GRANTED, self._clock.now())],
                noted=leg,
                proof=code_proof(request.client_id, request.redirect_uri, request.code_challenge, request.dpop_jkt),
            )
            if isinstance(outcome, Refused):
                refused.append(outcome)
            return value

        response = self._engine.authorize(pyop_request, code)
        return refused[0] if refused else target.success(self._answering, {"code": response["code"]})


def _plain(request: CodeRequest) -> dict[str, str]:
    """A stored request in the parameters that pyop reads."""
    plain = {"response_type": "code", "client_id": request.client_id, "redirect_uri": request.redirect_uri}
    return plain | ({"nonce": request.nonce} if request.nonce else {})
