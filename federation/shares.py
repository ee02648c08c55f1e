"""Threads for calls that may hang, shared so that what hangs at one place does not hold up what leads elsewhere."""

import threading
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

T = TypeVar("T")


class Shares(Generic[T]):
    """At most `threads` calls at a time, of one place at most `share`, and of one part of a place at most `of_part`;
    the others wait, those of one part in their order. Parts of a place take turns: many services behind one gateway
    are one place, and one of them that hangs leaves the gateway to the others."""

    def __init__(self, threads: int, share: int, name: str, of_part: int | None = None) -> None:
        self._share = share
        self._of_part = share if of_part is None else of_part
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._lock = threading.Lock()
        self._running: Counter[str] = Counter()
        self._running_of_part: Counter[tuple[str, str]] = Counter()
        self._waiting: dict[str, dict[str, deque[tuple[Future[T], Callable[[], T]]]]] = {}

    def submit(self, place: str, call: Callable[[], T], part: str = "") -> Future[T]:
        """Run `call` as soon as there is a thread and room at its place. What it raises is in the future."""
        future: Future[T] = Future()
        with self._lock:
            self._waiting.setdefault(place, {}).setdefault(part, deque()).append((future, call))
            self._begin(place, part)
        return future

    def _begin(self, place: str, part: str) -> bool:
        """Take a thread for the next call of a part, if there is room. The lock is held."""
        if self._running[place] >= self._share or self._running_of_part[place, part] >= self._of_part:
            return False
        self._running[place] += 1
        self._running_of_part[place, part] += 1
        self._threads.submit(self._next, place, part)
        return True

    def _next(self, place: str, part: str) -> None:
        with self._lock:
            waiting = self._waiting.get(place, {}).get(part)
            future, call = waiting.popleft() if waiting else (None, None)
            if waiting is not None and not waiting:
                del self._waiting[place][part]
        if future and call and future.set_running_or_notify_cancel():
            try:
                future.set_result(call())
            except BaseException as error:  # whoever waits for it gets it
                future.set_exception(error)
        with self._lock:
            self._leave(place, part)

    def _leave(self, place: str, part: str) -> None:
        """Give the room back, and to the first part that waits and may have it. The lock is held."""
        self._running[place] -= 1
        self._running_of_part[place, part] -= 1
        parts = self._waiting.get(place, {})
        for each in list(parts):
            if self._begin(place, each):
                parts[each] = parts.pop(each)  # behind the others, for the next turn
                break
        if not self._running_of_part[place, part]:
            del self._running_of_part[place, part]
        if not self._running[place]:
            del self._running[place]
        if not parts:
            self._waiting.pop(place, None)
