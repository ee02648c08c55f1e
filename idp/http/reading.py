"""What a request brings, as text that nothing has been taken from or added to."""

import re
from typing import Final

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Request

from idp.errors import InvalidRequest

MAX_FORM_BYTES: Final = 65_536
_FORM: Final = "application/x-www-form-urlencoded"
_LOCAL: Final = re.compile(r"/(?![/\\])[!-~]*", re.ASCII)


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


def document(request: Request) -> bytes:
    """The JSON that was sent. Raises `InvalidRequest` if it is anything else by its type, `RequestEntityTooLarge` if it
    is too long."""
    if request.mimetype != "application/json":
        raise InvalidRequest("not JSON")
    if (request.content_length or 0) > MAX_FORM_BYTES:
        raise RequestEntityTooLarge
    return request.get_data()


def here(request: Request) -> str:
    raw = query(request)
    return local_path(f"{request.path}?{raw}" if raw else request.path)


def local_path(path: str) -> str:
    """A path on this very host, or the root: never an address elsewhere."""
    return path if len(path) <= 2_048 and _LOCAL.fullmatch(path) else "/"
