"""Families of refresh tokens: each token is used once, a late second use ends the family."""

import pytest

from idp.secrets import digest
from idp.storage.records.errors import NotFound
from idp.storage.records.families import Family, RefreshReused
from idp.storage.records.records import Records
from tests.support import records_worker
from tests.support.parallel import errors, in_processes, together, winners

FAMILY = Family("f1", "ada", "portal", b'{"scope":["openid"]}', 1000, 5000)
FIRST, SECOND, THIRD, OTHER = (digest(name) for name in ("first", "second", "third", "other"))


@pytest.fixture
def family(records: Records) -> Family:
    records.families.create(FAMILY, FIRST)
    return FAMILY


def test_tokens_follow_one_another(records: Records, family: Family) -> None:
    assert records.families.get("f1") == family
    assert records.families.rotate("f1", FIRST, SECOND, 1100.0, 10) == family
    assert records.families.rotate("f1", SECOND, THIRD, 1200.0, 10) == family


def test_a_lost_answer_is_given_again_within_the_grace(records: Records, family: Family) -> None:
    records.families.rotate("f1", FIRST, SECOND, 1100.0, 10)
    assert records.families.rotate("f1", FIRST, OTHER, 1110.0, 10) == family
    # Either successor works: the client has one of them, and the other was never seen.
    assert records.families.rotate("f1", OTHER, THIRD, 1111.0, 10) == family


def test_rfc9700_4_14_2_once_a_successor_is_used_no_answer_was_lost(records: Records, family: Family) -> None:
    """Whoever comes with the spent token now is another, grace or not."""
    records.families.rotate("f1", FIRST, SECOND, 1100.0, 10)
    records.families.rotate("f1", SECOND, THIRD, 1100.0, 10)
    with pytest.raises(RefreshReused):
        records.families.rotate("f1", FIRST, OTHER, 1100.0, 10)
    with pytest.raises(NotFound):
        records.families.rotate("f1", THIRD, OTHER, 1101.0, 10)


def test_rfc9700_4_14_2_of_two_branches_the_second_to_go_on_ends_the_family(records: Records, family: Family) -> None:
    """The owner's and a thief's, who was there within the grace; however close they stay to each other."""
    records.families.rotate("f1", FIRST, SECOND, 1100.0, 10)
    records.families.rotate("f1", FIRST, OTHER, 1100.0, 10)
    records.families.rotate("f1", SECOND, THIRD, 1100.0, 10)
    with pytest.raises(RefreshReused):
        records.families.rotate("f1", OTHER, digest("fourth"), 1100.0, 10)


def test_the_grace_counts_from_the_first_use(records: Records, family: Family) -> None:
    records.families.rotate("f1", FIRST, SECOND, 1100.0, 10)
    records.families.rotate("f1", FIRST, OTHER, 1109.0, 10)
    with pytest.raises(RefreshReused):
        records.families.rotate("f1", FIRST, THIRD, 1110.5, 10)


def test_rfc9700_4_14_2_reuse_ends_the_family(records: Records, family: Family) -> None:
    records.families.rotate("f1", FIRST, SECOND, 1100.0, 10)
    with pytest.raises(RefreshReused):
        records.families.rotate("f1", FIRST, THIRD, 1200.0, 10)
    stored = records.families.get("f1")
    assert stored is not None
    assert (stored.revoked_at, stored.reason) == (1200, "reuse")
    for token in (FIRST, SECOND, THIRD):
        with pytest.raises(NotFound):
            records.families.rotate("f1", token, OTHER, 1201.0, 10)


def test_a_token_the_family_never_had_ends_it(records: Records, family: Family) -> None:
    with pytest.raises(RefreshReused):
        records.families.rotate("f1", OTHER, SECOND, 1100.0, 10)
    with pytest.raises(NotFound):
        records.families.rotate("f1", FIRST, SECOND, 1101.0, 10)


def test_a_token_of_another_family_is_unknown(records: Records, family: Family) -> None:
    records.families.create(Family("f2", "bob", "portal", b"{}", 1000, 5000), OTHER)
    with pytest.raises(RefreshReused):
        records.families.rotate("f1", OTHER, SECOND, 1100.0, 10)
    assert records.families.rotate("f2", OTHER, SECOND, 1100.0, 10).citizen_id == "bob"


def test_what_is_unknown_or_expired_is_not_found(records: Records, family: Family) -> None:
    with pytest.raises(NotFound):
        records.families.rotate("nothing", FIRST, SECOND, 1100.0, 10)
    with pytest.raises(NotFound):
        records.families.rotate("f1", FIRST, SECOND, 5000.0, 10)
    records.families.rotate("f1", FIRST, SECOND, 4999.0, 10)


