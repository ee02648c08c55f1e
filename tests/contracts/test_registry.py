"""The registry of citizens, over both databases."""

import dataclasses
import sqlite3
from pathlib import Path

import pytest

from idp.citizens.citizen import Profile, Status
from idp.citizens.number import InvalidNumber
from idp.citizens.registry import Citizens, InvalidDetail, NewCitizen, NotFound, NumberPeriod, NumberTaken, PhoneTaken
from idp.secrets import digest
from idp.storage.records.records import Records
from idp.vault import Unsealable, Vault
from tests.support.citizens import number, phone
from tests.support.clock import FrozenClock
from tests.support.parallel import errors, together, winners
from tests.support.randomness import CountingRandomness
from tests.support.sql_counter import counted_statements

WANG = NewCitizen(
    name="王小明",
    number="110000199001010013",
    phone="13800138000",
    email="wang@example.cn",
    address="北京市东城区",
    password_hash="$argon2id$v=19$hash",
    totp_secret="JBSWY3DPEHPK3PXP",
)


@pytest.fixture
def citizens(records: Records, vault: Vault, clock: FrozenClock, randomness: CountingRandomness) -> Citizens:
    return Citizens(records, vault, clock, randomness)


def test_a_new_citizen_is_completed_from_the_number(citizens: Citizens, clock: FrozenClock) -> None:
    added = citizens.add(WANG)
    assert added.profile == Profile(
        name="王小明",
        number="110000199001010013",
        phone="+8613800138000",
        email="wang@example.cn",
        birthdate="1990-01-01",
        gender="male",
        address="北京市东城区",
    )
    assert added.status is Status.ACTIVE
    assert added.updated_at == int(clock.now())
    assert len(added.id) == 26
    assert set(added.id) <= set("abcdefghijklmnopqrstuvwxyz234567")


def test_a_citizen_is_found_each_way_in_one_statement(citizens: Citizens) -> None:
    added = citizens.add(WANG)
    for find in (
        lambda: citizens.by_id(added.id),
        lambda: citizens.by_number("110000199001010013"),
        lambda: citizens.by_phone("+8613800138000"),
    ):
        with counted_statements() as log:
            assert find() == added
        assert log.count == 1


@pytest.mark.parametrize(("kind", "value"), [("number", "110000199001010013"), ("phone", "+8613800138000")])
def test_a_sign_in_gets_all_it_needs_in_one_statement(
    citizens: Citizens, records: Records, kind: str, value: str
) -> None:
    added = citizens.add(WANG)
    records.credentials.replace_recovery_codes(added.id, [digest("a"), digest("b")])
    with counted_statements() as log:
        account = citizens.for_sign_in(kind, value)
    assert log.count == 1
    assert account is not None
    assert account.citizen == added
    assert account.password_hash == "$argon2id$v=19$hash"
    assert account.totp_secret == "JBSWY3DPEHPK3PXP"
    assert account.recovery_codes == 2
    assert (account.password_set_at, account.must_change_password) == (added.updated_at, False)
    assert citizens.account(added.id) == account


def test_nobody_is_found_for_what_nobody_has(citizens: Citizens) -> None:
    citizens.add(WANG)
    assert citizens.by_id("nobody") is None
    assert citizens.by_number("110000199001010021") is None
    assert citizens.by_phone("110000199001010013") is None
    assert citizens.for_sign_in("phone", "110000199001010013") is None
    assert citizens.account("nobody") is None


def test_an_account_may_have_no_number(citizens: Citizens) -> None:
    added = citizens.add(NewCitizen(name="无号", phone=phone(1)))
    assert added.profile.birthdate is None
    assert citizens.by_phone(phone(1)) == added
    assert citizens.number_history(added.id) == ()


def test_two_citizens_share_neither_number_nor_phone(citizens: Citizens) -> None:
    citizens.add(WANG)
    with pytest.raises(NumberTaken):
        citizens.add(dataclasses.replace(WANG, phone=None))
    with pytest.raises(PhoneTaken):
        citizens.add(dataclasses.replace(WANG, number=number(5)))


