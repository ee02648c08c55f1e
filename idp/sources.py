"""What one source does too much of: guesses over all accounts, one password tried on everybody; sign-ins begun.

A bucket that drains: each attempt is one drop, a success may take its drop back, and when the bucket is full the source
waits for the next drop to leave. An office or a whole network behind one address thus fills it only with mistakes, and
nobody is locked out for longer than a drop takes.
"""

import ipaddress
import math
import re
from dataclasses import dataclass, replace
from typing import Final

from idp.clock import Clock
from idp.codec import decode, encode
from idp.secrets import digest, shard_for
from idp.storage.state import Conflict, Gone, Key, StateStore, Throttled

TRIES: Final = 5
_PLAIN: Final = re.compile(r"(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(?:\.(?!\Z)|\Z)){4}", re.ASCII)
"""Most addresses: IPv4 in its one spelling, which needs no parsing."""
_WITH_PORT: Final = re.compile(r"\[([^][]*)\](?::[0-9]{1,5})?|([0-9.]+):[0-9]{1,5}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Bucket:
    """Holds `size` drops and loses one every `drain` seconds."""

    size: int
    drain: float


@dataclass(frozen=True, slots=True)
class Level:
    drops: float
    at: float


EMPTY: Final = Level(0, 0)


def address_of(text: str) -> str:
    """The IP address that a text is, in one spelling; brackets and a port go, IPv4 in IPv6 is IPv4. Empty if it is
    none."""
    if _PLAIN.fullmatch(text):
        return text
    ported = _WITH_PORT.fullmatch(text)
    try:
        parsed = ipaddress.ip_address(ported[1] or ported[2] if ported else text)
    except ValueError:
        return ""
    return str(getattr(parsed, "ipv4_mapped", None) or parsed)


def source_of(address: str) -> str:
    """What counts as one source: an IPv4 address, or the /64 of an IPv6 address, which is what one customer gets."""
    known = address_of(address).partition("%")[0]
    if ":" not in known:
        return known or address
    return str(ipaddress.ip_network((known, 64), strict=False))


class Sources:
    def __init__(self, state: StateStore, clock: Clock, bucket: Bucket, kind: str = "source") -> None:
        """`kind` keeps apart what is counted for different reasons."""
        self._state = state
        self._clock = clock
        self._bucket = bucket
        self._kind = kind

    def count(self, source: str) -> Key:
        """One more attempt of this source; returns where it was counted. Raises `Throttled`."""
        key = Key(shard_for(source), self._kind, digest(source))
        self._change(key, 1)
        return key

    def take_back(self, key: Key) -> None:
        """The attempt was a success after all."""
        self._change(key, -1)

    def _change(self, key: Key, drops: int) -> None:
        """Callers that come together try again; one that loses every time is told to come a second later."""
        for _ in range(TRIES):
            raw = self._state.get(key)
            level = self._drained(EMPTY if raw is None else decode(raw, Level))
            if drops > 0:
                self._admit(level)
            after = encode(replace(level, drops=max(0.0, level.drops + drops)))
            try:
                return self._state.replace(key, raw, after, self._memory)
            except (Conflict, Gone):
                continue
        if drops > 0:
            raise Throttled(1)
        return None

    def _drained(self, level: Level) -> Level:
        now = self._clock.now()
        return Level(max(0.0, level.drops - max(0.0, now - level.at) / self._bucket.drain), max(now, level.at))

    def _admit(self, level: Level) -> None:
        surplus = level.drops + 1 - self._bucket.size
        if surplus > 0:
            raise Throttled(math.ceil(surplus * self._bucket.drain))

    @property
    def _memory(self) -> int:
        """A full bucket is empty after this many seconds."""
        return math.ceil(self._bucket.size * self._bucket.drain)
