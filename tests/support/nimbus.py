"""The jars of Nimbus, for portals in Java: copied once by Maven, and each the very file that `jars.sha256` names."""

import fcntl
import hashlib
import subprocess
from pathlib import Path

import pytest

from tests.support.openid_client import CACHE, HOME
from tests.support.processes import program

SUMS = HOME / "jars.sha256"
COPY_SECONDS = 45


def jars() -> Path:
    """The folder; skips where Java, Maven or the network is not there."""
    program("java", package="openjdk-17-jdk-headless")
    maven = program("mvn", package="maven")
    folder = CACHE / f"jars-{hashlib.sha256(SUMS.read_bytes()).hexdigest()[:16]}"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not _whole(folder):
            _copy(maven, folder)
    assert _whole(folder), "the jars are others than those that were read"
    return folder


def _whole(folder: Path) -> bool:
    named = dict(reversed(line.split()) for line in SUMS.read_text().splitlines())
    there = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.jar")}
    return there == named


def _copy(maven: Path, folder: Path) -> None:
    command = [maven, "-q", "-B", "-f", HOME / "pom.xml", "dependency:copy-dependencies", f"-DoutputDirectory={folder}"]
    try:
        ran = subprocess.run(command, capture_output=True, text=True, timeout=COPY_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip(f"mvn did not end in {COPY_SECONDS} s: the portal in Java is left out")
    if ran.returncode:
        pytest.skip("mvn could not copy the jars: the portal in Java is left out")
