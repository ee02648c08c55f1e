"""The bodies of requests, read before anything else is done, and of one address only so many at a time.

A client may send its body a byte a minute, and a thread waits for it. Without a bound one machine with a few dozen
connections would hold every thread of a worker. A proxy that we trust speaks for many addresses and waits for bodies
itself, so it has no bound.
"""

import threading
from collections import Counter
from collections.abc import Iterable
from io import BytesIO
from typing import Final
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from idp.http.reading import MAX_FORM_BYTES
from idp.sources import address_of, source_of

SHARE: Final = 32
"""Bodies that one address may be sending to one worker at a time: half of its threads (`idp.running.serve`)."""
TOGETHER: Final = 48
"""And all addresses together, so that a few of them do not take the threads of requests without a body, either."""


class Bodies:
    def __init__(self, app: WSGIApplication, proxies: frozenset[str], share: int = SHARE) -> None:
        self._app = app
        self._proxies = proxies
        self._share = share
        self._waiting: Counter[str] = Counter()
        self._lock = threading.Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if _has_body(environ) and not self._received(environ):
            start_response("503 Service Unavailable", [("Retry-After", "5"), ("Content-Length", "0")])
            return [b""]
        return self._app(environ, start_response)

    def _received(self, environ: WSGIEnvironment) -> bool:
        peer: str = environ.get("REMOTE_ADDR", "")
        if address_of(peer) in self._proxies:
            _read(environ)
            return True
        source = source_of(peer)
        with self._lock:
            if self._waiting[source] >= self._share or self._waiting.total() >= TOGETHER:
                return False
            self._waiting[source] += 1
        try:
            _read(environ)
            return True
        finally:
            with self._lock:
                self._waiting[source] -= 1
                if not self._waiting[source]:
                    del self._waiting[source]


def _has_body(environ: WSGIEnvironment) -> bool:
    return environ.get("CONTENT_LENGTH", "0") not in ("", "0") or "HTTP_TRANSFER_ENCODING" in environ


def _read(environ: WSGIEnvironment) -> None:
    """Put the whole body in the place of the stream. One that is too long is left for the application to refuse."""
    told = environ.get("CONTENT_LENGTH", "")
    length = int(told) if told.isdecimal() else MAX_FORM_BYTES + 1
    if told and length > MAX_FORM_BYTES:
        return
    body = environ["wsgi.input"].read(length)
    environ["wsgi.input"] = BytesIO(body)
    if not told:  # chunked: its length is known now
        environ["CONTENT_LENGTH"] = str(len(body))
        del environ["HTTP_TRANSFER_ENCODING"]
