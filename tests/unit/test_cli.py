"""The `idp` command as its users meet it: help, JSON, tables, one line for an error, and exit statuses."""

import importlib.metadata
import json
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from idp import cli
from tests.support.shell import METADATA, NUMBER, Idp


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every verb with the words that call it."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


VERBS = dict(commands(cli.idp))


@pytest.mark.parametrize("words", VERBS, ids=" ".join)
def test_the_help_of_every_verb_explains_itself_with_an_example(idp: Idp, words: tuple[str, ...]) -> None:
    shown = idp(*words, "--help")
    assert (shown.status, shown.err) == (0, "")
    text, example, uses = shown.out.partition("Example:\n")
    assert example
    assert f"idp {' '.join(words)}" in uses
    assert len(text.split("\n\n")[1].split()) >= 3  # a sentence
    for parameter in VERBS[words].params:
        if isinstance(parameter, click.Option) and parameter.name not in ("port", "alg"):
            assert parameter.help, parameter.name


def test_the_verbs_are_those_that_scripts_rely_on() -> None:
    assert {" ".join(words) for words in VERBS} >= {
        *("serve", "demo", "check", "db upgrade"),
        *(
            f"citizen {verb}"
            for verb in ("add", "import", "show", "suspend", "resume", "close", "password", "totp", "recovery")
        ),
        *(f"client {verb}" for verb in ("add", "list", "show", "disable", "enable", "remove")),
        *(f"key {verb}" for verb in ("list", "rotate", "rekey", "master")),
        *(f"audit {verb}" for verb in ("tail", "search")),
    }


def test_the_version_is_told(idp: Idp) -> None:
    assert idp("--version").out == f"idp {importlib.metadata.version('citizen-idp')}\n"


def test_help_is_quick() -> None:
    command = [sys.executable, "-m", "idp.cli", "--help"]
    times = []  # of the processor, so that a busy machine is no slow command
    for _ in range(3):
        began = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(ended.ru_utime + ended.ru_stime - began.ru_utime - began.ru_stime)
    assert all(noun in done.stdout for noun in ("serve", "demo", "db", "check", "citizen", "client", "key", "audit"))
    assert 0 < min(times) < 0.2


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
    assert idp("db", "upgrade").status == 0
    ran = idp(*arguments)
    assert ran.status == 2 or (ran.status == 0 and arguments == ["citizen"])
    assert ran.out == ""
    assert "--help" in ran.err


def test_a_noun_alone_shows_its_help_and_no_more(idp: Idp) -> None:
    for arguments in ([], ["citizen"]):
        assert idp(*arguments).err == idp(*arguments, "--help").out


@pytest.mark.parametrize(
    ("typed", "meant"), [(["citzen"], "citizen"), (["citizen", "shw"], "show")], ids=["noun", "verb"]
)
def test_a_slip_in_a_noun_or_a_verb_is_answered_with_what_was_meant(idp: Idp, typed: list[str], meant: str) -> None:
    assert f"No such command {typed[-1]!r}. Did you mean {meant!r}?" in idp(*typed).err


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


def test_tables_are_for_people(idp: Idp, citizen: dict[str, Any]) -> None:
    idp("client", "add", "-", stdin=json.dumps(METADATA))
    idp("key", "rotate", "--alg", "ES256")
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
