"""Sessions in Redis and their owner index."""

from collections.abc import Mapping, Sequence
from typing import Final

from idp.storage.names import key_of
from idp.storage.redis.base import Verbs, flat, mapping, outbox
from idp.storage.redis.scripts import OK, script
from idp.storage.state import Event, Gone, Key

OPEN_SESSION: Final = script("open_session")
LOAD_SESSION: Final = script("load_session")
SET_FIELDS: Final = script("set_fields")
END_SESSION: Final = script("end_session")
SESSIONS_OF: Final = script("sessions_of")


class Sessions(Verbs):
    def open_session(
        self,
        key: Key,
        owner: Key,
        fields: Mapping[str, bytes],
        note: bytes,
        ttl: int,
        keep_owner: int,
        closes: Key | None = None,
        events: Sequence[Event] = (),
    ) -> None:
        keys = [str(key), str(owner), outbox(key.shard)]
        if closes is not None:
            keys.append(str(closes))
        self._line.run(OPEN_SESSION, len(keys), *keys, note, ttl, keep_owner, *flat(fields), *events)

    def load_session(self, key: Key, ttl: int) -> Mapping[str, bytes]:
        return mapping(self._line.run(LOAD_SESSION, 1, str(key), ttl))

    def set_fields(self, key: Key, fields: Mapping[str, bytes], events: Sequence[Event] = ()) -> None:
        if self._line.run(SET_FIELDS, 2, str(key), outbox(key.shard), *flat(fields), *events) != OK:
            raise Gone

    def end_session(self, key: Key, events: Sequence[Event] = ()) -> Mapping[str, bytes]:
        name = str(key)
        return mapping(
            self._line.run(END_SESSION, 3, name, outbox(key.shard), f"ended-{name}", self._attempt(), *events)
        )

    def sessions_of(self, owner: Key) -> Sequence[Key]:
        names: list[bytes] = self._line.run(SESSIONS_OF, 1, str(owner))
        return [key_of(name.decode()) for name in sorted(names)]
