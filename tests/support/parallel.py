"""Parallel callers: all start at the same moment, and each outcome is kept, be it an answer or an error."""

import multiprocessing
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")


def together(calls: Sequence[Callable[[], T]]) -> list[T | Exception]:
    """Call all at once, each in a thread of its own; outcomes in the order of the calls."""
    barrier = threading.Barrier(len(calls))

    def run(call: Callable[[], T]) -> T | Exception:
        barrier.wait()
        try:
            return call()
        except Exception as error:  # the outcome is what the test looks at
            return error

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(run, calls))


def in_processes(work: Callable[..., T], arguments: Iterable[tuple[Any, ...]]) -> list[T]:
    """Call `work`, a function of an importable module, once in a fresh process for each tuple of arguments."""
    every = list(arguments)
    with multiprocessing.get_context("spawn").Pool(len(every)) as processes:
        return processes.starmap(work, every, chunksize=1)


def winners(outcomes: Iterable[object]) -> list[object]:
    """The outcomes that are no errors."""
    return [outcome for outcome in outcomes if not isinstance(outcome, Exception)]


def errors(outcomes: Iterable[object]) -> list[type[Exception]]:
    return [type(outcome) for outcome in outcomes if isinstance(outcome, Exception)]
