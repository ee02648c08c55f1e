"""Which pages of other origins may read an answer (Fetch Standard, "CORS protocol").

Only what browser applications call is ever shared, only with origins that are registered, and never with cookies:
`Access-Control-Allow-Credentials` is not sent.
"""

from collections.abc import Sequence
from typing import Final, Protocol

from flask import Response
from werkzeug.wrappers import Request

_ASKABLE: Final = "Authorization, Content-Type, DPoP, Accept"
_READABLE: Final = "WWW-Authenticate, DPoP-Nonce, Retry-After"
PREFLIGHT_SECONDS: Final = 600


class KnownOrigins(Protocol):
    def registered(self, origin: str) -> bool: ...


class CrossOrigin:
    def __init__(self, origins: KnownOrigins) -> None:
        self._origins = origins

    def share(self, request: Request, response: Response) -> Response:
        """Let the page that asked read the answer, if its origin is registered. Raises what the stores raise."""
        response.vary.add("Origin")
        origin = request.environ["HTTP_ORIGIN"]
        if self._origins.registered(origin):
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Expose-Headers"] = _READABLE
        return response

    def preflight(self, request: Request, methods: Sequence[str]) -> Response:
        """What a browser asks before it sends: whether it may."""
        response = Response(status=204)
        if "HTTP_ORIGIN" in request.environ and "Access-Control-Allow-Origin" in self.share(request, response).headers:
            response.headers["Access-Control-Allow-Methods"] = ", ".join(methods)
            response.headers["Access-Control-Allow-Headers"] = _ASKABLE
            response.headers["Access-Control-Max-Age"] = str(PREFLIGHT_SECONDS)
        return response
