"""/saml/slo: single logout by redirect, POST and SOAP, and the way from one service provider to the next."""

from dataclasses import dataclass
from functools import partial
from typing import Final
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from federation.saml import soap
from federation.saml.arriving import Arrived, Unreadable, from_form, from_query, from_soap
from federation.saml.names import POST
from federation.saml.redirecting import REQUEST, RESPONSE
from federation.saml.response import Status
from idp.errors import InvalidRequest
from idp.http import PageError, Web, form, query
from idp.leaving.farewell import Farewell
from idp.leaving.views import Parting
from idp.login.door import Redirect, origin_of
from idp.login.party import in_language
from idp.login.views.answering import answered
from idp.pages import ContinuePage, ErrorKind, LeavingPage
from idp.parameters import parse
from idp.saml import addresses
from idp.saml.leaving.held import Held
from idp.saml.leaving.journey import Asking, WrongBrowser
from idp.saml.leaving.messages import Messages
from idp.saml.leaving.onward import FormFollows, Onward, onward_address
from idp.saml.leaving.proving import ProvedRequest, Proving
from idp.saml.leaving.single_logout import ALL, NOT_THAT, SOME, Ended, SingleLogout
from idp.saml.senders import NotProved, UnknownProvider
from idp.sessions import Session, Sessions
from idp.storage.state import Gone, Replayed

_JOURNEY: Final = "j"
_HELD: Final = "r"
_FAULT: Final = 400


@dataclass(frozen=True, slots=True)
class Parts:
    """What the views work with."""

    proving: Proving
    held: Held
    single_logout: SingleLogout
    onward: Onward
    messages: Messages


