"""The scripts in `idp/storage/lua/`, one for each verb, each with `common.lua` before it."""

import hashlib
from dataclasses import dataclass
from importlib import resources
from typing import Final

# What a script answers when it does not answer with data; the same numbers stand in common.lua.
OK: Final = 1
GONE: Final = 0
CONFLICT: Final = -1


@dataclass(frozen=True, slots=True)
class Script:
    source: str
    sha: str


def script(name: str) -> Script:
    """The script of that file name. EVALSHA names it by the SHA-1 of its source; no secret depends on that digest."""
    folder = resources.files("idp.storage") / "lua"
    source = "\n".join((folder / f"{part}.lua").read_text("utf-8") for part in ("common", name))
    return Script(source, hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest())
