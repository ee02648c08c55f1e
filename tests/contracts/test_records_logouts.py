"""The logout ledger: what is owed is entered once, tried by one at a time, and kept for a bounded time."""

from dataclasses import replace

import pytest

from idp.storage.records.logouts import Duty, LogoutState, Settled, StoredLogout
from idp.storage.records.records import Records
from tests.support.parallel import errors, together

DUTY = Duty("s" * 64, "portal", "ada", "l" * 64, "signed_out", 1_000, "p.t")
OTHER = replace(DUTY, client_id="other")


@pytest.fixture
def owed(records: Records) -> Records:
    records.logouts.owe([(DUTY, 1_010), (OTHER, 1_020)])
    return records


def lines(records: Records) -> dict[str, StoredLogout]:
    return {line.duty.client_id: line for line in records.logouts.search()}


def test_what_is_owed_waits_until_its_time(owed: Records) -> None:
    assert lines(owed)["portal"] == StoredLogout(DUTY, LogoutState.PENDING, 0, None, None, 1_010)
    assert owed.logouts.due(1_009) == []
    assert owed.logouts.due(1_010) == ["portal"]
    assert owed.logouts.due(1_020) == ["portal", "other"], "first who has waited longest"
    assert owed.logouts.waiting() == 2


def test_what_is_owed_twice_is_entered_once_and_changes_nothing(owed: Records) -> None:
    owed.logouts.settle([Settled(DUTY, LogoutState.DELIVERED, None, 1_005, None)])
    owed.logouts.owe([(replace(DUTY, reason="again"), 5), (replace(DUTY, client_id="third"), 5)])
    assert lines(owed)["portal"] == StoredLogout(DUTY, LogoutState.DELIVERED, 1, None, 1_005, None)
    assert len(lines(owed)) == 3
    owed.logouts.owe([])


def test_of_many_who_claim_one_gets_it_and_nobody_before_the_time_is_over(owed: Records) -> None:
    claims = together([lambda: owed.logouts.claim("portal", 1_020, 1_080, 10)] * 4)
    assert errors(claims) == []
    assert sorted(len(each) for each in claims if not isinstance(each, Exception)) == [0, 0, 0, 1]
    assert owed.logouts.claim("portal", 1_079, 1_200, 10) == []
    [again] = owed.logouts.claim("portal", 1_080, 1_200, 10)
    assert again.duty == DUTY
    assert owed.logouts.due(1_080) == ["other"]


def test_a_claim_takes_the_oldest_and_no_more_than_it_can(records: Records) -> None:
    records.logouts.owe([(replace(DUTY, session=f"{number:064}"), 1_000 + number) for number in range(5)])
    claimed = records.logouts.claim("portal", 2_000, 2_060, 3)
    assert sorted(line.duty.session[-1] for line in claimed) == ["0", "1", "2"]


def test_tries_are_counted_and_what_is_settled_stays_so(owed: Records) -> None:
    owed.logouts.settle([Settled(DUTY, LogoutState.FAILED, "timeout", 1_005, 1_015)])
    owed.logouts.settle([Settled(DUTY, LogoutState.FAILED, "status", 1_020, 1_080)])
    assert lines(owed)["portal"] == StoredLogout(DUTY, LogoutState.FAILED, 2, "status", 1_020, 1_080)
    owed.logouts.settle([Settled(DUTY, LogoutState.GIVEN_UP, "status", 1_090, None, tried=False)])
    owed.logouts.settle([Settled(DUTY, LogoutState.FAILED, "late", 1_100, 1_200)])
    assert lines(owed)["portal"] == StoredLogout(DUTY, LogoutState.GIVEN_UP, 2, "status", 1_090, None)
    assert owed.logouts.waiting() == 1


def test_search(owed: Records) -> None:
    later = replace(DUTY, session="t" * 64, citizen_id="bob", ended_at=2_000)
    owed.logouts.owe([(later, 2_000)])
    found = owed.logouts.search
    assert [line.duty for line in found()] == [later, OTHER, DUTY]
    assert [line.duty for line in found(limit=1)] == [later]
    assert [line.duty for line in found(citizen_id="ada", client_id="portal")] == [DUTY]
    assert [line.duty for line in found(session="t" * 64)] == [later]
    assert found(state=LogoutState.DELIVERED) == []
    assert len(found(state=LogoutState.PENDING)) == 3


def test_what_is_old_is_removed_a_few_at_a_time(records: Records) -> None:
    records.logouts.owe([(replace(DUTY, session=f"{at:064}", ended_at=at), at) for at in range(10)])
    assert records.logouts.purge(8, 5) == 5
    assert records.logouts.purge(8, 5) == 3
    assert [line.duty.ended_at for line in records.logouts.search()] == [9, 8]
