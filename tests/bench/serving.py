"""Servers of our own: started, waited for, their worker put on its processor, and ended whatever happens."""

import contextlib
import os
import socket
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tests.bench.machine import Processors, pin, worker
from tests.support.processes import Process, free_port, start, wait_until
from tests.support.redis_service import redis_server

ROOT = Path(__file__).parents[2]


@contextlib.contextmanager
def serving(
    command: Sequence[str], port: int, log: Path, processors: Processors, settings: Mapping[str, str]
) -> Iterator[int]:
    """Run a Python module that serves at `port` with one worker; gives the worker's process id."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("IDP_")}
    process = start([sys.executable, "-m", *command], log, environment={**inherited, **settings}, folder=ROOT)
    try:
        wait_until(lambda: _answers(port), process)
        found = worker(process.popen.pid, port)
        pin(found, processors.server)
        yield found
    finally:
        process.stop()


@contextlib.contextmanager
def floor(folder: Path, processors: Processors) -> Iterator[tuple[int, int]]:
    """The floor's port and worker."""
    port = free_port()
    with serving(["tests.bench.floor", str(port)], port, folder / "floor.log", processors, {}) as found:
        yield port, found


@contextlib.contextmanager
def private_redis(processors: Processors) -> Iterator[str]:
    """Its URL. It inherits the client's processor."""
    with redis_server() as server:
        pin(_running(server.process).popen.pid, processors.client)
        yield server.url


def _running(process: Process | None) -> Process:
    if process is None:
        raise RuntimeError("Redis does not run")
    return process


def _answers(port: int) -> bool:
    """An answer, and not only a connection: Granian listens before its worker has loaded the application."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as probe:
        probe.settimeout(5)
        probe.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        return bool(probe.recv(1))
    return False
