"""pyFF, with which federations publish metadata: it signs an aggregate, and answers metadata queries (MDQ).

It lives in an environment of its own, made on first use and kept in `var/clients`, because it needs other releases of
libraries than we do.
"""

import fcntl
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from requests import RequestException, get

from federation.saml.metadata import mdq
from tests.support.processes import free_port, start, wait_until
from tests.support.saml_messages import Peer
from tests.support.sp_metadata import pem

LOCK = Path(__file__).parents[1] / "clients" / "pyff.lock"
CACHE = Path(__file__).parents[2] / "var" / "clients"
INSTALL_SECONDS = 180
PIPELINE = """
- when batch:
    - load: [{folder}/entities]
    - select
    - finalize: {{cacheDuration: PT1H, validUntil: P7D}}
    - sign: {{key: {folder}/key.pem, cert: {folder}/certificate.pem}}
    - publish: {{output: {folder}/aggregate.xml}}
- when update:
    - load: [{folder}/entities]
- when request:
    - select
    - pipe:
        - when accept application/samlmetadata+xml:
            - first
            - finalize: {{cacheDuration: PT1H, validUntil: P7D}}
            - sign: {{key: {folder}/key.pem, cert: {folder}/certificate.pem}}
            - emit application/samlmetadata+xml
            - break
"""


def installed() -> Path:
    """The folder of its programs; skips where it cannot be installed."""
    folder = CACHE / hashlib.sha256(LOCK.read_bytes() + sys.version.encode()).hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not (folder / "whole").exists():
            _install(folder)
    return folder / "env" / "bin"


def _install(folder: Path) -> None:
    environment = folder / "env"
    shutil.rmtree(environment, ignore_errors=True)
    pip = [environment / "bin" / "pip", "install", "--quiet", "--require-hashes", "--no-deps", "-r", LOCK]
    for command in ([sys.executable, "-m", "venv", environment], pip):
        try:
            ran = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False)
        except subprocess.TimeoutExpired:
            pytest.skip(f"pip did not end in {INSTALL_SECONDS} s: pyFF is left out")
        if ran.returncode:
            pytest.skip("pip could not install what tests/clients/pyff.lock names: pyFF is left out")
    (folder / "whole").touch()


def prepared(folder: Path, federation: Peer, documents: Sequence[str]) -> Path:
    """A folder with the entities of a federation, its key and its pipeline."""
    (folder / "entities").mkdir()
    for number, document in enumerate(documents):
        (folder / "entities" / f"{number}.xml").write_text(document)
    (folder / "key.pem").write_bytes(federation.pem)
    (folder / "certificate.pem").write_text(pem(federation))
    pipeline = folder / "pipeline.yaml"
    pipeline.write_text(PIPELINE.format(folder=folder))
    return pipeline


def aggregate(pipeline: Path) -> bytes:
    """What it publishes."""
    subprocess.run(
        [installed() / "pyff", "--loglevel=ERROR", pipeline], cwd=pipeline.parent, check=True, capture_output=True
    )
    return (pipeline.parent / "aggregate.xml").read_bytes()


@contextmanager
def answering(pipeline: Path, known: str) -> Iterator[int]:
    """The port at which it answers metadata queries, once it knows the entity `known`."""
    port = free_port()
    options = ["-f", "-H", "127.0.0.1", "-P", str(port), "--cache_ttl=1", "--loglevel=ERROR", "--frequency=3600"]
    command = [str(installed() / "pyffd"), *options, str(pipeline)]
    daemon = start(command, pipeline.parent / "pyffd.log", folder=pipeline.parent)
    try:
        wait_until(lambda: _answers(mdq.address(f"http://127.0.0.1:{port}", known)), daemon, seconds=60)
        yield port
    finally:
        daemon.stop()


def _answers(address: str) -> bool:
    """It listens before it has read its entities, and answers that there are none."""
    try:
        return b"EntityDescriptor " in get(address, headers={"Accept": mdq.CONTENT_TYPE}, timeout=10).content
    except RequestException:
        return False
