"""What `idp check` found: one thing, how it stands, and what to do about it."""

from dataclasses import dataclass
from typing import Final

OK: Final = "ok"
NOTE: Final = "note"
WRONG: Final = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    area: str
    level: str
    finding: str
    what_to_do: str = ""
