"""/account and /account/withdraw."""

from collections.abc import Sequence
from datetime import datetime

from flask import Blueprint, Response, request

from idp.account.agreements import Agreement, Agreements, NotWithdrawable
from idp.citizens.number import CHINA_STANDARD_TIME
from idp.citizens.registry import Citizens
from idp.csrf import check_csrf, csrf_token
from idp.http import Web, form
from idp.leaving.farewell import Farewell
from idp.leaving.messenger import Told
from idp.leaving.views import Journeys
from idp.login.consent_page import worded
from idp.login.party import RelyingParty, in_language
from idp.login.transaction import Transactions
from idp.pages import AccountPage, AgreementView, ConsentItem, PartyResult
from idp.parameters import parse
from idp.sessions import Session, Sessions
from idp.storage.state import Gone

_FORM = "account"


class AccountViews:
    def __init__(
        self,
        web: Web,
        agreements: Agreements,
        sessions: Sessions,
        citizens: Citizens,
        transactions: Transactions,
        journeys: Journeys,
    ) -> None:
        self._web = web
        self._agreements = agreements
        self._sessions = sessions
        self._citizens = citizens
        self._transactions = transactions
        self._journeys = journeys

    def blueprint(self) -> Blueprint:
        routes = Blueprint("account", __name__)
        routes.add_url_rule("/account", "show", self.show, methods=["GET"])
        routes.add_url_rule("/account/withdraw", "withdraw", self.withdraw, methods=["POST"])
        return routes

    def show(self) -> Response:
        return self._page(self._session())

    def withdraw(self) -> Response:
        """Withdrawing is as easy as agreeing was: one press (PIPL article 15)."""
        self._web.same_origin(request)
        fields = parse(form(request)).values
        check_csrf(self._web.cookie(request, self._web.cookies.browser), _FORM, fields.get("csrf", ""))
        session, client_id = self._session(), fields.get("client", "")
        if session is None:
            return self._web.redirect("/account")
        name = self._name(session, client_id)
        try:
            done = self._agreements.withdraw(session, client_id)
        except (NotWithdrawable, Gone):
            return self._web.redirect("/account")
        response = self._page(done.session, PartyResult(name, done.confirmed), done.visits)
        self._web.cookies.set(response, self._web.cookies.session, done.handle)
        return response

    def _page(
        self, session: Session | None, withdrawn: PartyResult | None = None, visits: Sequence[Told] = ()
    ) -> Response:
        cookies, frame = self._web.cookies, self._web.frame(request)
        if session is None:
            return self._web.page(AccountPage("/account/withdraw", ""), frame)
        browser = self._web.cookie(request, cookies.browser) or self._transactions.new_browser()
        citizen = self._citizens.by_id(session.head.citizen_id)
        agreements = [_view(each, frame.language) for each in self._agreements.of(session.head.citizen_id)]
        person = citizen.profile.masked_name if citizen else None
        leave = self._journeys.begin(_back(visits), browser, in_form=False) if visits else None
        page = AccountPage("/account/withdraw", csrf_token(browser, _FORM), person, agreements, withdrawn, leave)
        response = self._web.page(page, frame)
        cookies.set(response, cookies.browser, browser)
        return response

    def _name(self, session: Session, client_id: str) -> str:
        language = self._web.frame(request).language
        for each in self._agreements.of(session.head.citizen_id):
            if each.client_id == client_id:
                return _view(each, language).name
        return ""

    def _session(self) -> Session | None:
        handle = self._web.cookie(request, self._web.cookies.session)
        return self._sessions.load(handle) if handle else None


def _back(visits: Sequence[Told]) -> Farewell:
    """To this page, whatever comes of it: the citizen stays signed in."""
    return Farewell(tuple(visits), "/account", staying=True)


def _view(agreement: Agreement, language: str) -> AgreementView:
    party = agreement.party
    return AgreementView(
        client_id=agreement.client_id,
        name=in_language(party.name, language) if party else agreement.client_id,
        host=party.host if party else "",
        granted=[_item(name, party, language) for name in agreement.granted],
        since=datetime.fromtimestamp(agreement.since, CHINA_STANDARD_TIME).date(),
        rule="" if agreement.withdrawable else agreement.rule,
        withdrawable=agreement.withdrawable,
    )


def _item(name: str, party: RelyingParty | None, language: str) -> ConsentItem:
    return worded(ConsentItem(name), party, language) if party else ConsentItem(name)
