"""/logout: the citizen is asked where the request does not prove the session, and told what became of it."""

from typing import Final
from urllib.parse import quote, urlencode

from flask import Response, request

from idp.citizens.registry import Citizens
from idp.csrf import check_csrf, csrf_token
from idp.http import Web, form, query
from idp.leaving.farewell import Farewell
from idp.leaving.messenger import Told
from idp.leaving.views import Parting
from idp.login.door import origin_of
from idp.login.party import in_language
from idp.login.transaction import Transactions
from idp.oidc.clients.client import Client
from idp.oidc.leaving.logout import LogoutRequest, SigningOut
from idp.pages import ClientView, SignOutPage
from idp.parameters import parse
from idp.sessions import Session, Sessions

_LOGOUT_FORM: Final = "logout"


class LogoutViews:
    def __init__(
        self,
        web: Web,
        signing_out: SigningOut,
        sessions: Sessions,
        citizens: Citizens,
        transactions: Transactions,
        parting: Parting,
    ) -> None:
        self._web = web
        self._signing_out = signing_out
        self._sessions = sessions
        self._citizens = citizens
        self._transactions = transactions
        self._parting = parting

    def begin(self) -> Response:
        """End the session if the request proves it may; else ask the citizen."""
        raw = form(request) if request.method == "POST" else query(request)
        if request.method == "POST" and not self._web.cookie(request, self._web.cookies.session):
            # another site's form comes without our cookies (SameSite=Lax); the GET that follows brings them
            return self._web.redirect(f"/logout?{quote(raw, safe='=&+%')}")
        asked = self._signing_out.read(parse(raw))
        session = self._session()
        if session is None:
            return self._web.redirect(asked.back) if asked.back and asked.asking else self._done(asked)
        if self._signing_out.proves(asked, session):
            return self._end(asked, session)
        return self._ask(asked, session)

    def confirm(self) -> Response:
        if request.method != "POST":  # the links of the page that answers, to another language, lead back here
            return self._web.redirect(f"/logout?{quote(query(request), safe='=&+%')}")
        self._web.same_origin(request)
        asked = self._signing_out.read(parse(query(request)))
        fields = parse(form(request)).values
        check_csrf(self._web.cookie(request, self._web.cookies.browser), _LOGOUT_FORM, fields.get("csrf", ""))
        session = self._session()
        if fields.get("decision") != "allow":
            return self._web.redirect("/")
        return self._end(asked, session) if session else self._done(asked)

    def _ask(self, asked: LogoutRequest, session: Session) -> Response:
        cookies = self._web.cookies
        browser = self._web.cookie(request, cookies.browser) or self._transactions.new_browser()
        action = f"/logout/confirm?{urlencode(asked.again)}"
        citizen = self._citizens.by_id(session.head.citizen_id)
        frame = self._web.frame(request, asked.languages)
        client = _view(asked.client, frame.language) if asked.client else None
        page = SignOutPage(
            action, csrf_token(browser, _LOGOUT_FORM), client, citizen.profile.masked_name if citizen else None
        )
        response = self._web.page(page, frame, forms_to=origin_of(asked.back or ""))
        cookies.set(response, cookies.browser, browser)
        return response

    def _end(self, asked: LogoutRequest, session: Session) -> Response:
        told = self._signing_out.end(session, asked.asking)
        response = self._parting.part(_farewell(asked, *told))
        self._web.cookies.drop(response, self._web.cookies.session)
        return response

    def _done(self, asked: LogoutRequest) -> Response:
        return self._parting.show(_farewell(asked))

    def _session(self) -> Session | None:
        handle = self._web.cookie(request, self._web.cookies.session)
        return self._sessions.load_to_end(handle) if handle else None


def _farewell(asked: LogoutRequest, *told: Told) -> Farewell:
    return Farewell(told, asked.back, asked.client.client_name if asked.client else {}, asked.languages)


def _view(client: Client, language: str) -> ClientView:
    party = client.party
    return ClientView(in_language(party.name, language), party.host, in_language(party.uri, language) or None)
