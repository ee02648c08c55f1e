"""One TCP connection, to addresses that were proved before, with an end that the other side cannot put off."""

import os
import socket
import threading
import time
from collections.abc import Sequence


class Line:
    """One connection to one of the proved addresses, cut at the deadline whatever it is doing then."""

    def __init__(self, addresses: Sequence[str], port: int, deadline: float) -> None:
        self.cut = False
        self._addresses = addresses
        self._port = port
        self._deadline = deadline
        self._held: socket.socket | None = None
        self._watch = threading.Timer(self.remaining(), self._expire)
        self._watch.daemon = True
        self._watch.start()

    def remaining(self) -> float:
        """Seconds to the deadline, never 0 or less, which a socket would take for "do not wait"."""
        return max(self._deadline - time.monotonic(), 0.001)

    def open(self) -> socket.socket:
        """Connect to the first address that answers. Raises `OSError`; at the deadline, `TimeoutError`."""
        failure: OSError = OSError("no address")
        for address in self._addresses:
            try:
                connected = socket.create_connection((address, self._port), timeout=self.remaining())
            except OSError as error:
                failure = error
                continue
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            # A second handle on the same connection: the first is taken over by TLS.
            self._held = socket.socket(fileno=os.dup(connected.fileno()))
            if self.cut:
                connected.close()
                raise TimeoutError
            return connected
        raise failure

    def close(self) -> None:
        """Stop the watch and let go; the connection itself is closed by whoever took it over."""
        self._watch.cancel()
        self._watch.join()
        if self._held is not None:
            self._held.close()

    def _expire(self) -> None:
        self.cut = True
        if self._held is not None:
            try:
                self._held.shutdown(socket.SHUT_RDWR)
            except OSError:
                return  # the other side was quicker
