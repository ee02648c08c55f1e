"""The three requests of a hop and the one of a SAML turn, past Flask's contexts.

/authorize, /token, /userinfo and /saml/sso carry nearly all of the load and use none of what Flask sets up for each
request: no session of its own, no host matching, no signals, no teardown. So they are answered straight from WSGI, by
the same views, with the same handling of errors, the same number and line in the log. Whatever stands not in the table,
another method of the same address too, goes through Flask. Every request comes by here, so this is where an address
that comes too often is told so.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Final, TypeAlias
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Response
from werkzeug.wrappers import Request

from idp.errors import TooManyRequests
from idp.http.failing import Failing, PageError
from idp.http.observer import Observer
from idp.http.reading import MAX_FORM_BYTES
from idp.http.web import Web
from idp.pace import Pace
from idp.pages import ErrorKind
from idp.storage.state import Throttled

View: TypeAlias = Callable[[Request], Response]


class Shortcut:
    def __init__(
        self,
        otherwise: WSGIApplication,
        views: Mapping[tuple[str, str], View],
        web: Web,
        failing: Failing,
        observer: Observer,
        pace: Pace,
    ) -> None:
        """`views` by method and path; `otherwise` answers everything else."""
        self._otherwise = otherwise
        self._views = views
        self._web = web
        self._failing = failing
        self._observer = observer
        self._pace = pace

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        try:
            self._pace.count(self._web.peer(environ))
        except Throttled as throttled:
            return self._too_many(environ, throttled.retry_after)(environ, start_response)
        path: str = environ["PATH_INFO"]
        view = self._views.get((environ["REQUEST_METHOD"], path))
        if view is None:
            return self._otherwise(environ, start_response)
        began = time.perf_counter()
        request = _Request(environ)
        try:
            response = view(request)
        except Exception as error:
            response = self._failing.error_page(request, error)
        self._web.strict_transport(response)
        self._observer.answered(request, path, response.status_code, time.perf_counter() - began)
        return response(environ, start_response)

    def _too_many(self, environ: WSGIEnvironment, retry_after: int) -> Response:
        """As a page for a browser, as JSON for anything else; in the log and the numbers as for no endpoint."""
        request = _Request(environ)
        if "text/html" in request.headers.get("Accept", ""):
            response = self._failing.error_page(request, PageError(ErrorKind.TOO_MANY, 429, retry_after=retry_after))
        else:
            response = self._failing.oauth_error(TooManyRequests(retry_after))
        self._observer.answered(request, "none", response.status_code, 0.0)
        return self._web.strict_transport(response)


class _Request(Request):
    max_content_length: Final = MAX_FORM_BYTES  # type: ignore[misc]
