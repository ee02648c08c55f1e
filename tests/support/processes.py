"""Private processes that cannot outlive the tests, and ports for them.

Each gets a session of its own, so that its whole group is ended; the kernel ends it should the test run be killed.
"""

import contextlib
import ctypes
import os
import random
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)
_issued: set[int] = set()


def free_port() -> int:
    """A loopback port nobody listens on, never the same twice, below those the kernel gives to outgoing connections."""
    while True:
        port = random.SystemRandom().randrange(15_000, 32_000)
        if port not in _issued and _bindable(port):
            _issued.add(port)
            return port


def _bindable(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def program(name: str, *, package: str, places: Sequence[Path] = ()) -> Path:
    """Where `name` is; skips the test when it is nowhere, naming the Debian package that has it."""
    for place in places:
        if (place / name).exists():
            return place / name
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is missing (Debian: apt-get install {package})")
    return Path(found)


@dataclass
class Process:
    """A running program, its log and the signal that ends it in good order."""

    popen: "subprocess.Popen[bytes]"
    log: Path
    farewell: signal.Signals

    def running(self) -> bool:
        return self.popen.poll() is None

    def stop(self, patience: float = 10.0) -> int:
        """Ask, wait `patience` seconds, then insist; ends the whole group. Returns the exit status."""
        if self.running():
            self.popen.send_signal(self.farewell)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.popen.wait(patience)
        return self.kill()

    def kill(self) -> int:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.popen.pid, signal.SIGKILL)
        return self.popen.wait()

    def tail(self) -> str:
        return self.log.read_text(errors="replace")[-2000:]


def start(
    command: Sequence[str | Path],
    log: Path,
    *,
    user: str | None = None,
    environment: dict[str, str] | None = None,
    folder: Path | None = None,
    farewell: signal.Signals = signal.SIGTERM,
) -> Process:
    """Start `command`, its output going to `log`. Call it from a thread that lives as long as the process shall."""

    def die_with_parent() -> None:
        _libc.prctl(_PR_SET_PDEATHSIG, farewell)

    with log.open("ab") as output:
        popen = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=die_with_parent,  # noqa: PLW1509 - it calls one C function that is loaded already
            user=user,
            group=user and _group_of(user),
            extra_groups=[] if user else None,
            env=environment,
            cwd=folder,
        )
    return Process(popen, log, farewell)


def _group_of(user: str) -> int:
    import pwd

    return pwd.getpwnam(user).pw_gid


def wait_until(ready: Callable[[], bool], process: Process, *, seconds: float = 20.0) -> None:
    """Return once `ready()`; an early end or a time-out raises with the end of the log."""
    deadline = time.monotonic() + seconds
    while not ready():
        if not process.running():
            raise RuntimeError(f"{process.popen.args!r} ended early:\n{process.tail()}")
        if time.monotonic() > deadline:
            raise RuntimeError(f"{process.popen.args!r} was not ready in {seconds} s:\n{process.tail()}")
        time.sleep(0.02)
