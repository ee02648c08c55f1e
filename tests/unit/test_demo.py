"""The demo's table stays straight in a terminal, whatever is in it."""

import shlex
from pathlib import Path

import pytest

from idp.columns import cells, table
from idp.demo.authenticator import code_at, seconds_left
from idp.demo.citizens import PEOPLE, SYLLABLES, Credentials, credentials, password_phrase
from idp.demo.explanation import explanation
from idp.demo.places import Places
from idp.demo.programs import command, provider_settings
from idp.login.password_policy import PROFILES, check
from idp.secrets import SystemRandomness

RFC_6238_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


@pytest.mark.parametrize(
    ("text", "width"),
    [
        ("", 0),
        ("abc", 3),
        ("社会保险", 8),
        ("门户 A", 6),
        ("阿里·买买提", 11),
        ("ＦＵＬＬ", 8),
        ("e\N{COMBINING ACUTE ACCENT}", 1),
        ("a\N{ZERO WIDTH JOINER}b", 2),
    ],
)
def test_a_wide_character_takes_two_cells(text: str, width: int) -> None:
    assert cells(text) == width


def test_columns_begin_in_the_same_cell_of_every_line() -> None:
    lines = table([["姓名", "号码", "x"], ["name", "1", "y"], ["阿卜杜热依木江·买买提", "22", "z"]])
    for mark, line in zip("xyz", lines, strict=True):
        assert cells(line[: line.index(mark)]) == cells("阿卜杜热依木江·买买提") + 2 + 4 + 2


def test_nothing_trails_a_line() -> None:
    assert table([["a", "long"], ["b", ""]]) == ["a  long", "b"]


def test_rows_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        table([["a", "b"], ["c"]])


@pytest.mark.parametrize(
    ("now", "code"),
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (2000000000, "279037"), (20000000000, "353130")],
)
def test_rfc6238_appendix_b_codes(now: int, code: str) -> None:
    """The last six of the eight digits printed there."""
    assert code_at(RFC_6238_SECRET, now) == code


@pytest.mark.parametrize(("now", "left"), [(0, 30), (1, 29), (29.9, 1), (30, 30)])
def test_a_code_is_shown_until_its_step_ends(now: float, left: int) -> None:
    assert seconds_left(now) == left


def test_each_citizen_is_one_line_with_number_and_password(tmp_path: Path) -> None:
    people = credentials(tmp_path / "citizens.json", SystemRandomness())
    text = explanation(Places(8000, tmp_path), people, now=59)
    for person in PEOPLE:
        (line,) = [line for line in text.splitlines() if person.number in line]
        known = people[person.number]
        assert line.split()[:3] == [person.name, person.number, known.password]
        assert not known.totp_secret or known.totp_secret in text.partition(PEOPLE[-1].number)[2]


def test_every_line_of_the_table_fits_a_terminal(tmp_path: Path) -> None:
    longest = "Jiangjiang-jiangjiang-jiangjiang-999"
    people = {each.number: Credentials(longest, RFC_6238_SECRET if each.has_totp else None) for each in PEOPLE}
    lines = explanation(Places(8000, tmp_path), people, now=59).splitlines()
    of_places = ("Logs", "IDP_DATA_DIR", "export PATH")
    assert max(cells(line) for line in lines if not any(word in line for word in of_places)) <= 125


def test_how_to_be_the_operator_is_said_with_all_settings_of_the_demo(tmp_path: Path) -> None:
    people = credentials(tmp_path / "citizens.json", SystemRandomness())
    places = Places(8000, tmp_path / "one directory")
    text = explanation(places, people, now=59)
    exports = [line.strip() for line in text.splitlines() if "export" in line]
    told = dict(pair.split("=", 1) for line in exports for pair in shlex.split(line)[1:])
    path, _, rest = told.pop("PATH").rpartition(":")
    assert (Path(path) / "idp", rest) == (command(), "$PATH")
    assert told == provider_settings(places)  # wherever the other terminal is
    assert all(Path(each).is_absolute() for each in (path, told["IDP_DATA_DIR"]))
    assert "  idp audit tail" in text


def test_passwords_are_made_once_for_a_data_directory_and_only_their_owner_can_read_them(tmp_path: Path) -> None:
    file = tmp_path / "citizens.json"
    first = credentials(file, SystemRandomness())
    assert credentials(file, SystemRandomness()) == first
    assert file.stat().st_mode & 0o777 == 0o600
    assert len({each.password for each in first.values()}) == len(PEOPLE)


def test_every_password_passes_every_policy() -> None:
    for _ in range(20):
        for profile in PROFILES.values():
            check(password_phrase(SystemRandomness()), profile, [PEOPLE[0].name, PEOPLE[0].number])


def test_the_people_are_the_four_that_were_asked_for() -> None:
    assert [len(person.name) for person in PEOPLE].count(30) == 1
    assert sum(person.has_totp for person in PEOPLE) == 1
    assert any(person.number[6:10] == "1949" and person.phone for person in PEOPLE)
    assert len(set(SYLLABLES)) == 32
