"""How a command reaches Redis and its answer comes back: one round trip, one retry, and one error for every failure.

A command whose reply was lost is sent once more, as nobody can know whether it ran. Every script is written for that:
it knows an attempt that comes back and answers it as before. Only events may then stand in the outbox twice, which is
better than never.
"""

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar, Final, Protocol

from redis import exceptions

from idp.storage.redis.connections import Answer, Connection, Connections, Word
from idp.storage.redis.patience import Patience
from idp.storage.redis.scripts import Script
from idp.storage.state import StateUnavailable

_LOST: Final = (exceptions.ConnectionError, exceptions.TimeoutError)
_MOVED_MASTER: Final = (*_LOST, exceptions.ReadOnlyError)
_ASTRAY: Final = (
    *_LOST,
    exceptions.MovedError,
    exceptions.ClusterDownError,
    exceptions.ReadOnlyError,
)


class Line(ABC):
    """How commands and scripts reach Redis, whatever stands there. A lost answer is asked for once again."""

    one_server: ClassVar[bool]
    """Whether a script may touch keys of several shards at once."""

    def send(self, *words: Word) -> Answer:
        """One command; its key is the second word. Raises `StateUnavailable`."""
        try:
            return self._exchange(words[1], words)
        except (exceptions.RedisError, exceptions.RedisClusterException) as error:
            raise _unavailable(error) from error

    def run(self, script: Script, keys: int, *words: Word) -> Answer:
        """One script: how many of `words` are keys, then keys and arguments. Raises `StateUnavailable`."""
        try:
            try:
                return self._exchange(words[0], ("EVALSHA", script.sha, keys, *words))
            except exceptions.NoScriptError:
                return self._exchange(words[0], ("EVAL", script.source, keys, *words))
        except (exceptions.RedisError, exceptions.RedisClusterException) as error:
            raise _unavailable(error) from error

    @abstractmethod
    def close(self) -> None:
        """Close idle connections; the next command opens one again."""

    @abstractmethod
    def _exchange(self, key: Word, words: tuple[Word, ...]) -> Answer: ...


class ServerLine(Line):
    """To one server, or to the master that the Sentinels name at the moment `make` connects."""

    one_server = True

    def __init__(self, make: Callable[[], Connection]) -> None:
        self._connections = Connections(make)
        self._patience = Patience()

    def close(self) -> None:
        self._connections.close()

    def _exchange(self, key: Word, words: tuple[Word, ...]) -> Answer:
        return self._patience.ask(self._once_or_twice, words)

    def _once_or_twice(self, words: tuple[Word, ...]) -> Answer:
        try:
            return self._connections.exchange(words)
        except _MOVED_MASTER:
            # Where one connection is of no use the others are neither: the server restarted, or another is master now.
            self._connections.close()
            return self._connections.exchange(words)


class Node(Protocol):
    """What we use of redis-py's description of a node."""

    name: str


class ClusterClient(Protocol):
    """What we use of redis-py's client of a cluster."""

    def keyslot(self, key: Word) -> int: ...
    def node_of(self, slot: int) -> Node: ...
    def connection_to(self, node: Node) -> Connection: ...
    def learn(self, error: Exception) -> None: ...
    def close(self) -> None: ...


class _Place:
    """One node of a cluster, as far as its client knows."""

    def __init__(self, client: ClusterClient, node: Node) -> None:
        self.connections = Connections(lambda: client.connection_to(node))
        self.patience = Patience()


class ClusterLine(Line):
    """To a cluster: straight to the node that has the key's slot, as far as redis-py's client knows.

    When the node has it no more, or is away, the client asks the cluster for its slots, and the command goes out once
    again. The client is made on first use, so that a cluster that is away is no reason not to start.

    While a slot moves, what has moved already is `StateUnavailable` until all of it has: a script that were to follow
    its entry to the other side would not find the session there that the entry stands under, and call it ended.
    """

    one_server = False

    def __init__(self, make: Callable[[], ClusterClient]) -> None:
        self._make = make
        self._client: ClusterClient | None = None
        self._nodes: dict[str, _Place] = {}
        self._lock = threading.Lock()

    def close(self) -> None:
        client, self._client = self._client, None
        nodes, self._nodes = self._nodes, {}
        for place in nodes.values():
            place.connections.close()
        if client is not None:
            client.close()

    def _exchange(self, key: Word, words: tuple[Word, ...]) -> Answer:
        client = self._client or self._open()
        slot = client.keyslot(key)
        place = self._place(client, slot)
        try:
            return place.patience.ask(place.connections.exchange, words)
        except _ASTRAY as error:
            if not isinstance(error, exceptions.MovedError):
                place.connections.close()
            client.learn(error)
        place = self._place(client, slot)
        return place.patience.ask(place.connections.exchange, words)

    def _place(self, client: ClusterClient, slot: int) -> _Place:
        node = client.node_of(slot)
        return self._nodes.get(node.name) or self._nodes.setdefault(node.name, _Place(client, node))

    def _open(self) -> ClusterClient:
        with self._lock:
            if self._client is None:
                self._client = self._make()
            return self._client


def _unavailable(error: Exception) -> StateUnavailable:
    """By the kind of error alone: what Redis says may quote a command."""
    return StateUnavailable(f"Redis: {type(error).__name__}")
