"""The `idp` command as its users meet it: JSON, tables, one line for an error, and exit statuses."""

import io
import json
import os
import subprocess
import sys
import time
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


Idp = Callable[..., Ran]


@pytest.fixture
def idp(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Idp:
    """Runs a command line against embedded stores of this test's own."""
    for name in [name for name in os.environ if name.startswith("IDP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("IDP_ISSUER", "http://localhost:8000")
    monkeypatch.setenv("IDP_DATA_DIR", str(tmp_path / "var"))

    def run(*arguments: str, stdin: str = "") -> Ran:
        capsys.readouterr()
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode()), "utf-8"))
        status = cli.run(arguments)
        printed = capsys.readouterr()
        return Ran(status, printed.out, printed.err)

    return run


@pytest.fixture
def citizen(idp: Idp) -> dict[str, Any]:
    added = idp(
        *("citizen", "add", "--number", NUMBER, "--name", "张三", "--phone", "138 0013 8000", "--password-stdin"),
        stdin=f"{PASSWORD}\n",
    )
    assert (added.status, added.err) == (0, "")
    document: dict[str, Any] = added.json
    return document


# -- the command itself


def test_help_is_quick() -> None:
    command = [sys.executable, "-m", "idp.cli", "--help"]
    times = []
    for _ in range(3):
        began = time.monotonic()
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
        times.append(time.monotonic() - began)
    assert all(noun in done.stdout for noun in ("serve", "demo", "db", "check", "citizen", "client", "key", "audit"))
    assert min(times) < 0.3


@pytest.mark.parametrize(
    "arguments",
    [
        *(
            ["nope"],
            ["citizen"],
            ["citizen", "nope"],
            ["citizen", "add"],
            ["citizen", "show"],
            ["serve", "--port", "0"],
        ),
        *(["serve", "--port", "x"], ["key", "rotate", "--alg", "none"], ["audit", "search", "--since", "yesterday"]),
        *(["serve", "--tls-cert", __file__], ["client", "add"], ["audit", "search", "--event", "nope"], ["--nope"]),
    ],
    ids=" ".join,
)
def test_wrong_usage_is_status_2_and_says_where_help_is(idp: Idp, arguments: list[str]) -> None:
    ran = idp(*arguments)
    assert ran.status == 2 or (ran.status == 0 and arguments == ["citizen"])
    assert ran.out == ""
    assert "--help" in ran.err


