"""Reading one member of a registration: of the type it must have, or `InvalidClientMetadata` that names it."""

import re
from collections.abc import Mapping
from typing import Any, Final

from idp.codec import Malformed, decode_unique
from idp.errors import InvalidClientMetadata

MAX_LENGTH: Final = 65_536
MAX_URIS: Final = 50
MAX_TEXT: Final = 2_000
LANGUAGE_TAG: Final = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*", re.ASCII)
"""As far as anybody uses BCP 47."""

Metadata = Mapping[str, Any]


def parse(document: bytes) -> Metadata:
    """A JSON object in which no member stands twice."""
    if len(document) > MAX_LENGTH:
        raise InvalidClientMetadata("too long")
    try:
        return decode_unique(document, dict[str, Any])
    except Malformed as error:  # it names the place and no value
        raise InvalidClientMetadata(f"not to be read as a JSON object: {error}") from None


def string(metadata: Metadata, name: str) -> str | None:
    """One short printable line."""
    value = metadata.get(name)
    if value is not None and (not isinstance(value, str) or len(value) > MAX_TEXT or not value.isprintable()):
        raise InvalidClientMetadata(f"{name} is not a short line of text")
    return value


def strings(metadata: Metadata, name: str) -> tuple[str, ...]:
    """A short list, each text once; empty if the member is not there."""
    values = metadata.get(name, [])
    if (
        not isinstance(values, list)
        or len(values) > MAX_URIS
        or not all(isinstance(value, str) and len(value) <= MAX_TEXT for value in values)
    ):
        raise InvalidClientMetadata(f"{name} is not a short list of texts")
    return tuple(dict.fromkeys(values))


def subset(metadata: Metadata, name: str, of: tuple[str, ...], default: tuple[str, ...]) -> tuple[str, ...]:
    """A list of nothing but what stands in `of`."""
    values = strings(metadata, name) if name in metadata else default
    if not set(values) <= set(of):
        raise InvalidClientMetadata(f"{name} has a value that is not offered")
    return values


def one_of(metadata: Metadata, name: str, allowed: tuple[str, ...], default: str) -> str:
    """One word of those allowed."""
    value = string(metadata, name)
    if value is not None and value not in allowed:
        raise InvalidClientMetadata(f"{name} is not one of {', '.join(allowed)}")
    return value or default


def boolean(metadata: Metadata, name: str, default: bool) -> bool:
    """True or false, and not a word that looks like it."""
    value = metadata.get(name, default)
    if not isinstance(value, bool):
        raise InvalidClientMetadata(f"{name} is not a boolean")
    return value


def seconds(metadata: Metadata, name: str) -> int | None:
    """A whole number of seconds, zero or more."""
    value = metadata.get(name)
    if value is not None and (not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 10**9):
        raise InvalidClientMetadata(f"{name} is not a number of seconds")
    return value