def test_a_token_nobody_used_for_long_is_over(records: Records, family: Family) -> None:
    with pytest.raises(NotFound):
        records.families.rotate("f1", FIRST, SECOND, 1500.5, 10, idle=500)
    assert records.families.rotate("f1", FIRST, SECOND, 1500.0, 10, idle=500) == family
    assert records.families.rotate("f1", SECOND, THIRD, 2000.0, 10, idle=500) == family


def test_revoked_families_stay_revoked_with_their_first_reason(records: Records, family: Family) -> None:
    records.families.revoke("f1", "logout", 1100)
    records.families.revoke("f1", "other", 1200)
    records.families.revoke("unknown", "logout", 1100)
    stored = records.families.get("f1")
    assert stored is not None
    assert (stored.revoked_at, stored.reason) == (1100, "logout")
    with pytest.raises(NotFound):
        records.families.rotate("f1", FIRST, SECOND, 1101.0, 10)


def test_a_citizens_families_end_together_or_by_client(records: Records) -> None:
    for name, citizen, client in (("f1", "ada", "a"), ("f2", "ada", "a"), ("f3", "ada", "b"), ("f4", "bob", "a")):
        records.families.create(Family(name, citizen, client, b"{}", 1000, 5000), digest(name))
    assert sorted(records.families.revoke_of_citizen("ada", "a", "consent withdrawn", 1100)) == ["f1", "f2"]
    assert records.families.revoke_of_citizen("ada", None, "password changed", 1200) == ["f3"]
    assert records.families.revoke_of_citizen("ada", None, "again", 1300) == []
    assert records.families.rotate("f4", digest("f4"), SECOND, 1300.0, 10).citizen_id == "bob"


def test_of_parallel_callers_without_grace_one_rotates_and_the_family_ends(records: Records, family: Family) -> None:
    calls = [lambda n=n: records.families.rotate("f1", FIRST, digest(f"s{n}"), 1100.0, 0) for n in range(8)]
    outcomes = together(calls)
    assert len(winners(outcomes)) == 1
    assert errors(outcomes).count(RefreshReused) == 1
    assert errors(outcomes).count(NotFound) == 6


def test_parallel_callers_within_the_grace_all_go_on(records: Records, family: Family) -> None:
    calls = [lambda n=n: records.families.rotate("f1", FIRST, digest(f"s{n}"), 1100.0 + n / 10, 10) for n in range(6)]
    assert errors(together(calls)) == []


def test_of_parallel_successors_one_goes_on_and_the_family_ends(records: Records, family: Family) -> None:
    for n in range(4):
        records.families.rotate("f1", FIRST, digest(f"s{n}"), 1100.0, 10)
    calls = [lambda n=n: records.families.rotate("f1", digest(f"s{n}"), digest(f"t{n}"), 1101.0, 10) for n in range(4)]
    outcomes = together(calls)
    assert len(winners(outcomes)) == 1
    assert (errors(outcomes).count(RefreshReused), errors(outcomes).count(NotFound)) == (1, 2)


def test_of_parallel_processes_one_rotates(records: Records, records_url: str, family: Family) -> None:
    outcomes = in_processes(
        records_worker.rotate_token, [(records_url, "f1", FIRST, digest(f"s{n}")) for n in range(3)]
    )
    assert sorted(outcomes) == ["NotFound", "RefreshReused", "rotated"]


def test_what_is_over_is_purged_a_few_at_a_time(records: Records) -> None:
    for index in range(5):
        records.families.create(Family(f"old-{index}", "ada", "a", b"{}", 1000, 2000), digest(f"o{index}"))
    records.families.create(Family("live", "ada", "a", b"{}", 1000, 9000), FIRST)
    records.families.create(Family("revoked", "ada", "a", b"{}", 1000, 9000), FIRST)
    records.families.revoke("revoked", "logout", 1500)
    assert [records.families.purge(3000, 4) for _ in range(3)] == [4, 2, 0]
    assert records.families.get("live") is not None
    assert records.families.get("revoked") is None


def test_a_purged_token_ends_the_family_all_the_same(records: Records, family: Family) -> None:
    records.families.rotate("f1", FIRST, SECOND, 1100.0, 10)
    assert records.families.purge_used(1150, 10) == 1
    assert records.families.purge_used(1150, 10) == 0
    with pytest.raises(RefreshReused):
        records.families.rotate("f1", FIRST, OTHER, 1101.0, 10)
