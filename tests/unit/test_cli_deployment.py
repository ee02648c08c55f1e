"""A verb works on the deployment that is there, with the master key it was made with, or says what is missing."""

import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from idp.clock import SystemClock
from idp.secrets import SystemRandomness
from idp.vault import MasterKeys
from tests.support.shell import NUMBER, PASSWORD, Idp

READS = {
    "citizen show": ["citizen", "show", NUMBER],
    "client list": ["client", "list"],
    "client show": ["client", "show", "x"],
    "client check": ["client", "check", "x"],
    "client import --dry-run": ["client", "import", "-", "--dry-run"],
    "resource list": ["resource", "list"],
    "resource show": ["resource", "show", "https://x.example"],
    "key list": ["key", "list"],
    "logout list": ["logout", "list"],
    "logout show": ["logout", "show", "x"],
    "audit tail": ["audit", "tail"],
    "audit search": ["audit", "search"],
}
NEED_ONE = READS | {"citizen suspend": ["citizen", "suspend", NUMBER], "key rekey": ["key", "rekey"]}
CLIENT = json.dumps(
    {
        "client_id": "portal",
        "redirect_uris": ["https://portal.example/cb"],
        "token_endpoint_auth_method": "client_secret_jwt",
        "purpose": "x",
        "retention": "x",
    }
)


@pytest.mark.parametrize("arguments", NEED_ONE.values(), ids=NEED_ONE)
def test_what_only_looks_begins_no_deployment(idp: Idp, tmp_path: Path, arguments: list[str]) -> None:
    ran = idp(*arguments, stdin=CLIENT)
    ran.said("IDP_DATA_DIR")
    assert ran.err.startswith(f"there are no records at {tmp_path}")
    assert "begin with `idp serve`" in ran.err
    assert not (tmp_path / "var").exists()


def test_what_only_reads_changes_nothing_of_a_deployment_that_was_hardly_begun(idp: Idp, tmp_path: Path) -> None:
    """No file, no key, no secret and no row, not even of the state store, which is made when it is first asked."""
    assert idp("db", "upgrade").status == 0
    before = _all_there_is(tmp_path)
    for words, arguments in READS.items():
        if words != "citizen show":  # it tells the trail that somebody looked
            ran = idp(*arguments, stdin=CLIENT)
            assert ran.status == 0 or "there is no such" in ran.err, ran.err
            assert _all_there_is(tmp_path) == before, words
    assert idp("key", "list").err == "there are none yet: `idp serve` makes them\n"
    assert idp("check").status == 0
    idp(*READS["client import --dry-run"], stdin=CLIENT.replace("{", '{"scope": "openid nobodys", ', 1)).said("scope")
    assert _all_there_is(tmp_path) == before


@pytest.mark.parametrize("words", ["client list", "key list"])
def test_what_only_reads_leaves_the_tables_of_another_release(idp: Idp, tmp_path: Path, words: str) -> None:
    assert idp("db", "upgrade").status == 0
    with closing(sqlite3.connect(tmp_path / "var" / "records.db")) as records:
        records.execute("UPDATE alembic_version SET version_num = '0001'")
        records.commit()
    before = _all_there_is(tmp_path)
    idp(*READS[words]).said("run `idp db upgrade`")
    assert _all_there_is(tmp_path) == before


def _all_there_is(directory: Path) -> tuple[set[str], list[str]]:
    """The names of the files, and what stands in the records; the lock files of SQLite come and go."""
    with closing(sqlite3.connect(directory / "var" / "records.db")) as records:
        rows = list(records.iterdump())
    files = {path.name for path in directory.rglob("*") if not path.name.endswith(("-wal", "-shm"))}
    return files, rows


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


@pytest.mark.parametrize("name", ["100%41 大厅", "a#b?c"])
def test_a_deployment_stands_in_its_directory_whatever_that_is_called(
    idp: Idp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Elsewhere others might read it, and nobody would miss the master key."""
    directory = tmp_path / name
    monkeypatch.setenv("IDP_DATA_DIR", str(directory))
    assert _add(idp) == (0, "")
    assert list(tmp_path.iterdir()) == [directory]
    assert {"records.db", "state.db"} <= {each.name for each in directory.iterdir()}
    assert "not yet" not in idp("check").out
    assert "citizen:added" in idp("audit", "tail").out
    (directory / "master.key").unlink()
    assert "bring it back" in _add(idp)[1]


def test_nothing_is_done_under_another_master_key(idp: Idp, tmp_path: Path) -> None:
    assert _add(idp) == (0, "")
    key = tmp_path / "var" / "master.key"
    key.write_text(MasterKeys.generate(SystemRandomness(), SystemClock().now()))
    status, told = _add(idp)
    assert status == 1
    assert told.startswith("master key: the records were sealed under another one")
    assert told.count("\n") == 1


def test_a_deployment_of_many_machines_begins_in_the_order_that_is_written_down(
    idp: Idp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postgres_url: str, redis_url: str
) -> None:
    document = (Path(__file__).parents[2] / "docs/operating.md").read_text()
    section = document.partition("## On many machines")[2].partition("\n## ")[0].partition("Before a new release")[0]
    steps = re.findall(r"(?<!/)\bidp (key master|db upgrade|check)|systemctl enable --now citizen-(idp)", section)
    assert ["".join(step) for step in steps] == ["key master", "db upgrade", "check", "idp"]
    key = tmp_path / "idp.key"
    monkeypatch.setenv("IDP_RECORDS_URL", postgres_url)
    monkeypatch.setenv("IDP_STATE_URL", redis_url)
    monkeypatch.setenv("IDP_MASTER_KEY_FILE", str(key))
    idp("client", "list").said("run `idp db upgrade`")
    assert idp("db", "upgrade").status == 0
    idp("client", "list").said(f"master key: {key} is not there; for a new deployment make it with `idp key master`")
    assert [each["what_to_do"][:32] for each in idp("check").json if each["level"] == "wrong"] == [
        "make one with `idp key master`, "
    ]
    key.touch(mode=0o600)
    key.write_text(idp("key", "master").out)
    assert idp("check").status == 0
    assert idp("client", "list").json == []
    assert idp("key", "rotate").status == 0
    key.unlink()
    assert [each["what_to_do"][:14] for each in idp("check").json if each["level"] == "wrong"] == ["put that right"]
