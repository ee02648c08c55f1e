"""Who is at the other end, and answers with the headers each kind of answer must have.

The issuer's address comes from the settings alone; no header of a request can change where a redirect or a link goes.
"""

import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Final
from wsgiref.types import StartResponse, WSGIEnvironment

from flask import Response
from werkzeug.datastructures import Headers
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Request

from idp.codec import encode
from idp.config import Settings
from idp.csrf import Forged
from idp.http.cookies import Cookies, cookie
from idp.http.reading import here
from idp.pages import Frame, Page, Pages, choose_language
from idp.sources import address_of, source_of

PREFERENCE_SECONDS: Final = 365 * 86_400
CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)
"""Of every page; `form-action` stands last, so that an address can follow."""
VERIFIED: Final = "SUCCESS"
"""What a proxy says of a certificate whose chain it trusts: nginx and Apache have this word."""
_SOURCE: Final = re.compile(r"[a-z][a-z0-9+.-]*:(//[A-Za-z0-9.:\[\]-]+)?", re.ASCII)
_HARDENED: Final = (
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    # not no-referrer: with that, browsers send `Origin: null` with our own forms
    ("Referrer-Policy", "same-origin"),
)
_STRICT: Final = ("Strict-Transport-Security", "max-age=31536000")
_JSON: Final = (
    ("Content-Type", "application/json"),
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
)


class Complete(Response):
    """An answer in one piece whose headers are complete when it is made: nothing is looked up and corrected while it is
    sent. A `Location` must be a URI already.

    Every hop makes three of them, and nobody looks at their headers: werkzeug's collection of those is made when it is
    asked for.
    """

    def __init__(self, body: bytes, status: HTTPStatus, headers: Iterable[tuple[str, str]]) -> None:
        """The parent's work, less what finds out what is known here. Raises `ValueError` for a header of two lines."""
        self._pairs = [*headers, ("Content-Length", str(len(body)))]
        self._collected: Headers | None = None
        for _, value in self._pairs:
            if "\n" in value or "\r" in value:
                raise ValueError("a header is one line")
        self._status_code, self._status = status, f"{status} {status.phrase.upper()}"
        self.response, self._on_close, self.direct_passthrough = [body], [], False
        self._body = body

    @property
    def headers(self) -> Headers:  # type: ignore[override] # an attribute of the parent's
        if self._collected is None:
            self._collected = Headers(self._pairs)
        return self._collected

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        pairs = self._pairs if self._collected is None else self._collected.to_wsgi_list()
        start_response(self._status, pairs)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [self._body]


