"""Reading a cookie (RFC 6265 section 4.2.1)."""

import pytest

from idp.http.cookies import LONGEST, cookie


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("a=1", "1"),
        ("b=2; a=1", "1"),
        ("b=2;a=1", "1"),
        (" \t a \t=\t 1 \t; b=2", "1"),
        ("a=1; a=2", "1"),
        ("a=1=2", "1=2"),
        ("a=" + "x" * 5_000, "x" * LONGEST),
        ("", ""),
        ("a", ""),
        ("A=1", ""),
        ("aa=1; ba=2", ""),
    ],
)
def test_rfc6265_4_2_1_the_first_of_a_name_counts(header: str, value: str) -> None:
    assert cookie(header, "a") == value


@pytest.mark.parametrize("odd", ["\xa0", "\x85", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x1f", "\u2000", "\r", "\n"])
def test_rfc6265_4_1_1_only_blank_and_tab_are_white_space(odd: str) -> None:
    """What a browser takes for a part of a name, and lets any site of our domain set, is no name of ours."""
    assert cookie(f"{odd}a=1", "a") == ""
    assert cookie(f"b=2; {odd}a=1", "a") == ""
    assert cookie(f"a=1{odd}", "a") == f"1{odd}"
