"""Recovery codes: readable, unguessable, each good once, kept as keyed digests. Over real records and a real vault."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from idp.login.recovery import ALPHABET, Recovery, WrongRecoveryCode, code_digest, new_codes, normalise
from idp.storage.records.errors import NotFound
from idp.storage.records.records import Records, open_records
from idp.vault import MasterKeys, Vault
from tests.support.citizens import enrolment
from tests.support.clock import FrozenClock
from tests.support.randomness import CountingRandomness

SECRET = b"s" * 32


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    opened = open_records(f"sqlite:///{tmp_path / 'records.db'}")
    yield opened
    opened.close()


@pytest.fixture
def vault(randomness: CountingRandomness) -> Vault:
    return Vault(MasterKeys.parse(MasterKeys.generate(randomness, 0)), randomness)


@pytest.fixture
def recovery(records: Records, vault: Vault, clock: FrozenClock, randomness: CountingRandomness) -> Recovery:
    """With two citizens, ada and bob."""
    records.citizens.add(enrolment(vault, "ada", number="110000199001010013"))
    records.citizens.add(enrolment(vault, "bob", number="110000199001010021"))
    return Recovery(records.credentials, lambda: SECRET, clock, randomness)


def test_codes_are_readable_and_hard_to_guess() -> None:
    randomness = CountingRandomness()
    codes = [code for _ in range(20) for code in new_codes(randomness)]
    assert all(re.fullmatch(r"[0-9a-hjkmnp-tv-z]{4}(-[0-9a-hjkmnp-tv-z]{4}){2}", code) for code in codes)
    assert len(set(codes)) == 200
    assert {character for code in codes for character in code} == {*ALPHABET, "-"}
    assert len(ALPHABET) ** 12 >= 2**50


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


def test_each_of_ten_codes_works_once(recovery: Recovery) -> None:
    codes = recovery.renew("ada")
    assert len(codes) == 10
    for code in codes:
        recovery.use("ada", code.upper())
        with pytest.raises(WrongRecoveryCode):
            recovery.use("ada", code)


def test_a_code_works_for_its_owner_only(recovery: Recovery) -> None:
    code = recovery.renew("ada")[0]
    with pytest.raises(WrongRecoveryCode):
        recovery.use("bob", code)
    recovery.use("ada", code)


def test_new_codes_end_the_old_ones(recovery: Recovery) -> None:
    old = recovery.renew("ada")
    new = recovery.renew("ada")
    with pytest.raises(WrongRecoveryCode):
        recovery.use("ada", old[0])
    recovery.use("ada", new[0])


def test_nobody_has_no_codes(recovery: Recovery) -> None:
    with pytest.raises(NotFound):
        recovery.renew("nobody")
    with pytest.raises(WrongRecoveryCode):
        recovery.use("nobody", "7k2m-9qxr-01hd")


def test_of_parallel_callers_one_uses_the_code(recovery: Recovery) -> None:
    code = recovery.renew("ada")[0]

    def attempt(_: int) -> bool:
        try:
            recovery.use("ada", code)
        except WrongRecoveryCode:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(attempt, range(18))) == 1


def test_what_is_kept_depends_on_the_secret_the_citizen_and_the_code() -> None:
    kept = {
        code_digest(citizen, code, secret)
        for secret in (SECRET, b"t" * 32)
        for citizen in ("ada", "bob")
        for code in ("7k2m-9qxr-01hd", "7k2m-9qxr-01he")
    }
    assert len(kept) == 8
    assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in kept)


def test_codes_of_another_deployment_are_wrong(
    records: Records, recovery: Recovery, clock: FrozenClock, randomness: CountingRandomness
) -> None:
    code = recovery.renew("ada")[0]
    with pytest.raises(WrongRecoveryCode):
        Recovery(records.credentials, lambda: b"t" * 32, clock, randomness).use("ada", code)
