"""Programs that are started, watched and stopped together.

Each gets a session of its own, so that Ctrl-C in a terminal reaches the demo alone, which then stops them in order; and
so that what a program has started in turn can be reached as a group if it does not go by itself.
"""

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from idp.clock import Clock

STOP_SECONDS = 8
"""How long all of them together may take to stop before they are killed."""


@dataclass(frozen=True, slots=True)
class Program:
    """A program of the demo and how to start it; what it writes goes to `log`."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    answers_at: str
    """An address that answers once the program serves."""


class ProgramEnded(Exception):
    """A program ended by itself; the message says where to read why."""

    def __init__(self, program: Program, status: int) -> None:
        super().__init__(f"{program.name} ended with status {status}; the reason stands at the end of {program.log}")


class Children:
    """Programs that live and end together."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._running: list[tuple[Program, subprocess.Popen[bytes]]] = []

    def start(self, program: Program) -> None:
        """Start a program in a process group of its own. Raises `OSError`."""
        program.log.parent.mkdir(parents=True, exist_ok=True)
        with program.log.open("wb") as log:
            process = subprocess.Popen(  # noqa: S603 (our own programs)
                program.command,
                env=dict(program.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._running.append((program, process))

    def prove_alive(self) -> None:
        """Raises `ProgramEnded` for the first that is not."""
        for program, process in self._running:
            status = process.poll()
            if status is not None:
                raise ProgramEnded(program, status)

    def stop(self) -> None:
        """Ask all at once, wait, and kill what is left. Nothing runs afterwards."""
        deadline = self._clock.now() + STOP_SECONDS
        for _, process in self._running:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for _, process in self._running:
            _reap(process, max(0, deadline - self._clock.now()))
        self._running.clear()


def _reap(process: subprocess.Popen[bytes], seconds: float) -> None:
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(seconds)
    _kill_group(process.pid)
    process.wait()


def _kill_group(leader: int) -> None:
    """The leader's worker processes too, should it have ended without them."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)
