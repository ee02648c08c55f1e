"""A line for each request: which endpoint of ours, what came of it, how long it took, and the reference that an error
page showed. Never an address, a query, or anything else that the request brought: all of it is ASCII of ours.

It stands in every hop. So a request only leaves its line, and a thread writes those of a tenth of a second together: a
write for each costs five per cent of a hop.
"""

import contextlib
import os
import threading
import time
from collections import deque
from typing import Final

from idp.logs import moment

WRITTEN_AFTER_SECONDS: Final = 0.1
KEPT: Final = 65_536
"""Lines that wait at most, some 15 MB: where whoever reads the log has stopped, the oldest are lost."""
_TOGETHER: Final = 4_096
"""Bytes; so many come whole from any number of processes (POSIX, write to a pipe)."""


class AccessLog:
    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._waiting: deque[bytes] = deque(maxlen=KEPT)

    def line(self, endpoint: str, method: str, status: int, seconds: float, reference: str | None = None) -> None:
        more = f',"reference":"{reference}"' if reference is not None else ""
        line = (
            f'{{"time":"{moment(time.time())}","level":"info","logger":"idp.access","message":"answered",'
            f'"endpoint":"{endpoint}","method":"{method}","status":{status},'
            f'"milliseconds":{seconds * 1000:.2f}{more}}}\n'
        )
        self._waiting.append(line.encode("ascii"))

    def keep_writing(self) -> None:
        """Write what comes from now on, until this process ends in good order."""
        threading.Thread(target=self._keep_writing, name="access log").start()

    def write(self) -> None:
        """Write what is there."""
        together = b""
        while self._waiting:
            line = self._waiting.popleft()
            if len(together) + len(line) > _TOGETHER:
                self._put(together)
                together = b""
            together += line
        self._put(together)

    def _keep_writing(self) -> None:
        main = threading.main_thread()
        while main.is_alive():
            main.join(WRITTEN_AFTER_SECONDS)
            self.write()  # once more, too, after it ended

    def _put(self, together: bytes) -> None:
        if together:
            with contextlib.suppress(OSError):  # a log that nobody reads any more must cost nothing else
                os.write(self._descriptor, together)
