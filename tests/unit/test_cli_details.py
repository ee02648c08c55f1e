"""`idp citizen change` and `renumber`: what is known of a citizen, set right."""

import json
from typing import Any

import pytest

from idp.cli.opened import opened
from tests.support.shell import NUMBER, PASSWORD, Idp

OTHER = "110000199001010013"


def facts(idp: Idp) -> list[list[str]]:
    return [each["claims"] for each in idp("audit", "search", "--event", "citizen:changed").lines]


def test_a_detail_is_changed_and_the_rest_stays(idp: Idp, citizen: dict[str, Any]) -> None:
    ran = idp("citizen", "change", NUMBER, "--phone", "13800138111", "--name", " 张三丰 ")
    assert (ran.status, ran.err) == (0, "")
    assert ran.json == citizen | {"phone": "+8613800138111", "name": "张三丰", "updated_at": ran.json["updated_at"]}
    assert facts(idp) == [["name", "phone_number"]]
    assert idp("citizen", "show", "138 0013 8111").json["id"] == citizen["id"]
    with opened() as services:
        found = services.citizens.for_sign_in("phone", "+8613800138111")
        assert found is not None
        services.passwords.verify(PASSWORD, found.password_hash)


def test_what_may_be_missing_is_taken_away_with_a_dash(idp: Idp, citizen: dict[str, Any]) -> None:
    idp("citizen", "change", NUMBER, "--phone", "13800138111", "--email", "a@example.org", "--address", "某路 1 号")
    ran = idp("citizen", "change", NUMBER, "--phone", "-", "--email", "-", "--address", "-")
    assert not {"phone", "email", "address"} & ran.json.keys()
    assert facts(idp) == [["phone_number", "email", "address"]] * 2


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--phone", "12"], "not a telephone number"),
        (["--email", "nobody"], "not an e-mail address"),
        (["--name", " "], "1 to 100 characters"),
        (["--birthdate", "2990-01-01"], "in the future"),
    ],
)
def test_what_is_not_acceptable_changes_nothing(idp: Idp, citizen: dict[str, Any], given: list[str], said: str) -> None:
    idp("citizen", "change", NUMBER, *given).said(said)
    assert idp("citizen", "show", NUMBER).json["name"] == citizen["name"]
    assert facts(idp) == []


@pytest.mark.parametrize(
    "given",
    [
        *((), ("--name", "-"), ("--birthdate", "-"), ("--birthdate", "1990-02-30"), ("--birthdate", "nonsense")),
        *(("--birthdate", ""), ("--gender", "-"), ("--gender", "x")),
    ],
    ids=" ".join,
)
def test_nothing_to_change_or_nonsense_is_wrong_usage(
    idp: Idp, citizen: dict[str, Any], given: tuple[str, ...]
) -> None:
    ran = idp("citizen", "change", NUMBER, *given)
    assert (ran.status, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert "idp citizen change --help" in ran.err
    assert idp("citizen", "show", NUMBER).json["name"] == citizen["name"]


def test_the_trail_has_what_changed_and_not_what_was_given(idp: Idp, citizen: dict[str, Any]) -> None:
    same = ("--name", citizen["name"], "--gender", citizen["gender"])
    assert idp("citizen", "change", NUMBER, *same).status == 0
    assert idp("citizen", "change", NUMBER, *same, "--birthdate", "1950-01-01").status == 0
    assert facts(idp) == [["birthdate"]]


def test_another_number_signs_in_and_the_one_before_no_more(idp: Idp, citizen: dict[str, Any]) -> None:
    ran = idp("citizen", "renumber", NUMBER, OTHER)
    assert (ran.status, ran.json["id"]) == (0, citizen["id"])
    assert OTHER not in ran.out
    assert ran.err == "birth date and gender changed with the number\n"
    assert facts(idp) == [["citizen_id_number", "birthdate", "gender"]]
    with opened() as services:
        assert services.citizens.for_sign_in("number", NUMBER) is None
        assert services.citizens.for_sign_in("number", OTHER) is not None
    shown = idp("citizen", "show", OTHER).json
    assert [each["number"] for each in shown["former_numbers"]] == [citizen["number"]]
    assert NUMBER not in json.dumps(shown)


def test_what_was_not_of_the_number_before_stays(idp: Idp, citizen: dict[str, Any]) -> None:
    idp("citizen", "change", NUMBER, "--birthdate", "1950-01-01", "--gender", "male")
    ran = idp("citizen", "renumber", NUMBER, OTHER)
    assert (ran.err, ran.json["birthdate"], ran.json["gender"]) == ("", "1950-01-01", "male")
    assert facts(idp)[1:] == [["citizen_id_number"]]


def test_a_number_of_somebody_else_is_refused(idp: Idp, citizen: dict[str, Any]) -> None:
    idp("citizen", "add", "--number", OTHER, "--name", "别人")
    idp("citizen", "renumber", NUMBER, OTHER).said("another citizen has this number")
    idp("citizen", "renumber", NUMBER, OTHER[:-1]).said("the number is not valid")
    assert idp("citizen", "show", NUMBER).json["id"] == citizen["id"]
