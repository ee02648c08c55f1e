"""One version number for everything that workers cache: clients, signing keys, master keys.

Whoever changes such a thing bumps the number in the state store; each worker asks for it at most once a second and
drops what it cached when it moved. A change is therefore seen everywhere within `CHECK_SECONDS`.
"""

import threading
from collections.abc import Callable
from typing import Final, Generic, TypeVar

from idp.clock import Clock
from idp.storage.state import StateStore

TOPIC: Final = "configuration"
CHECK_SECONDS: Final = 1.0

T = TypeVar("T")


class Versions:
    def __init__(self, state: StateStore, clock: Clock) -> None:
        self._state = state
        self._clock = clock
        self._lock = threading.Lock()
        self._listeners: list[Callable[[], None]] = []
        self._seen: int | None = None
        self._next_check = 0.0

    def on_change(self, listener: Callable[[], None]) -> None:
        """`listener` drops a cache; it is called by the first reader after a change."""
        self._listeners.append(listener)

    def refresh(self) -> None:
        """Call before reading a cache. Raises `StateUnavailable`."""
        now = self._clock.now()
        if now < self._next_check:
            return
        with self._lock:
            if now < self._next_check:
                return
            version = self._state.version(TOPIC)
            if version != self._seen:
                for listener in self._listeners:
                    listener()
                self._seen = version
            self._next_check = now + CHECK_SECONDS

    def bump(self) -> None:
        """Something cached has changed. Call after the change is committed."""
        self._state.bump(TOPIC)
        self._next_check = 0.0


class Shelf(Generic[T]):
    """What a worker keeps of things that rarely change, until the version moves. Holds at most `capacity`, and no
    misses."""

    def __init__(self, versions: Versions, capacity: int) -> None:
        self._versions = versions
        self._capacity = capacity
        self._kept: dict[str, T] = {}
        versions.on_change(self.clear)

    def get(self, name: str, load: Callable[[str], T | None]) -> T | None:
        """The thing of that name, loaded if it is not kept. Raises `StateUnavailable` and what `load` raises."""
        self._versions.refresh()
        kept = self._kept
        found = kept.get(name)
        if found is None:
            found = load(name)
            if found is not None:
                # a change during `load` has put another dict in place: what was loaded before it is not kept
                if len(kept) >= self._capacity:
                    kept.pop(next(iter(kept)), None)
                kept[name] = found
        return found

    def clear(self) -> None:
        self._kept = {}
