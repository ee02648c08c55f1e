"""Passwords: argon2id for all that is new, and hashes of older systems until their owner signs in. The home of passlib.

Every `verify` that is not refused at once costs at least one argon2id, whether the account is unknown, its hash is
current or comes from an older scheme, and whether the password is right or wrong: a quick answer tells nothing. An
imported scheme that is itself slower than argon2id (sha512_crypt, say) shows until the first sign-in replaces its hash.

Hashing is slow on purpose, so it is bounded: `concurrency` run, `queue` wait at most `patience` seconds, all others are
`Busy` at once. A storm of sign-ins then costs neither every core nor every thread of the server.

A password is hashed in Normalization Form C, as RFC 8265 section 4.2 has it (OpaqueString), so that it is the same from
every keyboard; letters of compatibility forms (full-width ones, say) stay what they are.
"""

import secrets
import threading
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from passlib.context import CryptContext
from passlib.exc import MissingBackendError

LONGEST_CHARACTERS: Final = 256
LONGEST_BYTES: Final = 1024

LEGACY_SCHEMES: Final = (
    *("scrypt", "pbkdf2_sha256", "pbkdf2_sha512", "bcrypt", "bcrypt_sha256", "sha512_crypt", "sha256_crypt"),
    *("ldap_salted_sha1", "ldap_salted_sha256", "ldap_salted_sha512"),
)
"""Salted schemes only: what comes without a salt is a list of passwords and has to be reset."""

DEAREST: Final = {
    "argon2": 10,
    "scrypt": 18,  # these two are powers of two
    "bcrypt": 15,
    "bcrypt_sha256": 15,
    "pbkdf2_sha256": 2_000_000,
    "pbkdf2_sha512": 2_000_000,
    "sha512_crypt": 1_000_000,
    "sha256_crypt": 1_000_000,
}
"""The most rounds an imported hash may ask for: more would let one row of a file occupy a worker for minutes."""
DEAREST_MEMORY_KIB: Final = 262_144


class WrongPassword(Exception):
    """Wrong, or nobody's. The two are not told apart."""


class UnusableHash(WrongPassword):
    """The stored hash is of no scheme we know, malformed, or too dear: the citizen needs a new password."""


class UnacceptablePassword(ValueError):
    """Not a password at all: empty, too long, or not text."""


class TooLong(UnacceptablePassword):
    """More than `LONGEST_CHARACTERS`, or more than `LONGEST_BYTES` in UTF-8."""


class ReusedPassword(ValueError):
    """The citizen had this password before."""


class Busy(Exception):
    """Too many passwords are being verified just now; try again in `retry_after` seconds."""

    retry_after: Final = 2


@dataclass(frozen=True, slots=True)
class Verified:
    """The password was right. `new_hash`, if any, is to be stored in place of the old one."""

    new_hash: str | None


class Passwords:
    def __init__(self, concurrency: int, queue: int = 8, patience: float = 2.0) -> None:
        """At most `concurrency` hashes at a time; at most `queue` callers wait, each at most `patience` seconds."""
        self._context = CryptContext(
            ["argon2", *LEGACY_SCHEMES],
            deprecated="auto",
            argon2__type="ID",
            argon2__memory_cost=19_456,
            argon2__time_cost=2,
            argon2__parallelism=1,
        )
        self._running = threading.BoundedSemaphore(concurrency)
        self._admitted = threading.BoundedSemaphore(concurrency + queue)
        self._patience = patience
        self._nobodys = _nobodys(self._context)

    def hash(self, password: str) -> str:
        """A new hash. Raises `UnacceptablePassword` or `Busy`."""
        plain = prepared(password)
        with self._turn():
            return str(self._context.hash(plain))

    def verify(self, password: str, stored: str | None) -> Verified:
        """Verify against the stored hash, or at the same cost against nobody's (`None`).

        Raises `WrongPassword` or `Busy`.
        """
        try:
            plain = prepared(password)
        except UnacceptablePassword:
            raise WrongPassword from None
        with self._turn():
            if stored is None:
                self._waste(plain)
                raise WrongPassword
            return self._verified(plain, stored)

    def unused(self, password: str, former: Sequence[str]) -> None:
        """Prove that a new password is none of the former ones. Raises `ReusedPassword` or `Busy`."""
        plain = prepared(password)
        for stored in former:
            with self._turn():
                if self._matches(plain, stored):
                    raise ReusedPassword

    def importable(self, stored: str) -> str:
        """A hash from another system that `verify` can verify at a bearable cost. Raises `UnusableHash`."""
        scheme = self._context.identify(stored, resolve=True)
        if scheme is None:
            raise UnusableHash("unknown scheme")
        if not getattr(scheme, "has_backend", _always)():
            raise UnusableHash("scheme not supported in this installation")
        try:
            parsed = scheme.from_string(stored)
        except ValueError:
            raise UnusableHash("malformed") from None
        if getattr(parsed, "rounds", 0) > DEAREST.get(scheme.name, 0):
            raise UnusableHash("asks for too many rounds")
        if getattr(parsed, "memory_cost", 0) > DEAREST_MEMORY_KIB:
            raise UnusableHash("asks for too much memory")
        return stored

    def _verified(self, plain: str, stored: str) -> Verified:
        try:
            matches, new_hash = self._context.verify_and_update(plain, stored)
        except (ValueError, MissingBackendError):
            self._waste(plain)
            raise UnusableHash("malformed, or of no scheme supported here") from None
        if matches:
            return Verified(new_hash)
        if self._context.needs_update(stored):
            self._waste(plain)
        raise WrongPassword

    def _matches(self, plain: str, stored: str) -> bool:
        try:
            return bool(self._context.verify(plain, stored))
        except (ValueError, MissingBackendError):
            return False

    def _waste(self, plain: str) -> None:
        self._context.verify(plain, self._nobodys)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._admitted.acquire(blocking=False):
            raise Busy
        try:
            if not self._running.acquire(timeout=self._patience):
                raise Busy
            try:
                yield
            finally:
                self._running.release()
        finally:
            self._admitted.release()


def prepared(password: str) -> str:
    """The password as it is hashed. Its length is bounded before any work; a NUL would end it early in bcrypt.

    Raises `UnacceptablePassword`.
    """
    if len(password) > LONGEST_CHARACTERS:
        raise TooLong
    if not password or "\0" in password:
        raise UnacceptablePassword
    normal = unicodedata.normalize("NFC", password)
    try:
        raw = normal.encode()
    except UnicodeEncodeError:
        raise UnacceptablePassword from None
    if len(raw) > LONGEST_BYTES:
        raise TooLong
    return normal


def _nobodys(context: CryptContext) -> str:
    """A hash of today's cost that no password has: its digest is drawn and not computed."""
    drawn = context.handler("argon2")(use_defaults=True)
    drawn.checksum = secrets.token_bytes(drawn.checksum_size)
    return str(drawn.to_string())


def _always() -> bool:
    return True
