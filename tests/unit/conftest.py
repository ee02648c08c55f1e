"""A shell of each test's own."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.shell import NUMBER, PASSWORD, Idp, shell


@pytest.fixture
def idp(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Idp:
    """Runs a command line against embedded stores of this test's own, in `tmp_path / "var"`."""
    return shell(monkeypatch, tmp_path / "var", capsys)


@pytest.fixture
def citizen(idp: Idp) -> dict[str, Any]:
    added = idp(
        *("citizen", "add", "--number", NUMBER, "--name", "张三", "--phone", "138 0013 8000", "--password-stdin"),
        stdin=f"{PASSWORD}\n",
    )
    assert (added.status, added.err) == (0, "")
    document: dict[str, Any] = added.json
    return document
