"""Importing citizens by the million: in batches, told as it goes, and resumable.

The checkpoint moves in the transaction that adds a batch, so an interrupted import goes on with the first line not yet
done, and a file that is imported again adds nothing. A file is known by a keyed fingerprint of its content, wherever it
lies.

Each line that is refused goes to a report beside the file, `FILE.refused.jsonl`: line, reason, and the number masked.
The report is on disk before the checkpoint moves over its lines, and is cut back to the checkpoint when an import is
resumed; so it has each refused line exactly once.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from idp.citizens.enrolling import InvalidDetail, enrolment, new_citizen
from idp.citizens.import_batch import Batch, Candidate, Outcome, parted, registered, unrepeated
from idp.citizens.import_report import Refusal, RefusalReport, report_path
from idp.citizens.import_rows import BadImportFile, Line, Reader, RefusedRow, lines, reader_for
from idp.citizens.number import InvalidNumber, mask, today_in_china
from idp.clock import Clock
from idp.secrets import Randomness
from idp.storage.records.citizens import Enrolment
from idp.storage.records.errors import IdentifierTaken
from idp.storage.records.imports import ImportCheckpoint
from idp.storage.records.records import Records
from idp.vault import Vault

__all__ = ["BadImportFile", "ImportProgress", "Importer", "PasswordHashing", "report_path"]

_HASHING_THREADS: Final = 2


class PasswordHashing(Protocol):
    """`idp.login.password.Passwords`, as much as an import needs of it. Called by two threads at a time."""

    def hash(self, password: str) -> str: ...

    def importable(self, stored: str) -> str:
        """A hash of another system, as it is kept."""
        ...


@dataclass(frozen=True, slots=True)
class ImportProgress:
    """How far an import is: `offset` of `size` bytes are done, which hold `line` lines.

    Of those `added`, runs before this one added `already`.
    """

    line: int
    offset: int
    size: int
    added: int
    refused: int
    finished: bool
    already: int


class Importer:
    def __init__(
        self,
        records: Records,
        vault: Vault,
        clock: Clock,
        randomness: Randomness,
        passwords: PasswordHashing,
        unacceptable: tuple[type[Exception], ...],
    ) -> None:
        """`unacceptable` is what `passwords` raises for a password or hash it does not take; its line is refused."""
        self._records = records
        self._vault = vault
        self._clock = clock
        self._randomness = randomness
        self._passwords = passwords
        self._unacceptable = unacceptable

    def run(self, path: Path) -> Iterator[ImportProgress]:
        """Import the file, or go on where an earlier import of it stopped; tells how far it is after each batch.

        Raises `BadImportFile` before anything is done, `OSError` and `RecordsUnavailable`; of two imports of the same
        file at the same time one raises `BlockingIOError`, or `Changed` where they run on different machines.
        """
        with path.open("rb") as file, RefusalReport(report_path(path)) as report:
            reader, has_header = reader_for(file)
            checkpoint = self._checkpoint(file)
            size = file.seek(0, 2)
            already = checkpoint.added
            yield _progress(checkpoint, size, already)
            if checkpoint.finished:
                return
            todo = (
                line
                for line in lines(file, checkpoint.line, checkpoint.offset)
                if not (has_header and line.number == 1)
            )
            analyzed = 0
            for batch in self._batches(todo, reader):
                checkpoint = self._take(checkpoint, batch, report)
                if checkpoint.added >= 2 * analyzed:
                    self._records.imports.analyze()
                    analyzed = checkpoint.added
                yield _progress(checkpoint, size, already)
            finished = replace(checkpoint, finished=True)
            self._records.imports.advance(checkpoint, finished, [])
            yield _progress(finished, size, already)

    def _checkpoint(self, file: BinaryIO) -> ImportCheckpoint:
        file.seek(0)
        content = hashlib.sha256()
        for block in iter(lambda: file.read(1 << 20), b""):
            content.update(block)
        sources = self._vault.fingerprints("import", content.hexdigest())
        return self._records.imports.find(sources) or self._records.imports.begin(sources[0])

    def _batches(self, todo: Iterable[Line], reader: Reader) -> Iterator[Batch]:
        batch = Batch()
        today = today_in_china(self._clock)
        for line in todo:
            batch.take(line, self._read(line, reader, today))
            if batch.full:
                yield batch
                batch = Batch()
        if batch.line:
            yield batch

    def _read(self, line: Line, reader: Reader, today: date) -> Candidate | Refusal | None:
        """None for an empty line."""
        if not line.raw.strip():
            return None
        number = None
        try:
            row = reader(line.raw)
            number = row.new.number and mask(row.new.number)
            citizen = new_citizen(row.new, today, self._randomness, int(self._clock.now()))
            return Candidate(line.number, enrolment(self._vault, citizen, row.new), row)
        except RefusedRow as refused:
            return Refusal(line.number, refused.reason, refused.number)
        except InvalidNumber as invalid:
            return Refusal(line.number, f"number is invalid: {invalid.reason.value}", number)
        except InvalidDetail as invalid:
            return Refusal(line.number, str(invalid), number)

    def _take(self, before: ImportCheckpoint, batch: Batch, report: RefusalReport) -> ImportCheckpoint:
        hashes: dict[int, str | None] = {}
        left = len(batch.candidates) + 1
        while True:
            enrolments, refusals = self._settle(batch, hashes)
            if len(enrolments) >= left:
                raise BadImportFile("a citizen of this file cannot be added, and nothing says which one")
            left = len(enrolments)
            after = replace(
                before,
                line=batch.line,
                offset=batch.end,
                added=before.added + len(enrolments),
                refused=before.refused + len(refusals),
                report_size=report.write_from(before.report_size, refusals),
            )
            try:
                self._records.imports.advance(before, after, enrolments)
            except IdentifierTaken:
                continue  # somebody registered one of them just now: the next attempt sees it, and has one less to add
            return after

    def _settle(self, batch: Batch, hashes: dict[int, str | None]) -> tuple[list[Enrolment], list[Refusal]]:
        """Who of a batch can be added. Hashes are made once, whatever happens."""
        unknown, known = self._unregistered(batch.candidates)
        able, unusable = self._hashed(unknown, hashes)
        unique, repeated = unrepeated(able)
        refusals = sorted([*batch.refusals, *known, *unusable, *repeated], key=lambda refusal: refusal.line)
        return [replace(each.enrolment, password_hash=hashes.get(each.line)) for each in unique], refusals

    def _unregistered(self, candidates: Sequence[Candidate]) -> Outcome:
        taken = self._records.citizens.taken(known for each in candidates for known in each.enrolment.known_as)
        # Of number and phone the number is named, where both are taken: it comes first.
        reasons = {
            each.line: registered(next(kind for kind, value in each.enrolment.known_as if (kind, value) in taken))
            for each in candidates
            if not taken.isdisjoint(each.enrolment.known_as)
        }
        return parted(candidates, reasons)

    def _hashed(self, candidates: Sequence[Candidate], hashes: dict[int, str | None]) -> Outcome:
        given = [each for each in candidates if each.row.password or each.row.password_hash]
        todo = [each for each in given if each.line not in hashes]
        with ThreadPoolExecutor(_HASHING_THREADS) as threads:
            hashes.update(zip((each.line for each in todo), threads.map(self._hash, todo), strict=True))
        reasons = {
            each.line: "password or password_hash cannot be taken" for each in given if hashes[each.line] is None
        }
        return parted(candidates, reasons)

    def _hash(self, candidate: Candidate) -> str | None:
        row = candidate.row
        try:
            if row.password is not None:
                return self._passwords.hash(row.password)
            return None if row.password_hash is None else self._passwords.importable(row.password_hash)
        except self._unacceptable:
            return None


def _progress(checkpoint: ImportCheckpoint, size: int, already: int) -> ImportProgress:
    return ImportProgress(
        checkpoint.line, checkpoint.offset, size, checkpoint.added, checkpoint.refused, checkpoint.finished, already
    )
