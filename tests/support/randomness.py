"""Randomness that repeats from run to run and never within one."""

import hashlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass
class CountingRandomness:
    """`idp.secrets.Randomness` for tests: call n gives the SHA-256 stream of n: known, never the same twice."""

    seed: str = ""
    _calls: Iterator[int] = field(default_factory=itertools.count)

    def bytes(self, count: int) -> bytes:
        call = next(self._calls)
        blocks = (hashlib.sha256(f"{self.seed}:{call}:{block}".encode()).digest() for block in range(count // 32 + 1))
        return b"".join(blocks)[:count]
