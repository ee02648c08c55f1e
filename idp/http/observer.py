"""What each request leaves behind: a number for Prometheus, a line in the access log."""

import time
from typing import Final

from flask import Flask, Response, request
from werkzeug.wrappers import Request

from idp.http.access_log import AccessLog
from idp.http.failing import REFERRED
from idp.metrics import Metrics

_BEGAN: Final = "idp.began"
_METHODS: Final = frozenset({"GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"})


class Observer:
    """It stands in every hop, so it does nothing else; and nothing that a request brought is in the number or the
    line."""

    def __init__(self, metrics: Metrics, access: AccessLog | None) -> None:
        self._metrics = metrics
        self._access = access

    def install(self, app: Flask) -> None:
        app.before_request(self._begun)
        app.after_request(self._answered)

    def _begun(self) -> None:
        request.environ[_BEGAN] = time.perf_counter()

    def _answered(self, response: Response) -> Response:
        rule = request.url_rule
        seconds = time.perf_counter() - request.environ[_BEGAN]
        self.answered(request, "none" if rule is None else rule.rule, response.status_code, seconds)
        return response

    def answered(self, request: Request, endpoint: str, status: int, seconds: float) -> None:
        """`endpoint` is a route of ours, or "none"."""
        self._metrics.request(endpoint, status, seconds)
        if self._access is not None:
            method = request.method if request.method in _METHODS else "other"
            self._access.line(endpoint, method, status, seconds, request.environ.get(REFERRED))
