"""Text of XML that already is its own exclusive canonical form (Exclusive XML Canonicalization 1.0).

Whatever we send is put together here and in its neighbours as plain text, so that the bytes that are hashed are those
that are sent and nothing has to be parsed, walked or normalised in between. Three rules keep it canonical: attributes
stand in the order of their names, a prefix is declared by the first element that uses it and not again below, and no
element is abbreviated. Each value from outside goes through `text` or `attribute`; there is no third way in.
"""

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, NewType

from federation.saml import names
from federation.saml.name_id import NameId

Xml = NewType("Xml", str)
"""Canonical text of one whole element. Only what writes elements makes it."""

SAML: Final = f' xmlns:saml="{names.ASSERTION}"'
"""Our prefixes are always these, so that what is written apart fits together."""
SAMLP: Final = f' xmlns:samlp="{names.PROTOCOL}"'

ID_BYTES: Final = 16
"""Of random, in the ID of a message or an assertion: nobody ever meets one a second time (saml-core-2.0-os section
1.3.4)."""

_ABOVE: Final = "\ud7ff\ue000-\ufffd\U00010000-\U0010ffff"
"""To the end of what XML 1.0 can carry (section 2.2)."""
_PLAIN_TEXT: Final = re.compile(f"[\t\n -%'-;=?-{_ABOVE}]*").fullmatch
_PLAIN_ATTRIBUTE: Final = re.compile(f"[ !#-%'-;=-{_ABOVE}]*").fullmatch
_CARRIED: Final = re.compile(f"[\t\n\r -{_ABOVE}]*").fullmatch
_IN_TEXT: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#xD;"})
_IN_ATTRIBUTE: Final = str.maketrans(
    {"&": "&amp;", "<": "&lt;", '"': "&quot;", "\t": "&#x9;", "\n": "&#xA;", "\r": "&#xD;"}
)


class Unwritable(ValueError):
    """A value has a character that XML 1.0 cannot carry. It is refused, for without it it would be another value."""


def text(value: str) -> str:
    """A value as the content of an element (Canonical XML 1.0 section 2.3). Raises `Unwritable`."""
    if _PLAIN_TEXT(value):
        return value
    return _carried(value).translate(_IN_TEXT)


def attribute(value: str) -> str:
    """A value as that of an attribute, between double quotes. Raises `Unwritable`."""
    if _PLAIN_ATTRIBUTE(value):
        return value
    return _carried(value).translate(_IN_ATTRIBUTE)


def given(name: str, value: str | None) -> str:
    """An attribute that stands only where there is a value, with the space before it."""
    return "" if value is None else f' {name}="{attribute(value)}"'


def given_instant(name: str, seconds: int | None) -> str:
    return "" if seconds is None else f' {name}="{instant(seconds)}"'


@lru_cache(maxsize=64)
def instant(seconds: int) -> str:
    """Seconds since the epoch as saml-core-2.0-os section 1.3.3 wants them: UTC, with `Z`, whole seconds."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def new_id(random: bytes) -> str:
    """An xs:ID, which begins with no digit, of `ID_BYTES` random bytes."""
    return f"_{random.hex()}"


def issuer(entity_id: str) -> str:
    """Section 2.2.5, within an element of the protocol."""
    return f"<saml:Issuer{SAML}>{text(entity_id)}</saml:Issuer>"


def name_id(name: NameId, declared: bool) -> Xml:
    """Section 2.2.3. `declared` says that an element around it has declared the prefix."""
    return Xml(
        f"<saml:NameID{'' if declared else SAML}{given('Format', name.format)}"
        f"{given('NameQualifier', name.name_qualifier)}{given('SPNameQualifier', name.sp_name_qualifier)}>"
        f"{text(name.value)}</saml:NameID>"
    )


def within(element: Xml) -> str:
    """An element of the protocol, within another: that one has declared the prefix. Its own signature stays good, for
    canonical form declares a prefix where the part that is hashed begins."""
    return element.replace(SAMLP, "", 1)


def _carried(value: str) -> str:
    if not _CARRIED(value):
        raise Unwritable("a value has a character that XML cannot carry")
    return value
