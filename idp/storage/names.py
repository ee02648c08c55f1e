"""How names read back from a store become keys again, and which field values count as decimal integers."""

import re
from typing import Final

from idp.storage.state import Guard, Key

# At most 15 digits: every such number is exact in Lua's doubles too, so that both stores compare alike.
_DECIMAL: Final = re.compile(rb"-?[0-9]{1,15}")


def key_of(text: str) -> Key:
    """The inverse of `str(key)`."""
    kind, _, rest = text.partition(":{")
    shard, _, name = rest.partition("}:")
    return Key(shard, kind, name)


def holds(guard: Guard, fields: dict[str, bytes]) -> bool:
    """Whether a session with these fields meets the guard; a bound on a field that is no decimal integer fails."""
    if any(name not in fields for name in guard.has):
        return False
    return all(_reaches(fields.get(name, b""), bound) for name, bound in guard.at_least)


def _reaches(value: bytes, bound: int) -> bool:
    return _DECIMAL.fullmatch(value) is not None and int(value) >= bound
