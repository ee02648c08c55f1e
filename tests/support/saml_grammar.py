"""Documents drawn from our own RELAX NG: every turn that a grammar leaves open is taken by chance.

What a grammar cannot say is kept all the same, for no other schema would let it pass: IDs are there once. Values are
drawn by their types, at their edges too.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from typing import Final

from lxml import etree

from federation.saml import schema

RNG: Final = "{http://relaxng.org/ns/structure/1.0}"
FOLDER: Final = Path(schema.__file__).with_name("grammar")
Element = etree._Element

VALUES: Final[Mapping[str, tuple[str, ...]]] = {
    "string": ("x", "中文 & <b>", " blanks ", "a\tb\nc", "\U00020000", "-", "0"),
    "anyURI": ("urn:x", "https://sp.example/acs?x=1&y=%20", "relative/path", "https://门户.example/", "mailto:a@b.c"),
    "boolean": ("true", "false", "1", "0", " true "),
    "unsignedShort": ("0", "1", "65535", "007"),
    "nonNegativeInteger": ("0", "1", "1000", "+1"),
    "integer": ("0", "-1", "123456789012345678901234567890"),
    "dateTime": ("2026-03-01T08:00:00Z", "2026-03-01T08:00:00.123Z", "2024-02-29T23:59:59.999999999Z"),
    "duration": ("PT1H", "P1D", "P1Y2M3DT4H5M6.7S"),
    "base64Binary": ("AAAA", "AQ==", "AA AA\nAQI=", "/+8="),
    "NCName": ("_x", "名"),
    "QName": ("xs:string",),
    "language": ("zh", "en", "zh-Hans-CN"),
    "text": ("", "x", "中文", "a b"),
}
IDENTIFIERS: Final = ("ID", "Id")
NAMESPACES: Final = {"xs": "http://www.w3.org/2001/XMLSchema"}


class Drawn:
    """One document."""

    def __init__(self, file: str, chance: Random) -> None:
        self._chance = chance
        self._defines: dict[str, Element] = {}
        self._start: Element | None = None
        self._identifiers = 0
        self._depth = 0
        self._load(file)

    def document(self, name: str) -> Element:
        """One whose root is what the grammar defines under `name`."""
        root = etree.Element("drawn", nsmap=NAMESPACES)
        self._draw(self._defines[name], root)
        return root[0]

    def _load(self, file: str) -> None:
        for each in etree.parse(FOLDER / file, etree.XMLParser(remove_comments=True)).getroot():
            if each.tag == f"{RNG}include":
                self._load(each.get("href", ""))
            elif each.tag == f"{RNG}define":
                self._defines[each.get("name", "")] = each

    def _draw(self, pattern: Element, into: Element) -> None:
        kinds: Mapping[str, Callable[[Element, Element], None]] = {
            "define": self._group,
            "group": self._group,
            "ref": lambda each, into: self._draw(self._defines[each.get("name", "")], into),
            "choice": lambda each, into: self._draw(self._chance.choice(list(each)), into),
            "optional": lambda each, into: self._times(each, into, 0, 1),
            "zeroOrMore": lambda each, into: self._times(each, into, 0, 2),
            "oneOrMore": lambda each, into: self._times(each, into, 1, 2),
            "element": self._element,
            "attribute": self._attribute,
            "data": self._text,
            "value": self._text,
            "text": self._text,
            "empty": self._group,
        }
        kinds[pattern.tag.removeprefix(RNG)](pattern, into)

    def _group(self, pattern: Element, into: Element) -> None:
        for each in pattern:
            if not _is_name(each):
                self._draw(each, into)

    def _times(self, pattern: Element, into: Element, least: int, most: int) -> None:
        """Ever less often the deeper it is, or a grammar that refers to itself would not end."""
        for _ in range(self._chance.randint(least, least if self._depth > 12 else most)):
            self._group(pattern, into)

    def _element(self, pattern: Element, into: Element) -> None:
        self._depth += 1
        self._group(pattern, etree.SubElement(into, self._name(pattern)))
        self._depth -= 1

    def _attribute(self, pattern: Element, into: Element) -> None:
        name = self._name(pattern)
        if name in IDENTIFIERS:
            self._identifiers += 1
            into.set(name, f"_{self._identifiers}")
        else:
            into.set(name, next((self._value(each) for each in self._inside(pattern)), "x"))

    def _inside(self, pattern: Element) -> list[Element]:
        return [self._resolved(each) for each in pattern if not _is_name(each)]

    def _resolved(self, pattern: Element) -> Element:
        if pattern.tag == f"{RNG}ref":
            return self._resolved(self._defines[pattern.get("name", "")][0])
        if pattern.tag == f"{RNG}choice":
            return self._resolved(self._chance.choice(list(pattern)))
        return pattern

    def _text(self, pattern: Element, into: Element) -> None:
        into.text = self._value(pattern)

    def _value(self, pattern: Element) -> str:
        if pattern.tag == f"{RNG}value":
            return pattern.text or ""
        kind = pattern.get("type", "text")
        patterned = pattern.findtext(f"{RNG}param[@name='pattern']") or ""
        if patterned.startswith(("#", r"[\i")):
            return patterned[: patterned.startswith("#")] + "_1"
        return self._chance.choice(VALUES["NCName" if r"[^\s]" in patterned else kind])

    def _name(self, pattern: Element) -> str:
        """By its own name, or by one of its name class."""
        plain = pattern.get("name")
        if plain is not None:
            return _qualified(pattern, plain)
        first = pattern[0]
        names = [each for each in first.iter(f"{RNG}name") if each.getparent().tag != f"{RNG}except"]  # type: ignore[union-attr]
        if first.tag in (f"{RNG}choice", f"{RNG}name") and names:
            chosen = self._chance.choice(names)
            return _qualified(chosen, chosen.text or "")
        return f"{{urn:other:{self._chance.randint(0, 9)}}}x{self._chance.randint(0, 99)}"


def _is_name(pattern: Element) -> bool:
    return pattern.tag in (f"{RNG}anyName", f"{RNG}name", f"{RNG}nsName", f"{RNG}except", f"{RNG}param") or (
        pattern.tag == f"{RNG}choice" and len(pattern) > 0 and pattern[0].tag == f"{RNG}name"
    )


def _qualified(pattern: Element, name: str) -> str:
    if name.startswith("xml:"):
        return f"{{http://www.w3.org/XML/1998/namespace}}{name.removeprefix('xml:')}"
    holder: Element | None = pattern
    while holder is not None:
        namespace = holder.get("ns")
        if namespace is not None:
            return f"{{{namespace}}}{name}" if namespace else name
        holder = holder.getparent()
    return name
