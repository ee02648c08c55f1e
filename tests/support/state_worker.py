"""What the tests of the state stores let other processes do, and small helpers they share."""

import time
from collections.abc import Callable
from typing import TypeAlias

from idp.clock import SystemClock
from idp.storage.open import open_state
from idp.storage.state import Conflict, Gone, Key, Queued, Replayed, StateStore

Fresh: TypeAlias = Callable[[str], Key]
Elapse: TypeAlias = Callable[[float], None]


def open_simply(store: StateStore, session: Key, fields: dict[str, bytes] | None = None, note: bytes = b"{}") -> Key:
    """A session of an hour that belongs to an owner of its own; gives the owner's key."""
    owner = Key(session.shard, "owner", session.name)
    store.open_session(session, owner, fields or {"head": b"h"}, note, ttl=3600, keep_owner=3600)
    return owner


def drain(store: StateStore) -> list[Queued]:
    """Take every event out of the outbox."""
    drained: list[Queued] = []
    while waiting := store.queued(1000):
        drained += waiting
        store.dequeue(waiting)
    return drained


def contend(url: str, me: int, parties: int, topic: str, rounds: int) -> list[list[str]]:
    """One of several processes that want the same things at once; gives, by round, the verbs that this one won."""
    store = open_state(url, SystemClock())
    store.bump(topic)
    while store.version(topic) < parties:
        time.sleep(0.001)
    won = [_won(store, me, topic, number) for number in range(rounds)]
    store.close()
    return won


def contested(topic: str, verb: str, number: int) -> Key:
    return Key("b", verb, f"{topic}-{number}")


def prepare(store: StateStore, topic: str, rounds: int) -> None:
    """What `contend` contends for."""
    for number in range(rounds):
        store.put(contested(topic, "take", number), b"value", 600)
        store.put(contested(topic, "replace", number), b"old", 600)
        open_simply(store, contested(topic, "session", number))


def _won(store: StateStore, me: int, topic: str, number: int) -> list[str]:
    won = []
    for verb, attempt in {
        "take": lambda key: store.take_once(key, f"attempt {me}", b"marker", 600),
        "replace": lambda key: store.replace(key, b"old", b"new of %d" % me, 600),
        "advance": lambda key: store.advance(key, 7, 600),
    }.items():
        try:
            attempt(contested(topic, verb, number))
        except (Replayed, Conflict, Gone):
            continue
        won.append(verb)
    if store.end_session(contested(topic, "session", number)):
        won.append("session")
    return won


def write_without_end(url: str, topic: str) -> None:
    """Until killed: each number is written twice in one verb, as an entry and as an event."""
    store = open_state(url, SystemClock())
    number = 0
    while True:
        open_simply(store, contested(topic, "session", number), {"number": b"%d" % number})
        store.bump(topic)
        number += 1
