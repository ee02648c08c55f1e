"""`idp audit`: the trail as JSON lines."""

import getpass
import json
import os
import time
from typing import Any

import pytest

from tests.support.shell import NUMBER, Idp


def test_tail_shows_the_last_events(idp: Idp) -> None:
    for _ in range(3):
        idp("key", "rotate", "--alg", "ES256")
    assert [each["seq"] for each in idp("audit", "tail", "-n", "2").lines] == [2, 3]
    assert idp("audit", "tail", "-n", "0").out == ""


def test_search_by_time(idp: Idp, citizen: dict[str, Any]) -> None:
    now = int(time.time())
    assert len(idp("audit", "search", "--since", str(now - 60), "--until", "2100-01-01").lines) == 1
    assert idp("audit", "search", "--since", "2100-01-01T00:00:00+08:00").lines == []


def test_search_gives_the_newest_oldest_first_and_says_that_there_are_more(idp: Idp) -> None:
    for _ in range(4):
        idp("key", "rotate", "--alg", "ES256")
    ran = idp("audit", "search", "--event", "key:rotated", "--limit", "3")
    assert ([each["seq"] for each in ran.lines], ran.err) == ([2, 3, 4], "3 of more: narrow it or use --limit\n")
    ran = idp("audit", "search", "--event", "key:rotated", "--limit", "4")
    assert ([each["seq"] for each in ran.lines], ran.err) == ([1, 2, 3, 4], "")
    assert len(idp("audit", "search", "--limit", "1", "--table").out.splitlines()) == 2


def test_a_reference_that_the_trail_does_not_have_is_to_be_looked_for_in_the_log(idp: Idp) -> None:
    idp("key", "rotate", "--alg", "ES256")
    ran = idp("audit", "search", "--reference", "7K3M-9QXD")
    assert (ran.status, ran.lines) == (0, [])
    assert "in the log" in ran.err


def test_facts_in_a_table_are_written_for_people(idp: Idp, citizen: dict[str, Any]) -> None:
    idp("citizen", "change", NUMBER, "--phone", "-", "--email", "zhang@example.cn")
    line = idp("audit", "tail", "-n", "1", "--table").out.splitlines()[-1]
    assert "=phone_number,email" in line


def test_a_citizen_is_searched_by_number_phone_or_id(idp: Idp, citizen: dict[str, Any]) -> None:
    for who in (NUMBER, "138 0013 8000", citizen["id"]):
        assert [each["type"] for each in idp("audit", "search", "--citizen", who).lines] == ["citizen:added"]


# -- who did it


def unnamed() -> str:
    raise OSError("no user name set in the environment")


@pytest.mark.parametrize(
    ("sudo", "login", "told"),
    [
        *(("li.jing", "idp", "cli:li.jing"), (None, "zhang-san", "cli:zhang-san"), ("", "idp", "cli:idp")),
        *((None, "CORP\\li jing@example", "cli:CORPlijingexample"), (None, "x" * 50, f"cli:{'x' * 32}")),
        *(("13800138000", "idp", "cli:idp"), ("李静", "idp", "cli:idp")),
        *((None, "李静", f"cli:{os.getuid()}"), (None, "110105194912310021", f"cli:{os.getuid()}")),
        (None, None, f"cli:{os.getuid()}"),
    ],
)
def test_the_trail_names_the_operator(
    idp: Idp, monkeypatch: pytest.MonkeyPatch, sudo: str | None, login: str | None, told: str
) -> None:
    """Under a name that is no telephone or ID number, in letters the trail takes."""
    monkeypatch.delenv("SUDO_USER", raising=False)
    if sudo is not None:
        monkeypatch.setenv("SUDO_USER", sudo)
    monkeypatch.setattr(getpass, "getuser", unnamed if login is None else lambda: login)
    assert idp("key", "rotate", "--alg", "ES256").status == 0
    assert [each["actor"] for each in idp("audit", "tail").lines] == [told]


# -- what cannot be told is not done


def deployment(idp: Idp, citizen: dict[str, Any], client_id: str) -> list[Any]:
    who = idp("citizen", "show", citizen["id"])
    return [who.json, idp("client", "list").json, idp("key", "list").json, idp("client", "show", client_id).json]


def test_nothing_is_changed_while_the_trail_cannot_be_told(
    idp: Idp, citizen: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    metadata = json.dumps({"redirect_uris": ["https://portal.example/cb"], "client_name": "Portal"})
    client_id = idp("client", "add", "-", stdin=metadata).json["client_id"]
    idp("citizen", "totp", NUMBER, "--secret", "JBSWY3DPEHPK3PXP")
    before = deployment(idp, citizen, client_id)
    people = tmp_path / "people.jsonl"
    people.write_text(json.dumps({"number": "110000199001010013", "name": "x"}))
    with monkeypatch.context() as away:
        away.setenv("IDP_STATE_URL", "redis://127.0.0.1:1/0")
        for words, stdin in (
            (("citizen", "renumber", NUMBER, "110000199001010013"), ""),
            (("citizen", "change", NUMBER, "--name", "x"), ""),
            (("citizen", "totp", NUMBER, "--remove"), ""),
            (("citizen", "totp", NUMBER, "--secret", "-"), "GEZDGNBVGY3TQOJQ\n"),
            (("citizen", "recovery", NUMBER), ""),
            (("citizen", "password", NUMBER, "--password-stdin"), "Heron-lamp-73-dusk\n"),
            (("citizen", "suspend", NUMBER), ""),
            (("citizen", "close", NUMBER), ""),
            (("citizen", "show", NUMBER), ""),
            (("citizen", "add", "--number", "110000199001010013", "--name", "x"), ""),
            (("citizen", "import", str(people)), ""),
            (("client", "add", "-"), metadata),
            (("client", "disable", client_id), ""),
            (("client", "enable", client_id), ""),
            (("client", "remove", client_id), ""),
            (("key", "rotate"), ""),
            (("key", "rekey"), ""),
        ):
            idp(*words, stdin=stdin).said("the state store does not answer")
    assert deployment(idp, citizen, client_id) == before
    idp("citizen", "show", "110000199001010013").said("there is no such citizen")
    assert not list(tmp_path.glob("people.jsonl.*"))
