"""Where settings come from: a file, and over it the environment. Problems are collected and told all at once."""

import difflib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

_T = TypeVar("_T")
_ENVIRONMENT_ONLY = frozenset({"IDP_MASTER_KEY"})


class SettingsError(Exception):
    """The settings cannot be used. `problems` has one line for each, with what to do; values are never quoted."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)


class SettingsReader:
    """Reads names one by one and remembers what was wrong and what was asked for."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._asked: set[str] = {"IDP_SETTINGS_FILE"}
        self._problems: list[str] = []
        named = environ.get("IDP_SETTINGS_FILE", "")
        from_file = self._lines(Path(named)) if named else {}
        from_environment = {name: value for name, value in environ.items() if name.startswith("IDP_")}
        self._given = {**from_file, **from_environment}
        if self._given.get("IDP_MASTER_KEY") and self._given.get("IDP_MASTER_KEY_FILE"):
            self._problems.append("IDP_MASTER_KEY and IDP_MASTER_KEY_FILE are both set: keep one of them")

    def read(self, name: str, parse: Callable[[str], _T], default: _T) -> _T:
        self._asked.add(name)
        raw = self._given.get(name, "").strip()
        if not raw:
            return default
        try:
            return parse(raw)
        except ValueError as error:
            self._problems.append(f"{name} {error}")
            return default

    def required(self, name: str, parse: Callable[[str], str], what_to_do: str) -> str:
        if not self._given.get(name, "").strip():
            self._problems.append(f"{name} is missing: {what_to_do}")
        return self.read(name, parse, "")

    def reject(self, problem: str) -> None:
        self._problems.append(problem)

    def finish(self) -> None:
        for name in sorted(self._given.keys() - self._asked):
            near = difflib.get_close_matches(name, sorted(self._asked), n=1)
            hint = f"did you mean {near[0]}?" if near else "remove it; idp/config/settings.py lists the names there are"
            self._problems.append(f"{_printable(name)} is not a setting: {hint}")
        if self._problems:
            raise SettingsError(self._problems)

    def _lines(self, file: Path) -> dict[str, str]:
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            self._problems.append(
                f"the settings file {file} cannot be read: check IDP_SETTINGS_FILE and its permissions"
            )
            return {}
        found: dict[str, str] = {}
        for number, line in enumerate(text.splitlines(), start=1):
            if line.strip() and not line.lstrip().startswith("#"):
                self._line(file, number, line, found)
        return found

    def _line(self, file: Path, number: int, line: str, found: dict[str, str]) -> None:
        name, equals, value = (part.strip() for part in line.partition("="))
        if not equals or not name.startswith("IDP_"):
            self._problems.append(f"line {number} of {file} is not NAME=value with a name that begins with IDP_")
        elif name in found:
            self._problems.append(f"line {number} of {file} sets {_printable(name)} again: keep one line")
        elif name in _ENVIRONMENT_ONLY:
            self._problems.append(f"{name} may come from the environment only: use IDP_MASTER_KEY_FILE in {file}")
        else:
            found[name] = value


def _printable(name: str) -> str:
    return name if name.isascii() and name.isprintable() and len(name) <= 60 else "a name that begins with IDP_"
