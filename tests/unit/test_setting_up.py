"""What `make test` sets up by itself: dependencies, in ranges that end, and the programs that tests need."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.unit.test_packaging import CHECKOUT, EVERYTHING, entries, requirements

WANTED = {each.name: each for kind in ("RUNTIME", "DEMO", "TEST") for each in map(Requirement, requirements(kind))}


@pytest.mark.parametrize("name", EVERYTHING)
def test_each_range_ends_and_the_lock_is_inside(name: str) -> None:
    operators = {each.operator for each in WANTED[name].specifier}
    assert operators == {">=", "<"}
    locked = [Requirement(entry.split(" --hash")[0]) for entry in entries("requirements-test.lock")]
    (version,) = (str(each.specifier).removeprefix("==") for each in locked if each.name == name)
    assert WANTED[name].specifier.contains(version)


LANGUAGES = {"nodejs", "npm", "maven"}
"""Whoever writes portals in them has them, and they are large: what needs one is tested where it is at hand."""


def test_programs_whose_absence_skips_a_test_are_installed() -> None:
    skipped = r"\(Debian: apt-get install ([a-z-]+)\)|package=\"([a-z-]+)\""
    files = [path for path in (CHECKOUT / "tests").rglob("*.py") if "bench" not in path.parts]
    needed = {match[1] or match[2] for path in files for match in re.finditer(skipped, path.read_text())}
    (installed,) = re.findall(r"services\.sh (.+chromium.*)", (CHECKOUT / "Makefile").read_text())
    assert {"redis-server", "curl"} <= needed <= set(installed.split()) | LANGUAGES


def test_what_is_missing_and_cannot_be_installed_is_named(tmp_path: Path) -> None:
    """On a machine with nothing but a shell, for somebody who is not root."""
    for tool, answer in (("id", "1000"), ("ls", "")):
        (tmp_path / tool).write_text(f"#!/bin/sh\necho {answer}\ntest {tool} = id\n")
        (tmp_path / tool).chmod(0o755)
    command = ["/bin/sh", str(CHECKOUT / ".ci/services.sh"), "curl", "redis-server"]
    done = subprocess.run(
        command, env={**os.environ, "PATH": str(tmp_path)}, capture_output=True, text=True, check=True, timeout=30
    )
    assert done.stdout.splitlines() == [
        f"services: {name} is missing; what needs it is left out (Debian: apt-get install {name})"
        for name in ("curl", "redis-server")
    ]
