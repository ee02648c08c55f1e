"""Importing citizens: nothing lost, nothing twice, whatever interrupts it."""

import csv
import json
import stat
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from idp.citizens.importing import BadImportFile, Importer, ImportProgress, report_path
from idp.citizens.registry import Citizens
from idp.login.password import Passwords, UnacceptablePassword, UnusableHash
from idp.storage.records.errors import Changed, RecordsUnavailable
from idp.storage.records.records import Records
from idp.vault import Vault
from tests.support.citizens import number, phone
from tests.support.clock import FrozenClock
from tests.support.interposed import Interposed
from tests.support.parallel import errors, together
from tests.support.randomness import CountingRandomness

Lines = Iterable[dict[str, object]]


@pytest.fixture(scope="module")
def passwords() -> Passwords:
    return Passwords(concurrency=2)


@pytest.fixture
def imports(records: Records) -> Interposed:
    return Interposed(records.imports)


@pytest.fixture
def importer(
    records: Records,
    imports: Interposed,
    vault: Vault,
    clock: FrozenClock,
    randomness: CountingRandomness,
    passwords: Passwords,
) -> Importer:
    records = replace(records, imports=imports)
    return Importer(records, vault, clock, randomness, passwords, (UnacceptablePassword, UnusableHash))


@pytest.fixture
def citizens(records: Records, vault: Vault, clock: FrozenClock, randomness: CountingRandomness) -> Citizens:
    return Citizens(records, vault, clock, randomness)


@pytest.fixture
def write(tmp_path: Path) -> Callable[[Lines], Path]:
    def written(people: Lines) -> Path:
        path = tmp_path / "people.jsonl"
        path.write_text("".join(json.dumps(person, ensure_ascii=False) + "\n" for person in people))
        return path

    return written


def people(count: int) -> list[dict[str, object]]:
    return [{"number": number(index), "name": f"公民{index}"} for index in range(count)]


def run(importer: Importer, path: Path) -> ImportProgress:
    return list(importer.run(path))[-1]


def refused(path: Path) -> list[tuple[int, str]]:
    return [(each["line"], each["reason"]) for each in map(json.loads, report_path(path).read_text().splitlines())]


def test_json_lines_are_imported_whole(
    importer: Importer, citizens: Citizens, write: Callable[[Lines], Path], passwords: Passwords
) -> None:
    path = write(
        [
            {
                "number": number(0),
                "name": "买买提·艾力",
                "phone": "13800138000",
                "email": "a@example.cn",
                "birthdate": "1950-01-02",
                "password": "correct horse battery",
                "totp_secret": "jbsw y3dp ehpk 3pxp",
            },
            {"number": number(1), "name": "乙", "password_hash": passwords.hash("other")},
            {"phone": "+8613900000000", "name": "丙", "email": None},
        ]
    )
    end = run(importer, path)
    assert (end.line, end.added, end.refused, end.finished) == (3, 3, 0, True)
    assert end.offset == end.size == path.stat().st_size
    account = citizens.for_sign_in("number", number(0))
    assert account is not None
    assert account.citizen.profile.phone == "+8613800138000"
    assert account.citizen.profile.birthdate == "1950-01-02"
    assert account.totp_secret == "JBSWY3DPEHPK3PXP"
    assert passwords.verify("correct horse battery", account.password_hash)
    other = citizens.for_sign_in("number", number(1))
    assert other is not None
    assert passwords.verify("other", other.password_hash)
    third = citizens.for_sign_in("phone", "+8613900000000")
    assert third is not None
    assert third.password_hash is None


def test_csv_is_imported_with_columns_in_any_order(importer: Importer, citizens: Citizens, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["Name", "phone", "number", "address"])
        for index in range(1500):
            writer.writerow([f'公民"{index}", 王', "", number(index), ""])
    end = run(importer, path)
    assert (end.line, end.added, end.refused) == (1501, 1500, 0)
    found = citizens.by_number(number(1234))
    assert found is not None
    assert found.profile.name == '公民"1234", 王'
    assert found.profile.phone is None


