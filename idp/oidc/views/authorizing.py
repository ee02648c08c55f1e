"""/authorize: a browser comes, and is sent on or shown a page."""

from functools import partial
from urllib.parse import quote

from flask import Response
from werkzeug.wrappers import Request

from idp.http import PageError, Web, form, query
from idp.login.door import Redirect
from idp.login.party import in_language
from idp.login.transaction import Transactions
from idp.login.views import step_address
from idp.login.views.answering import answered
from idp.oidc.authorization.authorize import AuthorizationEndpoint, Visit
from idp.oidc.authorization.target import UnknownClient, UnprovenRedirect
from idp.pages import ErrorKind
from idp.storage.state import Throttled


class AuthorizeView:
    def __init__(self, web: Web, endpoint: AuthorizationEndpoint, transactions: Transactions) -> None:
        self._web = web
        self._endpoint = endpoint
        self._transactions = transactions

    def __call__(self, request: Request) -> Response:
        cookies = self._web.cookies
        browser = self._web.cookie(request, cookies.browser)
        fresh = "" if browser else self._transactions.new_browser()
        raw = query(request) if request.method == "GET" else form(request)
        if request.method == "POST" and not browser:
            # another site's form comes without our cookies (SameSite=Lax); the GET that follows brings them
            return self._web.redirect(f"/authorize?{quote(raw, safe='=&+%')}")
        try:
            session, source = self._web.cookie(request, cookies.session), self._web.source(request)
            answer = self._endpoint.begin(Visit(raw, session, browser or fresh, source))
        except UnknownClient as unknown:
            raise PageError(ErrorKind.UNKNOWN_CLIENT, client_id=unknown.client_id) from None
        except UnprovenRedirect as unproven:
            language = self._web.frame(request).language
            name = in_language(unproven.client.client_name, language)
            raise PageError(ErrorKind.BAD_REDIRECT, client_name=name, client_id=unproven.client.client_id) from None
        except Throttled as throttled:
            raise PageError(ErrorKind.TOO_MANY, 429, retry_after=throttled.retry_after) from None
        if isinstance(answer, Redirect):
            return answered(self._web, answer, partial(self._web.frame, request))
        response = self._web.redirect(step_address(answer.step, answer.transaction))
        if fresh:
            cookies.set(response, cookies.browser, fresh)
        return response
