"""Columns that stay straight with Chinese in them: a wide character takes two cells of a terminal (UAX #11)."""

import unicodedata
from collections.abc import Sequence

GAP = "  "


def cells(text: str) -> int:
    """How many cells of a terminal `text` takes. Ambiguous characters, such as ·, are counted narrow."""
    return sum(_cells_of(character) for character in text)


def _cells_of(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Cf", "Me", "Mn"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of aligned columns; every row has as many members as the first. Nothing trails a line."""
    widths = [max(cells(member) for member in column) for column in zip(*rows, strict=True)]
    return [_line(row, widths) for row in rows]


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    padded = (member + " " * (width - cells(member)) for member, width in zip(row, widths, strict=True))
    return GAP.join(padded).rstrip()
