"""The lines of an import file, JSON or CSV, as new citizens.

One line is one citizen; a line that cannot be read is refused alone, and the next one is read. Columns, all text:

    number, name, phone, email, birthdate, gender, address, password or password_hash, totp_secret

A CSV file names its columns in the first line. What stands in such a file was made by a machine: numbers come in
canonical form.
"""

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import BinaryIO, Final

from idp.citizens.enrolling import NewCitizen
from idp.citizens.number import mask
from idp.citizens.totp_secret import InvalidSecret, parse_secret
from idp.codec import Malformed, decode

COLUMNS: Final = frozenset(
    {"number", "name", "phone", "email", "birthdate", "gender", "address", "password", "password_hash", "totp_secret"}
)
_LONGEST_LINE: Final = 64 * 1024
_LOOKED_AT: Final = 1000
"""Lines of a CSV file that tell its encoding."""
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_PLAIN_WORD: Final = re.compile(r"[a-z_]{1,20}")
"""What may be repeated in a report: a misspelt member, and nothing that was typed into its place by mistake."""


class BadImportFile(ValueError):
    """The file as a whole cannot be imported."""


class RefusedRow(ValueError):
    """One line cannot be imported. Says why in words of ours; `number` is what stood there, masked."""

    def __init__(self, reason: str, number: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.number = number


@dataclass(frozen=True, slots=True)
class Line:
    """`end` is the offset of the byte behind the line."""

    number: int
    raw: bytes
    end: int


@dataclass(frozen=True, slots=True)
class Row:
    """A citizen as the file tells, not yet proved. `password` is plain, `password_hash` of another system."""

    new: NewCitizen
    password: str | None = field(default=None, repr=False)
    password_hash: str | None = field(default=None, repr=False)


Reader = Callable[[bytes], Row]


def lines(file: BinaryIO, done: int, offset: int) -> Iterator[Line]:
    """The lines behind `offset`, of which `done` lie before it. What is too long for one is cut, and refused later."""
    file.seek(offset)
    for number, raw in enumerate(iter(lambda: file.readline(_LONGEST_LINE), b""), done + 1):
        cut = raw
        while len(cut) == _LONGEST_LINE and not cut.endswith(b"\n"):
            cut = file.readline(_LONGEST_LINE)
        yield Line(number, raw, file.tell())


def reader_for(file: BinaryIO) -> tuple[Reader, bool]:
    """How to read the file's lines, and whether its first line is a header. Raises `BadImportFile`."""
    file.seek(0)
    first = file.readline(_LONGEST_LINE)
    if first.removeprefix(_BYTE_ORDER_MARK).lstrip().startswith(b"{") or not first.strip():
        return _json_row, False
    header = _header(first)
    if not COLUMNS.issuperset(header) or len(set(header)) != len(header):
        raise BadImportFile(f"the first line must name columns among {', '.join(sorted(COLUMNS))}, each once")
    _prove_encoding(islice(iter(lambda: file.readline(_LONGEST_LINE), b""), _LOOKED_AT))
    return lambda raw: _csv_row(header, raw), True


def _header(first: bytes) -> tuple[str, ...]:
    _prove_encoding([first])
    try:
        return tuple(name.strip().lower() for name in _cells(_text(first)))
    except RefusedRow as refused:
        raise BadImportFile(f"the first line is {refused.reason}") from None


def _prove_encoding(raws: Iterable[bytes]) -> None:
    """One line that is not UTF-8 is refused alone; where there is no other, the file was saved in another encoding."""
    beyond_ascii = [raw for raw in raws if not raw.isascii()]
    if beyond_ascii and not any(map(_is_utf8, beyond_ascii)):
        raise BadImportFile("it is not UTF-8; save it as CSV UTF-8")


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def _json_row(raw: bytes) -> Row:
    try:
        members = decode(_text(raw), dict[str, str | None])
    except Malformed:
        raise RefusedRow("not a JSON object whose members are text") from None
    return _row(members)


def _csv_row(header: tuple[str, ...], raw: bytes) -> Row:
    cells = _cells(_text(raw))
    if len(cells) != len(header):
        raise RefusedRow(f"{len(cells)} columns; the first line names {len(header)}")
    return _row(dict(zip(header, cells, strict=True)))


def _cells(text: str) -> list[str]:
    try:
        return next(csv.reader([text], strict=True))
    except (csv.Error, StopIteration):
        raise RefusedRow("not CSV: a quoted value that does not end in its line, or text behind it") from None


def _text(raw: bytes) -> str:
    if len(raw) >= _LONGEST_LINE:
        raise RefusedRow("too long")
    try:
        return raw.removeprefix(_BYTE_ORDER_MARK).decode().strip()
    except UnicodeDecodeError:
        raise RefusedRow("not UTF-8") from None


def _row(members: Mapping[str, str | None]) -> Row:
    given = {name: value.strip() for name, value in members.items() if value is not None and value.strip()}
    masked = mask(given["number"]) if "number" in given else None
    _prove_members(given, masked)
    password, password_hash = given.get("password"), given.get("password_hash")
    if password is not None:
        # A password may begin or end with a blank.
        password = members["password"]
    return Row(
        NewCitizen(
            name=given["name"],
            number=given.get("number"),
            phone=given.get("phone"),
            email=given.get("email"),
            birthdate=given.get("birthdate"),
            gender=given.get("gender"),
            address=given.get("address"),
            totp_secret=_totp_secret(given.get("totp_secret"), masked),
        ),
        password,
        password_hash,
    )


def _prove_members(given: Mapping[str, str], masked: str | None) -> None:
    if unknown := sorted(given.keys() - COLUMNS):
        named = f": {unknown[0]}" if _PLAIN_WORD.fullmatch(unknown[0]) else ""
        raise RefusedRow(f"a member that is not among the columns{named}", masked)
    if "name" not in given:
        raise RefusedRow("no name", masked)
    if "number" not in given and "phone" not in given:
        raise RefusedRow("neither number nor phone")
    if "password" in given and "password_hash" in given:
        raise RefusedRow("both password and password_hash", masked)


def _totp_secret(text: str | None, masked: str | None) -> str | None:
    if text is None:
        return None
    try:
        return parse_secret(text)
    except InvalidSecret as invalid:
        raise RefusedRow(f"totp_secret is {invalid}", masked) from None
