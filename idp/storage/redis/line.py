"""How a command reaches Redis and its answer comes back: one round trip, one retry, and one error for every failure.

A command whose reply was lost is sent once more, on a new connection, as nobody can know whether it ran. Every script
is written for that: it knows an attempt that comes back and answers it as before. Only events may then stand in the
outbox twice, which is better than never.
"""

import os
import threading
import weakref
from collections.abc import Callable
from typing import Any, Protocol, TypeAlias

from redis import exceptions

from idp.storage.redis.scripts import Script
from idp.storage.state import StateUnavailable

Word: TypeAlias = str | bytes | int
Answer: TypeAlias = Any
"""What a script answers stands beside it; redis-py has no narrower type either."""


class Connection(Protocol):
    """What we use of a connection of redis-py."""

    def connect(self) -> None: ...
    def disconnect(self) -> None: ...
    def pack_command(self, *words: Word) -> list[bytes]: ...
    def send_packed_command(self, command: list[bytes], check_health: bool) -> None: ...
    def read_response(self) -> Answer: ...


class ClusterClient(Protocol):
    """What we use of redis-py's client of a cluster."""

    def execute_command(self, *words: Word) -> Answer: ...
    def close(self) -> None: ...


class Line(Protocol):
    @property
    def one_server(self) -> bool:
        """Whether a script may touch keys of several shards at once."""
        ...

    def send(self, *words: Word) -> Answer:
        """One command on one key. Raises `StateUnavailable`."""
        ...

    def run(self, script: Script, keys: int, *words: Word) -> Answer:
        """One script: how many of `words` are keys, then keys and arguments. Raises `StateUnavailable`."""
        ...

    def close(self) -> None:
        """Close idle connections; the next command opens one again."""
        ...


class ServerLine:
    """To one server, or to the master that the Sentinels name; `make` gives a connection of redis-py.

    It keeps its own stack of redis-py's connections: the pool of redis-py 8 polls the socket and counts metrics at each
    use, which costs more than the rest of the call.
    """

    one_server = True

    def __init__(self, make: Callable[[], Connection]) -> None:
        self._make = make
        self._idle: list[Connection] = []
        _never_share_sockets(self)

    def send(self, *words: Word) -> Answer:
        try:
            return self._exchange(words)
        except exceptions.RedisError as error:
            raise unavailable(error) from error

    def run(self, script: Script, keys: int, *words: Word) -> Answer:
        try:
            try:
                return self._exchange(("EVALSHA", script.sha, keys, *words))
            except exceptions.NoScriptError:
                return self._exchange(("EVAL", script.source, keys, *words))
        except exceptions.RedisError as error:
            raise unavailable(error) from error

    def close(self) -> None:
        for connection in self.forget():
            connection.disconnect()

    def forget(self) -> list[Connection]:
        """Give up the idle connections."""
        idle, self._idle = self._idle, []
        return idle

    def _exchange(self, words: tuple[Word, ...]) -> Answer:
        try:
            return self._attempt(self._connection(), words)
        except (exceptions.ConnectionError, exceptions.TimeoutError):
            # Where one connection is dead the others are too: the server restarted, or another is master now.
            self.close()
            return self._attempt(self._connect(), words)

    def _connection(self) -> Connection:
        try:
            return self._idle.pop()
        except IndexError:
            return self._connect()

    def _connect(self) -> Connection:
        connection = self._make()
        connection.connect()
        return connection

    def _attempt(self, connection: Connection, words: tuple[Word, ...]) -> Answer:
        try:
            connection.send_packed_command(connection.pack_command(*words), check_health=False)
            reply = connection.read_response()
        except exceptions.ReadOnlyError:
            connection.disconnect()  # a master no longer
            raise
        except exceptions.ResponseError:
            self._idle.append(connection)  # an answer like any other: the line is in order
            raise
        except BaseException:
            connection.disconnect()  # a late answer must never meet the next question
            raise
        self._idle.append(connection)
        return reply


class ClusterLine:
    """To a cluster, through redis-py's own client, which follows slots that move. The client asks for the slots when it
    is made; it is made on first use, so that a cluster that is away is no reason not to start."""

    one_server = False

    def __init__(self, make: Callable[[], ClusterClient]) -> None:
        self._make = make
        self._client: ClusterClient | None = None
        self._lock = threading.Lock()

    def send(self, *words: Word) -> Answer:
        try:
            return self._exchange(words)
        except (exceptions.RedisError, exceptions.RedisClusterException) as error:
            raise unavailable(error) from error

    def run(self, script: Script, keys: int, *words: Word) -> Answer:
        try:
            try:
                return self._exchange(("EVALSHA", script.sha, keys, *words))
            except exceptions.NoScriptError:
                return self._exchange(("EVAL", script.source, keys, *words))
        except (exceptions.RedisError, exceptions.RedisClusterException) as error:
            raise unavailable(error) from error

    def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def _exchange(self, words: tuple[Word, ...]) -> Answer:
        return (self._client or self._open()).execute_command(*words)

    def _open(self) -> ClusterClient:
        with self._lock:
            if self._client is None:
                self._client = self._make()
            return self._client


def unavailable(error: Exception) -> StateUnavailable:
    """By the kind of error alone: what Redis says may quote a command."""
    return StateUnavailable(f"Redis: {type(error).__name__}")


def _never_share_sockets(line: ServerLine) -> None:
    """A forked child starts without its parent's connections."""
    seen = weakref.ref(line)

    def after() -> None:
        if (alive := seen()) is not None:
            alive.forget()

    os.register_at_fork(after_in_child=after)
