"""`idp citizen`: numbers go in as they are typed and come out masked."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from idp.citizens.import_rows import COLUMNS
from idp.cli.opened import actor, opened
from idp.storage.records.imports import ImportRecords
from tests.support.citizens import number
from tests.support.shell import MASKED, NUMBER, PASSWORD, Idp


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
    assert [(each["citizen_id"], each["actor"]) for each in seen] == [(citizen["id"], actor())] * 3


def test_suspend_and_resume(idp: Idp, citizen: dict[str, Any]) -> None:
    assert idp("citizen", "suspend", NUMBER).json["status"] == "suspended"
    assert idp("citizen", "show", NUMBER).json["status"] == "suspended"
    assert idp("citizen", "resume", NUMBER).json["status"] == "active"
    again = idp("citizen", "resume", NUMBER)
    assert (again.status, again.err) == (1, "the citizen is active, not suspended\n")


@pytest.mark.parametrize(
    ("more", "status"), [((), "closed"), (("--deceased",), "deceased")], ids=["closed", "deceased"]
)
def test_an_account_is_closed_and_opened_again_only_on_purpose(
    idp: Idp, citizen: dict[str, Any], more: tuple[str, ...], status: str
) -> None:
    ran = idp("citizen", "close", NUMBER, *more)
    assert (ran.status, ran.json["status"], ran.json["told"]) == (0, status, [])
    for verb in (("close",), ("close", "--deceased"), ("suspend",)):
        idp("citizen", *verb, NUMBER).said(f"the citizen is {status}, not active")
    idp("citizen", "resume", NUMBER).said("use --reopen")
    assert idp("citizen", "show", NUMBER).json["status"] == status
    assert idp("citizen", "resume", NUMBER, "--reopen").json["status"] == "active"
    trail = [(each["type"], each.get("status"), each.get("reason")) for each in idp("audit", "search").lines]
    assert trail[1:] == [
        ("citizen:closed", status, None),
        ("citizen:viewed", None, None),
        ("citizen:resumed", None, "reopened"),
    ]


def test_who_is_not_active_is_not_suspended(idp: Idp, citizen: dict[str, Any]) -> None:
    idp("citizen", "suspend", NUMBER)
    idp("citizen", "suspend", NUMBER).said("the citizen is suspended, not active")
    assert idp("citizen", "show", NUMBER).json["status"] == "suspended"
    assert [each["type"] for each in idp("audit", "search", "--citizen", NUMBER).lines][1:3] == [
        "citizen:suspended",
        "citizen:viewed",
    ]


@pytest.mark.parametrize(("more", "status"), [((), "closed"), (("--deceased",), "deceased")])
def test_the_account_of_a_suspended_citizen_is_closed(
    idp: Idp, citizen: dict[str, Any], more: tuple[str, ...], status: str
) -> None:
    idp("citizen", "suspend", NUMBER)
    assert idp("citizen", "close", NUMBER, *more).json["status"] == status
    idp("citizen", "resume", NUMBER).said(f"the citizen is {status}, not suspended")


def test_password_and_secret_come_from_two_lines_in_order(idp: Idp) -> None:
    given = ("--number", NUMBER, "--name", "x", "--totp-secret", "-", "--password-stdin")
    assert idp("citizen", "add", *given, stdin=f"{PASSWORD}\nJBSWY3DPEHPK3PXP\n").status == 0
    with opened() as services:
        account = services.citizens.for_sign_in("number", NUMBER)
        assert account is not None
        assert account.totp_secret == "JBSWY3DPEHPK3PXP"
        services.passwords.verify(PASSWORD, account.password_hash)


@pytest.mark.parametrize(
    ("who", "said"),
    [
        ("nobody", "this is neither a citizen ID number, a telephone number nor our id of a citizen"),
        ("12345", "neither a citizen ID number, a telephone number nor our id"),
        (f"{NUMBER[:-1]}1", "the number is not valid: the last character does not fit the others"),
        ("a" * 26, "there is no such citizen"),
    ],
)
def test_who_cannot_be_found_is_told_why(idp: Idp, citizen: dict[str, Any], who: str, said: str) -> None:
    for verb in (("citizen", "show", who), ("audit", "search", "--citizen", who)):
        idp(*verb).said(said)


@pytest.mark.parametrize("given", ["-", "JBSW Y3DP EHPK 3PXP"])
def test_the_secret_of_an_authenticator_app_comes_with_recovery_codes_shown_once(idp: Idp, given: str) -> None:
    secret = "JBSW Y3DP EHPK 3PXP"
    added = idp("citizen", "add", "--number", NUMBER, "--name", "x", "--totp-secret", given, stdin=f"{secret}\n")
    assert added.status == 0
    assert secret not in added.out
    codes = added.json["recovery_codes"]
    assert len(set(codes)) == 10
    assert all(re.fullmatch(r"[0-9a-z]{4}-[0-9a-z]{4}-[0-9a-z]{4}", code) for code in codes)
    shown = idp("citizen", "show", NUMBER)
    assert (shown.json["totp"], shown.json["recovery_codes"]) == (True, 10)
    assert codes[0] not in shown.out + idp("audit", "tail").out


def test_without_an_authenticator_there_are_no_recovery_codes(citizen: dict[str, Any]) -> None:
    assert "recovery_codes" not in citizen


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
    assert idp("db", "upgrade").status == 0
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
    assert ran.status == 1
    assert ran.json == {"lines": 2, "added": 1, "already": 0, "refused": 1, "report": f"{file}.refused.jsonl"}
    assert f"1 line was refused; {file}.refused.jsonl says which and why" in ran.err
    assert idp("citizen", "import", str(file)).json == ran.json | {"added": 0, "already": 1}
    assert idp("citizen", "show", NUMBER).json["password"] is True
    assert [each["count"] for each in idp("audit", "search", "--event", "citizen:imported").lines] == [1]


def test_an_import_counts_citizens_and_not_what_stands_between_them(idp: Idp, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text(f"number,name\n\n{NUMBER},张三\n\n\n{number(7)},李静\n\n")
    assert (counts := idp("citizen", "import", str(file)).json).pop("report")
    assert counts == {"lines": 2, "added": 2, "already": 0, "refused": 0}


def test_an_import_that_breaks_off_tells_what_it_added(
    idp: Idp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "people.jsonl"
    file.write_text("".join(json.dumps({"number": number(index), "name": "x"}) + "\n" for index in range(2_500)))
    advance, moves = ImportRecords.advance, iter(range(10))

    def until_the_third(*arguments: Any) -> None:
        if next(moves) == 2:
            raise KeyboardInterrupt
        advance(*arguments)

    monkeypatch.setattr(ImportRecords, "advance", until_the_third)
    assert idp("citizen", "import", str(file)).status == 130
    assert idp("citizen", "import", str(file)).json["already"] == 2_000
    assert [each["count"] for each in idp("audit", "search", "--event", "citizen:imported").lines] == [2_000, 500]


def test_an_import_that_refuses_nothing_succeeds(idp: Idp, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text(f"number,name,phone\n{NUMBER},张三,13800138000\n")
    ran = idp("citizen", "import", str(file))
    assert (ran.status, ran.json["added"], ran.json["refused"]) == (0, 1, 0)


def test_the_example_of_the_documents_can_be_imported(idp: Idp, tmp_path: Path) -> None:
    document = (Path(__file__).parents[2] / "docs/operating.md").read_text()
    lines = re.search(r"```json\n(.+?)```", document, re.DOTALL)
    assert lines
    file = tmp_path / "people.jsonl"
    file.write_text(lines[1])
    assert idp("citizen", "import", str(file)).json["added"] == 2
    named = set(re.findall(r"`([a-z_]+)`", "".join(re.findall(r"^\| (`[a-z_`, ]+) \|", document, re.MULTILINE))))
    assert named >= COLUMNS


def test_nothing_printed_has_the_number_or_the_password(idp: Idp, citizen: dict[str, Any]) -> None:
    for arguments in (["citizen", "show", NUMBER], ["citizen", "show", NUMBER, "--table"], ["audit", "tail"]):
        ran = idp(*arguments)
        assert ran.status == 0
        assert NUMBER not in ran.out + ran.err
        assert PASSWORD not in ran.out + ran.err


def test_a_temporary_password_is_changed_at_the_first_sign_in(idp: Idp) -> None:
    other = ("--number", "110000199001010021", "--name", "李静")
    assert idp("citizen", "add", *other, "--password-stdin", "--temporary", stdin=f"{PASSWORD}\n").status == 0
    with opened() as services:
        account = services.citizens.for_sign_in("number", other[1])
    assert account is not None
    assert account.must_change_password


def test_a_totp_secret_that_no_app_could_hold_is_refused(idp: Idp) -> None:
    ran = idp("citizen", "add", "--number", "110000199001010021", "--name", "李静", "--totp-secret", "A" * 17)
    assert (ran.status, ran.err) == (1, "the TOTP secret is not base32\n")
