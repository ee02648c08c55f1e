"""Sessions in Redis and their owner index."""

from collections.abc import Mapping, Sequence
from typing import Final

from idp.storage.names import key_of
from idp.storage.redis.base import Verbs, counted, flat, mapping, outbox
from idp.storage.redis.connections import Word
from idp.storage.redis.scripts import GONE, OK, script
from idp.storage.state import Event, Gone, Key, Replaces

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
        replaces: Replaces | None = None,
        events: Sequence[Event] = (),
    ) -> Mapping[str, bytes]:
        keys = [str(key), str(owner), outbox(key.shard)]
        before: list[Word] = ["", "", 0, 0]
        if replaces is not None:
            keys.append(str(replaces.key))
            before = [replaces.carry, replaces.drop, replaces.issued, int(replaces.must_live)]
        words: list[Word] = [note, ttl, keep_owner, self._attempt(), *before, *flat(fields)]
        status, opened = self._line.run(OPEN_SESSION, len(keys), *keys, *words, *events)
        if status == GONE:
            raise Gone
        return mapping(opened)

    def load_session(self, key: Key, ttl: int) -> Mapping[str, bytes]:
        return mapping(self._line.run(LOAD_SESSION, 1, str(key), ttl))

    def set_fields(
        self, key: Key, fields: Mapping[str, bytes], events: Sequence[Event] = (), drop: Sequence[str] = ()
    ) -> None:
        words = (*counted(drop), *flat(fields), *events)
        if self._line.run(SET_FIELDS, 2, str(key), outbox(key.shard), *words) != OK:
            raise Gone

    def end_session(self, key: Key, events: Sequence[Event] = ()) -> Mapping[str, bytes]:
        name = str(key)
        return mapping(
            self._line.run(END_SESSION, 3, name, outbox(key.shard), f"ended-{name}", self._attempt(), *events)
        )

    def sessions_of(self, owner: Key) -> Sequence[Key]:
        names: list[bytes] = self._line.run(SESSIONS_OF, 1, str(owner))
        return [key_of(name.decode()) for name in sorted(names)]
