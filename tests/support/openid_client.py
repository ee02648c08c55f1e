"""Clients for Node.js, openid-client and node-saml, in a process of their own: installed once, by their lock, and
driven a step at a time."""

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.support.processes import program

HOME = Path(__file__).parents[1] / "clients"
CACHE = Path(__file__).parents[2] / "var" / "clients"
LOCK = HOME / "package-lock.json"
NODE = 20
INSTALL_SECONDS = 60
ANSWER_SECONDS = 20


class StepFailed(Exception):
    """The client refused, or was refused: `code` is the OAuth error code, or the client's own."""

    def __init__(self, outcome: dict[str, str]) -> None:
        super().__init__(" ".join(filter(None, outcome.values())))
        self.code = outcome["failed"]


def installed() -> Path:
    """A folder with what the lock names in `node_modules`; skips where Node.js, npm or the network is not there."""
    node = program("node", package="nodejs")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    if int(version.removeprefix("v").partition(".")[0]) < NODE:
        pytest.skip(f"node is {version.strip()}; the clients want {NODE} or newer")
    npm = program("npm", package="npm")
    folder = CACHE / hashlib.sha256(LOCK.read_bytes()).hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not (folder / "whole").exists():
            _install(npm, folder)
    return folder


def _install(npm: Path, folder: Path) -> None:
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(HOME / name, folder / name)
    options = ["--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund", "--fetch-retries=0"]
    try:
        ran = subprocess.run(
            [npm, "ci", *options], cwd=folder, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        pytest.skip(f"npm ci did not end in {INSTALL_SECONDS} s: Node.js clients are left out")
    if ran.returncode:
        reason = next((line for line in ran.stderr.splitlines() if "code E" in line), "it failed")
        pytest.skip(f"npm ci: {reason}: Node.js clients are left out")
    (folder / "whole").touch()


class Party:
    """One relying party or service provider: each step is a method of `Party` in tests/clients/driver.mjs, or of
    `ServiceProvider` in saml.mjs beside it."""

    def __init__(self, driver: "Driver", name: int) -> None:
        self._driver = driver
        self._name = name

    def __call__(self, step: str, **told: Any) -> Any:
        """Raises `StepFailed`."""
        return self._driver.ask({"party": self._name, "step": step} | told)


class Driver:
    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self._names = count()

    def party(self) -> Party:
        return Party(self, next(self._names))

    def ask(self, step: dict[str, Any]) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(step) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the driver ended"
        outcome = json.loads(line)
        if "failed" in outcome:
            raise StepFailed(outcome)
        return outcome["value"]


@contextlib.contextmanager
def driver(script: str = "driver.mjs") -> Iterator[Driver]:
    folder = installed()
    for name in (script, "driven.mjs"):
        shutil.copyfile(HOME / name, folder / name)
    with subprocess.Popen(
        ["node", folder / script], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ
    ) as process:
        yield Driver(process)
        assert process.stdin is not None
        process.stdin.close()
        process.wait(ANSWER_SECONDS)
