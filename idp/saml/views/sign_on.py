"""/saml/sso: a browser comes with a request, and is sent on or shown a page."""

import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final, TypeAlias, TypeVar
from urllib.parse import quote

from flask import Blueprint, Response
from flask import request as flask_request
from werkzeug.wrappers import Request

from federation.saml import arriving, soap
from federation.saml.arriving import RELAY_STATE_BYTES, Arrived, Unreadable
from idp.http import MAX_FORM_BYTES, PageError, Web, form, query
from idp.login.dispatch import Interaction
from idp.login.door import Redirect
from idp.login.transaction import Transactions
from idp.login.views import step_address
from idp.login.views.answering import answered
from idp.pages import ErrorKind
from idp.parameters import parse
from idp.saml.addresses import ARTIFACT, RESUME, SSO, START
from idp.saml.senders import NotProved, TooOld, UnknownProvider
from idp.saml.sso.pending import Pending
from idp.saml.sso.resolution import Resolution
from idp.saml.sso.sign_on import NoPlace, SingleSignOn, Visit
from idp.sessions import Sessions
from idp.storage.state import Throttled

_REQUEST: Final = "AuthnRequest"

T = TypeVar("T")
_Begin: TypeAlias = Callable[[Visit], Redirect | Interaction]

_log = logging.getLogger(__name__)


class SignOnViews:
    def __init__(
        self,
        web: Web,
        sign_on: SingleSignOn,
        pending: Pending,
        resolution: Resolution,
        sessions: Sessions,
        transactions: Transactions,
    ) -> None:
        self._web = web
        self._sign_on = sign_on
        self._pending = pending
        self._resolution = resolution
        self._sessions = sessions
        self._transactions = transactions

    def blueprint(self) -> Blueprint:
        routes = Blueprint("saml_sign_on", __name__)
        routes.add_url_rule(SSO, "redirect", lambda: self.by_redirect(flask_request), methods=["GET"])
        for path, view, method in (
            (SSO, self.by_post, "POST"),
            (RESUME, self.resume, "GET"),
            (START, self.start, "GET"),
            (ARTIFACT, self.resolve, "POST"),
        ):
            routes.add_url_rule(path, f"{method} {path}", view, methods=[method])
        return routes

    def hop(self) -> Mapping[tuple[str, str], Callable[[Request], Response]]:
        """The view that nearly all requests go to, by method and path."""
        return {("GET", SSO): self.by_redirect}

    def by_redirect(self, request: Request) -> Response:
        try:
            return self._begin(request, arriving.from_query(query(request), "SAMLRequest"))
        except Unreadable as error:
            raise _refused(error) from None

    def by_post(self) -> Response:
        fields = parse(form(flask_request))
        fields.refuse_repeated()
        if fields.get("SAMLResponse"):
            raise PageError(ErrorKind.BAD_REQUEST)
        try:
            arrived = arriving.from_form(fields.require("SAMLRequest"), fields.get("RelayState"))
        except Unreadable as error:
            raise _refused(error) from None
        if self._web.cookie(flask_request, self._web.cookies.browser):
            return self._begin(flask_request, arrived)
        proved = _guarded(lambda: self._sign_on.incoming.prove(_asked(arrived)))
        name = _guarded(lambda: self._pending.keep(proved, self._web.source(flask_request)))
        # no cookie is set: the browser has one perhaps, to which a sign-in in another tab is bound
        return self._web.redirect(f"{RESUME}?request={quote(name)}")

    def resume(self) -> Response:
        name = parse(query(flask_request)).get("request") or ""
        proved = _guarded(lambda: self._pending.take(name))
        if proved is None:
            raise PageError(ErrorKind.EXPIRED)
        return self._go(flask_request, lambda visit: self._sign_on.begin(proved, visit))

    def start(self) -> Response:
        """A sign-in that no service provider asked for."""
        parameters = parse(query(flask_request))
        parameters.refuse_repeated()
        sp, relay_state = parameters.get("sp") or "", parameters.get("RelayState")
        if relay_state is not None and len(relay_state.encode()) > RELAY_STATE_BYTES:
            raise PageError(ErrorKind.BAD_REQUEST)
        return self._go(flask_request, lambda visit: self._sign_on.begin_unsolicited(sp, relay_state, visit))

    def resolve(self) -> Response:
        """By SOAP; nobody is told why not (saml-bindings-2.0-os section 3.2.3.3)."""
        if (flask_request.content_length or 0) > MAX_FORM_BYTES:
            return Response(status=413)
        try:
            envelope = self._resolution.answer(flask_request.get_data())
        except NotProved as error:
            _log.warning("an artifact was not resolved", extra={"reason": str(error)})
            return Response(status=403)
        return Response(envelope, content_type=soap.CONTENT_TYPE, headers={"Cache-Control": "no-store"})

    def _begin(self, request: Request, arrived: Arrived) -> Response:
        return self._go(
            request, lambda visit: self._sign_on.begin(self._sign_on.incoming.prove(_asked(arrived)), visit)
        )

    def _go(self, request: Request, begin: _Begin) -> Response:
        cookies = self._web.cookies
        browser = self._web.cookie(request, cookies.browser)
        fresh = "" if browser else self._transactions.new_browser()
        handle = self._web.cookie(request, cookies.session)
        session = self._sessions.load(handle) if handle else None
        visit = Visit(session, browser or fresh, self._web.source(request))
        answer = _guarded(lambda: begin(visit))
        if isinstance(answer, Redirect):
            return answered(self._web, answer, partial(self._web.frame, request))
        response = self._web.redirect(step_address(answer.step, answer.transaction))
        if fresh:
            cookies.set(response, cookies.browser, fresh)
        return response


def _asked(arrived: Arrived) -> Arrived:
    """Nothing else is sent here. Raises `NotProved`."""
    if arrived.kind != _REQUEST:
        raise NotProved("another message")
    return arrived


def _guarded(act: Callable[[], T]) -> T:
    """What cannot be answered is a page. Raises `PageError`."""
    try:
        return act()
    except UnknownProvider as unknown:
        raise PageError(ErrorKind.UNKNOWN_CLIENT, client_id=unknown.party_id) from None
    except NoPlace as none:
        raise PageError(ErrorKind.BAD_REDIRECT, client_id=none.provider.party_id) from None
    except TooOld:
        raise PageError(ErrorKind.EXPIRED) from None
    except NotProved as error:
        raise _refused(error) from None
    except Throttled as throttled:
        raise PageError(ErrorKind.TOO_MANY, 429, retry_after=throttled.retry_after) from None


def _refused(error: Exception) -> PageError:
    _log.warning("a SAML request was refused", extra={"reason": str(error)})
    return PageError(ErrorKind.BAD_REQUEST)
