"""A TCP proxy on loopback that can lose answers, or spoil them: the command arrives and runs, its reply does not come
back, or comes as no server would send it."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

from tests.support.processes import free_port


class LossyProxy:
    def __init__(self, target: int) -> None:
        self.port = free_port()
        self.commands = 0
        """How many commands went through, greetings of new connections included."""
        self.spoiled: Callable[[bytes], bytes] = bytes
        """What becomes of an answer on its way."""
        self._target = target
        self._lose = 0
        self._listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, daemon=True).start()

    def lose(self, answers: int) -> None:
        """Lose the answers to the next `answers` commands of a script, each with its connection."""
        self._lose = answers

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", self._target)) as server, contextlib.suppress(OSError):
            while question := client.recv(1 << 20):
                self.commands += 1
                server.sendall(question)
                answer = server.recv(1 << 20)
                if self._lose and b"EVAL" in question:
                    self._lose -= 1
                    return
                client.sendall(self.spoiled(answer))


@contextlib.contextmanager
def lossy_proxy(target: int) -> Iterator[LossyProxy]:
    proxy = LossyProxy(target)
    yield proxy
    proxy.close()
