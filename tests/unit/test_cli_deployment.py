"""A verb works on the deployment that is there, with the master key it was made with, or says what is missing."""

from pathlib import Path

import pytest

from idp.clock import SystemClock
from idp.secrets import SystemRandomness
from idp.vault import MasterKeys
from tests.support.shell import NUMBER, PASSWORD, Idp


@pytest.mark.parametrize(
    "arguments",
    [
        *(["citizen", "show", NUMBER], ["citizen", "suspend", NUMBER], ["client", "list"], ["client", "show", "x"]),
        *(["audit", "tail"], ["key", "rekey"]),
    ],
    ids=" ".join,
)
def test_what_only_looks_begins_no_deployment(idp: Idp, tmp_path: Path, arguments: list[str]) -> None:
    ran = idp(*arguments)
    assert (ran.status, ran.out) == (1, "")
    assert ran.err.startswith(f"there are no records at {tmp_path}")
    assert "IDP_DATA_DIR" in ran.err
    assert not (tmp_path / "var").exists()


def _add(idp: Idp) -> tuple[int, str]:
    ran = idp("citizen", "add", "--number", NUMBER, "--name", "张三", "--password-stdin", stdin=f"{PASSWORD}\n")
    return ran.status, ran.err


def test_a_master_key_that_is_gone_is_missed_and_not_replaced(idp: Idp, tmp_path: Path) -> None:
    assert _add(idp) == (0, "")
    key = tmp_path / "var" / "master.key"
    kept = key.read_text()
    key.unlink()
    status, told = _add(idp)
    assert status == 1
    assert "bring it back" in told
    assert not key.exists()
    key.touch(mode=0o600)
    key.write_text(kept)
    assert _add(idp)[1] == "another citizen has this number\n"


def test_nothing_is_done_under_another_master_key(idp: Idp, tmp_path: Path) -> None:
    assert _add(idp) == (0, "")
    key = tmp_path / "var" / "master.key"
    key.write_text(MasterKeys.generate(SystemRandomness(), SystemClock().now()))
    status, told = _add(idp)
    assert status == 1
    assert told.startswith("master key: the records were sealed under another one")
    assert told.count("\n") == 1
