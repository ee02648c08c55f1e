"""Citizens, identifiers and credentials."""

import dataclasses

import pytest

from idp.secrets import digest
from idp.storage.records.citizens import StoredIdentifier
from idp.storage.records.credentials import StoredPassword
from idp.storage.records.errors import Changed, IdentifierTaken, NotFound
from idp.storage.records.records import Records
from idp.vault import MasterKeys, Vault
from tests.support import records_worker
from tests.support.citizens import enrolment
from tests.support.parallel import errors, in_processes, together, winners
from tests.support.randomness import CountingRandomness
from tests.support.sql_counter import counted_statements


@pytest.fixture
def ada(records: Records, vault: Vault) -> str:
    records.citizens.add(enrolment(vault, "ada", number="N1", phone="P1"))
    records.credentials.replace_recovery_codes("ada", [digest("first"), digest("second")])
    return "ada"


def test_a_citizen_is_found_by_id_and_identifiers(records: Records, vault: Vault, ada: str) -> None:
    stored = records.citizens.by_id(ada)
    assert stored is not None
    assert vault.open(stored.sealed, "profile:ada") == b"profile"
    assert (stored.id, stored.status, stored.created_at, stored.updated_at) == ("ada", "active", 10, 10)
    assert records.citizens.by_fingerprints("number", vault.fingerprints("number", "N1")) == stored
    assert records.citizens.by_fingerprints("phone", vault.fingerprints("phone", "P1")) == stored


def test_what_is_not_there_is_not_found(records: Records, vault: Vault, ada: str) -> None:
    assert records.citizens.by_id("nobody") is None
    assert records.citizens.by_fingerprints("number", vault.fingerprints("number", "P1")) is None
    assert records.citizens.by_fingerprints("phone", vault.fingerprints("number", "N1")) is None
    assert records.credentials.login_row("number", vault.fingerprints("number", "N2")) is None
    assert records.credentials.login_row_of("nobody") is None


@pytest.mark.parametrize("kind", ["number", "phone"])
def test_an_identifier_has_one_citizen(records: Records, vault: Vault, ada: str, kind: str) -> None:
    value = {"number": "N1", "phone": "P1"}[kind]
    with pytest.raises(IdentifierTaken) as caught:
        records.citizens.add(enrolment(vault, "bob", **{kind: value}))
    assert caught.value.kind == kind
    assert records.citizens.by_id("bob") is None


def test_a_value_fingerprinted_under_an_older_key_is_taken_too(
    records: Records, randomness: CountingRandomness
) -> None:
    old, new = (MasterKeys.generate(randomness, at) for at in (0, 86_400))
    records.citizens.add(enrolment(Vault(MasterKeys.parse(old), randomness), "ada", number="N1"))
    changed = Vault(MasterKeys.parse(new + old), randomness)
    assert records.citizens.by_fingerprints("number", changed.fingerprints("number", "N1")) is not None
    assert records.credentials.login_row("number", changed.fingerprints("number", "N1")) is not None
    with pytest.raises(IdentifierTaken):
        records.citizens.add(enrolment(changed, "bob", number="N1"))


def test_of_parallel_callers_one_gets_the_number(records: Records, vault: Vault) -> None:
    every = [enrolment(vault, f"citizen-{index}", number="N1", phone=f"P{index}") for index in range(8)]
    outcomes = together([lambda each=each: records.citizens.add(each) for each in every])
    assert len(winners(outcomes)) == 1
    assert set(errors(outcomes)) == {IdentifierTaken}
    present = [index for index in range(8) if records.citizens.by_id(f"citizen-{index}")]
    assert len(present) == 1


def test_status_changes(records: Records, ada: str) -> None:
    records.citizens.set_status(ada, "suspended", 20)
    stored = records.citizens.by_id(ada)
    assert stored is not None
    assert (stored.status, stored.updated_at) == ("suspended", 20)
    with pytest.raises(NotFound):
        records.citizens.set_status("nobody", "closed", 20)


