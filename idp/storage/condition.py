"""What the servers behind the stores say of themselves, for `idp check`. Embedded stores have none."""

from dataclasses import dataclass

from sqlalchemy import text

from idp.storage.records.records import Records
from idp.storage.redis import RedisState
from idp.storage.state import StateStore


@dataclass(frozen=True, slots=True)
class RedisCondition:
    """`now` is the server's clock, in seconds since the epoch; `aof` whether it writes each change to disk. Of a
    cluster one node answers."""

    version: tuple[int, ...]
    maxmemory_policy: str
    aof: bool
    now: float


def redis_condition(store: StateStore) -> RedisCondition | None:
    """Raises `StateUnavailable`."""
    if not isinstance(store, RedisState):
        return None
    server, memory, persistence = (store.info(section) for section in ("server", "memory", "persistence"))
    version = tuple(int(part) for part in server.get("redis_version", "0").split(".") if part.isdecimal())
    now = int(server.get("server_time_usec", "0")) / 1e6
    return RedisCondition(version, memory.get("maxmemory_policy", ""), persistence.get("aof_enabled") == "1", now)


def records_time(records: Records) -> float | None:
    """The database server's clock. Raises `RecordsUnavailable`."""
    if records.database.embedded:
        return None
    row = records.database.one(text("SELECT extract(epoch FROM clock_timestamp())"), {})
    return None if row is None else float(row[0])
