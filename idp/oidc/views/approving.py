"""/approve: what services ask of the citizen who is signed in here, or signs in to see it (CIBA)."""

from datetime import datetime
from typing import Final

from flask import Response, request

from idp.citizens.number import CHINA_STANDARD_TIME
from idp.citizens.registry import Citizens
from idp.csrf import check_csrf, csrf_token
from idp.http import PageError, Web, form
from idp.login.dispatch import Interaction, Step
from idp.login.door import PartyGone
from idp.login.party import in_language
from idp.login.transaction import Transactions
from idp.oidc.decoupled import own_page
from idp.oidc.decoupled.approvals import PATH, Approvals, Pending
from idp.oidc.views.answering import outcome_page, sent_on
from idp.pages import ApprovePage, ErrorKind, WaitingView
from idp.parameters import parse
from idp.sessions import Session, Sessions
from idp.storage.state import Throttled

_FORM: Final = "approve"


class ApproveViews:
    def __init__(
        self, web: Web, approvals: Approvals, sessions: Sessions, citizens: Citizens, transactions: Transactions
    ) -> None:
        self._web = web
        self._approvals = approvals
        self._sessions = sessions
        self._citizens = citizens
        self._transactions = transactions

    def show(self) -> Response:
        return self._page(self._session())

    def answer(self) -> Response:
        """Look at a request, which begins the sign-in that asks; or refuse its service for an hour. Whoever is not
        signed in can sign in."""
        self._web.same_origin(request)
        fields = parse(form(request)).values
        browser = self._web.cookie(request, self._web.cookies.browser)
        session = self._session()
        if "sign_in" in fields:
            check_csrf(browser, _FORM, fields.get("csrf", ""))
            return self._sign_in(browser) if session is None else self._web.redirect(PATH)
        if session is None:
            return self._web.redirect(PATH)
        check_csrf(browser, _form(session), fields.get("csrf", ""))
        if "code" in fields:
            return self._code(session, fields["code"])
        if "block" in fields:
            client = self._approvals.block(session, fields["block"])
            name = in_language(client.client_name, self._web.frame(request).language) if client else ""
            return self._page(session, blocked=name)
        return self._look(session, fields.get("look", ""), browser)

    def outcome(self, outcome: str) -> Response:
        return outcome_page(self._web, outcome)

    def _sign_in(self, browser: str) -> Response:
        transaction = self._transactions.draft(own_page.DOOR, own_page.ASK, "", browser)
        try:
            self._transactions.store(transaction, self._web.source(request))
        except Throttled as throttled:
            raise PageError(ErrorKind.TOO_MANY, 429, retry_after=throttled.retry_after) from None
        return sent_on(self._web, Interaction(Step.PASSWORD, transaction))

    def _code(self, session: Session, wish: str) -> Response:
        """A code of the citizen's own, which is shown this once; or none any more."""
        if wish == "new":
            return self._page(session, new_code=self._approvals.new_code(session))
        self._approvals.no_code(session)
        return self._web.redirect(PATH)

    def _look(self, session: Session, name: str, browser: str) -> Response:
        try:
            begun = self._approvals.look(session, name, browser, self._web.source(request))
        except PartyGone:
            raise PageError(ErrorKind.UNKNOWN_CLIENT) from None
        except Throttled as throttled:
            raise PageError(ErrorKind.TOO_MANY, 429, retry_after=throttled.retry_after) from None
        if begun is None:
            return self._web.redirect(f"{PATH}/over")
        return sent_on(self._web, begun)

    def _page(self, session: Session | None, blocked: str = "", new_code: str = "") -> Response:
        frame = self._web.frame(request)
        browser = self._web.cookie(request, self._web.cookies.browser) or self._transactions.new_browser()
        if session is None:
            return self._bound(self._web.page(ApprovePage(PATH, csrf_token(browser, _FORM)), frame), browser)
        citizen = self._citizens.by_id(session.head.citizen_id)
        waiting = [_view(each, frame.language) for each in self._approvals.of(session.head.citizen_id)]
        person = citizen.profile.masked_name if citizen else None
        protected = self._approvals.protected(session.head.citizen_id)
        token = csrf_token(browser, _form(session))
        page = ApprovePage(PATH, token, person, waiting, blocked, protected, new_code)
        return self._bound(self._web.page(page, frame), browser)

    def _bound(self, response: Response, browser: str) -> Response:
        """The page's forms are this browser's."""
        self._web.cookies.set(response, self._web.cookies.browser, browser)
        return response

    def _session(self) -> Session | None:
        handle = self._web.cookie(request, self._web.cookies.session)
        return self._sessions.load(handle) if handle else None


def _form(session: Session) -> str:
    """A page of one citizen's is no form of the next who signs in here."""
    return f"{_FORM} {session.head.citizen_id}"


def _view(pending: Pending, language: str) -> WaitingView:
    party, awaited = pending.client.party_elsewhere, pending.awaited
    asked = datetime.fromtimestamp(awaited.asked_at, CHINA_STANDARD_TIME).strftime("%H:%M")
    return WaitingView(pending.key.name, in_language(party.name, language), party.host, awaited.message, asked)
