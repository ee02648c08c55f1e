"""Writes both lock files from setup.py.

Wheels only, every one hashed, for every Python from 3.11 on; no registry address, no path.
Needs `uv` on PATH. Arguments go to uv: `python3 .ci/lock.py --upgrade` takes the newest versions inside the ranges.
"""

import ast
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BACKEND = ["setuptools>=77", "wheel"]
COMPILE = ["uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11", "--generate-hashes"]
BARE = ["--only-binary", ":all:", "--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links"]


def requirements(name: str) -> list[str]:
    """The list called `name` in setup.py, read and not run."""
    for node in ast.parse((ROOT / "setup.py").read_text()).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", None) == name:
            return list(ast.literal_eval(node.value))
    raise SystemExit(f"setup.py has no {name}")


def lock(wanted: list[str], target: str, *options: str) -> None:
    with tempfile.NamedTemporaryFile("w", suffix=".in") as source:
        source.write("\n".join(wanted) + "\n")
        source.flush()
        subprocess.run([*COMPILE, *BARE, source.name, "--output-file", target, *options], cwd=ROOT, check=True)


if __name__ == "__main__":
    base = requirements("RUNTIME") + requirements("DEMO") + BACKEND
    lock(base, "requirements.lock", *sys.argv[1:])
    lock(base + requirements("TEST"), "requirements-test.lock", "--constraint", "requirements.lock", *sys.argv[1:])
