"""Request parameters as RFC 6749 section 3.1 reads them: none twice, an empty one is an absent one, UTF-8 or
nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_plus

from idp.codec import encode
from idp.errors import InvalidRequest

MAX_LENGTH: Final = 32_768
"""Bytes of a query or form."""
MAX_FIELDS: Final = 100
MANY: Final = frozenset({"resource", "audience"})
"""May come more than once (RFC 8707 section 2, RFC 8693 section 2.1): what came is one value then, with blanks between,
which no URI has."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """`repeated` names parameters that came more than once; their value is the first one and must not be relied on.
    `pushed`: they came from the client itself (RFC 9126), not by the browser; `signed`: the client signed them (RFC
    9101)."""

    values: Mapping[str, str]
    repeated: frozenset[str] = frozenset()
    pushed: bool = False
    signed: bool = False

    def get(self, name: str) -> str | None:
        return self.values.get(name)

    def require(self, name: str) -> str:
        """Raises `InvalidRequest`."""
        value = self.values.get(name)
        if value is None:
            raise InvalidRequest(f"{name} is missing")
        return value

    def refuse_repeated(self) -> None:
        """Raises `InvalidRequest`."""
        if self.repeated:
            raise InvalidRequest("a parameter is repeated")


def parse(raw: str) -> Parameters:
    """Parse `application/x-www-form-urlencoded` text. Raises `InvalidRequest`."""
    if len(raw) > MAX_LENGTH or not raw.isascii():
        raise InvalidRequest("too long, or not ASCII")
    fields = raw.split("&")
    if len(fields) > MAX_FIELDS:
        raise InvalidRequest("too many fields")
    values: dict[str, str] = {}
    repeated: set[str] = set()
    for field in fields:
        encoded, _, value = field.partition("=")
        if not value:
            continue
        name = _decoded(encoded)
        if name in values and name in MANY:
            values[name] += " " + _decoded(value)
        elif name in values:
            repeated.add(name)
        else:
            values[name] = _decoded(value)
    return Parameters(values, frozenset(repeated)) if repeated else Parameters(values)


def as_sent(name: str, value: object) -> str:
    """A parameter that stands in a signed request, as a form would have it: text, a number (`max_age`), an object
    (`claims`), or several texts of one that may come more than once. Raises `ValueError`."""
    if name in MANY and isinstance(value, list) and value and all(isinstance(each, str) for each in value):
        return " ".join(value)
    if isinstance(value, dict) or (name == "authorization_details" and isinstance(value, list)):
        return encode(value).decode()
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise ValueError(name)


def _decoded(text: str) -> str:
    if "%" not in text and "+" not in text:
        return text
    try:
        return unquote_plus(text, errors="strict")
    except ValueError:
        raise InvalidRequest("not decodable") from None
