"""Consents: one current for citizen and client, all others kept."""

import dataclasses

import pytest

from idp.storage.records.consents import StoredConsent
from idp.storage.records.errors import NotFound
from idp.storage.records.records import Records
from tests.support.parallel import errors, together

FIRST = StoredConsent("ada", "portal", b'{"scopes":["openid"]}', "consent", "", "d" * 64, 100)
SECOND = dataclasses.replace(FIRST, document=b'{"scopes":["openid","phone"]}', granted_at=200)


def test_a_consent_is_found_until_it_is_withdrawn(records: Records) -> None:
    assert records.consents.find("ada", "portal") is None
    records.consents.grant(FIRST)
    assert records.consents.find("ada", "portal") == FIRST
    assert records.consents.find("ada", "other") is None
    assert records.consents.find("bob", "portal") is None
    records.consents.withdraw("ada", "portal", 300)
    assert records.consents.find("ada", "portal") is None
    with pytest.raises(NotFound):
        records.consents.withdraw("ada", "portal", 301)


def test_a_later_consent_supersedes_and_the_history_stays(records: Records) -> None:
    records.consents.grant(FIRST)
    records.consents.grant(SECOND)
    assert records.consents.find("ada", "portal") == SECOND
    records.consents.withdraw("ada", "portal", 300)
    records.consents.grant(dataclasses.replace(FIRST, granted_at=400))
    periods = [(each.consent.granted_at, each.ended_at, each.ended_by) for each in records.consents.history("ada")]
    assert periods == [(100, 200, "superseded"), (200, 300, "withdrawn"), (400, None, None)]


def test_a_citizen_sees_current_consents_of_all_clients(records: Records) -> None:
    other = dataclasses.replace(FIRST, client_id="other", granted_at=50)
    for consent in (FIRST, SECOND, other, dataclasses.replace(FIRST, citizen_id="bob")):
        records.consents.grant(consent)
    assert records.consents.of_citizen("ada") == [other, SECOND]


def test_parallel_grants_leave_one_current_consent(records: Records) -> None:
    every = [dataclasses.replace(FIRST, granted_at=100 + index) for index in range(6)]
    assert errors(together([lambda each=each: records.consents.grant(each) for each in every])) == []
    assert len(records.consents.of_citizen("ada")) == 1
    assert len(records.consents.history("ada")) == 6
