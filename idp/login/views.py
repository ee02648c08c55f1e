"""The pages of the sign-in at their addresses. A step's GET shows it, its POST does it; `_proceed` goes where
`dispatch` says.

Every address carries the transaction's id (`t`); every POST carries the anti-forgery token and comes from a page of
ours.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from flask import Blueprint, Response, request

from idp.errors import AccessDenied, OAuthError
from idp.http import PageError, Web, form, query
from idp.login.consent import MissingRequired
from idp.login.consent_view import ConsentView
from idp.login.dispatch import Step
from idp.login.door import FrontDoor, PartyGone, Redirect
from idp.login.flow import AccountClosed, Arrived, Peer, SignIn
from idp.login.party import RelyingParty, in_language
from idp.login.password import Busy, WrongPassword
from idp.login.recovery import WrongRecoveryCode
from idp.login.throttle import CodesSpent
from idp.login.totp import ReplayedCode, WrongCode
from idp.login.transaction import Transaction, Transactions, WrongBrowser, check_csrf, csrf_token
from idp.pages import (
    ClientView,
    ConsentProblem,
    ErrorKind,
    Frame,
    Page,
    RecoveryPage,
    RecoveryProblem,
    SignInPage,
    SignInProblem,
    TotpPage,
    TotpProblem,
)
from idp.parameters import parse
from idp.sessions import Session, Sessions
from idp.storage.state import Conflict, Gone, Throttled

ADDRESSES: Final[Mapping[Step, str]] = {Step.PASSWORD: "/login", Step.TOTP: "/login/otp", Step.CONSENT: "/consent"}
RECOVERY: Final = "/login/recovery"
KNOWN_SECONDS: Final = 180 * 86_400


def step_address(step: Step, transaction: Transaction) -> str:
    return f"{ADDRESSES[step]}?t={transaction.id}"


@dataclass(frozen=True, slots=True)
class Visit:
    """One request to a step: its transaction, who is signed in in this browser, and who asks."""

    transaction: Transaction
    session: Session | None
    door: FrontDoor
    party: RelyingParty
    browser: str
    frame: Frame

    @property
    def csrf(self) -> str:
        return csrf_token(self.browser, self.transaction.id)

    @property
    def client(self) -> ClientView:
        language = self.frame.language
        return ClientView(
            in_language(self.party.name, language), self.party.host, in_language(self.party.uri, language) or None
        )


class LoginViews:
    def __init__(
        self,
        web: Web,
        sign_in: SignIn,
        transactions: Transactions,
        sessions: Sessions,
        doors: Mapping[str, FrontDoor],
        consent: ConsentView,
    ) -> None:
        self._web = web
        self._sign_in = sign_in
        self._transactions = transactions
        self._sessions = sessions
        self._doors = doors
        self._consent = consent

    def blueprint(self) -> Blueprint:
        routes = Blueprint("login", __name__)
        for path, show, do in (
            ("/login", self.show_password, self.do_password),
            ("/login/otp", self.show_code, self.do_code),
            (RECOVERY, self.show_recovery, self.do_recovery),
            ("/consent", self.show_consent, self.do_consent),
        ):
            routes.add_url_rule(path, f"show {path}", show, methods=["GET"])
            routes.add_url_rule(path, f"do {path}", do, methods=["POST"])
        return routes

    # -- number and password ------------------------------------------------------------------------------------------

    def show_password(self) -> Response:
        visit = self._visit()
        return self._elsewhere(visit, Step.PASSWORD) or self._password_page(visit, visit.transaction.ask.login_hint)

    def do_password(self) -> Response:
        visit, fields = self._submitted()
        typed, peer = fields.get("username", ""), self._peer()
        try:
            outcome = self._sign_in.password(visit.transaction, visit.session, typed, fields.get("password", ""), peer)
        except WrongPassword:
            return self._password_page(visit, typed, SignInProblem.WRONG, 401)
        except Throttled as throttled:
            return self._password_page(visit, typed, SignInProblem.THROTTLED, 429, throttled.retry_after)
        except Busy as busy:
            return self._password_page(visit, typed, SignInProblem.BUSY, 503, busy.retry_after)
        except Conflict:  # the same form twice: the other one decided
            return self._web.redirect(step_address(Step.PASSWORD, visit.transaction))
        except AccountClosed:
            raise PageError(ErrorKind.ACCOUNT_CLOSED, 403) from None
        if isinstance(outcome, Arrived):
            return self._arrived(visit, outcome)
        return self._web.redirect(step_address(Step.TOTP, outcome))

    def _password_page(
        self,
        visit: Visit,
        typed: str,
        problem: SignInProblem | None = None,
        status: int = 200,
        retry_after: int | None = None,
    ) -> Response:
        action = step_address(Step.PASSWORD, visit.transaction)
        page = SignInPage(action, visit.csrf, visit.client, typed[:64], problem, retry_after)
        return self._page(visit, page, status, retry_after)

    # -- one-time code
    # --------------------------------------------------------------------------------------------------

    def show_code(self) -> Response:
        visit = self._visit()
        return self._elsewhere(visit, Step.TOTP) or self._code_page(visit)

    def do_code(self) -> Response:
        visit, fields = self._submitted()
        try:
            arrived = self._sign_in.code(visit.transaction, visit.session, fields.get("otp", ""), self._peer())
        except ReplayedCode:
            return self._code_page(visit, TotpProblem.REPLAYED, 401)
        except WrongCode:
            return self._code_page(visit, TotpProblem.WRONG, 401)
        except CodesSpent:
            return self._start_again(visit)
        except Throttled as throttled:
            return self._code_page(visit, TotpProblem.THROTTLED, 429, throttled.retry_after)
        except Gone:
            return self._proceed(visit, visit.session)
        except AccountClosed:
            raise PageError(ErrorKind.ACCOUNT_CLOSED, 403) from None
        return self._arrived(visit, arrived)

    def _code_page(
        self, visit: Visit, problem: TotpProblem | None = None, status: int = 200, retry_after: int | None = None
    ) -> Response:
        action, recovery = step_address(Step.TOTP, visit.transaction), f"{RECOVERY}?t={visit.transaction.id}"
        page = TotpPage(action, visit.csrf, visit.client, problem, retry_after, recovery)
        return self._page(visit, page, status, retry_after)

    # -- recovery code
    # --------------------------------------------------------------------------------------------------

    def show_recovery(self) -> Response:
        visit = self._visit()
        return self._elsewhere(visit, Step.TOTP) or self._recovery_page(visit)

    def do_recovery(self) -> Response:
        visit, fields = self._submitted()
        code = fields.get("recovery_code", "")
        try:
            arrived = self._sign_in.recovery_code(visit.transaction, visit.session, code, self._peer())
        except WrongRecoveryCode:
            return self._recovery_page(visit, RecoveryProblem.WRONG, 401)
        except CodesSpent:
            return self._start_again(visit)
        except Throttled as throttled:
            return self._recovery_page(visit, RecoveryProblem.THROTTLED, 429, throttled.retry_after)
        except Gone:
            return self._proceed(visit, visit.session)
        except AccountClosed:
            raise PageError(ErrorKind.ACCOUNT_CLOSED, 403) from None
        return self._arrived(visit, arrived)

    def _recovery_page(
        self, visit: Visit, problem: RecoveryProblem | None = None, status: int = 200, retry_after: int | None = None
    ) -> Response:
        action, totp = f"{RECOVERY}?t={visit.transaction.id}", step_address(Step.TOTP, visit.transaction)
        page = RecoveryPage(action, visit.csrf, visit.client, problem, retry_after, totp)
        return self._page(visit, page, status, retry_after)

    # -- consent
    # --------------------------------------------------------------------------------------------------------

    def show_consent(self) -> Response:
        visit = self._visit()
        return self._elsewhere(visit, Step.CONSENT) or self._consent_page(visit)

    def do_consent(self) -> Response:
        visit, fields = self._submitted()
        if visit.session is None:
            return self._proceed(visit, None)
        if fields.get("decision") != "allow":
            self._sign_in.decline(visit.transaction, visit.session)
            return self._answer(visit, visit.door.refuse(visit.transaction, AccessDenied()))
        ticked = frozenset(request.form.getlist("item"))
        try:
            self._sign_in.agree(visit.transaction, visit.session, visit.door, ticked)
        except MissingRequired:
            return self._consent_page(visit, ConsentProblem.MISSING_REQUIRED, 422)
        return self._proceed(visit, visit.session)

    def _consent_page(self, visit: Visit, problem: ConsentProblem | None = None, status: int = 200) -> Response:
        if visit.session is None:
            return self._proceed(visit, None)
        page = self._consent.page(
            visit.transaction,
            visit.session.head.citizen_id,
            visit.party,
            visit.client,
            visit.frame.language,
            step_address(Step.CONSENT, visit.transaction),
            visit.csrf,
            problem,
        )
        return self._page(visit, page, status)

    # -- what the steps share
    # ---------------------------------------------------------------------------------------------

    def _visit(self) -> Visit:
        """Raises `PageError`: the transaction is gone, another browser's, or its relying party is."""
        browser = self._web.cookie(request, self._web.cookies.browser)
        try:
            transaction = self._transactions.load(parse(query(request)).get("t") or "", browser)
            door = self._doors[transaction.door]
            party = door.party(transaction.ask.client_id)
        except Gone:
            raise PageError(ErrorKind.EXPIRED) from None
        except WrongBrowser:
            raise PageError(ErrorKind.OTHER_BROWSER, 403) from None
        except PartyGone:
            raise PageError(ErrorKind.UNKNOWN_CLIENT) from None
        frame = self._web.frame(request, transaction.ask.languages)
        return Visit(transaction, self._session(), door, party, browser, frame)

    def _submitted(self) -> tuple[Visit, Mapping[str, str]]:
        """A POST that came from a page of ours. Raises `Forged` and what `_visit` raises."""
        self._web.same_origin(request)
        visit = self._visit()
        fields = parse(form(request)).values
        check_csrf(visit.browser, visit.transaction.id, fields.get("csrf", ""))
        return visit, fields

    def _session(self) -> Session | None:
        handle = self._web.cookie(request, self._web.cookies.session)
        return self._sessions.load(handle) if handle else None

    def _peer(self) -> Peer:
        return Peer(self._web.source(request), self._web.cookie(request, self._web.cookies.known))

    def _elsewhere(self, visit: Visit, here: Step) -> Response | None:
        """Where the browser should be, if not at this step."""
        try:
            answer = self._sign_in.settle(visit.transaction, visit.session, visit.door)
        except OAuthError as error:
            return self._answer(visit, visit.door.refuse(visit.transaction, error))
        if isinstance(answer, Redirect):
            return self._answer(visit, answer)
        return None if answer is here else self._web.redirect(step_address(answer, visit.transaction))

    def _proceed(self, visit: Visit, session: Session | None) -> Response:
        try:
            answer = self._sign_in.settle(visit.transaction, session, visit.door)
        except OAuthError as error:
            return self._answer(visit, visit.door.refuse(visit.transaction, error))
        if isinstance(answer, Redirect):
            return self._answer(visit, answer)
        return self._web.redirect(step_address(answer, visit.transaction))

    def _arrived(self, visit: Visit, arrived: Arrived) -> Response:
        transaction = self._transactions.arrived(visit.transaction)
        after = Visit(transaction, arrived.session, visit.door, visit.party, visit.browser, visit.frame)
        response = self._proceed(after, arrived.session)
        self._web.cookies.set(response, self._web.cookies.session, arrived.handle)
        self._web.cookies.set(response, self._web.cookies.known, arrived.marker, KNOWN_SECONDS)
        return response

    def _answer(self, visit: Visit, redirect: Redirect) -> Response:
        """The front door has answered: the transaction is over."""
        self._transactions.finish(visit.transaction)
        return self._web.redirect(redirect.location)

    def _start_again(self, visit: Visit) -> Response:
        self._transactions.finish(visit.transaction)
        raise PageError(ErrorKind.SIGN_IN_REFUSED, 403, in_language(visit.party.name, visit.frame.language))

    def _page(self, visit: Visit, page: Page, status: int, retry_after: int | None = None) -> Response:
        response = self._web.page(page, visit.frame, status, visit.door.origin(visit.transaction))
        if retry_after is not None:
            response.headers["Retry-After"] = str(retry_after)
        return response
