"""Exceptions that become responses, each with the status and words its kind has, and a reference that the log has
too."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from flask import Response
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound, RequestEntityTooLarge
from werkzeug.wrappers import Request

from idp.csrf import Forged
from idp.errors import InsufficientScope, OAuthError, ServerError, TemporarilyUnavailable
from idp.http.web import Web
from idp.metrics import Metrics
from idp.pages import ErrorKind, ErrorPage
from idp.secrets import Randomness
from idp.storage.records.errors import RecordsUnavailable
from idp.storage.state import StateUnavailable

REFERRED: Final = "idp.reference"
"""Where in the WSGI environment the reference of an error stands."""
_REFERENCE: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PageError(Exception):
    """An error that is a page of our own, because there is nowhere to send it or nobody to tell."""

    kind: ErrorKind
    status: int = 400
    client_name: str | None = None
    retry_after: int | None = None
    client_uri: str | None = None
    languages: tuple[str, ...] = ()
    """What the page that met the error was read in, where that is known."""
    client_id: str | None = None
    citizen_id: str | None = None
    """Whom it is about, for log and trail and not for the page: names of ours, never what a request brought."""


class Failing:
    """Exceptions become responses here and nowhere else: a page for people, JSON for relying parties' servers."""

    def __init__(
        self, web: Web, randomness: Randomness, metrics: Metrics, tell: Callable[[str, Exception], None]
    ) -> None:
        """`tell` is given the reference and the exception of each error that nobody foresaw, or that is about a
        citizen."""
        self._web = web
        self._randomness = randomness
        self._metrics = metrics
        self._tell = tell

    def oauth_error(self, error: OAuthError, authenticate: str | None = None) -> Response:
        """RFC 6749 section 5.2; `authenticate` is the scheme for WWW-Authenticate (also RFC 6750 section 3)."""
        headers = {}
        if authenticate and (error.status == 401 or isinstance(error, InsufficientScope)):
            headers["WWW-Authenticate"] = f'{authenticate} realm="citizen-idp"{error.challenge}'
        if error.status in (429, 503):
            headers["Retry-After"] = str(getattr(error, "retry_after", 5))
        return self._web.json(error.document, error.status, headers)

    def unexpected(self, request: Request, error: Exception) -> Response:
        """What is no `OAuthError`, as the error that a relying party's server is told."""
        if self._missed(error) is not None:
            self._log(request, "a store does not answer", error)
            return self.oauth_error(TemporarilyUnavailable())
        self._log(request, "unexpected", error)
        return self.oauth_error(ServerError())

    def error_page(self, request: Request, error: Exception) -> Response:
        """The one place where an exception becomes a page. What is not known is logged with its reference, and shown as
        such."""
        known = page_error(error)
        self._missed(error)
        reference = self._log(request, "error page", error, known)
        page = ErrorPage(known.kind, reference, known.client_name, known.retry_after, known.client_uri)
        response = self._web.page(page, self._web.frame(request, known.languages), known.status)
        if known.retry_after is not None:
            response.headers["Retry-After"] = str(known.retry_after)
        if isinstance(error, MethodNotAllowed):
            response.headers["Allow"] = ", ".join(sorted(error.valid_methods or ()))  # RFC 9110 section 15.5.6
        return response

    def _missed(self, error: Exception) -> str | None:
        """The store that did not answer, if that is the error; it is counted."""
        store = store_away(error)
        if store is not None:
            self._metrics.store_failed(store)
        return store

    def _log(self, request: Request, message: str, error: Exception, page: PageError | None = None) -> str:
        """One line, with the class and place of what is not known; gives its reference."""
        reference = self.reference()
        request.environ[REFERRED] = reference
        reason = page.kind.value if page else None
        if (store := store_away(error)) is not None:  # of an outage there is nothing more to say, and many say it
            _log.warning(message, extra={"reference": reference, "reason": f"{store}_away"})
        elif page is None or page.status >= 500:
            _log.error(message, exc_info=error, extra={"reference": reference, "reason": reason})
            self._tell(reference, error)
        else:
            _log.info(message, extra={"reference": reference, "reason": reason, "client_id": page.client_id})
            if page.citizen_id is not None:
                self._tell(reference, page)
        return reference

    def reference(self) -> str:
        """A number for an error page, short enough to read out on the phone."""
        letters = "".join(_REFERENCE[byte % len(_REFERENCE)] for byte in self._randomness.bytes(8))
        return f"{letters[:4]}-{letters[4:]}"


def store_away(error: Exception) -> str | None:
    """Which store did not answer, if that is what the error says."""
    if isinstance(error, StateUnavailable):
        return "state"
    return "records" if isinstance(error, RecordsUnavailable) else None


def page_error(error: Exception) -> PageError:
    if isinstance(error, PageError):
        return error
    for kind, shown in _PAGES.items():
        if isinstance(error, kind):
            return shown
    return PageError(ErrorKind.INTERNAL, 500)


_PAGES: Final[Mapping[type[Exception], PageError]] = {  # the first that fits
    StateUnavailable: PageError(ErrorKind.UNAVAILABLE, 503, retry_after=5),
    RecordsUnavailable: PageError(ErrorKind.UNAVAILABLE, 503, retry_after=5),
    Forged: PageError(ErrorKind.FORBIDDEN, 403),
    RequestEntityTooLarge: PageError(ErrorKind.TOO_LARGE, 413),
    NotFound: PageError(ErrorKind.NOT_FOUND, 404),
    MethodNotAllowed: PageError(ErrorKind.METHOD, 405),
    TemporarilyUnavailable: PageError(ErrorKind.UNAVAILABLE, 503, retry_after=5),
    OAuthError: PageError(ErrorKind.BAD_REQUEST, 400),
    HTTPException: PageError(ErrorKind.BAD_REQUEST, 400),
}
