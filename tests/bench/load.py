"""Our own load client: some connections that stay open, each on one walk after another, all in one thread."""

import selectors
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.bench.walks import Answer, Walk, WrongAnswer

PATIENCE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Load:
    """What a client saw: walks done within `seconds`, and how long each took, in seconds."""

    seconds: float
    latencies: list[float] = field(repr=False)

    @property
    def per_second(self) -> float:
        return len(self.latencies) / self.seconds


def drive(port: int, walks: Callable[[], Walk], connections: int, seconds: float) -> Load:
    """Walk for `seconds`; a walk that is under way at the end is finished and not counted.

    Raises `WrongAnswer`, also if a server falls silent.
    """
    until = time.perf_counter() + seconds
    with selectors.DefaultSelector() as selector:
        walkers = [_Walker(port, walks) for _ in range(connections)]
        try:
            for walker in walkers:
                selector.register(walker.socket, selectors.EVENT_READ, walker)
                walker.begin()
            walking = connections
            while walking:
                ready = selector.select(PATIENCE_SECONDS)
                if not ready:
                    raise WrongAnswer("no answer")
                walking -= sum(key.data.go_on(until) for key, _ in ready)
        finally:
            for walker in walkers:
                walker.socket.close()
    return Load(seconds, [latency for walker in walkers for latency in walker.latencies])


def once(port: int, walk: Walk) -> None:
    """One walk to its end."""
    walks = iter([walk])
    drive(port, lambda: next(walks), connections=1, seconds=0)


class _Walker:
    """One connection."""

    def __init__(self, port: int, walks: Callable[[], Walk]) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.latencies: list[float] = []
        self._walks = walks
        self._received = b""

    def begin(self) -> None:
        self._walk = self._walks()
        self._begun = time.perf_counter()
        self.socket.sendall(next(self._walk))

    def go_on(self, until: float) -> bool:
        """Read, and send what is next. True if this connection is done."""
        more = self.socket.recv(65_536)
        if not more:
            raise WrongAnswer("the server closed the connection")
        self._received += more
        answer = self._answer()
        if answer is None:
            return False
        try:
            self.socket.sendall(self._walk.send(answer))
        except StopIteration:
            now = time.perf_counter()
            if now < until:
                self.latencies.append(now - self._begun)
                self.begin()
                return False
            if not self.latencies:  # a lone walk counts
                self.latencies.append(now - self._begun)
            return True
        return False

    def _answer(self) -> Answer | None:
        head, blank, body = self._received.partition(b"\r\n\r\n")
        if not blank:
            return None
        text = head.decode("latin-1")
        length = int(Answer(0, text, b"").header("content-length"))
        if len(body) < length:
            return None
        self._received = body[length:]
        return Answer(int(text[9:12]), text, body[:length])