def test_of_parallel_callers_one_adds_a_number(citizens: Citizens) -> None:
    outcomes = together([lambda: citizens.add(WANG)] * 6)
    assert len(winners(outcomes)) == 1
    assert set(errors(outcomes)) <= {NumberTaken, PhoneTaken}


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"name": " \t"},
        {"name": "字" * 101},
        {"name": "a\nb"},
        {"name": "a\u202eb"},
        {"name": "a\ud800"},
        {"phone": "12345"},
        {"phone": "not a phone"},
        {"email": "nobody"},
        {"email": "a@b"},
        {"email": "a b@example.cn"},
        {"email": "a@example.cn\n"},
        {"birthdate": "1990-02-30"},
        {"birthdate": "yesterday"},
        {"birthdate": "2999-01-01"},
        {"gender": "M"},
        {"address": " "},
        {"address": "x" * 501},
    ],
    ids=lambda change: ascii(change)[:30],
)
def test_what_no_profile_can_hold_is_refused_and_not_quoted(citizens: Citizens, change: dict[str, str]) -> None:
    ((member, value),) = change.items()
    with pytest.raises(InvalidDetail) as caught:
        citizens.add(dataclasses.replace(WANG, **change))  # type: ignore[arg-type]
    assert member in str(caught.value)
    assert len(value) < 3 or value not in str(caught.value)
    assert citizens.by_number("110000199001010013") is None


@pytest.mark.parametrize(
    "bad", ["110000199001010014", "11000019900101001", "１10000199001010013", "11010519491231002x"]
)
def test_a_number_comes_in_canonical_form(citizens: Citizens, bad: str) -> None:
    with pytest.raises(InvalidNumber):
        citizens.add(dataclasses.replace(WANG, number=bad))


def test_a_name_of_a_hundred_characters_is_kept(citizens: Citizens) -> None:
    long = "买买提·" * 25
    added = citizens.add(dataclasses.replace(WANG, name=long))
    found = citizens.by_id(added.id)
    assert found is not None
    assert found.profile.name == long


def test_a_corrected_number_keeps_id_and_history(citizens: Citizens, clock: FrozenClock) -> None:
    added = citizens.add(WANG)
    start = int(clock.now())
    clock.advance(60)
    corrected = citizens.correct_number(added.id, number(3))
    assert corrected.id == added.id
    assert corrected == citizens.by_id(added.id) == citizens.by_number(number(3))
    assert corrected.profile.birthdate == "1950-01-04"
    assert corrected.profile.gender == "female"
    assert citizens.by_number("110000199001010013") is None
    assert citizens.number_history(added.id) == (
        NumberPeriod("110000199001010013", start, start + 60),
        NumberPeriod(number(3), start + 60, None),
    )


def test_a_birth_date_that_was_told_apart_stays_when_the_number_changes(citizens: Citizens) -> None:
    added = citizens.add(dataclasses.replace(WANG, birthdate="1990-01-02"))
    assert citizens.correct_number(added.id, number(3)).profile.birthdate == "1990-01-02"


def test_a_number_that_was_given_up_is_free(citizens: Citizens) -> None:
    first = citizens.add(WANG)
    citizens.correct_number(first.id, number(3))
    second = citizens.add(dataclasses.replace(WANG, phone=None))
    assert citizens.by_number("110000199001010013") == second
    with pytest.raises(NumberTaken):
        citizens.correct_number(first.id, "110000199001010013")
    assert citizens.by_number(number(3)) == citizens.by_id(first.id)


def test_a_changed_phone_is_what_signs_in_from_then_on(citizens: Citizens) -> None:
    added = citizens.add(WANG)
    changed = citizens.change_profile(added.id, lambda profile: dataclasses.replace(profile, phone=phone(7)))
    assert citizens.by_phone(phone(7)) == changed
    assert citizens.by_phone("+8613800138000") is None
    removed = citizens.change_profile(added.id, lambda profile: dataclasses.replace(profile, phone=None))
    assert removed.profile.phone is None
    assert citizens.by_phone(phone(7)) is None
    assert citizens.by_number("110000199001010013") == removed


def test_a_profile_cannot_be_changed_into_a_bad_one(citizens: Citizens) -> None:
    added = citizens.add(WANG)
    with pytest.raises(InvalidDetail):
        citizens.change_profile(added.id, lambda profile: dataclasses.replace(profile, email="nobody"))
    assert citizens.by_id(added.id) == added