def test_a_corrected_number_leaves_the_old_one_in_the_history(records: Records, vault: Vault, ada: str) -> None:
    _give_number(records, vault, ada, "N2")
    history = [(each.kind, each.since, each.until) for each in records.citizens.history(ada)]
    assert history == [("number", 10, 30), ("phone", 10, None), ("number", 30, None)]
    assert records.citizens.by_fingerprints("number", vault.fingerprints("number", "N1")) is None
    assert records.citizens.by_fingerprints("number", vault.fingerprints("number", "N2")) is not None


def test_a_number_that_was_given_up_may_be_anothers(records: Records, vault: Vault, ada: str) -> None:
    _give_number(records, vault, ada, "N2")
    records.citizens.add(enrolment(vault, "bob", number="N1"))
    found = records.citizens.by_fingerprints("number", vault.fingerprints("number", "N1"))
    assert found is not None
    assert found.id == "bob"
    with pytest.raises(IdentifierTaken):
        _give_number(records, vault, ada, "N1")
    still = records.citizens.by_fingerprints("number", vault.fingerprints("number", "N2"))
    assert still is not None
    assert still.id == ada


def test_of_parallel_rewrites_one_wins_and_the_others_are_told(records: Records, vault: Vault, ada: str) -> None:
    before = records.citizens.by_id(ada)
    assert before is not None
    expected = before.sealed
    profiles = [vault.seal(f"{index}".encode(), "profile:ada") for index in range(6)]
    outcomes = together([lambda each=each: records.citizens.rewrite(ada, expected, each, 30) for each in profiles])
    assert len(winners(outcomes)) == 1
    assert set(errors(outcomes)) == {Changed}


# -- credentials -------------------------------------------------------------------------------------------------------


def test_a_sign_in_reads_everything_in_one_statement(records: Records, vault: Vault, ada: str) -> None:
    with counted_statements() as log:
        row = records.credentials.login_row("number", vault.fingerprints("number", "N1"))
    assert log.count == 1
    assert row is not None
    assert row.citizen == records.citizens.by_id(ada)
    assert row.password == StoredPassword("$argon2id$one", 10, False)
    assert vault.open(row.sealed_totp or b"", "totp:ada") == b"JBSWY3DPEHPK3PXP"
    assert row.recovery_codes == 2
    assert records.credentials.login_row_of(ada) == row


def test_a_citizen_without_credentials_is_found_without_any(records: Records, vault: Vault) -> None:
    bare = dataclasses.replace(enrolment(vault, "bob", number="N9"), password_hash=None, sealed_totp=None)
    records.citizens.add(bare)
    row = records.credentials.login_row("number", vault.fingerprints("number", "N9"))
    assert row is not None
    assert (row.password, row.sealed_totp, row.recovery_codes) == (None, None, 0)


def test_reads_that_stand_in_a_hop_are_one_statement_each(records: Records, vault: Vault, ada: str) -> None:
    for read in (
        lambda: records.citizens.by_id(ada),
        lambda: records.citizens.by_fingerprints("number", vault.fingerprints("number", "N1")),
        lambda: records.consents.find(ada, "client"),
        lambda: records.clients.get("client"),
        lambda: records.families.get("family"),
    ):
        with counted_statements() as log:
            read()
        assert log.count == 1, log.statements


def password_of(records: Records, citizen_id: str) -> StoredPassword | None:
    row = records.credentials.login_row_of(citizen_id)
    assert row is not None
    return row.password


def test_former_passwords_are_remembered_up_to_a_number(records: Records, ada: str) -> None:
    for index in range(1, 5):
        records.credentials.set_password(ada, f"hash-{index}", 100 + index, keep=3)
    assert password_of(records, ada) == StoredPassword("hash-4", 104, False)
    assert records.credentials.former_hashes(ada, 10) == ["hash-3", "hash-2", "hash-1"]
    assert records.credentials.former_hashes(ada, 1) == ["hash-3"]
    records.credentials.set_password(ada, "hash-5", 200, keep=0, must_change=True)
    assert records.credentials.former_hashes(ada, 10) == []
    assert password_of(records, ada) == StoredPassword("hash-5", 200, True)


def test_an_upgraded_hash_is_no_new_password(records: Records, ada: str) -> None:
    records.credentials.upgrade_hash(ada, "$argon2id$one", "$argon2id$better")
    assert password_of(records, ada) == StoredPassword("$argon2id$better", 10, False)
    assert records.credentials.former_hashes(ada, 10) == []


