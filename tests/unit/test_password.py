"""Passwords: argon2id, older hashes, equal cost for everybody, bounded work. All passwords here are made up."""

import hashlib
import itertools
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from statistics import median

import pytest
from argon2 import PasswordHasher

from idp.login.password import (
    Busy,
    Passwords,
    ReusedPassword,
    UnacceptablePassword,
    UnusableHash,
    WrongPassword,
)

SALT = b"0123456789abcdef"


def ab64(raw: bytes) -> str:
    """The base64 of modular crypt formats: `.` for `+`, no padding."""
    return b64encode(raw).decode().rstrip("=").replace("+", ".")


def ssha512(password: str) -> str:
    return "{SSHA512}" + b64encode(hashlib.sha512(password.encode() + SALT).digest() + SALT).decode()


def pbkdf2_sha256(password: str, rounds: int = 1000) -> str:
    return (
        f"$pbkdf2-sha256${rounds}${ab64(SALT)}${ab64(hashlib.pbkdf2_hmac('sha256', password.encode(), SALT, rounds))}"
    )


LEGACY = {
    "pbkdf2_sha256": pbkdf2_sha256("tian-mi-mi 77"),
    "ldap_salted_sha512": ssha512("tian-mi-mi 77"),
    # these two from crypt(3)
    "sha512_crypt": "$6$rounds=1000$0123456789abcdef$"
    "IETkghJJ0ksGsQh7XUtv8PgQj3HgMutrPBzfEZ0XA3BtvrgEqxUpfARRqP97cay4/NVglEtGwRq3bCDZ/jdiT0",
    "bcrypt": "$2b$04$0123456789abcdefghijkuWdG.fgzdCeMFS0bhz/gjGAs.546NJT2",
}


@pytest.fixture(scope="module")
def passwords() -> Passwords:
    return Passwords(concurrency=2)


def test_a_new_hash_is_argon2id_with_the_agreed_costs(passwords: Passwords) -> None:
    stored = passwords.hash("correct horse")
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert PasswordHasher().verify(stored, "correct horse")
    assert passwords.hash("correct horse") != stored


def test_the_right_password_is_verified_and_its_hash_kept(passwords: Passwords) -> None:
    assert passwords.verify("correct horse", passwords.hash("correct horse")).new_hash is None


@pytest.mark.parametrize(
    "password", ["correct hors", "correct horse ", "Correct horse", "", "correct horse\0", "\ud800"]
)
def test_a_wrong_password_is_refused(passwords: Passwords, password: str) -> None:
    stored = passwords.hash("correct horse")
    with pytest.raises(WrongPassword):
        passwords.verify(password, stored)


@pytest.mark.parametrize("scheme", LEGACY)
def test_an_older_hash_is_verified_and_replaced(passwords: Passwords, scheme: str) -> None:
    assert passwords.importable(LEGACY[scheme]) == LEGACY[scheme]
    new_hash = passwords.verify("tian-mi-mi 77", LEGACY[scheme]).new_hash
    assert new_hash is not None
    assert new_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert passwords.verify("tian-mi-mi 77", new_hash).new_hash is None
    with pytest.raises(WrongPassword):
        passwords.verify("tian-mi-mi 78", LEGACY[scheme])


def test_a_weaker_argon2_is_replaced(passwords: Passwords) -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash("correct horse")
    assert passwords.verify("correct horse", weak).new_hash is not None


UNUSABLE = {
    "empty": "",
    "not a hash": "x",
    "clear text": "tian-mi-mi 77",
    "broken argon2": "$argon2id$zzz",
    "argon2 without memory": "$argon2id$v=19$m=1,t=2,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNo",
    "broken bcrypt": "$2b$12$zz",
    "broken ldap": "{SSHA}x",
    "no salt": "{SHA}" + b64encode(hashlib.sha1(b"tian-mi-mi 77").digest()).decode(),
    "ldap clear text": "{CLEARTEXT}tian-mi-mi 77",
}


@pytest.mark.parametrize("kind", UNUSABLE)
def test_an_unusable_hash_verifies_nothing(passwords: Passwords, kind: str) -> None:
    with pytest.raises(UnusableHash):
        passwords.importable(UNUSABLE[kind])
    with pytest.raises(UnusableHash) as refused:
        passwords.verify("tian-mi-mi 77", UNUSABLE[kind])
    assert "tian" not in str(refused.value)


TOO_DEAR = {
    "pbkdf2": f"$pbkdf2-sha256$4000000000${ab64(SALT)}${ab64(bytes(32))}",
    "argon2 time": f"$argon2id$v=19$m=19456,t=4000,p=1${ab64(SALT)}${ab64(bytes(32))}",
    "argon2 memory": f"$argon2id$v=19$m=4000000,t=2,p=1${ab64(SALT)}${ab64(bytes(32))}",
    "scrypt": f"$scrypt$ln=30,r=8,p=1${ab64(SALT)}${ab64(bytes(32))}",
    "sha512_crypt": "$6$rounds=999999999$saltsalt$" + "." * 86,
}


