"""The `idp` command in this process: what it prints, and its exit status."""

import io
import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from idp import cli

NUMBER = "11010519491231002X"
MASKED = "110***********002X"
PASSWORD = "Zebra-kettle-41-moss"
METADATA = {"redirect_uris": ["http://127.0.0.1:7399/cb"], "client_name": "Portal", "client_name#zh-CN": "社会保险"}


@dataclass(frozen=True)
class Ran:
    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]

    def said(self, words: str) -> None:
        """It failed, with one line that has these words, and nothing else."""
        assert (self.status, self.out, self.err.count("\n")) == (1, "", 1), self.err
        assert words in self.err


Idp = Callable[..., Ran]


def shell(monkeypatch: pytest.MonkeyPatch, directory: Path, capsys: pytest.CaptureFixture[str]) -> Idp:
    """Runs command lines against embedded stores in `directory`."""
    for name in [name for name in os.environ if name.startswith("IDP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("IDP_ISSUER", "http://localhost:8000")
    monkeypatch.setenv("IDP_DATA_DIR", str(directory))

    def run(*arguments: str, stdin: str = "") -> Ran:
        capsys.readouterr()
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode()), "utf-8"))
        status = cli.run(arguments)
        printed = capsys.readouterr()
        return Ran(status, printed.out, printed.err)

    return run
