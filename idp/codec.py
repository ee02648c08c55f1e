"""The one home of msgspec: frozen dataclasses to JSON and back, typed and strict.

State records and stored documents are dataclasses inside and JSON outside; a record that lacks what its type names, or
has it in another shape, is an error here and never a surprise later. Members that the type does not name are left out.
"""

import json
import threading
from typing import Any, Final, TypeVar

import msgspec

T = TypeVar("T")

_decoders: Final[dict[Any, msgspec.json.Decoder[Any]]] = {}
_making: Final = threading.Lock()


class Malformed(ValueError):
    """The bytes are not JSON of the expected shape. The message names the place, never the value."""


def encode(value: Any) -> bytes:
    """Compact JSON of a dataclass, dict, list or scalar."""
    return msgspec.json.encode(value)


def decode(raw: bytes | str, kind: type[T]) -> T:
    """Parse JSON into `kind`; raises `Malformed`."""
    try:
        decoded: T = (_decoders.get(kind) or _made(kind)).decode(raw)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise Malformed(str(error)) from None
    return decoded


def _made(kind: type[T]) -> msgspec.json.Decoder[Any]:
    """One decoder for each type, made by one thread at a time: msgspec keeps what it learns of a dataclass where others
    find it half done, and a worker in whose first moments two requests met there crashed."""
    with _making:
        return _decoders.get(kind) or _decoders.setdefault(kind, msgspec.json.Decoder(kind))


def decode_unique(raw: bytes | str, kind: type[T]) -> T:
    """The same, of JSON in which no member of an object stands twice: one reader would take the first, and another the
    last (RFC 8259 section 4)."""
    decoded = decode(raw, kind)
    try:
        json.loads(raw, object_pairs_hook=_unique)
    except (ValueError, RecursionError):
        raise Malformed("a member stands twice") from None
    return decoded


def _unique(members: list[tuple[str, Any]]) -> None:
    if len({name for name, _ in members}) < len(members):
        raise ValueError


def elements(raw: bytes) -> list[bytes]:
    """The elements of a JSON array, each as it was written. Raises `Malformed`."""
    return [bytes(each) for each in decode(raw, list[msgspec.Raw])]


def builtins(value: Any) -> Any:
    """A dataclass as plain dicts, lists and scalars."""
    return msgspec.to_builtins(value)