def test_settings_that_cannot_be_used_are_one_line(idp: Idp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDP_ISSUER", "http://id.example.cn")
    monkeypatch.setenv("IDP_ISUER", "x")
    ran = idp("key", "list")
    assert (ran.status, ran.out, ran.err.count("\n")) == (1, "", 1)
    assert "IDP_ISSUER must" in ran.err
    assert "did you mean IDP_ISSUER?" in ran.err


def test_a_store_that_is_away_is_one_line(idp: Idp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDP_RECORDS_URL", "sqlite:////proc/none/records.db")
    ran = idp("client", "list")
    assert (ran.status, ran.out, ran.err.count("\n")) == (1, "", 1)


# -- citizens


def test_add_prints_the_citizen_with_the_number_masked(citizen: dict[str, Any]) -> None:
    assert citizen.pop("id")
    assert citizen.pop("updated_at")
    assert citizen == {
        "status": "active",
        "number": MASKED,
        "name": "张三",
        "phone": "+8613800138000",
        "birthdate": "1949-12-31",
        "gender": "female",
    }


def test_show_by_number_or_id_leaves_a_trace(idp: Idp, citizen: dict[str, Any]) -> None:
    for who in (NUMBER, NUMBER.lower(), citizen["id"]):
        shown = idp("citizen", "show", who)
        assert shown.json == citizen | {"password": True, "totp": False, "recovery_codes": 0}
    seen = idp("audit", "search", "--event", "citizen:viewed", "--citizen", NUMBER).lines
    assert [(each["citizen_id"], each["actor"]) for each in seen] == [(citizen["id"], "cli")] * 3


def test_suspend_and_resume(idp: Idp, citizen: dict[str, Any]) -> None:
    assert idp("citizen", "suspend", NUMBER).json["status"] == "suspended"
    assert idp("citizen", "show", NUMBER).json["status"] == "suspended"
    assert idp("citizen", "resume", NUMBER).json["status"] == "active"
    again = idp("citizen", "resume", NUMBER)
    assert (again.status, again.err) == (1, "the citizen is active, not suspended\n")


def test_the_secret_of_an_authenticator_app(idp: Idp) -> None:
    secret = "JBSW Y3DP EHPK 3PXP"
    added = idp("citizen", "add", "--number", NUMBER, "--name", "x", "--totp-secret", secret)
    assert added.status == 0
    assert secret not in added.out
    assert idp("citizen", "show", NUMBER).json["totp"] is True


@pytest.mark.parametrize(
    ("arguments", "stdin", "said"),
    [
        (["--number", "110105194912310021", "--name", "x"], "", "number is not valid"),
        (["--number", NUMBER, "--name", ""], "", "name must have"),
        (["--number", NUMBER, "--name", "x", "--phone", "12"], "", "phone is not"),
        (["--number", NUMBER, "--name", "x", "--birthdate", "1990-02-30"], "", "birthdate is not"),
        (["--number", NUMBER, "--name", "x", "--totp-secret", "??"], "", "TOTP secret is not"),
        (["--number", NUMBER, "--name", "x", "--password-stdin"], "", "too short"),
        (["--number", NUMBER, "--name", "x", "--password-stdin"], "123456\n", "too short, it is easily guessed"),
        (["--number", NUMBER, "--name", "x", "--password-stdin"], "Qx19491231vb!\n", "something known of the citizen"),
        (["--number", NUMBER, "--name", "x", "--password-stdin"], "x" * 1_000_000, "too long"),
    ],
)
def test_what_add_refuses_is_one_line_that_repeats_nothing(
    idp: Idp, arguments: list[str], stdin: str, said: str
) -> None:
    ran = idp("citizen", "add", *arguments, stdin=stdin)
    assert (ran.status, ran.out, ran.err.count("\n")) == (1, "", 1)
    assert said in ran.err
    assert arguments[1] not in ran.err
    assert idp("citizen", "show", NUMBER).err == "there is no such citizen\n"


def test_a_number_is_one_citizens(idp: Idp, citizen: dict[str, Any]) -> None:
    again = idp("citizen", "add", "--number", NUMBER, "--name", "y")
    assert (again.status, again.err) == (1, "another citizen has this number\n")


def test_import_tells_what_it_refused_and_where(idp: Idp, tmp_path: Path) -> None:
    file = tmp_path / "people.jsonl"
    rows = [{"number": NUMBER, "name": "张三", "password": PASSWORD}, {"number": "110105194912310021", "name": "x"}]
    file.write_text("\n".join(map(json.dumps, rows)))
    ran = idp("citizen", "import", str(file))
    assert ran.status == 0
    assert ran.json == {"lines": 2, "added": 1, "refused": 1, "report": f"{file}.refused.jsonl"}
    assert "1 lines were refused" in ran.err
    assert idp("citizen", "import", str(file)).json["added"] == 1
    assert idp("citizen", "show", NUMBER).json["password"] is True


def test_nothing_printed_has_the_number_or_the_password(idp: Idp, citizen: dict[str, Any]) -> None:
    for arguments in (["citizen", "show", NUMBER], ["citizen", "show", NUMBER, "--table"], ["audit", "tail"]):
        ran = idp(*arguments)
        assert ran.status == 0
        assert NUMBER not in ran.out + ran.err
        assert PASSWORD not in ran.out + ran.err


# -- clients


def test_a_client_and_its_life(idp: Idp, tmp_path: Path) -> None:
    file = tmp_path / "client.json"
    file.write_text(json.dumps(METADATA))
    added = idp("client", "add", str(file)).json
    client_id, secret = added["client_id"], added.pop("client_secret")
    assert len(secret) >= 43
    assert added["redirect_uris"] == METADATA["redirect_uris"]
    shown = idp("client", "show", client_id)
    assert secret not in shown.out
    assert shown.json["enabled"] is True
    assert idp("client", "list").json == [shown.json]
    assert idp("client", "disable", client_id).json["enabled"] is False
    assert idp("client", "enable", client_id).json == shown.json
    assert idp("client", "remove", client_id).status == 0
    assert idp("client", "list").json == []
    trail = [each["type"] for each in idp("audit", "search", "--client", client_id).lines]
    assert trail == ["client:added", "client:disabled", "client:enabled", "client:removed"]


def test_a_client_from_standard_input(idp: Idp) -> None:
    assert idp("client", "add", "-", stdin=json.dumps(METADATA)).json["client_name"] == "Portal"


@pytest.mark.parametrize("verb", ["show", "disable", "enable", "remove"])
def test_a_client_that_is_not_there(idp: Idp, verb: str) -> None:
    ran = idp("client", verb, "nobody")
    assert (ran.status, ran.out) == (1, "")
    assert ran.err.startswith("there is no such client")


@pytest.mark.parametrize("metadata", ["", "{", "[]", "{}", '{"redirect_uris":["javascript:alert(1)"]}', "x" * 70_000])
def test_metadata_that_will_not_do_is_one_line(idp: Idp, metadata: str) -> None:
    ran = idp("client", "add", "-", stdin=metadata)
    assert (ran.status, ran.out, ran.err.count("\n")) == (1, "", 1)


# -- keys


def test_rotation_activates_the_next_key_and_retires_the_active_one(idp: Idp) -> None:
    before = {(key["alg"], key["state"]): key["kid"] for key in idp("key", "list").json}
    assert set(before) == {(alg, state) for alg in ("RS256", "ES256") for state in ("next", "active")}
    after = {(key["alg"], key["state"]): key["kid"] for key in idp("key", "rotate", "--alg", "ES256").json}
    assert after["ES256", "active"] == before["ES256", "next"]
    assert after["ES256", "retired"] == before["ES256", "active"]
    assert after["RS256", "active"] == before["RS256", "active"]
    assert [each["alg"] for each in idp("audit", "search", "--event", "key:rotated").lines] == ["ES256"]


def test_rekey_leaves_nothing_under_an_older_key(idp: Idp, citizen: dict[str, Any], tmp_path: Path) -> None:
    from idp.master_keys import MasterKeys
    from idp.secrets import SystemRandomness

    file = tmp_path / "var" / "master.key"
    file.write_text(MasterKeys.generate(SystemRandomness(), 0) + file.read_text())
    done = idp("key", "rekey").json
    assert done["done"] > 0
    assert (done["failed"], done["left"]) == (0, 0)
    file.write_text(file.read_text().splitlines()[0] + "\n")
    assert idp("citizen", "show", NUMBER).json["name"] == "张三"


# -- the trail


def test_tail_shows_the_last_events(idp: Idp) -> None:
    for _ in range(3):
        idp("key", "rotate", "--alg", "ES256")
    assert [each["seq"] for each in idp("audit", "tail", "-n", "2").lines] == [2, 3]
    assert idp("audit", "tail", "-n", "0").out == ""


def test_search_by_time(idp: Idp, citizen: dict[str, Any]) -> None:
    now = int(time.time())
    assert len(idp("audit", "search", "--since", str(now - 60), "--until", "2100-01-01").lines) == 1
    assert idp("audit", "search", "--since", "2100-01-01T00:00:00+08:00").lines == []


# -- tables, upgrade, check


def test_tables_are_for_people(idp: Idp, citizen: dict[str, Any]) -> None:
    idp("client", "add", "-", stdin=json.dumps(METADATA))
    for arguments in (["client", "list"], ["key", "list"], ["citizen", "show", NUMBER], ["audit", "tail"], ["check"]):
        ran = idp(*arguments, "--table")
        assert ran.status == 0, ran.err
        header, *rows = ran.out.splitlines()
        assert rows
        with pytest.raises(ValueError, match="Expecting value"):
            json.loads(header)


def test_upgrade_once_and_again(idp: Idp, monkeypatch: pytest.MonkeyPatch, postgres_url: str) -> None:
    monkeypatch.setenv("IDP_RECORDS_URL", postgres_url)
    assert idp("db", "upgrade").json == {"records": "upgraded"}
    assert idp("db", "upgrade").json == {"records": "were up to date"}


def test_check_before_and_after(idp: Idp, citizen: dict[str, Any], tmp_path: Path) -> None:
    assert idp("check").status == 0
    (tmp_path / "var").chmod(0o777)
    ran = idp("check")
    assert ran.status == 1
    assert [each["area"] for each in ran.json if each["level"] == "wrong"] == ["data directory"]
    assert "need you" in ran.err


def test_check_tells_every_problem_of_the_settings(idp: Idp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDP_LOG_LEVEL", "loud")
    monkeypatch.setenv("IDP_NOPE", "1")
    ran = idp("check")
    assert (ran.status, len(ran.json)) == (1, 2)
