"""What stands by the server: a process beside it, and the way Ctrl-C takes."""

import logging
import signal
import threading
from collections.abc import Callable
from multiprocessing import resource_tracker
from multiprocessing.process import BaseProcess
from typing import Final

STOP_SECONDS: Final = 4
"""How long a process may take to finish what it is doing."""
_LOOK_SECONDS: Final = 1.0
_MOMENT_SECONDS: Final = 0.3
"""A signal for all of us ends the attendant first; after this long we have heard of it, too."""

_log = logging.getLogger(__name__)


def take_interrupts_alone() -> None:
    """Let Ctrl-C end this process alone, as SIGTERM does, and this process the others, in good order.

    A terminal sends SIGINT to all of them at once. It is blocked in each from its first moment, for what is blocked
    here is blocked in whatever is started from here; one thread of ours waits for it. To be called before any other
    thread is there.
    """
    resource_tracker.ensure_running()  # which unblocks the signal in whoever starts it
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    threading.Thread(target=_pass_on, name="interrupts", daemon=True).start()


def _pass_on() -> None:
    main = threading.main_thread()
    while True:
        signal.sigwait({signal.SIGINT})
        # Not to whichever thread: a main thread that waits for a lock would sleep on.
        signal.pthread_kill(main.ident or 0, signal.SIGTERM)


class Attendant:
    """A process that is there as long as we are: started again when it ends by itself."""

    def __init__(self, make: Callable[[], BaseProcess], ending: Callable[[], bool]) -> None:
        """`ending` says whether we have begun to stop: what ends then has ended for good."""
        self._make = make
        self._ending = ending
        self._process: BaseProcess | None = None
        self._restarting = threading.Lock()
        self._stopping = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)

    def start(self) -> None:
        self._process = self._make()
        self._process.start()
        self._watcher.start()

    def stop(self) -> None:
        """Ask it to end, and end it if it does not."""
        self._stopping.set()
        with self._restarting:
            process = self._process
        if process is None:
            return
        process.terminate()
        process.join(STOP_SECONDS)
        if process.is_alive():
            process.kill()
            process.join()

    def _watch(self) -> None:
        while not self._stopping.wait(_LOOK_SECONDS):
            if self._process is not None and not self._process.is_alive():
                self._restart()

    def _restart(self) -> None:
        if self._stopping.wait(_MOMENT_SECONDS):
            return
        with self._restarting:
            if self._stopping.is_set() or self._ending():
                return
            _log.error("the housekeeper ended by itself and is started again")
            self._process = self._make()
            self._process.start()
