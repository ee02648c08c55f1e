"""Identity numbers: every published vector, and properties of the check character against a second formulation."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from idp.citizens.number import (
    CitizenNumber,
    InvalidNumber,
    Kind,
    Reason,
    Sex,
    check_character,
    mask,
    parse_canonical,
    parse_typed,
    today_in_china,
)

VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[1] / "data" / "identity-vectors.json").read_text("utf-8"))
TODAY = date(2026, 11, 23)
KINDS = {"citizen": Kind.CITIZEN, "hmt": Kind.RESIDENCE_PERMIT, "foreign_pr": Kind.PERMANENT_RESIDENCE}
SEXES = {"F": Sex.FEMALE, "M": Sex.MALE}
SEVENTEEN_DIGITS = st.text("0123456789", min_size=17, max_size=17)


def iso_7064_mod_11_2(body: str) -> str:
    """ISO 7064's recursive method: it has no weights and no table, so it shares no mistake with the code under test."""
    remainder = 0
    for digit in body:
        remainder = (remainder + ord(digit) - ord("0")) * 2 % 11
    check = (12 - remainder) % 11
    return "X" if check == 10 else str(check)


def reason_of(text: str, today: date = TODAY) -> Reason:
    with pytest.raises(InvalidNumber) as refused:
        parse_typed(text, today)
    return refused.value.reason


@pytest.mark.parametrize("parse", [parse_canonical, parse_typed])
@pytest.mark.parametrize("vector", VECTORS["ric_valid"], ids=lambda vector: vector["number"])
def test_gb11643_valid_numbers(vector: dict[str, str], parse: Any) -> None:
    number = parse(vector["number"], TODAY)
    assert number == CitizenNumber(
        vector["number"], KINDS[vector["kind"]], date.fromisoformat(vector["dob"]), SEXES[vector["sex"]]
    )


@pytest.mark.parametrize("parse", [parse_canonical, parse_typed])
@pytest.mark.parametrize("vector", VECTORS["ric_invalid"], ids=lambda vector: vector["why"])
def test_gb11643_invalid_numbers(vector: dict[str, str], parse: Any) -> None:
    with pytest.raises(InvalidNumber):
        parse(vector["input"], TODAY)


@pytest.mark.parametrize("vector", VECTORS["ric_normalise"], ids=lambda vector: ascii(vector["input"]))
def test_forms_forgive_what_people_type(vector: dict[str, str]) -> None:
    assert parse_typed(vector["input"], TODAY).canonical == vector["output"]


@pytest.mark.parametrize(
    "vector", VECTORS["ric_normalise"] + VECTORS["ric_legacy15"], ids=lambda vector: ascii(vector["input"])
)
def test_machine_interfaces_take_the_canonical_form_only(vector: dict[str, str]) -> None:
    with pytest.raises(InvalidNumber):
        parse_canonical(vector["input"], TODAY)


@pytest.mark.parametrize("vector", VECTORS["ric_legacy15"], ids=lambda vector: vector["input"])
def test_first_generation_numbers_are_upgraded(vector: dict[str, str]) -> None:
    assert parse_typed(vector["input"], TODAY).canonical == vector["output"]


REASONS = [
    ("", Reason.LENGTH),
    ("11000019900101001", Reason.LENGTH),
    ("1" * 100_000, Reason.LENGTH),
    (" " * 100 + "110000199001010013", Reason.LENGTH),
    ("11000019900101001A", Reason.CHARACTERS),
    ("1100001990010100X3", Reason.CHARACTERS),
    ("110000\u300019900101001", Reason.CHARACTERS),
    ("110000199001010013\x00", Reason.LENGTH),
    ("11000019900101001\n", Reason.LENGTH),
    ("11010519491231002Ⅹ", Reason.CHARACTERS),
    ("11000090010100²", Reason.CHARACTERS),
    ("١١٠٠٠٠٩٠٠١٠١٠٠١", Reason.CHARACTERS),
    ("110105194912310021", Reason.CHECK),
    ("000000199001010018", Reason.REGION),
    ("990000199001010017", Reason.REGION),
    ("110000199002300012", Reason.DATE),
    ("11000000000101001" + iso_7064_mod_11_2("11000000000101001"), Reason.DATE),
    ("110000209901010015", Reason.FUTURE),
    ("810000900101001", Reason.REGION),  # a residence permit never had fifteen digits
    ("911124810803002", Reason.REGION),  # nor a permanent residence card only digits
]


