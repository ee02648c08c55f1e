"""HTTP, once for all endpoints: cookies, headers, who is at the other end, forms, exceptions that become responses, and
the number and the line in the log that each request leaves.

Flask's request is read here and in the views, and nowhere deeper. The issuer's address comes from the settings alone;
no header of a request can change where a redirect or a link goes.
"""

import logging
import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from wsgiref.types import StartResponse, WSGIEnvironment

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound, RequestEntityTooLarge
from werkzeug.wrappers import Request

from idp.codec import encode
from idp.config import Settings
from idp.csrf import Forged
from idp.errors import InsufficientScope, InvalidRequest, OAuthError, ServerError, TemporarilyUnavailable
from idp.login.door import PartyGone
from idp.logs import AccessLog
from idp.metrics import Metrics
from idp.pages import ErrorKind, ErrorPage, Frame, Page, Pages, choose_language
from idp.secrets import Randomness
from idp.storage.records.errors import RecordsUnavailable
from idp.storage.state import StateUnavailable

MAX_FORM_BYTES: Final = 65_536
PREFERENCE_SECONDS: Final = 365 * 86_400
_REFERENCE: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_LOCAL: Final = re.compile(r"/(?![/\\])[!-~]*", re.ASCII)
_SOURCE: Final = re.compile(r"[a-z][a-z0-9+.-]*:(//[A-Za-z0-9.:\[\]-]+)?", re.ASCII)
_FORM: Final = "application/x-www-form-urlencoded"
_BEGAN: Final = "idp.began"
_REFERRED: Final = "idp.reference"
_METHODS: Final = frozenset({"GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"})

_JSON: Final = (
    ("Content-Type", "application/json"),
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
)
_HARDENED: Final = (
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    # not no-referrer: with that, browsers send `Origin: null` with our own forms
    ("Referrer-Policy", "same-origin"),
)

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


class Cookies:
    """Names and attributes of our cookies. On https they are `__Host-`: bound to this very host, no path, no domain."""

    def __init__(self, secure: bool) -> None:
        self._secure = secure
        prefix = "__Host-" if secure else ""
        self.session: Final = f"{prefix}idp-session"
        self.browser: Final = f"{prefix}idp-browser"
        self.known: Final = f"{prefix}idp-known"
        self.language: Final = f"{prefix}idp-language"
        self.size: Final = f"{prefix}idp-size"

    def set(self, response: Response, name: str, value: str, max_age: int | None = None) -> None:
        """`max_age` in seconds; without it the cookie ends with the browser."""
        response.set_cookie(name, value, max_age=max_age, secure=self._secure, httponly=True, samesite="Lax", path="/")

    def drop(self, response: Response, name: str) -> None:
        response.delete_cookie(name, secure=self._secure, httponly=True, samesite="Lax", path="/")


class Complete(Response):
    """An answer in one piece whose headers are complete when it is made: nothing is looked up and corrected while it is
    sent. A `Location` must be a URI already."""

    default_mimetype = None

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response(self.status, self.headers.to_wsgi_list())
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [self.get_data()]


class Observer:
    """What each request leaves: a number for Prometheus and a line in the access log, neither with anything it brought.

    It stands in every hop, so it does nothing else.
    """

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
            self._access.line(endpoint, method, status, seconds, request.environ.get(_REFERRED))


