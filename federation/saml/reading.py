"""What the elements of a message say, for the readers of each. The schema said before that what must be there is."""

from datetime import datetime

from federation.saml.arriving import Message, Unreadable
from federation.saml.name_id import NameId
from federation.saml.names import ASSERTION, PROTOCOL
from federation.saml.verifying import BadSignature
from federation.saml.xml import Element


def of_kind(message: Message, kind: str) -> Element:
    """The root of a message of this kind. Raises `Unreadable`."""
    if message.element.tag != f"{{{PROTOCOL}}}{kind}":
        raise Unreadable("another message than was expected")
    return message.element


def signed_of_kind(message: Message, kind: str) -> Element:
    """Raises `Unreadable`, `BadSignature`."""
    if not message.signed:
        raise BadSignature("needed, and not there")
    return of_kind(message, kind)


def instant(element: Element, name: str) -> int:
    """Seconds since the epoch, rounded down. Raises `Unreadable`: the schema lets the end of a day be 24:00."""
    try:
        return int(datetime.fromisoformat(element.get(name, "").strip()).timestamp())
    except (ValueError, OverflowError):
        raise Unreadable(name) from None


def flag(element: Element, name: str) -> bool:
    return element.get(name, "").strip() in ("true", "1")


def integer(element: Element, name: str) -> int | None:
    value = element.get(name)
    return None if value is None else int(value)


def text(parent: Element, namespace: str, name: str) -> str:
    return parent.findtext(f"{{{namespace}}}{name}") or ""


def texts(parent: Element, namespace: str, name: str) -> tuple[str, ...]:
    return tuple(each.text or "" for each in parent.iterfind(f"{{{namespace}}}{name}"))


def name_id(parent: Element) -> NameId:
    """Raises `Unreadable` where it is encrypted."""
    found = parent.find(f"{{{ASSERTION}}}NameID")
    if found is None:
        raise Unreadable("no NameID")
    return named(found)


def named(name: Element) -> NameId:
    """What a NameID says."""
    return NameId(name.text or "", name.get("Format"), name.get("NameQualifier"), name.get("SPNameQualifier"))


def status(element: Element) -> tuple[str, str | None]:
    """The top-level code and the one below it (section 3.2.2.2)."""
    top = element.find(f"{{{PROTOCOL}}}Status/{{{PROTOCOL}}}StatusCode")
    below = None if top is None else top.find(f"{{{PROTOCOL}}}StatusCode")
    return ("" if top is None else top.get("Value", ""), None if below is None else below.get("Value"))
