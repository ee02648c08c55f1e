"""A server on loopback that answers exactly the bytes it is told, and remembers who called."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.certificates import certificate

NO_CONTENT = b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@dataclass
class Canary:
    port: int
    requests: list[bytes] = field(default_factory=list)
    """The head and body of each request, as it came."""
    connections: int = 0

    def heard(self) -> bytes:
        """The one request, which may be on its way."""
        for _ in range(200):
            if self.requests:
                break
            time.sleep(0.01)
        assert len(self.requests) == 1
        return self.requests[0]


@contextmanager
def canary(answer: Sequence[bytes], pause: float = 0.0, tls: ssl.SSLContext | None = None) -> Iterator[Canary]:
    """Answers every connection with the parts of `answer`, `pause` seconds apart."""
    listener = socket.create_server(("127.0.0.1", 0))
    canary = Canary(listener.getsockname()[1])
    stopping = threading.Event()

    def serve(connection: socket.socket) -> None:
        try:
            with tls.wrap_socket(connection, server_side=True) if tls else connection as line:
                line.settimeout(10)
                canary.requests.append(_request(line))
                for part in answer:
                    line.sendall(part)
                    if stopping.wait(pause):
                        return
        except OSError:
            connection.close()  # the caller hung up, which is what many tests want of it

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            canary.connections += 1
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield canary
    finally:
        stopping.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def _request(line: socket.socket) -> bytes:
    received = b""
    deadline = time.monotonic() + 10
    while b"\r\n\r\n" not in received and time.monotonic() < deadline:
        received += line.recv(65_536)
    head, _, body = received.partition(b"\r\n\r\n")
    wanted = next(
        (int(row.split(b":")[1]) for row in head.split(b"\r\n") if row.lower().startswith(b"content-length:")), 0
    )
    while len(body) < wanted:
        body += line.recv(65_536)
    return head + b"\r\n\r\n" + body


def self_signed(directory: Path, name: str) -> tuple[Path, ssl.SSLContext]:
    """A certificate for that name, and what a server needs to present it."""
    certificate_file, key_file = certificate(directory, name)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate_file, key_file)
    return certificate_file, context