def test_parallel_changes_of_one_profile_are_all_kept(citizens: Citizens) -> None:
    added = citizens.add(dataclasses.replace(WANG, name="n"))

    def longer(profile: Profile) -> Profile:
        return dataclasses.replace(profile, name=profile.name + "n")

    assert errors(together([lambda: citizens.change_profile(added.id, longer)] * 4)) == []
    found = citizens.by_id(added.id)
    assert found is not None
    assert found.profile.name == "nnnnn"


def test_a_suspended_citizen_may_not_sign_in(citizens: Citizens) -> None:
    added = citizens.add(WANG)
    for status in (Status.SUSPENDED, Status.DECEASED, Status.CLOSED, Status.ACTIVE):
        citizens.set_status(added.id, status)
        found = citizens.by_id(added.id)
        assert found is not None
        assert found.status is status
        assert found.may_sign_in is (status is Status.ACTIVE)


def test_nobody_cannot_be_changed(citizens: Citizens) -> None:
    for change in (
        lambda: citizens.set_status("nobody", Status.CLOSED),
        lambda: citizens.correct_number("nobody", number(1)),
        lambda: citizens.change_profile("nobody", lambda profile: profile),
        lambda: citizens.set_password_hash("nobody", "hash"),
        lambda: citizens.set_totp_secret("nobody", "JBSWY3DPEHPK3PXP"),
    ):
        with pytest.raises(NotFound):
            change()


def test_credentials_change(citizens: Citizens, records: Records) -> None:
    added = citizens.add(WANG)
    citizens.set_password_hash(added.id, "second", must_change=True)
    citizens.upgrade_password_hash(added.id, "second", "second, better")
    citizens.set_totp_secret(added.id, "GEZDGNBVGY3TQOJQ")
    account = citizens.account(added.id)
    assert account is not None
    assert account.password_hash == "second, better"
    assert account.must_change_password
    assert account.totp_secret == "GEZDGNBVGY3TQOJQ"
    assert records.credentials.former_hashes(added.id, 10) == ["$argon2id$v=19$hash"]


def test_a_profile_moved_to_another_citizen_does_not_open(citizens: Citizens, sqlite_records_url: str) -> None:
    from idp.storage.records.records import open_records

    records = open_records(sqlite_records_url)
    inside = Citizens(records, citizens._vault, FrozenClock(), CountingRandomness("x"))
    first = inside.add(WANG)
    second = inside.add(dataclasses.replace(WANG, number=number(1), phone=None))
    database = sqlite3.connect(sqlite_records_url.removeprefix("sqlite:///"))
    database.execute("UPDATE citizens SET sealed = (SELECT sealed FROM citizens WHERE id = ?)", [first.id])
    database.commit()
    database.close()
    with pytest.raises(Unsealable):
        inside.by_id(second.id)
    records.close()


def test_nothing_personal_lies_in_the_files(sqlite_records_url: str, vault: Vault, clock: FrozenClock) -> None:
    from idp.storage.records.records import open_records

    records = open_records(sqlite_records_url)
    citizens = Citizens(records, vault, clock, CountingRandomness())
    added = citizens.add(WANG)
    citizens.correct_number(added.id, number(3))
    path = Path(sqlite_records_url.removeprefix("sqlite:///"))
    bytes_at_rest = b"".join(each.read_bytes() for each in path.parent.iterdir() if each.is_file())
    assert added.id.encode() in bytes_at_rest
    for personal in (
        "110000199001010013",
        "19900101",
        "1990-01-01",
        number(3),
        "13800138000",
        "王小明",
        "wang@example.cn",
        "东城",
        "JBSWY3DPEHPK3PXP",
    ):
        assert personal.encode() not in bytes_at_rest
    records.close()


def test_nothing_personal_prints(citizens: Citizens) -> None:
    added = citizens.add(WANG)
    account, history = citizens.account(added.id), citizens.number_history(added.id)
    assert account
    assert history
    for thing in (WANG, account, history):
        for personal in ("110000199001010013", "王小明", "JBSWY3DPEHPK3PXP", "argon2id"):
            assert personal not in repr(thing)
