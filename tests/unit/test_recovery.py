"""Recovery codes: readable, unguessable, each good once, kept as keyed digests. Over real records and a real vault."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from idp.login.recovery import (
    ALPHABET,
    Fingerprints,
    WrongRecoveryCode,
    code_digests,
    new_codes,
    normalise,
    use,
)
from idp.storage.records import Records, open_records
from idp.vault import MasterKeys, Vault
from tests.support.citizens import enrolment
from tests.support.randomness import CountingRandomness


@pytest.fixture
def vault(randomness: CountingRandomness) -> Vault:
    return Vault(MasterKeys.parse(MasterKeys.generate(randomness, 0)), randomness)


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    opened = open_records(f"sqlite:///{tmp_path / 'records.db'}")
    yield opened
    opened.close()


@pytest.fixture
def fingerprints(vault: Vault) -> Fingerprints:
    return partial(vault.fingerprints, "recovery")


def enrol(records: Records, vault: Vault, citizen_id: str, codes: tuple[str, ...]) -> None:
    number = {"ada": "110000199001010013", "bob": "110000199001010021"}[citizen_id]
    records.citizens.add(enrolment(vault, citizen_id, number=number))
    digests = [code_digests(citizen_id, code, partial(vault.fingerprints, "recovery"))[0] for code in codes]
    records.credentials.replace_recovery_codes(citizen_id, digests)


def test_codes_are_readable_and_hard_to_guess() -> None:
    codes = new_codes(CountingRandomness(), 200)
    assert all(re.fullmatch(r"[0-9a-hjkmnp-tv-z]{4}(-[0-9a-hjkmnp-tv-z]{4}){2}", code) for code in codes)
    assert len(set(codes)) == 200
    assert {character for code in codes for character in code} == {*ALPHABET, "-"}
    assert len(ALPHABET) ** 12 >= 2**50
    assert len(new_codes(CountingRandomness())) == 10


@pytest.mark.parametrize(
    "typed",
    ["7k2m-9qxr-01hd", "7K2M-9QXR-01HD", " 7k2m 9qxr 01hd ", "7k2m9qxr01hd", "7k2m-9qxr-oihd", "7k2m-9qxr-OLHD"],
)
def test_what_people_make_of_a_code_is_one_code(typed: str) -> None:
    assert normalise(typed) == "7k2m9qxr01hd"


@pytest.mark.parametrize(
    "typed", ["", "7k2m-9qxr-01h", "7k2m-9qxr-01hdd", "7k2m-9qxr-01hu", "7k2m-9qxr-０1hd", "-" * 1_000_000]
)
def test_what_cannot_be_a_code_is_wrong(typed: str) -> None:
    with pytest.raises(WrongRecoveryCode):
        normalise(typed)


def test_a_code_works_once(records: Records, vault: Vault, fingerprints: Fingerprints) -> None:
    codes = new_codes(CountingRandomness(), 2)
    enrol(records, vault, "ada", codes)
    use("ada", codes[0].upper(), fingerprints, records.credentials, 20)
    with pytest.raises(WrongRecoveryCode):
        use("ada", codes[0], fingerprints, records.credentials, 21)
    use("ada", codes[1], fingerprints, records.credentials, 22)


def test_a_code_works_for_its_owner_only(records: Records, vault: Vault, fingerprints: Fingerprints) -> None:
    codes = new_codes(CountingRandomness(), 1)
    enrol(records, vault, "ada", codes)
    enrol(records, vault, "bob", ())
    with pytest.raises(WrongRecoveryCode):
        use("bob", codes[0], fingerprints, records.credentials, 20)
    use("ada", codes[0], fingerprints, records.credentials, 21)


def test_of_parallel_callers_one_uses_the_code(records: Records, vault: Vault, fingerprints: Fingerprints) -> None:
    codes = new_codes(CountingRandomness(), 1)
    enrol(records, vault, "ada", codes)

    def attempt(at: int) -> bool:
        try:
            use("ada", codes[0], fingerprints, records.credentials, at)
        except WrongRecoveryCode:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(attempt, range(18))) == 1


def test_a_code_outlives_a_change_of_the_master_key(records: Records, randomness: CountingRandomness) -> None:
    old = MasterKeys.generate(randomness, 0)
    codes = new_codes(randomness, 1)
    enrol(records, Vault(MasterKeys.parse(old), randomness), "ada", codes)
    both = Vault(MasterKeys.parse(MasterKeys.generate(randomness, 100_000) + old), randomness)
    use("ada", codes[0], partial(both.fingerprints, "recovery"), records.credentials, 20)


def test_what_is_kept_depends_on_the_key_the_citizen_and_the_code(vault: Vault, randomness: CountingRandomness) -> None:
    other = Vault(MasterKeys.parse(MasterKeys.generate(randomness, 0)), randomness)
    kept = {
        code_digests(citizen, code, partial(each.fingerprints, "recovery"))
        for each in (vault, other)
        for citizen in ("ada", "bob")
        for code in ("7k2m-9qxr-01hd", "7k2m-9qxr-01he")
    }
    assert len(kept) == 8
    assert all(re.fullmatch("[0-9a-f]{64}", digest) for digests in kept for digest in digests)
