"""The one writer of audit events. It refuses secrets and personal data, so that no caller has to remember to.

It stands in the hop, so it does not look for what is bad by many patterns: it lets through only what an event may be
made of. A fact is a word or a list of words from a small alphabet (no blank, no @, no +, nothing beyond ASCII: no name,
address, e-mail or sentence fits), with no run of digits as long as a telephone number, and no run of characters as long
as a handle. Identifiers of ours, which are long or may consist of digits by chance, have a shape of their own each.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from idp.audit.events import EventType
from idp.codec import encode
from idp.storage.state import Event

Fact = str | int | tuple[str, ...] | list[str] | None

FACTS: Final = frozenset(
    {
        "reference",  # what an error page shows and the log repeats
        "reason",  # a fixed word of ours
        "error",  # a registered error code
        "exception",  # the class of an unexpected exception
        "endpoint",
        "aal",
        "acr",
        "amr",
        "scopes",
        "claims",  # names, never values
        "resource",  # the URI of a resource server, which an operator chose
        "source",  # the address of the browser or client
        "channel",
        "method",
        "actor",  # who did it, where it was not the citizen: "cli", "importer"
        "lawful_basis",
        "alg",
        "status",
        "count",
        "retry_after",
        "detail",  # a word of a front door's own
    }
)

_NOT_A_NUMBER: Final = r"(?![0-9]{15,17}[0-9Xx]?\Z)(?![0-9]{0,14}\Z)"
IDENTIFIERS: Final = {
    "citizen_id": re.compile(_NOT_A_NUMBER + r"[0-9A-Za-z_-]{16,36}"),
    "client_id": re.compile(_NOT_A_NUMBER + r"[0-9A-Za-z_.~-]{1,40}"),
    "kid": re.compile(_NOT_A_NUMBER + r"[0-9A-Za-z_-]{1,43}"),
    "session": re.compile(r"[0-9a-f]{16,64}"),
    "lineage": re.compile(r"[0-9a-f]{16,64}"),
    "family": re.compile(r"[0-9a-f]{16,64}"),
}
"""Our own names of things. `session`, `lineage` and `family` are digests, or their beginnings. A handle fits
nowhere."""

_LIMIT: Final = 2000
_REMEMBERED: Final = 1024
_ALPHABET: Final = b'{}[]",:' + b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789" + b"._/-"
_WORD: Final = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"
_AS_DIGITS: Final = bytes(ord("0") if chr(c) in "0123456789" else ord(".") for c in range(256))
_AS_WORDS: Final = bytes(ord("w") if c in _WORD else ord(".") for c in range(256))
_TOO_MANY_DIGITS: Final = b"0" * 11
_TOO_LONG_A_WORD: Final = b"w" * 40


class UnsafeEvent(ValueError):
    """The facts are not fit for the audit trail. Names the fact or the rule, never the value."""


def event(type: EventType, at: float, **facts: Fact) -> Event:  # noqa: A002 - the word every reader of events expects
    """An event of `type` at `at` (seconds since the epoch). Raises `UnsafeEvent`. A fact of None is left out."""
    known = _proved(facts) if facts else {}
    return Event(encode({"type": type.value, "at": round(at, 3), **known}))


def note(**facts: Fact) -> bytes:
    """Facts to keep with a session or an entry, which travel with each event about it. Raises `UnsafeEvent`."""
    return encode(_proved(facts))


def _proved(facts: dict[str, Fact]) -> dict[str, Fact]:
    identifiers: dict[str, Fact] = {}
    words: dict[str, Fact] = {}
    for name, value in facts.items():
        if value is None:
            continue
        shape = IDENTIFIERS.get(name)
        if shape is None:
            words[name] = value
        elif isinstance(value, str) and shape.fullmatch(value):
            identifiers[name] = value
        else:
            raise UnsafeEvent(f"{name} does not have its shape")
    if "source" in words:
        _prove({"source": words["source"]})
    lasting = tuple((name, tuple(it) if isinstance(it, list) else it) for name, it in words.items() if name != "source")
    if lasting:
        _prove_remembered(lasting)
    return identifiers | words


@lru_cache(_REMEMBERED)
def _prove_remembered(items: tuple[tuple[str, Fact], ...]) -> None:
    """The same scopes and claims come with every hop of a client; the addresses of citizens are not kept."""
    _prove(dict(items))


def _prove(words: Mapping[str, Fact]) -> None:
    if not words.keys() <= FACTS:
        raise UnsafeEvent("a fact that is not declared")
    text = encode(words)
    if len(text) > _LIMIT:
        raise UnsafeEvent("too long")
    if text.translate(None, _ALPHABET):
        raise UnsafeEvent("more than words: a blank, a sign or a letter that no word of ours has")
    if _TOO_MANY_DIGITS in text.translate(_AS_DIGITS, b"-_"):
        raise UnsafeEvent("a run of digits as long as a telephone or ID number")
    if _TOO_LONG_A_WORD in text.translate(_AS_WORDS) or b"eyJ" in text:
        raise UnsafeEvent("a run of characters as long as a handle or token")
