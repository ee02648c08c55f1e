"""Subject identifiers: pairwise, stable, and never the same for two people (pyop's D9)."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.citizens.pseudonyms import PAIRWISE, PUBLIC, Pseudonyms

NAMES = Pseudonyms(bytes(range(32)))
WORDS = st.text(min_size=1, max_size=12)


def test_oidc_core_8_1_subjects_never_change() -> None:
    """Written down once: whoever changes these lines makes every citizen a stranger at every portal."""
    assert NAMES.subject(PAIRWISE, "example.com", "bob") == "0uLMImNK6PoZAnK3f8fzcbvRanwk9hvKYiCPM4oaYEE"
    assert NAMES.subject(PUBLIC, "example.com", "bob") == "TLJwuhd7o_7sv6Bo5mqrnHQQE4A4Q4TLUIitqw-9DuQ"
    assert NAMES.session_id("s1", "portal") == "oozy8ZExmfDgodQLvAN0zvTP75VceLZtJkmMGt3Dj5Y"


def test_oidc_core_8_1_pairwise_subjects_differ_by_sector_and_agree_within_one() -> None:
    assert NAMES.subject(PAIRWISE, "a.example", "bob") == NAMES.subject(PAIRWISE, "a.example", "bob")
    assert NAMES.subject(PAIRWISE, "a.example", "bob") != NAMES.subject(PAIRWISE, "b.example", "bob")
    assert NAMES.subject(PAIRWISE, "a.example", "bob") != NAMES.subject(PAIRWISE, "a.example", "bo")


def test_oidc_core_8_public_subject_is_the_same_at_every_client() -> None:
    assert NAMES.subject(PUBLIC, "a.example", "bob") == NAMES.subject(PUBLIC, "b.example", "bob")


def test_d9_the_boundary_between_sector_and_citizen_is_kept() -> None:
    assert NAMES.subject(PAIRWISE, "example.com", "bob") != NAMES.subject(PAIRWISE, "example.co", "mbob")


def test_d9_a_public_subject_leaves_pairwise_subjects_alone() -> None:
    names = Pseudonyms(bytes(32))
    before = names.subject(PAIRWISE, "a.example", "bob")
    names.subject(PUBLIC, "", "bob")
    assert names.subject(PAIRWISE, "a.example", "bob") == before


@given(WORDS, WORDS, WORDS, WORDS)
def test_d9_two_pairs_never_share_a_subject(sector: str, citizen: str, other_sector: str, other_citizen: str) -> None:
    same = NAMES.subject(PAIRWISE, sector, citizen) == NAMES.subject(PAIRWISE, other_sector, other_citizen)
    assert same == ((sector, citizen) == (other_sector, other_citizen))


@given(WORDS, WORDS)
def test_subject_kinds_and_session_ids_never_meet(left: str, right: str) -> None:
    names = {NAMES.subject(PAIRWISE, left, right), NAMES.subject(PUBLIC, left, right), NAMES.session_id(left, right)}
    assert len(names) == 3


def test_oidc_core_2_sub_is_short_ascii_and_reveals_nothing() -> None:
    subject = NAMES.subject(PAIRWISE, "a.example", "citizen-110000199001010013")
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", subject)


def test_backchannel_logout_2_1_sid_differs_by_client_and_by_session() -> None:
    assert len({NAMES.session_id(session, client) for session in ("s1", "s2") for client in ("a", "b")}) == 4


def test_another_secret_gives_other_names() -> None:
    assert Pseudonyms(bytes(32)).subject(PUBLIC, "", "bob") != Pseudonyms(b"1" * 32).subject(PUBLIC, "", "bob")


@pytest.mark.parametrize(("subject_type", "sector"), [("", "a.example"), ("transient", "a.example"), (PAIRWISE, "")])
def test_an_unknown_kind_or_a_missing_sector_is_refused(subject_type: str, sector: str) -> None:
    with pytest.raises(ValueError, match="public, or pairwise with a sector"):
        NAMES.subject(subject_type, sector, "bob")


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Pseudonyms(b"short")