class Web:
    def __init__(self, settings: Settings, pages: Pages, randomness: Randomness, metrics: Metrics) -> None:
        self.issuer: Final = settings.issuer
        self.cookies: Final = Cookies(settings.secure)
        self._secure = settings.secure
        self._proxies = settings.trusted_proxies
        self._pages = pages
        self._randomness = randomness
        self._metrics = metrics
        self._told: Callable[[str, Exception], None] | None = None

    def on_unexpected(self, listener: Callable[[str, Exception], None]) -> None:
        """`listener` is told the reference and the exception of each error that nobody foresaw."""
        self._told = listener

    # -- reading ----------------------------------------------------------------------------------------------------

    def source(self, request: Request) -> str:
        """The address of the browser or client: the peer's, or what an exactly trusted proxy says it is."""
        peer = request.remote_addr or ""
        if peer not in self._proxies:
            return peer
        for hop in reversed(request.headers.get("X-Forwarded-For", "").split(",")):
            peer = hop.strip() or peer
            if peer not in self._proxies:
                break
        return peer

    def cookie(self, request: Request, name: str) -> str:
        return request.cookies.get(name, "")[:1_024]

    def frame(self, request: Request, languages: tuple[str, ...] = (), asked_at: int | None = None) -> Frame:
        """`languages` are what the relying party asks for. With `asked_at`, when it asked in seconds since the epoch,
        what the visitor has chosen here since then goes before."""
        chosen, chosen_at = _choice(request.cookies.get(self.cookies.language, ""))
        if asked_at is not None and chosen_at >= asked_at:
            languages = (chosen, *languages)
        language = choose_language(languages, chosen, request.headers.get("Accept-Language"))
        # a POST leaves an address that GET shows again
        return Frame(language, request.cookies.get(self.cookies.size) == "large", here(request))

    def same_origin(self, request: Request) -> None:
        """A form of ours comes from a page of ours. Raises `Forged`."""
        origin = request.headers.get("Origin")
        site = request.headers.get("Sec-Fetch-Site")
        if origin not in (None, self.issuer) or site not in (None, "same-origin", "none"):
            raise Forged

    def remember_language(self, response: Response, language: str, now: float) -> None:
        self.cookies.set(response, self.cookies.language, f"{language}.{int(now)}", PREFERENCE_SECONDS)

    # -- answering --------------------------------------------------------------------------------------------------

    def page(self, page: Page, frame: Frame, status: int = 200, forms_to: str = "") -> Response:
        """`forms_to`: where, besides ourselves, the redirect that answers the page's form may lead (Chrome asks
        `form-action`)."""
        response = Response(self._pages.render(page, frame), status, mimetype="text/html")
        target = f" {forms_to}" if _SOURCE.fullmatch(forms_to) else ""
        response.headers["Content-Security-Policy"] = (
            "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
            f"form-action 'self'{target}"
        )
        response.headers["Vary"] = "Cookie, Accept-Language"
        return self.hardened(response)

    def redirect(self, location: str) -> Response:
        """303, so that a form is never posted on (RFC 9700 section 4.12). `location` is a URI: ASCII."""
        return Complete(b"", 303, [("Location", location), *_HARDENED])

    def json(self, document: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
        return Complete(encode(document), status, [*_JSON, *(headers or {}).items()])

    def static(self, name: str) -> Response:
        found = self._pages.static(name)
        if found is None:
            raise NotFound
        response = Response(found[0], content_type=found[1])
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    def hardened(self, response: Response) -> Response:
        response.headers.update(_HARDENED)
        return response

    def strict_transport(self, response: Response) -> Response:
        """RFC 6797, for every answer whatever makes it."""
        if self._secure:
            response.headers["Strict-Transport-Security"] = "max-age=31536000"
        return response

    # -- exceptions ---------------------------------------------------------------------------------------------------

    def oauth_error(self, error: OAuthError, authenticate: str | None = None) -> Response:
        """RFC 6749 section 5.2; `authenticate` is the scheme for WWW-Authenticate (also RFC 6750 section 3)."""
        headers = {}
        if authenticate and (error.status == 401 or isinstance(error, InsufficientScope)):
            headers["WWW-Authenticate"] = f'{authenticate} realm="citizen-idp"{error.challenge}'
        if error.status in (429, 503):
            headers["Retry-After"] = str(getattr(error, "retry_after", 5))
        return self.json(error.document, error.status, headers)

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
        response = self.page(page, self.frame(request, known.languages), known.status)
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
        request.environ[_REFERRED] = reference
        reason = page.kind.value if page else None
        if (store := store_away(error)) is not None:  # of an outage there is nothing more to say, and many say it
            _log.warning(message, extra={"reference": reference, "reason": f"{store}_away"})
        elif page is None or page.status >= 500:
            _log.error(message, exc_info=error, extra={"reference": reference, "reason": reason})
            if self._told is not None:
                self._told(reference, error)
        else:
            _log.info(message, extra={"reference": reference, "reason": reason})
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
    PartyGone: PageError(ErrorKind.UNKNOWN_CLIENT),
    RequestEntityTooLarge: PageError(ErrorKind.TOO_LARGE, 413),
    NotFound: PageError(ErrorKind.NOT_FOUND, 404),
    MethodNotAllowed: PageError(ErrorKind.METHOD, 405),
    OAuthError: PageError(ErrorKind.BAD_REQUEST, 400),
    HTTPException: PageError(ErrorKind.BAD_REQUEST, 400),
}


def _choice(cookie: str) -> tuple[str, int]:
    """The language a visitor chose, and when; 0 if that is not known."""
    language, _, at = cookie[:32].partition(".")
    return language, int(at) if at.isascii() and at.isdecimal() else 0


def query(request: Request) -> str:
    """The raw query string."""
    raw: str = request.environ.get("QUERY_STRING", "")
    return raw


def form(request: Request) -> str:
    """The raw form of a POST. Raises `InvalidRequest` if it is anything else, `RequestEntityTooLarge` if it is too
    long."""
    if request.mimetype != _FORM:
        raise InvalidRequest("not a form")
    if (request.content_length or 0) > MAX_FORM_BYTES:
        raise RequestEntityTooLarge
    try:
        return request.get_data().decode("ascii")
    except UnicodeDecodeError:
        raise InvalidRequest("not ASCII") from None


def here(request: Request) -> str:
    raw = query(request)
    return local_path(f"{request.path}?{raw}" if raw else request.path)


def local_path(path: str) -> str:
    """A path on this very host, or the root: never an address elsewhere."""
    return path if len(path) <= 2_048 and _LOCAL.fullmatch(path) else "/"
