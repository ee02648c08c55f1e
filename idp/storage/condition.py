"""What the servers behind the stores say of themselves, for `idp check`. Embedded stores have none."""

from dataclasses import dataclass

from sqlalchemy import text

from idp.storage.records.records import Records
from idp.storage.redis import RedisState
from idp.storage.state import StateStore


@dataclass(frozen=True, slots=True)
class RedisCondition:
    """`now` is the server's clock, in seconds since the epoch. Of a cluster one node answers."""

    version: tuple[int, ...]
    maxmemory_policy: str
    now: float


def redis_condition(store: StateStore) -> RedisCondition | None:
    """Raises `StateUnavailable`."""
    if not isinstance(store, RedisState):
        return None
    server, memory = (_parsed(store._line.send("INFO", section)) for section in ("server", "memory"))
    version = tuple(int(part) for part in server.get("redis_version", "0").split(".") if part.isdecimal())
    now = int(server.get("server_time_usec", "0")) / 1e6
    return RedisCondition(version, memory.get("maxmemory_policy", ""), now)


def records_time(records: Records) -> float | None:
    """The database server's clock. Raises `RecordsUnavailable`."""
    if records.database.embedded:
        return None
    row = records.database.one(text("SELECT extract(epoch FROM clock_timestamp())"), {})
    return None if row is None else float(row[0])


def _parsed(info: bytes | str) -> dict[str, str]:
    lines = (info.decode() if isinstance(info, bytes) else info).splitlines()
    return {name: value for name, colon, value in (line.partition(":") for line in lines) if colon}