@pytest.mark.parametrize("kind", TOO_DEAR)
def test_an_import_cannot_occupy_a_worker_for_minutes(passwords: Passwords, kind: str) -> None:
    started = time.thread_time()
    with pytest.raises(UnusableHash):
        passwords.importable(TOO_DEAR[kind])
    assert time.thread_time() - started < 0.5


def test_pw_unicode_one_password_from_every_keyboard(passwords: Passwords) -> None:
    composed, decomposed = "caf\u00e9-\ud55c\uad6d", "cafe\u0301-\u1112\u1161\u11ab\u1100\u116e\u11a8"
    assert passwords.verify(decomposed, passwords.hash(composed)).new_hash is None
    assert passwords.verify(composed, passwords.hash(decomposed)).new_hash is None


def test_pw_unicode_compatibility_forms_stay_apart(passwords: Passwords) -> None:
    with pytest.raises(WrongPassword):
        passwords.verify("ｐａｓｓ１", passwords.hash("pass1"))


@pytest.mark.parametrize("length", [257, 1_000_000])
@pytest.mark.parametrize("letter", ["a", "晴"])
def test_pw_long_is_refused_before_any_work(passwords: Passwords, length: int, letter: str) -> None:
    stored = passwords.hash("a")
    started = time.thread_time()
    for kept in (stored, None):
        with pytest.raises(WrongPassword):
            passwords.verify(letter * length, kept)
    with pytest.raises(UnacceptablePassword):
        passwords.hash(letter * length)
    assert time.thread_time() - started < 0.02


def test_the_longest_password_is_verified_whole(passwords: Passwords) -> None:
    longest = "晴" * 200 + "a" * 56
    stored = passwords.hash(longest)
    assert passwords.verify(longest, stored).new_hash is None
    with pytest.raises(WrongPassword):
        passwords.verify(longest[:-1] + "b", stored)


def test_pw_long_counts_bytes_too(passwords: Passwords) -> None:
    assert passwords.hash("\U0001f600" * 256)  # 1024 bytes
    with pytest.raises(UnacceptablePassword):
        passwords.hash("\u0958" * 256)  # 768 bytes as sent, 1536 in Normalization Form C


def seconds(passwords: Passwords, stored: str | None) -> float:
    started = time.perf_counter()
    with pytest.raises(WrongPassword):
        passwords.verify("wrong", stored)
    return time.perf_counter() - started


@pytest.mark.parametrize(
    "stored", [None, ssha512("right"), "$argon2id$zzz", ""], ids=["unknown", "fast", "broken", "empty"]
)
def test_enum_timing_every_refusal_costs_one_argon2(passwords: Passwords, stored: str | None) -> None:
    current = passwords.hash("right")
    pairs = [(seconds(passwords, current), seconds(passwords, stored)) for _ in range(9)]
    known, other = median(pair[0] for pair in pairs), median(pair[1] for pair in pairs)
    assert known / 2 < other < known * 2


def test_a_password_the_citizen_had_before_is_refused(passwords: Passwords) -> None:
    former = [passwords.hash("spring rain"), LEGACY["ldap_salted_sha512"], "a broken hash"]
    passwords.unused("something new", former)
    for old in ("spring rain", "tian-mi-mi 77"):
        with pytest.raises(ReusedPassword):
            passwords.unused(old, former)


@contextmanager
def occupied(passwords: Passwords) -> Iterator[None]:
    """The only slot is taken as long as this lasts."""
    leave, inside = threading.Event(), threading.Event()

    def sit() -> None:
        with passwords._turn():
            inside.set()
            leave.wait(20)

    sitting = threading.Thread(target=sit)
    sitting.start()
    try:
        assert inside.wait(5)
        yield
    finally:
        leave.set()
        sitting.join(5)


def test_a_storm_of_sign_ins_waits_a_bounded_time() -> None:
    passwords = Passwords(concurrency=1, queue=1, patience=0.3)
    with occupied(passwords):
        started = time.perf_counter()
        with pytest.raises(Busy):
            passwords.verify("x", None)
        assert 0.25 < time.perf_counter() - started < 3


def test_when_the_queue_is_full_nobody_waits() -> None:
    passwords = Passwords(concurrency=1, queue=1, patience=15)

    def attempt(_: int) -> type[Exception]:
        with pytest.raises((Busy, WrongPassword)) as refused:
            passwords.verify("x", None)
        return refused.type

    with ThreadPoolExecutor(4) as pool:
        with occupied(passwords):
            attempts = [pool.submit(attempt, each) for each in range(4)]
            early = [done.result() for done in itertools.islice(as_completed(attempts, timeout=10), 3)]
        assert early == [Busy, Busy, Busy]
        assert sorted(each.result().__name__ for each in attempts) == ["Busy", "Busy", "Busy", "WrongPassword"]


def test_a_turn_is_given_back_whatever_happens() -> None:
    passwords = Passwords(concurrency=1, queue=0, patience=0.1)
    for stored in (None, "broken", passwords.hash("y")):
        with pytest.raises(WrongPassword):
            passwords.verify("x", stored)
    assert passwords.verify("x", passwords.hash("x")).new_hash is None
