"""The report of refused lines, JSON lines beside the imported file; whoever holds it open is the only importer."""

import fcntl
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from idp.codec import encode


@dataclass(frozen=True, slots=True)
class Refusal:
    """`number` is masked."""

    line: int
    reason: str
    number: str | None


class RefusalReport:
    def __init__(self, path: Path) -> None:
        """Opens the report, which only its owner may read. Raises `BlockingIOError` if another import has it open."""
        self._file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def write_from(self, size: int, refusals: Sequence[Refusal]) -> int:
        """Keep the first `size` bytes, put these behind them, and have all on disk; the new size."""
        # A file that was moved since the import began leaves its report behind: then there is less to keep.
        kept = min(size, self._file.seek(0, os.SEEK_END))
        self._file.truncate(kept)
        self._file.seek(kept)
        self._file.writelines(encode(refusal) + b"\n" for refusal in refusals)
        self._file.flush()
        if refusals:
            os.fsync(self._file.fileno())
        return self._file.tell()


def report_path(path: Path) -> Path:
    return path.with_name(f"{path.name}.refused.jsonl")
