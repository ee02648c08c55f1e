"""A client's own server, where it publishes its keys or whatever else is fetched from it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from idp.codec import encode
from tests.support.canary import Canary, canary


@dataclass
class KeyServer:
    """Answers what was last told it; `allowed` is what IDP_OUTBOUND_ALLOW has to name."""

    _bird: Canary
    _answer: list[bytes]

    @property
    def allowed(self) -> str:
        return f"127.0.0.1:{self._bird.port}"

    def at(self, path: str) -> str:
        """An address here; each is another one to whoever keeps copies."""
        return f"http://{self.allowed}/{path}"

    @property
    def asked(self) -> int:
        """How often it was asked."""
        return self._bird.connections

    @property
    def heard(self) -> bytes:
        """The last request."""
        return self._bird.requests[-1]

    def publish(self, document: Any, status: int = 200, headers: str = "") -> None:
        body = document if isinstance(document, bytes) else encode(document)
        head = f"HTTP/1.1 {status} So\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{headers}\r\n"
        self._answer[:] = [head.encode() + body]


@contextmanager
def key_server() -> Iterator[KeyServer]:
    answer: list[bytes] = []
    with canary(answer) as bird:
        server = KeyServer(bird, answer)
        server.publish({}, 404)
        yield server
