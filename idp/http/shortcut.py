"""The three requests of a hop, past Flask's contexts.

/authorize, /token and /userinfo carry nearly all of the load and use none of what Flask sets up for each request: no
session of its own, no host matching, no signals, no teardown. So they are answered straight from WSGI, by the same
views, with the same handling of errors, the same number and line in the log. Whatever stands not in the table, another
method of the same address too, goes through Flask.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Final, TypeAlias
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Response
from werkzeug.wrappers import Request

from idp.http.failing import Failing
from idp.http.observer import Observer
from idp.http.reading import MAX_FORM_BYTES
from idp.http.web import Web

View: TypeAlias = Callable[[Request], Response]


class Shortcut:
    def __init__(
        self,
        otherwise: WSGIApplication,
        views: Mapping[tuple[str, str], View],
        web: Web,
        failing: Failing,
        observer: Observer,
    ) -> None:
        """`views` by method and path; `otherwise` answers everything else."""
        self._otherwise = otherwise
        self._views = views
        self._web = web
        self._failing = failing
        self._observer = observer

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
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


class _Request(Request):
    max_content_length: Final = MAX_FORM_BYTES  # type: ignore[misc]
