"""The only outbound HTTP there is.

What an outsider may name (a client's logout address, another organisation's metadata) must not become a way into our
own network (RFC 7591 section 5, RFC 9101 section 10.4). So a call goes to https only, to public addresses only, decided
on the very address that is connected to; it follows no redirect, uses no proxy from the environment, accepts no
compressed body, and ends at a deadline and at a size, however slowly or much the other side sends. The operator may
allow exact `host:port` pairs; for these alone http and addresses that are not public will do.
"""

import enum
import socket
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cache, partial
from http.client import HTTPException
from pathlib import Path
from urllib.parse import urlencode

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse

from federation.addresses import ForbiddenAddress, public
from federation.line import Line
from federation.shares import Shares
from federation.target import ForbiddenUrl, Target, target_of

Resolver = Callable[[str], Sequence[str]]
"""The addresses of a name; raises OSError."""

TIMEOUT_SECONDS = 5.0
MAX_BYTES = 1_000_000
"""What an answer may take, and weigh, unless less will do."""
_CHUNK = 65_536
_NOT_MODIFIED = 304
_HEADERS = {"User-Agent": "citizen-idp", "Accept": "application/json", "Accept-Encoding": "identity"}
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Reason(enum.Enum):
    """Why a call did not succeed, as far as anybody is told."""

    FORBIDDEN_URL = "forbidden_url"
    FORBIDDEN_ADDRESS = "forbidden_address"
    UNRESOLVED = "unresolved"
    UNREACHABLE = "unreachable"
    UNTRUSTED = "untrusted"
    TIMED_OUT = "timed_out"
    TOO_LARGE = "too_large"
    REDIRECTED = "redirected"
    MALFORMED = "malformed"


class FetchError(Exception):
    """The call did not succeed. Carries the reason alone: neither the address nor anything that was answered."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Response:
    """An answer that is no redirect. `headers` has lower-case names."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def resolve_by_system(host: str) -> Sequence[str]:
    """The addresses of a name, in the system's order. Raises `OSError`."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


@cache
def _trusting(ca_file: Path | None) -> ssl.SSLContext:
    """Once in a process: to load the system's authorities takes 20 ms."""
    context = ssl.create_default_context()
    if ca_file is not None:
        context.load_verify_locations(cafile=ca_file)
    return context


