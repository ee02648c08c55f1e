"""A relying party's back-channel address over real HTTP on loopback: it keeps what it is told and answers as the test
says."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs


def _nothing() -> None:
    """Happens while the caller waits, unless a test has something better."""


@dataclass
class Listener:
    """`status` is answered after `gate` opens, but at once where `stuck` is another path than the one called; `told`
    are the forms that came, one mapping each. `meanwhile` happens once, before the next answer."""

    port: int
    status: int = 200
    gate: threading.Event = field(default_factory=threading.Event)
    stuck: str = ""
    meanwhile: Callable[[], object] = _nothing
    told: list[dict[str, list[str]]] = field(default_factory=list)
    content_types: list[str] = field(default_factory=list)

    @property
    def place(self) -> str:
        """As `IDP_OUTBOUND_ALLOW` names it."""
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.place}/logged-out"

    @property
    def token(self) -> str:
        """The one logout token that came."""
        assert len(self.told) == 1
        [token] = self.told[0]["logout_token"]
        return token


@contextmanager
def listening() -> Iterator[Listener]:
    listener = Listener(0)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            listener.content_types.append(self.headers["Content-Type"])
            listener.told.append(parse_qs(body.decode(), strict_parsing=True))
            meanwhile, listener.meanwhile = listener.meanwhile, _nothing
            meanwhile()
            if listener.stuck in ("", self.path):
                listener.gate.wait(20)
            self.send_response(listener.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    class Server(ThreadingHTTPServer):
        request_queue_size = 128  # with five, who calls while others are being let in waits for a second

    server = Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    listener.port = server.server_port
    listener.gate.set()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield listener
    finally:
        listener.gate.set()
        server.shutdown()
        server.server_close()
        thread.join()
