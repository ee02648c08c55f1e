"""Threads for calls that may hang, shared so that what hangs at one place does not hold up what leads elsewhere."""

import threading
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

T = TypeVar("T")


class Shares(Generic[T]):
    """At most `threads` calls at a time, and of one place at most `share`; the others wait in their order."""

    def __init__(self, threads: int, share: int, name: str) -> None:
        self._share = share
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._lock = threading.Lock()
        self._running: Counter[str] = Counter()
        self._waiting: dict[str, deque[tuple[Future[T], Callable[[], T]]]] = {}

    def submit(self, place: str, call: Callable[[], T]) -> Future[T]:
        """Run `call` as soon as there is a thread and room at its place. What it raises is in the future."""
        future: Future[T] = Future()
        with self._lock:
            self._waiting.setdefault(place, deque()).append((future, call))
            if self._running[place] < self._share:
                self._running[place] += 1
                self._threads.submit(self._next, place)
        return future

    def _next(self, place: str) -> None:
        with self._lock:
            if not (waiting := self._waiting[place]):
                return self._leave(place)
            future, call = waiting.popleft()
        if future.set_running_or_notify_cancel():
            try:
                future.set_result(call())
            except BaseException as error:  # whoever waits for it gets it
                future.set_exception(error)
        with self._lock:
            if not self._waiting[place]:
                return self._leave(place)
            self._threads.submit(self._next, place)  # behind what waits for a thread by now
        return None

    def _leave(self, place: str) -> None:
        self._running[place] -= 1
        if not self._running[place]:
            del self._running[place], self._waiting[place]
