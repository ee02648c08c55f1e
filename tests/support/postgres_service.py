"""A private PostgreSQL cluster that forgets everything, and fresh databases in it.

PostgreSQL refuses to run as root, so root lends it to an unprivileged user.
"""

import contextlib
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql

from tests.support.processes import Process, free_port, program, start, wait_until

_FAST = [
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "autovacuum=off",
    "shared_buffers=32MB",
    "max_connections=100",
]


@dataclass
class PostgresServer:
    """A cluster on a loopback port; `kill()` and `start()` for outages."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: Process | None = None
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def start(self) -> None:
        if self.process and self.process.running():
            return
        options = [word for setting in _FAST for word in ("-c", setting)]
        address = ["-h", "127.0.0.1", "-p", str(self.port), "-k", str(self.folder)]
        command = [_binary("postgres"), "-D", self.folder / "data", *address, *options]
        self.process = start(command, self.folder / "log", user=_user(), folder=self.folder, farewell=signal.SIGINT)
        wait_until(self._answers, self.process)

    def kill(self) -> None:
        if self.process:
            self.process.stop()

    def create_database(self, template: str = "template0") -> str:
        """The SQLAlchemy URL of a fresh copy of `template`, a database's name or URL nobody is connected to."""
        name = f"test_{next(self._numbers)}"
        source = sql.Identifier(template.rpartition("/")[2])
        self._execute(sql.SQL("CREATE DATABASE {} TEMPLATE {} ENCODING 'UTF8'").format(sql.Identifier(name), source))
        return f"postgresql+psycopg://idp@127.0.0.1:{self.port}/{name}"

    def drop_database(self, url: str) -> None:
        """Remove it, connected or not."""
        self._execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(url.rpartition("/")[2])))

    def _execute(self, statement: sql.Composed) -> None:
        with psycopg.connect(
            host="127.0.0.1", port=self.port, user="idp", dbname="postgres", autocommit=True
        ) as connection:
            connection.execute(statement)

    def _answers(self) -> bool:
        try:
            self._execute(sql.SQL("SELECT 1").format())
        except psycopg.OperationalError:
            return False
        return True


@contextlib.contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    initdb = _binary("initdb")
    folder = Path(tempfile.mkdtemp(prefix="idp-postgres-"))
    try:
        _initialise(initdb, folder)
        server = PostgresServer(folder)
        try:
            server.start()
            yield server
        finally:
            server.kill()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _initialise(initdb: Path, folder: Path) -> None:
    user = _user()
    if user:
        shutil.chown(folder, user)
    command = [
        initdb,
        "-D",
        folder / "data",
        "-U",
        "idp",
        "--auth=trust",
        "--no-sync",
        "--no-instructions",
        "--encoding=UTF8",
        "--locale=C.UTF-8",
    ]
    subprocess.run(
        command, check=True, stdout=subprocess.DEVNULL, cwd=folder, user=user, env={"PATH": os.environ["PATH"]}
    )


def _binary(name: str) -> Path:
    newest_first = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda place: float(place.parent.name), reverse=True
    )
    return program(name, package="postgresql", places=newest_first)


def _user() -> str | None:
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"
