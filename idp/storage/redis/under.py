"""Entries in Redis that live only while their session (or another entry) lives."""

from collections.abc import Sequence
from typing import Final

from idp.storage.redis.base import Verbs, counted, mapping, outbox
from idp.storage.redis.connections import Word
from idp.storage.redis.scripts import CONFLICT, GONE, OK, script
from idp.storage.state import Conflict, Event, Gone, Guard, Issued, Key, Refused, Standing

ISSUE_UNDER: Final = script("issue_under")
PUT_UNDER: Final = script("put_under")
READ_UNDER: Final = script("read_under")
OUTLIVE: Final = script("outlive")
BURY: Final = script("bury")


class Under(Verbs):
    def issue_under(
        self,
        session: Key,
        guard: Guard,
        key: Key,
        value: bytes,
        ttl: int,
        session_ttl: int,
        copy: Sequence[str] = (),
        events: Sequence[Event] = (),
        noted: str = "",
        proof: bytes = b"",
    ) -> Issued | Refused:
        words: list[Word] = [str(session), str(key), outbox(session.shard), value, ttl, session_ttl]
        words += (noted, proof, *counted(guard.has))
        words.append(len(guard.at_least))
        for field, bound in guard.at_least:
            words += (bound, field)
        words += counted(copy)
        status, fields = self._line.run(ISSUE_UNDER, 3, *words, *events)
        return Issued(mapping(fields)) if status == OK else Refused(mapping(fields))

    def put_under(
        self, liveness: Key, key: Key, value: bytes, ttl: int, note: bytes = b"", events: Sequence[Event] = ()
    ) -> None:
        keys = str(liveness), str(key), outbox(key.shard)
        status = self._line.run(PUT_UNDER, 3, *keys, value, ttl, note, self._attempt(), *events)
        if status == GONE:
            raise Gone
        if status == CONFLICT:
            raise Conflict

    def read_under(self, key: Key, events: Sequence[Event] = ()) -> Standing:
        reply = self._line.run(READ_UNDER, 2, str(key), outbox(key.shard), *events)
        if reply[0] != OK:
            raise Gone
        return Standing(reply[1], mapping(reply[2]), reply[3])

    def outlive(self, key: Key, ttl: int) -> None:
        if self._line.run(OUTLIVE, 1, str(key), ttl) != OK:
            raise Gone

    def bury(self, key: Key, ttl: int, events: Sequence[Event] = ()) -> None:
        self._line.run(BURY, 2, str(key), outbox(key.shard), ttl, *events)