def test_each_refused_line_is_reported_and_the_others_are_added(
    importer: Importer, citizens: Citizens, tmp_path: Path
) -> None:
    path = tmp_path / "people.jsonl"
    good = json.dumps({"number": number(0), "name": "甲", "phone": phone(0)})
    bad: list[tuple[bytes, str]] = [
        (b"not json", "not a JSON object whose members are text"),
        (b'["a"]', "not a JSON object whose members are text"),
        (b'{"number": 110000199001010013, "name": "a"}', "not a JSON object whose members are text"),
        (b'{"name": "\xff\xfe"}', "not UTF-8"),
        (b'{"name": "a", "nubmer": "1"}', "a member that is not among the columns: nubmer"),
        (b'{"name": "a", "13800138000": "1"}', "a member that is not among the columns"),
        (b'{"name": "a"}', "neither number nor phone"),
        (b'{"number": "110000199001010013"}', "no name"),
        (b'{"number": "110000199001010014", "name": "a"}', "number is invalid: check"),
        (b'{"number": "11010519491231002x", "name": "a"}', "number is invalid: characters"),
        (json.dumps({"number": number(0), "name": "乙"}).encode(), "number is registered already"),
        (json.dumps({"number": number(9), "name": "乙", "phone": phone(0)}).encode(), "phone is registered already"),
        (b'{"phone": "123", "name": "a"}', "phone is not a telephone number"),
        (b'{"phone": "13800000001", "name": "a", "totp_secret": "short"}', "totp_secret is too short or too long"),
        (b'{"phone": "13800000001", "name": "a", "totp_secret": "AAAAAAAAAAAAAAAAA"}', "totp_secret is not base32"),
        (b'{"phone": "13800000002", "name": "a", "password_hash": "5f4dcc3b5aa765d61d8327deb882cf99"}', UNUSABLE),
        (b'{"phone": "13800000003", "name": "a", "password": "a\\u0000b"}', UNUSABLE),
        (b'{"phone": "13800000004", "name": "a", "password": "x", "password_hash": "y"}', BOTH),
        (b'{"phone": "13800000005", "name": "' + b"a" * 70_000 + b'"}', "too long"),
        (b'{"phone": "13800000006", "name": "\\ud800"}', "not a JSON object whose members are text"),
    ]
    last = json.dumps({"number": number(1), "name": "丁"})
    path.write_bytes(b"\n".join([good.encode(), b"", *(raw for raw, _ in bad), last.encode()]))
    end = run(importer, path)
    assert refused(path) == [(index, reason) for index, (_, reason) in enumerate(bad, 3)]
    assert (end.line, end.added, end.refused) == (len(bad) + 3, 2, len(bad))
    assert citizens.by_number(number(1)) is not None


UNUSABLE = "password or password_hash cannot be taken"
BOTH = "both password and password_hash"


def test_a_bad_first_twin_does_not_cost_the_second_its_place(
    importer: Importer, citizens: Citizens, write: Callable[[Lines], Path]
) -> None:
    path = write(
        [{"number": number(0), "name": "甲", "password_hash": "nonsense"}, {"number": number(0), "name": "乙"}]
    )
    assert run(importer, path).added == 1
    assert refused(path) == [(1, UNUSABLE)]
    found = citizens.by_number(number(0))
    assert found is not None
    assert found.profile.name == "乙"


def test_the_report_is_for_its_owner_and_has_no_number(importer: Importer, write: Callable[[Lines], Path]) -> None:
    path = write([{"number": number(0)[:17] + "?", "name": "王小明", "phone": "13800138000"}])
    run(importer, path)
    assert stat.S_IMODE(report_path(path).stat().st_mode) == 0o600
    text = report_path(path).read_text()
    for personal in (number(0)[:17], "王小明", "13800138000"):
        assert personal not in text
    assert json.loads(text)["number"].startswith("110***")


@pytest.mark.parametrize(
    "text", ["nummer,name\n", "name,name\n", "name;number\n", 'name,"number\n', "\udcff", "\ud83dname,number\n"]
)
def test_a_file_with_strange_columns_is_refused_before_anything_is_done(
    importer: Importer, tmp_path: Path, text: str
) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(BadImportFile):
        run(importer, path)


@pytest.mark.parametrize("encoding", ["gbk", "gb18030", "utf-16"])
def test_a_file_in_another_encoding_is_refused_with_one_sentence(
    importer: Importer, citizens: Citizens, tmp_path: Path, encoding: str
) -> None:
    path = tmp_path / "people.csv"
    rows = [f"{number(index)},{name}\n" for index, name in enumerate(("Ada", "张三", "李静", "王伟"))]
    path.write_bytes("".join(["number,name\n", *rows]).encode(encoding))
    with pytest.raises(BadImportFile, match=r"^it is not UTF-8; save it as CSV UTF-8$"):
        run(importer, path)
    assert citizens.by_number(number(0)) is None
    assert refused(path) == []


