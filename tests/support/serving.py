"""`idp serve` in processes of its own, and in front of it what stands in front of it in a deployment: a proxy, which
says whose request it hands on. The proxy is a WSGI application, so that everything of `provider.py` meets real servers
as it meets the application itself.
"""

import contextlib
import http.client
import json
import os
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from idp.app import build_services
from tests.support.clock import FrozenClock
from tests.support.processes import Process, free_port, start, wait_until
from tests.support.provider import ISSUER, Provider, prepare, settings_for
from tests.support.randomness import CountingRandomness

HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length"})
PATIENCE = 10.0
"""Seconds until a request that nobody answers fails its test."""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Proxy:
    """Hands each request to the server on a connection of its own."""

    def __init__(self, port: int, tls: ssl.SSLContext | None = None) -> None:
        self.port = port
        self._tls = tls

    def connect(self) -> http.client.HTTPConnection:
        if self._tls is not None:
            return http.client.HTTPSConnection("localhost", self.port, timeout=PATIENCE, context=self._tls)
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)

    def ask(self, method: str, target: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Answer:
        """Raises `OSError` or `http.client.HTTPException` when no answer comes."""
        with contextlib.closing(self.connect()) as connection:
            connection.request(method, target, body or None, dict(headers or {}))
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())

    def __call__(self, environ: Mapping[str, Any], start_response: Any) -> Iterable[bytes]:
        headers = {
            name[5:].replace("_", "-").title(): value for name, value in environ.items() if name.startswith("HTTP_")
        }
        if environ.get("CONTENT_TYPE"):
            headers["Content-Type"] = environ["CONTENT_TYPE"]
        headers["X-Forwarded-For"] = environ.get("REMOTE_ADDR", "192.0.2.1")
        query = environ.get("QUERY_STRING", "")
        target = environ.get("PATH_INFO", "/") + (f"?{query}" if query else "")
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        answer = self.ask(environ["REQUEST_METHOD"], target, body, headers)
        told = [(name, value) for name, value in answer.headers.items() if name.lower() not in HOP_BY_HOP]
        start_response(f"{answer.status} {http.client.responses.get(answer.status, '')}", told)
        return [answer.body]


@dataclass
class Served:
    """A running `idp serve`; `provider` has its stores in this process, and visitors who come through the proxy."""

    provider: Provider
    process: Process
    proxy: Proxy
    environment: Mapping[str, str]
    certificate: str = ""

    def get(self, target: str, **headers: str) -> Answer:
        return self.proxy.ask("GET", target, headers=headers)

    def lines(self) -> list[dict[str, Any]]:
        """The log so far. A line that is not JSON fails, and is shown with what follows it."""
        text = self.process.log.read_text()
        found = []
        for number, line in enumerate(text.splitlines()):
            assert line.startswith("{"), "\n".join(text.splitlines()[number : number + 20])
            found.append(json.loads(line))
        return found

    def children(self) -> dict[int, str]:
        """Processes under the server, by id: what each runs."""
        found = {}
        for thread in Path(f"/proc/{self.process.popen.pid}/task").iterdir():
            with contextlib.suppress(OSError):  # a thread or a child that ended meanwhile
                for child in (thread / "children").read_text().split():
                    found[int(child)] = Path(f"/proc/{child}/cmdline").read_text().replace("\0", " ")
        return found

    def workers(self) -> list[int]:
        """Ids of the processes that have the server's socket, the server itself excepted."""
        listening = _listening(self.proxy.port)
        return [pid for pid in self.children() if listening & _sockets(pid)]


def environment(directory: Path, **variables: str) -> dict[str, str]:
    """For a process: this one's environment without its settings, and those of a provider in `directory`."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("IDP_", "PROMETHEUS_"))}
    return {**plain, "IDP_ISSUER": ISSUER, "IDP_DATA_DIR": str(directory), "IDP_TRUSTED_PROXIES": "127.0.0.1"} | (
        variables
    )


def serve(directory: Path, environ: Mapping[str, str], port: int, *options: str | Path) -> Process:
    """Start `idp serve` and do not wait for it."""
    command = [sys.executable, "-m", "idp.cli", "serve", "--port", str(port), *options]
    return start(command, directory / "log", environment=dict(environ), farewell=signal.SIGTERM)


@contextmanager
def served(
    directory: Path,
    *,
    workers: int = 2,
    tls: tuple[Path, Path] | None = None,
    port: int | None = None,
    **variables: str,
) -> Iterator[Served]:
    """Run `idp serve` until it is ready; `tls` is its certificate, which is trusted, and key. `port` is for a provider
    whose issuer names it."""
    environ, port = environment(directory, **variables), port or free_port()
    settings = settings_for(directory, **{name: value for name, value in environ.items() if name.startswith("IDP_")})
    prepare(settings, FrozenClock(), CountingRandomness())
    options = ["--tls-cert", tls[0], "--tls-key", tls[1]] if tls else []
    proxy = Proxy(port, ssl.create_default_context(cafile=str(tls[0])) if tls else None)
    process = serve(directory, environ, port, "--workers", str(workers), *options)
    services = build_services(settings)
    try:
        wait_until(lambda: ready(proxy), process, seconds=60)
        provider = Provider(services, cast("Any", proxy), FrozenClock(time.time()))
        running = Served(provider, process, proxy, environ, str(tls[0]) if tls else "")
        wait_until(lambda: len(running.workers()) == workers, process, seconds=60)
        yield running
    finally:
        services.close()
        process.stop()


def ready(proxy: Proxy) -> bool:
    try:
        return proxy.ask("GET", "/readyz").status == 200
    except (OSError, http.client.HTTPException):
        return False


def _listening(port: int) -> set[str]:
    """The sockets that listen at a port: workers may have one each."""
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    rows = [line.split() for line in lines]
    return {f"socket:[{row[9]}]" for row in rows if row[3] == "0A" and int(row[1].rpartition(":")[2], 16) == port}


def _sockets(pid: int) -> set[str]:
    """None of a process that ended."""
    found = set()
    with contextlib.suppress(OSError):
        for link in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                found.add(str(link.readlink()))
    return found


def run(
    environ: Mapping[str, str], *arguments: str | Path, stdin: str = "", seconds: float = 100
) -> "subprocess.CompletedProcess[str]":
    """One command line of `idp` in a process of its own, which is killed after `seconds`."""
    command = [sys.executable, "-m", "idp.cli", *map(str, arguments)]
    return subprocess.run(
        command, env=dict(environ), input=stdin, capture_output=True, text=True, timeout=seconds, check=False
    )
