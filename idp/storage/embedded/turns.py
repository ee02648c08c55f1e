"""Whose turn it is to write, among processes that share a state file: a lock on a file beside it.

It is asked for every 0.2 ms. SQLite's own waiting sleeps longer and longer, up to 100 ms, and can let one worker starve
for half a second. The kernel ends the turn of a process that dies.
"""

import contextlib
import fcntl
import os
import time
from typing import Final

from idp.storage.state import StateUnavailable

_ASK_SECONDS: Final = 0.0002


class Turns:
    """The lock on the file at `path`, which is made (mode 0600) when it is not there."""

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)

    def take(self, patience: float) -> None:
        """Wait until no other process writes; raises `StateUnavailable` after `patience` seconds."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._wait(patience)

    def end(self) -> None:
        fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        os.close(self._file)

    def _wait(self, patience: float) -> None:
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            time.sleep(_ASK_SECONDS)
            with contextlib.suppress(BlockingIOError):
                return fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        raise StateUnavailable("the state file is busy")
