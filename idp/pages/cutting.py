"""The page that leads back to a service, quickly: every turn of a service provider ends with it.

But for a few values it is the same for all who read one language in one size. So it is rendered with marks in their
places once, and cut there; what comes between the pieces is escaped as the template does it.
"""

import re
import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import quote_plus

from markupsafe import escape

from idp.pages.ending import ContinuePage
from idp.pages.frame import Frame

_KINDS: Final = 64
"""Languages, sizes and numbers of fields, of which a worker keeps the pieces."""
_MARK: Final = re.compile(r"v4lue(\d+)mark")
"""No text of ours, and nothing that is escaped, or quoted in an address."""
_NAME, _ACTION, _HERE, _FIELDS = range(4)
_QUOTED: Final = [(sign, f"%{ord(sign):02X}") for sign in string.punctuation if sign not in "_.-~%"]


@dataclass(frozen=True, slots=True)
class _Pieces:
    """`marks` tell which value follows the first text, the second, and so on; one text is left after the last."""

    texts: Sequence[str]
    marks: Sequence[int]


class Cut:
    def __init__(self, whole: Callable[[ContinuePage, Frame], str]) -> None:
        """`whole` renders the template."""
        self._whole = whole
        self._pieces = lru_cache(maxsize=_KINDS)(self._cut)

    def render(self, page: ContinuePage, frame: Frame) -> str:
        """What `whole` renders for a page that is no step of a sign-in."""
        pieces = self._pieces(frame.language, frame.large, page.leaving, len(page.fields))
        values = [page.client_name, page.action, quoted(frame.here)]
        for field in page.fields:
            values += field
        parts = [pieces.texts[0]]
        for mark, text in zip(pieces.marks, pieces.texts[1:], strict=True):
            parts += (escape(values[mark]), text)
        return "".join(parts)

    def _cut(self, language: str, large: bool, leaving: bool, fields: int) -> _Pieces:
        places = range(_FIELDS, _FIELDS + 2 * fields, 2)
        marked = tuple((_mark(place), _mark(place + 1)) for place in places)
        page = ContinuePage(_mark(_ACTION), marked, _mark(_NAME), leaving)
        parts = _MARK.split(self._whole(page, Frame(language, large, _mark(_HERE))))
        return _Pieces(parts[::2], [int(mark) for mark in parts[1::2]])


def _mark(place: int) -> str:
    return f"v4lue{place}mark"


def quoted(address: str) -> str:
    """`quote_plus`, which goes from letter to letter: an address with a SAML request in it is long."""
    if not (address.isascii() and address.isprintable()) or " " in address:
        return quote_plus(address)
    address = address.replace("%", "%25")
    for sign, stands_for in _QUOTED:
        address = address.replace(sign, stands_for)
    return address
