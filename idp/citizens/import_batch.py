"""A batch of lines on its way: who can still be added, and who is refused."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from idp.citizens.enrolling import NUMBER
from idp.citizens.import_report import Refusal
from idp.citizens.import_rows import Line, Row
from idp.citizens.number import mask
from idp.storage.records.citizens import Enrolment, Known

_LINES: Final = 1000
_PASSWORDS: Final = 50


@dataclass(frozen=True, slots=True)
class Candidate:
    line: int
    enrolment: Enrolment
    row: Row

    def refused(self, reason: str) -> Refusal:
        number = self.row.new.number
        return Refusal(self.line, reason, None if number is None else mask(number))


Outcome = tuple[list[Candidate], list[Refusal]]
"""Who is left, and who is not."""


class Batch:
    """Lines that are done together."""

    def __init__(self) -> None:
        self.candidates: list[Candidate] = []
        self.refusals: list[Refusal] = []
        self.line = 0
        self.end = 0
        self._lines = 0
        self._passwords = 0

    def take(self, line: Line, read: Candidate | Refusal | None) -> None:
        self.line, self.end = line.number, line.end
        self._lines += 1
        if isinstance(read, Refusal):
            self.refusals.append(read)
        elif read is not None:
            self.candidates.append(read)
            self._passwords += read.row.password is not None

    @property
    def full(self) -> bool:
        return self._lines >= _LINES or self._passwords >= _PASSWORDS


def unrepeated(candidates: Sequence[Candidate]) -> Outcome:
    seen: set[Known] = set()
    reasons: dict[int, str] = {}
    for candidate in candidates:
        own = [(each.kind, each.fingerprint) for each in candidate.enrolment.identifiers]
        again = [kind for kind, fingerprint in own if (kind, fingerprint) in seen]
        if again:
            reasons[candidate.line] = registered(again[0])
        else:
            seen.update(own)
    return parted(candidates, reasons)


def parted(candidates: Sequence[Candidate], reasons: dict[int, str]) -> Outcome:
    left = [candidate for candidate in candidates if candidate.line not in reasons]
    return left, [each.refused(reasons[each.line]) for each in candidates if each.line in reasons]


def registered(kind: str) -> str:
    return f"{'number' if kind == NUMBER else 'phone'} is registered already"