@pytest.mark.parametrize(("text", "reason"), REASONS, ids=lambda value: ascii(value)[:40])
def test_a_refusal_names_its_reason(text: str, reason: Reason) -> None:
    assert reason_of(text) is reason


REGIONS = [
    ("110000", Kind.CITIZEN),
    ("659012", Kind.CITIZEN),
    ("412723", Kind.CITIZEN),  # an abolished county
    ("119999", Kind.CITIZEN),  # a county no list has
    ("710000", Kind.CITIZEN),
    ("810000", Kind.RESIDENCE_PERMIT),
    ("820000", Kind.RESIDENCE_PERMIT),
    ("830000", Kind.RESIDENCE_PERMIT),
    ("965156", Kind.PERMANENT_RESIDENCE),
    ("810001", None),
    ("830100", None),
    ("660000", None),
    ("200000", None),
    ("981124", None),
    ("983124", None),
    ("900124", None),
]


@pytest.mark.parametrize(("address", "kind"), REGIONS)
def test_the_address_code_tells_the_kind(address: str, kind: Kind | None) -> None:
    body = address + "19900101001"
    text = body + iso_7064_mod_11_2(body)
    if kind is None:
        assert reason_of(text) is Reason.REGION
    else:
        assert parse_canonical(text, TODAY).kind is kind


def test_born_today_is_valid_and_tomorrow_is_not() -> None:
    assert parse_canonical("110000199001010013", date(1990, 1, 1)).birthdate == date(1990, 1, 1)
    assert reason_of("110000199001010013", date(1989, 12, 31)) is Reason.FUTURE


def test_today_is_the_date_in_china() -> None:
    class HalfPastFourInTheAfternoonInGreenwich:
        def now(self) -> float:
            return 1_767_198_600.0  # 2025-12-31T16:30:00Z

    assert today_in_china(HalfPastFourInTheAfternoonInGreenwich()) == date(2026, 1, 1)


def test_a_number_prints_masked() -> None:
    number = parse_canonical("110000199001010013", TODAY)
    assert number.masked == "110***********0013"
    for shown in (str(number), repr(number), f"{number}", repr([number]), f"{number!r:>30}"):
        assert "19900101" not in shown
        assert "110***********0013" in shown


@pytest.mark.parametrize("text", [vector["input"] for vector in VECTORS["ric_invalid"] if vector["input"]])
def test_a_refusal_never_quotes_the_value(text: str) -> None:
    with pytest.raises(InvalidNumber) as refused:
        parse_typed(text, TODAY)
    assert text not in str(refused.value) + repr(refused.value)
    assert refused.value.__context__ is None or refused.value.__suppress_context__  # as a traceback would show it


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("110000199001010013", "110***********0013"),
        ("110000900101001", "110********1001"),
        ("13800138000", "*********00"),
        ("abc", "***"),
        ("", ""),
        ("1" * 1000, "111***********1111"),
    ],
)
def test_mask(text: str, shown: str) -> None:
    assert mask(text) == shown


@given(SEVENTEEN_DIGITS)
def test_check_character_agrees_with_iso_7064_mod_11_2(body: str) -> None:
    assert check_character(body) == iso_7064_mod_11_2(body)


@given(SEVENTEEN_DIGITS, st.integers(0, 16), st.integers(1, 9))
def test_one_wrong_digit_is_always_noticed(body: str, place: int, shift: int) -> None:
    wrong = body[:place] + str((int(body[place]) + shift) % 10) + body[place + 1 :]
    assert check_character(wrong) != check_character(body)


@given(SEVENTEEN_DIGITS, st.integers(0, 15))
def test_two_swapped_neighbours_are_always_noticed(body: str, place: int) -> None:
    assume(body[place] != body[place + 1])
    wrong = body[:place] + body[place + 1] + body[place] + body[place + 2 :]
    assert check_character(wrong) != check_character(body)


@given(st.text(max_size=80))
def test_whatever_is_typed_is_a_number_or_a_refusal(text: str) -> None:
    try:
        number = parse_typed(text, TODAY)
    except InvalidNumber:
        return
    assert parse_canonical(number.canonical, TODAY) == number


@given(st.text("0123456789Xx０１９Ｘ -", min_size=14, max_size=24))
def test_what_is_nearly_a_number_is_one_or_a_refusal(text: str) -> None:
    try:
        number = parse_typed(text, TODAY)
    except InvalidNumber:
        return
    assert parse_typed(number.canonical, TODAY) == number