class LeavingViews:
    def __init__(self, web: Web, parts: Parts, sessions: Sessions, parting: Parting) -> None:
        self._web = web
        self._parts = parts
        self._sessions = sessions
        self._parting = parting

    def blueprint(self) -> Blueprint:
        routes = Blueprint("saml_leaving", __name__)
        for path, view, methods in (
            (addresses.SLO, self.arrive, ["GET", "POST"]),
            (addresses.SLO_SOAP, self.soap, ["POST"]),
            (addresses.SLO_RESUME, self.resume, ["GET"]),
            (addresses.SLO_ONWARD, self.onward, ["GET"]),
            (addresses.SLO_ANSWER, self.answer, ["GET"]),
        ):
            routes.add_url_rule(path, path, view, methods=methods)
        return routes

    def arrive(self) -> Response:
        """A request or an answer, by redirect or by POST."""
        arrived = _arrived()
        address = self._web.issuer + addresses.SLO
        try:
            if arrived.kind == "LogoutResponse":
                proved = self._parts.proving.response(arrived, address)
                return self._web.redirect(onward_address(self._parts.onward.answered(proved)))
            asked = self._parts.proving.request(arrived, address)
        except UnknownProvider:
            raise PageError(ErrorKind.UNKNOWN_CLIENT) from None
        except NotProved as refused:
            raise InvalidRequest(str(refused)) from None
        except Gone:
            raise PageError(ErrorKind.EXPIRED) from None
        if request.method == "POST" and not self._web.cookie(request, self._web.cookies.session):
            return self._web.redirect(f"{addresses.SLO_RESUME}?{urlencode({_HELD: self._parts.held.keep(asked)})}")
        return self._carry_out(asked)

    def resume(self) -> Response:
        """A request that came by POST, now with the browser's cookies."""
        try:
            return self._carry_out(self._parts.held.take(_named(_HELD)))
        except (Gone, Replayed):
            raise PageError(ErrorKind.EXPIRED) from None

    def onward(self) -> Response:
        """To the next service provider that only this browser can tell, or to where all ends."""
        journey_id = _named(_JOURNEY)
        try:
            found = self._parts.onward.go(journey_id, self._browser(), on_page="go" in request.args)
        except FormFollows:
            return self._pause(f"{onward_address(journey_id)}&go=1")
        except Gone:
            raise PageError(ErrorKind.EXPIRED) from None
        except WrongBrowser:
            raise PageError(ErrorKind.OTHER_BROWSER, 403) from None
        return self._parting.part(found) if isinstance(found, Farewell) else self._send(found)

    def answer(self) -> Response:
        """Back to the service provider that began, when all is done."""
        try:
            answer = self._parts.onward.last(_named(_JOURNEY), self._browser())
        except Gone:
            raise PageError(ErrorKind.EXPIRED) from None
        except WrongBrowser:
            raise PageError(ErrorKind.OTHER_BROWSER, 403) from None
        return self._answered(answer)

    def soap(self) -> Response:
        """A service provider's server asks (saml-bindings-2.0-os section 3.2)."""
        try:
            proved = self._parts.proving.request(from_soap(request.get_data()), self._web.issuer + addresses.SLO_SOAP)
        except (Unreadable, NotProved):
            return _xml(soap.fault("Client", "not a LogoutRequest that we take"), _FAULT)
        ended = self._parts.single_logout.by_server(proved)
        return _xml(self._parts.messages.response_by_soap(proved.provider, proved.request.id, _status(ended)))

    def _carry_out(self, proved: ProvedRequest) -> Response:
        session = self._session()
        ended = self._parts.single_logout.in_browser(proved, session)
        response = self._after(proved, ended)
        if session and ended.session and session.head.lineage == ended.session.head.lineage:
            self._web.cookies.drop(response, self._web.cookies.session)
        return response

    def _after(self, proved: ProvedRequest, ended: Ended) -> Response:
        """The answer at once where nothing is left to do or to show; else what is left goes first."""
        asking = Asking(proved.provider.party_id, proved.request.id, proved.binding, proved.relay_state)
        farewell = Farewell(tuple(ended.told), None, proved.provider.names)
        if ended.refused or (farewell.settled and not any(each.frame for each in farewell.told)):
            return self._answered(self._parts.onward.answer(asking, _status(ended)))
        in_form = proved.binding == POST or bool(farewell.visits)
        return self._parting.send(lambda browser: self._parts.onward.begin(farewell, browser, in_form, asking))

    def _answered(self, answer: Redirect | None) -> Response:
        """A service provider without an address for answers leaves the browser with us."""
        if answer is None:
            return self._parting.show(Farewell())
        return answered(self._web, answer, partial(self._web.frame, request))

    def _send(self, to: Redirect) -> Response:
        if to.fields is None:
            return self._web.redirect(to.location)
        frame = self._web.frame(request)
        page = ContinuePage(to.location, tuple(to.fields.items()), in_language(to.party, frame.language), leaving=True)
        return self._web.page(page, frame, forms_to=origin_of(to.location), scripted=True)

    def _pause(self, next_href: str) -> Response:
        """A page of ours between a form and where it does not let the browser go."""
        response = self._web.page(LeavingPage(next_href), self._web.frame(request))
        response.headers["Refresh"] = f"0;url={next_href}"
        return response

    def _browser(self) -> str:
        return self._web.cookie(request, self._web.cookies.browser)

    def _session(self) -> Session | None:
        handle = self._web.cookie(request, self._web.cookies.session)
        return self._sessions.load_to_end(handle) if handle else None


def _arrived() -> Arrived:
    """Raises `InvalidRequest`."""
    try:
        if request.method == "GET":
            return from_query(query(request), RESPONSE if RESPONSE in request.args else REQUEST)
        fields = parse(form(request))
        fields.refuse_repeated()
        message = fields.get(RESPONSE) or fields.require(REQUEST)
        return from_form(message, fields.get("RelayState"))
    except Unreadable as unreadable:
        raise InvalidRequest(str(unreadable)) from None


def _named(parameter: str) -> str:
    """Raises `InvalidRequest`."""
    return parse(query(request)).require(parameter)


def _status(ended: Ended) -> Status:
    if ended.refused:
        return NOT_THAT
    return ALL if all(each.confirmed for each in ended.told) else SOME


def _xml(document: str, status: int = 200) -> Response:
    return Response(document, status, content_type=soap.CONTENT_TYPE, headers={"Cache-Control": "no-store"})
