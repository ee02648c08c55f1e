"""What the verbs of every theme stand on."""

from collections.abc import Mapping, Sequence

from idp.secrets import Randomness, urlsafe
from idp.storage.redis.connections import Word
from idp.storage.redis.line import Line


class Verbs:
    def __init__(self, line: Line, randomness: Randomness) -> None:
        self._line = line
        self._random = randomness.bytes

    def _attempt(self) -> str:
        """A name for this call, by which a script knows it when the line sends it again."""
        return urlsafe(self._random(9))


def outbox(shard: str) -> str:
    """The stream of a shard's events. It has no time to live: it empties when its events are safely in SQL."""
    return f"outbox:{{{shard}}}"


def flat(fields: Mapping[str, bytes]) -> list[Word]:
    """Count, name, value, name, value …"""
    words: list[Word] = [len(fields)]
    for name, value in fields.items():
        words += (name, value)
    return words


def counted(names: Sequence[str]) -> list[Word]:
    """Count, name, name …"""
    return [len(names), *names]


def mapping(reply: list[bytes]) -> dict[str, bytes]:
    """The fields of a reply of names and values in turn."""
    pairs = iter(reply)
    return {name.decode(): value for name, value in zip(pairs, pairs, strict=True)}
