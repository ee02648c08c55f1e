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
_READ_BYTES: Final = 65_536
_MORE: Final = object()


class Parser(Protocol):
    """What we use of redis-py's parser: the exception for an error that Redis answers."""

    def parse_error(self, response: str) -> Exception: ...


class Connection(Protocol):
    """What we use of a connection of redis-py: how it is made and greets the server."""

    socket_timeout: float | None
    _sock: socket.socket | None
    _parser: Parser

    def connect(self) -> None: ...
    def disconnect(self) -> None: ...


class _Wire:
    """A connection that redis-py made, on which we speak ourselves: its own way of sending and receiving, made for
    subscriptions and pushes too, costs three per cent of a hop."""

    __slots__ = ("_buffer", "_reader", "_socket", "disconnect")

    def __init__(self, connection: Connection) -> None:
        connection.connect()
        _leave_time_to_the_kernel(connection)
        if connection._sock is None:
            raise exceptions.ConnectionError("closed at once")
        self._socket = connection._sock
        self._reader = hiredis.Reader(
            protocolError=exceptions.InvalidResponse,
            replyError=connection._parser.parse_error,
            notEnoughData=_MORE,
        )
        self._buffer = bytearray(_READ_BYTES)
        self.disconnect = connection.disconnect

    def exchange(self, words: tuple[Word, ...]) -> Answer:
        self._socket.sendall(hiredis.pack_command(words))  # type: ignore[arg-type] # it takes a tuple of any length
        while (reply := self._reader.gets()) is _MORE:
            count = self._socket.recv_into(self._buffer)
            if not count:
                raise exceptions.ConnectionError("Redis closed the connection")
            self._reader.feed(self._buffer, 0, count)  # type: ignore[arg-type] # any buffer will do
        if self._reader.has_data():
            raise exceptions.InvalidResponse("more than one answer")  # the next question would be given the other
        if isinstance(reply, Exception):
            raise reply
        return reply


class Connections:
    """`make` gives a new connection, which `exchange` connects.

    The pool of redis-py 8 polls the socket and counts metrics at each use, which costs more than the rest of a call;
    this stack does neither. A connection that went dead while idle shows in its next exchange.
    """

    def __init__(self, make: Callable[[], Connection]) -> None:
        self._make = make
        self._idle: list[_Wire] = []
        _never_share_sockets(self)

    def exchange(self, words: tuple[Word, ...]) -> Answer:
        """Send once. Raises what redis-py raises."""
        try:
            wire = self._idle.pop()
        except IndexError:
            wire = _Wire(self._make())
        try:
            reply = wire.exchange(words)
        except exceptions.ReadOnlyError:
            wire.disconnect()  # a master no longer
            raise
        except exceptions.ResponseError:
            self._idle.append(wire)  # an answer like any other: the connection is in order
            raise
        except (BlockingIOError, TimeoutError):
            wire.disconnect()  # a late answer must never meet the next question
            raise exceptions.TimeoutError("no answer in time") from None
        except OSError as error:
            wire.disconnect()
            raise exceptions.ConnectionError(type(error).__name__) from None
        except BaseException:
            wire.disconnect()
            raise
        self._idle.append(wire)
        return reply

    def close(self) -> None:
        """Close idle connections; the next exchange opens one again."""
        for wire in self.forget():
            wire.disconnect()

    def forget(self) -> list[_Wire]:
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
