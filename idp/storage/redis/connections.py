"""Connections to one server: a stack of idle ones, and one exchange of a command for its answer."""

import os
import socket
import struct
import sys
import weakref
from collections.abc import Callable
from typing import Any, Final, Protocol, TypeAlias

import hiredis
from redis import exceptions

Word: TypeAlias = str | bytes | int
Answer: TypeAlias = Any
"""What a script answers stands beside it; redis-py has no narrower type either."""


_TIMES_OUT: Final = (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO)


class Connection(Protocol):
    """What we use of a connection of redis-py."""

    socket_timeout: float | None
    _sock: socket.socket | None

    def connect(self) -> None: ...
    def disconnect(self) -> None: ...
    def send_packed_command(self, command: list[bytes], check_health: bool) -> None: ...
    def read_response(self) -> Answer: ...


class Connections:
    """`make` gives a new connection, which `exchange` connects.

    The pool of redis-py 8 polls the socket and counts metrics at each use, which costs more than the rest of a call;
    this stack does neither. A connection that went dead while idle shows in its next exchange.
    """

    def __init__(self, make: Callable[[], Connection]) -> None:
        self._make = make
        self._idle: list[Connection] = []
        _never_share_sockets(self)

    def exchange(self, words: tuple[Word, ...]) -> Answer:
        """Send once. Raises what redis-py raises."""
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._make()
            connection.connect()
            _leave_time_to_the_kernel(connection)
        try:
            packed = hiredis.pack_command(words)  # type: ignore[arg-type] # it takes a tuple of any length
            connection.send_packed_command([packed], check_health=False)
            reply = connection.read_response()
        except exceptions.ReadOnlyError:
            connection.disconnect()  # a master no longer
            raise
        except exceptions.ResponseError:
            self._idle.append(connection)  # an answer like any other: the connection is in order
            raise
        except exceptions.ConnectionError as error:
            connection.disconnect()
            if isinstance(error.__context__, BlockingIOError):
                raise exceptions.TimeoutError("no answer in time") from None
            raise
        except BaseException:
            connection.disconnect()  # a late answer must never meet the next question
            raise
        self._idle.append(connection)
        return reply

    def close(self) -> None:
        """Close idle connections; the next exchange opens one again."""
        for connection in self.forget():
            connection.disconnect()

    def forget(self) -> list[Connection]:
        """Give up the idle connections."""
        idle, self._idle = self._idle, []
        return idle


def _leave_time_to_the_kernel(connection: Connection) -> None:
    """Let a plain socket's time limit be the kernel's. Python keeps its own by asking `poll` before it sends and before
    it receives, and gives the interpreter's lock away each time: four per cent of a hop. A limit that passed is then a
    `BlockingIOError`. TLS reads in several steps, for which it stays Python's; so it does where no kernel is known.
    """
    plain, seconds = connection._sock, connection.socket_timeout
    if type(plain) is not socket.socket or not seconds or sys.platform != "linux":
        return
    limit = struct.pack("ll", int(seconds), int(seconds % 1 * 1_000_000))
    for option in _TIMES_OUT:
        plain.setsockopt(socket.SOL_SOCKET, option, limit)
    plain.settimeout(None)


def _never_share_sockets(connections: Connections) -> None:
    """A forked child starts without its parent's connections."""
    seen = weakref.ref(connections)

    def after() -> None:
        if (alive := seen()) is not None:
            alive.forget()

    os.register_at_fork(after_in_child=after)