class Web:
    def __init__(self, settings: Settings, pages: Pages) -> None:
        self.issuer: Final = settings.issuer
        self.cookies: Final = Cookies(settings.secure)
        self._strict = (_STRICT,) if settings.secure else ()
        self._proxies = settings.trusted_proxies
        tells = settings.mutual_tls
        self._certificate_in = _environ_name(tells.header) if tells else None
        self._verdict_in = _environ_name(tells.verified_header) if tells and tells.verified_header else None
        self._pages = pages

    # -- reading ----------------------------------------------------------------------------------------------------

    def source(self, request: Request) -> str:
        """The address of the browser or client: the peer's, or what an exactly trusted proxy says it is. What is no
        address is not believed, nor whatever stands before it. Empty if the peer has none."""
        source = address_of(request.remote_addr or "")
        if source in self._proxies:
            for hop in reversed(request.headers.get("X-Forwarded-For", "").split(",")):
                told = address_of(hop.strip())
                source = told or source
                if told not in self._proxies:
                    break
        return source.partition("%")[0]

    def peer(self, environ: WSGIEnvironment) -> str:
        """The same before there is a request; an IPv6 network is one (`idp.sources.source_of`)."""
        address: str = environ.get("REMOTE_ADDR", "")
        if address in self._proxies or ":" in address:
            return source_of(self.source(Request(environ)))
        return address

    def client_certificate(self, environ: WSGIEnvironment) -> tuple[str, bool] | None:
        """What an exactly trusted proxy tells of the certificate that the client showed it, as it stands in the header,
        and whether it says that it verified the chain. Whoever else sends these headers is not believed."""
        if self._certificate_in is None or address_of(environ.get("REMOTE_ADDR", "")) not in self._proxies:
            return None
        told: str = environ.get(self._certificate_in, "")
        verified = self._verdict_in is not None and environ.get(self._verdict_in) == VERIFIED
        return (told, verified) if told else None

    def cookie(self, request: Request, name: str) -> str:
        return cookie(request.environ.get("HTTP_COOKIE", ""), name)

    def frame(self, request: Request, languages: tuple[str, ...] = (), asked_at: int | None = None) -> Frame:
        """`languages` are what the relying party asks for. With `asked_at`, when it asked in seconds since the epoch,
        what the visitor has chosen here since then goes before."""
        chosen, chosen_at = _choice(self.cookie(request, self.cookies.language))
        if asked_at is not None and chosen_at >= asked_at:
            languages = (chosen, *languages)
        language = choose_language(languages, chosen, request.headers.get("Accept-Language"))
        # a POST leaves an address that GET shows again
        return Frame(language, self.cookie(request, self.cookies.size) == "large", here(request))

    def same_origin(self, request: Request) -> None:
        """A form of ours comes from a page of ours. Raises `Forged`."""
        origin = request.headers.get("Origin")
        site = request.headers.get("Sec-Fetch-Site")
        if origin not in (None, self.issuer) or site not in (None, "same-origin", "none"):
            raise Forged

    def remember_language(self, response: Response, language: str, now: float) -> None:
        self.cookies.set(response, self.cookies.language, f"{language}.{int(now)}", PREFERENCE_SECONDS)

    # -- answering --------------------------------------------------------------------------------------------------

    def page(
        self,
        page: Page,
        frame: Frame,
        status: int = 200,
        forms_to: str = "",
        scripted: bool = False,
        frames: Iterable[str] = (),
    ) -> Response:
        """`forms_to`: where, besides ourselves, the page's form or the redirect that answers it may lead (Chrome asks
        `form-action`). `scripted`: the page has a script of ours. `frames`: origins that it loads in frames."""
        target = f" {forms_to}" if _SOURCE.fullmatch(forms_to) else ""
        scripts = "; script-src 'self'" if scripted else ""
        framed = " ".join(sorted({each for each in frames if _SOURCE.fullmatch(each)}))
        sources = f"; frame-src {framed}" if framed else ""
        headers = (
            ("Content-Type", "text/html; charset=utf-8"),
            ("Content-Security-Policy", CONTENT_SECURITY_POLICY + target + scripts + sources),
            ("Vary", "Cookie, Accept-Language"),
        )
        html = self._pages.render(page, frame).encode()
        return Complete(html, HTTPStatus(status), [*headers, *_HARDENED, *self._strict])

    def redirect(self, location: str) -> Response:
        """303, so that a form is never posted on (RFC 9700 section 4.12). `location` is a URI: ASCII."""
        return Complete(b"", HTTPStatus.SEE_OTHER, [("Location", location), *_HARDENED, *self._strict])

    def json(self, document: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
        return Complete(encode(document), HTTPStatus(status), [*_JSON, *self._strict, *(headers or {}).items()])

    def jwt(self, token: str, content_type: str) -> Response:
        """An answer that is a JWT as a whole."""
        headers = [("Content-Type", content_type), *_JSON[1:], *self._strict]
        return Complete(token.encode("ascii"), HTTPStatus.OK, headers)

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
        if self._strict and not isinstance(response, Complete):  # those are made with it
            response.headers.set(*_STRICT)
        return response


def _environ_name(header: str) -> str:
    """Where WSGI puts a header (PEP 3333)."""
    return "HTTP_" + header.upper().replace("-", "_")


def _choice(cookie: str) -> tuple[str, int]:
    """The language a visitor chose, and when; 0 if that is not known."""
    language, _, at = cookie[:32].partition(".")
    return language, int(at) if at.isascii() and at.isdecimal() else 0
