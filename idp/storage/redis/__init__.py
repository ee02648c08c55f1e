"""The state store at scale: Redis 7, one server, a master behind Sentinels, or a cluster.

* `connections.py`   connections to one server
* `line.py`          how a command reaches Redis: one round trip, one retry, every failure `StateUnavailable`
* `patience.py`      one caller waits for a server that is silent, the others are told at once
* `base.py`          what the verbs of every theme stand on
* `scripts.py`       the scripts in `idp/storage/lua/`, one for each verb
* `entries.py`       plain entries: put, get, replace, take_once, advance, admit
* `sessions.py`      sessions and their owner index
* `under.py`         entries that live only while their session lives
* `shared.py`        versions, leases, the outbox of events

Time to live is kept by Redis and its own clock. Every key has one, but for two kinds: versions, and the outbox of each
shard, a stream that empties when its events are safely in SQL.

The server must have `maxmemory-policy noeviction`: any other policy drops sessions and, worse, the marks that refuse
replays. What no setting promises: a master that fails before its replica heard of a write takes that write with it.
"""

from idp.secrets import Randomness, SystemRandomness
from idp.storage.redis.entries import Entries
from idp.storage.redis.line import Line
from idp.storage.redis.sessions import Sessions
from idp.storage.redis.shared import Shared
from idp.storage.redis.under import Under

__all__ = ["RedisState"]


class RedisState(Entries, Sessions, Under, Shared):
    """`StateStore` on the Redis that `line` leads to; `randomness` names attempts."""

    def __init__(self, line: Line, randomness: Randomness | None = None) -> None:
        super().__init__(line, randomness or SystemRandomness())

    def ping(self) -> None:
        self._line.send("GET", "version:")

    def info(self, section: str) -> dict[str, str]:
        """What INFO tells of a section ("server", "memory" …); of a cluster one node answers. Raises
        `StateUnavailable`."""
        told: bytes | str = self._line.send("INFO", section)
        lines = (told.decode() if isinstance(told, bytes) else told).splitlines()
        return {name: value for name, colon, value in (line.partition(":") for line in lines) if colon}

    def purge(self, limit: int) -> int:
        return 0

    def close(self) -> None:
        self._line.close()
