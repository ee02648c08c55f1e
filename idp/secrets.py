"""Randomness, handles of one-time and bearer values, and how they are kept: as digests, compared in constant time.

A *handle* is what a browser or a client holds (a session id, a code, a token): one shard character and 256 random bits.
All state of one citizen lies in one shard, so that a session, its codes and its tokens can be read and written together
in one script (and in one hash slot of a Redis Cluster). There are sixteen shards; the character a handle starts with
is shared by a sixteenth of all citizens and tells two clients nothing useful about whether they see the same person.
"""

import base64
import hashlib
import hmac
import os
from typing import Final, Protocol

SHARDS: Final = "0123456789abcdef"


class Randomness(Protocol):
    """Asked for, so that tests can freeze it."""

    def bytes(self, count: int) -> bytes:
        """That many random bytes."""
        ...


class SystemRandomness:
    """The operating system's."""

    def bytes(self, count: int) -> bytes:
        """Fit for keys and handles."""
        return os.urandom(count)


def urlsafe(raw: bytes) -> str:
    """Base64url without padding (RFC 7515 section 2)."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def mint_anywhere(randomness: Randomness) -> str:
    """A handle in a shard of its own choice: for what belongs to no citizen yet."""
    return mint(randomness, SHARDS[randomness.bytes(1)[0] % len(SHARDS)])


def mint(randomness: Randomness, shard: str) -> str:
    """A new handle: `shard` and 256 random bits."""
    return shard + urlsafe(randomness.bytes(32))


def shard_of(handle: str) -> str:
    """The shard a handle names. Whatever an outsider sends has one, so that junk is simply not found."""
    first = handle[:1]
    return first if first in SHARDS and first else SHARDS[0]


def shard_for(name: str) -> str:
    """The shard of something that has a name of its own, such as a citizen's id."""
    return hashlib.sha256(name.encode()).hexdigest()[0]


def digest(value: str) -> str:
    """How a value of full entropy is kept: SHA-256 in hex. Never for passwords, numbers or anything guessable."""
    return hashlib.sha256(value.encode()).hexdigest()


def equal(left: str, right: str) -> bool:
    """Equality in constant time."""
    return hmac.compare_digest(left.encode(), right.encode())