class Fetcher:
    """`allow` holds exact `host:port` pairs, `ca_file` certificates to trust besides the system's."""

    def __init__(
        self, allow: frozenset[str], ca_file: Path | None = None, resolve: Resolver = resolve_by_system
    ) -> None:
        self._allow = allow
        self._resolve = resolve
        self._tls = _trusting(ca_file)
        self._resolvers: Shares[Sequence[str]] = Shares(16, 2, "resolve")

    def post_form(self, url: str, fields: Mapping[str, str], timeout: float, max_bytes: int) -> Response:
        """POST as application/x-www-form-urlencoded, within `timeout` seconds from looking up the name to the last
        byte; an answer of more than `max_bytes` is an error. Raises `FetchError`."""
        return self._send(url, urlencode(fields).encode("ascii"), _FORM, timeout, max_bytes)

    def post_json(self, url: str, document: bytes, bearer: str, timeout: float, max_bytes: int) -> Response:
        """POST a JSON document with a bearer token (RFC 6750 section 2.1), within the same limits. Raises
        `FetchError`."""
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {bearer}"}
        return self._send(url, document, headers, timeout, max_bytes)

    def post_soap(self, url: str, envelope: bytes, action: str, timeout: float, max_bytes: int) -> Response:
        """POST a SOAP envelope (SOAP 1.1 section 6), within the same limits. Raises `FetchError`."""
        headers = {"Content-Type": "text/xml; charset=utf-8", "Accept": "text/xml", "SOAPAction": action}
        return self._send(url, envelope, headers, timeout, max_bytes)

    def get(self, url: str, timeout: float, max_bytes: int) -> Response:
        """GET a JSON document, within the same limits. Raises `FetchError`."""
        return self._send(url, None, {}, timeout, max_bytes)

    def get_changed(self, url: str, accept: str, unless: Mapping[str, str], timeout: float, max_bytes: int) -> Response:
        """GET something of the type `accept`, unless it still is what these conditional headers say: the answer is 304
        then (RFC 9110 section 13.1). Raises `FetchError`."""
        return self._send(url, None, {"Accept": accept, **unless}, timeout, max_bytes)

    def _send(
        self, url: str, body: bytes | None, headers: Mapping[str, str], timeout: float, max_bytes: int
    ) -> Response:
        deadline = time.monotonic() + timeout
        try:
            target = target_of(url, self._allow)
            addresses = self._addresses(target, deadline)
        except ForbiddenUrl:
            raise FetchError(Reason.FORBIDDEN_URL) from None
        except ForbiddenAddress:
            raise FetchError(Reason.FORBIDDEN_ADDRESS) from None
        line = Line(addresses, target.port, deadline)
        with closing(line):
            try:
                return self._exchange(line, target, body, headers, max_bytes)
            except FetchError:
                raise
            except (OSError, HTTPError, HTTPException, ValueError) as error:
                raise FetchError(_reason(error, line.cut)) from None

    def _addresses(self, target: Target, deadline: float) -> Sequence[str]:
        """The addresses to connect to, each proved. One that is not public spoils them all."""
        lookup = self._resolvers.submit(target.host, partial(self._resolve, target.host))
        try:
            found = lookup.result(max(deadline - time.monotonic(), 0))
        except TimeoutError:
            lookup.cancel()
            raise FetchError(Reason.TIMED_OUT) from None
        except (OSError, UnicodeError):
            raise FetchError(Reason.UNRESOLVED) from None
        if not found:
            raise FetchError(Reason.UNRESOLVED)
        return found if target.allowed else tuple(public(address) for address in found)

    def _connection(self, line: Line, target: Target) -> HTTPConnection:
        if target.scheme == "https":
            return _Https(line, target.host, target.port, self._tls)
        return _Http(line, target.host, target.port)

    def _exchange(
        self, line: Line, target: Target, body: bytes | None, headers: Mapping[str, str], max_bytes: int
    ) -> Response:
        connection = self._connection(line, target)
        with closing(connection):
            connection.request(
                "GET" if body is None else "POST",
                target.path,
                body=body,
                headers={**_HEADERS, **headers},
                preload_content=False,
                decode_content=False,
            )
            with closing(connection.getresponse()) as answer:  # which keeps the socket open by itself
                if 300 <= answer.status < 400 and answer.status != _NOT_MODIFIED:
                    raise FetchError(Reason.REDIRECTED)
                if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
                    raise FetchError(Reason.MALFORMED)
                received = {name.lower(): value for name, value in answer.headers.items()}
                return Response(answer.status, received, _body(answer, max_bytes, line))


class _Http(HTTPConnection):
    def __init__(self, line: Line, host: str, port: int) -> None:
        super().__init__(host, port, timeout=line.remaining())
        self._line = line

    def _new_conn(self) -> socket.socket:
        return self._line.open()


class _Https(HTTPSConnection):
    def __init__(self, line: Line, host: str, port: int, tls: ssl.SSLContext) -> None:
        super().__init__(host, port, timeout=line.remaining(), ssl_context=tls)
        self._line = line

    def _new_conn(self) -> socket.socket:
        return self._line.open()


def _body(answer: BaseHTTPResponse, max_bytes: int, line: Line) -> bytes:
    parts: list[bytes] = []
    size = 0
    while chunk := answer.read(min(_CHUNK, max_bytes + 1)):
        size += len(chunk)
        if size > max_bytes:
            raise FetchError(Reason.TOO_LARGE)
        parts.append(chunk)
    if line.cut:
        raise FetchError(Reason.TIMED_OUT)
    return b"".join(parts)


def _reason(error: Exception, cut: bool) -> Reason:
    """Why a call failed. The chain is walked, because libraries wrap what the socket said."""
    seen: BaseException | None = error
    while seen is not None:
        if cut or isinstance(seen, TimeoutError):
            return Reason.TIMED_OUT
        if isinstance(seen, ssl.SSLError):
            return Reason.UNTRUSTED
        if isinstance(seen, ConnectionError):
            return Reason.UNREACHABLE
        seen = seen.__cause__ or seen.__context__
    return Reason.UNREACHABLE if isinstance(error, OSError) else Reason.MALFORMED
