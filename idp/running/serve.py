"""`idp serve`: the server, its workers, and the housekeeper beside them. The home of Granian.

    prepare      the data directory, the master key, the stores' tables, the first signing keys: before anybody asks
    housekeeper  a process of its own; started again should it die, and told to stop last
    workers      processes that each load `idp.app:create_app`, which reads the settings from the environment

All processes are spawned and not forked, so that none inherits an open store or a lock that another thread held.
"""

import logging
import multiprocessing
import os
import shutil
import socket
from pathlib import Path
from typing import Final, Protocol

from granian import Granian
from granian.constants import HTTPModes, Interfaces, SSLProtocols
from granian.errors import ConfigurationError
from granian.http import HTTP1Settings, HTTP2Settings
from granian.log import LogLevels

from idp import logs
from idp.app import build_services
from idp.clock import SystemClock
from idp.config import Settings
from idp.metrics import DIRECTORY as METRICS_DIRECTORY
from idp.running.attendant import STOP_SECONDS, Attendant, take_interrupts_alone
from idp.running.housekeeping import keep_house
from idp.running.preparing import prepare_directory, prove_master_key
from idp.secrets import SystemRandomness
from idp.storage.records.upgrade import is_current

BLOCKING_THREADS: Final = 64
"""Threads of a worker: more than may wait for a password to be hashed, so that a login storm leaves some for hops, and
twice as many as may wait for the bodies of one client (`idp.http.bodies`). Twice as many cost a hop some percent: each
request wakes another thread."""
_HEAD_BYTES: Final = 65_536
"""Request line and headers together; a request that asks for much in its query still fits."""

_log = logging.getLogger(__name__)


class CannotServe(Exception):
    """What is wrong, in a sentence, with what to do."""


def serve(
    settings: Settings,
    host: str,
    port: int,
    workers: int,
    tls_cert: Path | None = None,
    tls_key: Path | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT. `settings` are those of the environment, where workers read them again.

    Raises `CannotServe`, and what master keys and stores raise.
    """
    logs.configure(settings.log_level)
    _prove_free(host, port)
    _prepare(settings)
    multiprocessing.set_start_method("spawn", force=True)
    os.environ[METRICS_DIRECTORY] = str(settings.metrics_dir)
    server = _server(settings, host, port, workers, tls_cert, tls_key)
    take_interrupts_alone()
    housekeeper = Attendant(
        lambda: multiprocessing.Process(target=keep_house, args=(settings, os.getpid())),
        lambda: server.interrupt_signal,
    )
    try:
        housekeeper.start()
        _log.info("serving %s at %s, port %d, with %d workers", settings.issuer, host, port, workers)
        server.serve()
    finally:
        housekeeper.stop()
        _log.info("stopped")


def _prove_free(host: str, port: int) -> None:
    """Granian shares a port with whoever listens there already; half of the requests would then go astray."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise CannotServe(f"port {port} at {host} cannot be used ({error.strerror}): choose another") from None


def _prepare(settings: Settings) -> None:
    """Make ready what workers rely on."""
    prepare_directory(settings, SystemRandomness(), SystemClock())
    if not settings.records_embedded and not is_current(settings.records_url):
        raise CannotServe("the tables of the records are not those of this release: run `idp db upgrade`")
    services = build_services(settings)
    try:
        prove_master_key(services)
        services.ensure_keys()
    finally:
        services.close()
    shutil.rmtree(settings.metrics_dir, ignore_errors=True)
    settings.metrics_dir.mkdir(mode=0o700)


class _Server(Protocol):
    interrupt_signal: bool
    """Whether it was told to stop."""

    def serve(self) -> None: ...


def _server(
    settings: Settings, host: str, port: int, workers: int, tls_cert: Path | None, tls_key: Path | None
) -> _Server:
    try:
        return Granian(
            "idp.app:create_app",
            address=host,
            port=port,
            interface=Interfaces.WSGI,
            factory=True,
            workers=workers,
            blocking_threads=BLOCKING_THREADS,
            http=HTTPModes.auto if tls_cert else HTTPModes.http1,
            websockets=False,
            http1_settings=HTTP1Settings(header_read_timeout=10_000, max_buffer_size=_HEAD_BYTES),
            http2_settings=HTTP2Settings(max_headers_size=_HEAD_BYTES, max_concurrent_streams=100),
            log_level=LogLevels.info if settings.log_level == "debug" else LogLevels.error,
            log_dictconfig=logs.configuration(settings.log_level),
            ssl_cert=tls_cert,
            ssl_key=tls_key,
            ssl_protocol_min=SSLProtocols.tls12,
            respawn_failed_workers=True,
            workers_kill_timeout=STOP_SECONDS,
        )
    except (ConfigurationError, OSError) as error:  # ssl.SSLError is an OSError
        raise CannotServe(f"the certificate or its key cannot be used ({type(error).__name__})") from None