def test_an_upgrade_does_not_undo_a_change_that_came_between(records: Records, ada: str) -> None:
    records.credentials.set_password(ada, "changed", 20, keep=5)
    records.credentials.upgrade_hash(ada, "$argon2id$one", "$argon2id$better")
    assert password_of(records, ada) == StoredPassword("changed", 20, False)


def test_a_password_takes_the_place_of_the_expected_one_or_of_none(records: Records, ada: str) -> None:
    records.credentials.set_password(ada, "owner's", 20, keep=5, replaces="$argon2id$one")
    with pytest.raises(Changed):
        records.credentials.set_password(ada, "attacker's", 20, keep=5, replaces="$argon2id$one")
    assert password_of(records, ada) == StoredPassword("owner's", 20, False)
    assert records.credentials.former_hashes(ada, 10) == ["$argon2id$one"]


def test_totp_is_enrolled_and_replaced(records: Records, vault: Vault, ada: str) -> None:
    records.credentials.set_totp(ada, vault.seal(b"other", "totp:ada"), 30)
    row = records.credentials.login_row_of(ada)
    assert row is not None
    assert vault.open(row.sealed_totp or b"", "totp:ada") == b"other"


def test_credentials_need_a_citizen(records: Records, vault: Vault) -> None:
    with pytest.raises(NotFound):
        records.credentials.set_password("nobody", "hash", 1, keep=5)
    with pytest.raises(NotFound):
        records.credentials.set_totp("nobody", vault.seal(b"", "totp:nobody"), 1)
    with pytest.raises(NotFound):
        records.credentials.replace_recovery_codes("nobody", [digest("a")])


def test_a_recovery_code_works_once(records: Records, ada: str) -> None:
    records.credentials.use_recovery_code(ada, digest("first"), 20)
    with pytest.raises(NotFound):
        records.credentials.use_recovery_code(ada, digest("first"), 21)
    with pytest.raises(NotFound):
        records.credentials.use_recovery_code(ada, digest("unknown"), 21)
    with pytest.raises(NotFound):
        records.credentials.use_recovery_code("bob", digest("second"), 21)
    row = records.credentials.login_row_of(ada)
    assert row is not None
    assert row.recovery_codes == 1


def test_of_parallel_callers_one_uses_a_code(records: Records, ada: str) -> None:
    calls = [lambda: records.credentials.use_recovery_code(ada, digest("first"), 20)] * 8
    outcomes = together(calls)
    assert len(winners(outcomes)) == 1
    assert set(errors(outcomes)) == {NotFound}


def test_of_parallel_processes_one_uses_each_code(records: Records, records_url: str, ada: str) -> None:
    digests = [digest(f"{index}") for index in range(20)]
    records.credentials.replace_recovery_codes(ada, digests)
    won = in_processes(records_worker.use_codes, [(records_url, ada, digests)] * 3)
    assert sorted(code for each in won for code in each) == sorted(digests)


def test_new_recovery_codes_end_all_before(records: Records, ada: str) -> None:
    sets = [[digest(f"{index}-{code}") for code in range(10)] for index in range(4)]
    assert errors(together([lambda s=s: records.credentials.replace_recovery_codes(ada, s) for s in sets])) == []
    row = records.credentials.login_row_of(ada)
    assert row is not None
    assert row.recovery_codes == 10
    with pytest.raises(NotFound):
        records.credentials.use_recovery_code(ada, digest("first"), 30)


def _give_number(records: Records, vault: Vault, citizen_id: str, number: str) -> None:
    stored = records.citizens.by_id(citizen_id)
    assert stored is not None
    context = f"identifier:number:{citizen_id}"
    fresh = StoredIdentifier(
        citizen_id, "number", vault.fingerprint("number", number), vault.seal(number.encode(), context), 30
    )
    records.citizens.rewrite(
        citizen_id,
        stored.sealed,
        vault.seal(b"changed", f"profile:{citizen_id}"),
        30,
        ended=["number"],
        begun=[fresh],
        known_as=[("number", each) for each in vault.fingerprints("number", number)],
    )
