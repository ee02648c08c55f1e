"""What a verb prints: JSON for programs, tables for people."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import click

from idp.columns import table as aligned

table_option = click.option("--table", "as_table", is_flag=True, help="A table for people instead of JSON.")


def show(value: Any) -> None:
    """One JSON document."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def show_line(value: Any) -> None:
    """One of many JSON documents, on a line of its own."""
    click.echo(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def show_many(rows: Iterable[Mapping[str, Any]], columns: Sequence[str], as_table: bool) -> None:
    """An array of objects, or a table of the `columns` of each."""
    if as_table:
        table(rows, columns)
    else:
        show(list(rows))


def show_one(row: Mapping[str, Any], as_table: bool) -> None:
    """One object, or a table of its members; a list of them takes a line for each."""
    if as_table:
        table((line for name, value in row.items() for line in _lines(name, value)), ("name", "value"))
    else:
        show(row)


def table(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """Rows of aligned columns under their names. What is missing is "-", and nothing unprintable reaches a terminal."""
    for line in aligned([list(columns), *([_text(row.get(column)) for column in columns] for row in rows)]):
        click.echo(line)


def moment(seconds: float | None) -> str | None:
    """A time as people and programs read it."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def _lines(name: str, value: Any) -> Iterator[Mapping[str, Any]]:
    values = value if isinstance(value, list) and value else [value]
    return ({"name": "" if at else name, "value": each} for at, each in enumerate(values))


def _text(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return " ".join(map(str, value))
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return "".join(character if character.isprintable() else "�" for character in text)