def test_a_line_in_another_encoding_is_refused_alone(importer: Importer, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    rows = [f"{number(0)},张三\n".encode("gbk"), f"{number(1)},李静\n".encode()]
    path.write_bytes(b"number,name\n" + b"".join(rows))
    assert run(importer, path).added == 1
    assert refused(path) == [(2, "not UTF-8")]


def test_csv_lines_of_another_length_are_refused(importer: Importer, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text(f'number,name\n{number(0)},甲,more\n{number(1)}\n{number(2)},"乙\n{number(3)},丙\n')
    assert run(importer, path).added == 1
    assert [line for line, _ in refused(path)] == [2, 3, 4]


@pytest.mark.parametrize("content", [b"", b"\n\n", b"number,name\n", b"number,name"])
def test_a_file_without_citizens_is_done_at_once(importer: Importer, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(content)
    end = run(importer, path)
    assert (end.added, end.refused, end.finished) == (0, 0, True)


def test_a_second_run_adds_and_refuses_nothing(importer: Importer, write: Callable[[Lines], Path]) -> None:
    path = write([*people(1200), {"name": "nobody"}])
    first = run(importer, path)
    assert (first.added, first.refused) == (1200, 1)
    assert first.already == 0
    again = list(importer.run(path))
    assert again == [replace(first, already=1200)]
    assert refused(path) == [(1201, "neither number nor phone")]


def test_a_longer_file_adds_only_what_is_new(importer: Importer, write: Callable[[Lines], Path]) -> None:
    run(importer, write(people(10)))
    end = run(importer, write(people(12)))
    assert (end.added, end.refused) == (2, 10)


@pytest.mark.parametrize("stop_after", [1, 2, 3])
def test_an_interrupted_import_goes_on_exactly_where_it_stopped(
    importer: Importer, citizens: Citizens, write: Callable[[Lines], Path], stop_after: int
) -> None:
    every: list[dict[str, object]] = people(3500)
    for line in range(0, 3500, 500):
        every[line] = {"name": "nobody"}
    path = write(every)
    interrupted = importer.run(path)
    for _ in range(stop_after):
        at = next(interrupted)
    interrupted.close()
    # What a killed import may leave behind: refused lines of a batch that was never committed.
    with report_path(path).open("ab") as report:
        report.write(b'{"line": 3001, "reason": "half a li')
    steps = list(importer.run(path))
    assert steps[0] == replace(at, already=at.added)
    assert {step.already for step in steps} == {at.added}
    assert (steps[-1].line, steps[-1].added, steps[-1].refused) == (3500, 3493, 7)
    assert [line for line, _ in refused(path)] == [line + 1 for line in range(0, 3500, 500)]
    assert citizens.by_number(number(3499)) is not None


def test_an_import_that_fails_at_a_batch_leaves_the_batch_undone(
    importer: Importer, citizens: Citizens, imports: Interposed, write: Callable[[Lines], Path]
) -> None:
    def away() -> None:
        raise RecordsUnavailable

    path = write(people(1500))
    steps = importer.run(path)
    next(steps)
    next(steps)
    imports.before["advance"] = away
    with pytest.raises(RecordsUnavailable):
        next(steps)
    assert citizens.by_number(number(1001)) is None
    assert run(importer, path).added == 1500


def test_citizens_that_somebody_registers_meanwhile_are_refused(
    importer: Importer, citizens: Citizens, write: Callable[[Lines], Path]
) -> None:
    from idp.citizens.registry import NewCitizen, NumberTaken

    path = write(people(3000))

    def register() -> int:
        added = 0
        for index in range(2999, 1000, -20):
            try:
                citizens.add(NewCitizen(name="先", number=number(index)))
            except NumberTaken:
                continue
            added += 1
        return added

    outcomes = together([lambda: run(importer, path), register])
    assert errors(outcomes) == []
    end, registered = outcomes
    assert isinstance(end, ImportProgress)
    assert isinstance(registered, int)
    assert end.added + registered == 3000
    assert end.refused == registered == len(refused(path))


def test_two_imports_of_one_file_at_once_add_each_citizen_once(
    importer: Importer, citizens: Citizens, write: Callable[[Lines], Path]
) -> None:
    every: list[dict[str, object]] = people(3000)
    every[::100] = [{"name": "nobody"}] * 30
    path = write(every)
    outcomes = together([lambda: run(importer, path)] * 2)
    assert set(errors(outcomes)) <= {BlockingIOError}
    end = run(importer, path)
    assert (end.added, end.refused) == (2970, 30)
    assert [line for line, _ in refused(path)] == list(range(1, 3001, 100))
    assert citizens.by_number(number(2999)) is not None


def test_a_copy_of_the_file_on_another_machine_cannot_add_twice(
    importer: Importer, write: Callable[[Lines], Path], tmp_path: Path
) -> None:
    path = write(people(2500))
    copy = tmp_path / "elsewhere.jsonl"
    copy.write_bytes(path.read_bytes())
    here, there = importer.run(path), importer.run(copy)
    for _ in range(2):
        next(here)
    assert next(there).line == 1000
    next(there)
    with pytest.raises(Changed):
        next(here)
    assert list(there)[-1].added == 2500
