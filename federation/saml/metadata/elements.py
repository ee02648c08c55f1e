"""Small steps through metadata that was parsed."""

import re
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Final

from lxml.etree import _Element as Element

from federation.saml.names import ALGSUPPORT, MDUI, METADATA

_LANGUAGE: Final = "{http://www.w3.org/XML/1998/namespace}lang"
_LANGUAGE_TAG: Final = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*", re.ASCII)
MAX_TEXT: Final = 2_000
"""Characters of a text that people are shown; longer ones are cut."""


MAX_LANGUAGES: Final = 100
"""Of a text, the first ones. Texts go with each sign-out of a citizen, and workers keep them."""


def md(name: str) -> str:
    return f"{{{METADATA}}}{name}"


def mdui(name: str) -> str:
    return f"{{{MDUI}}}{name}"


def alg(name: str) -> str:
    return f"{{{ALGSUPPORT}}}{name}"


def children(element: Element, tag: str) -> list[Element]:
    return element.findall(tag)


def text(element: Element) -> str:
    """What it says, in one line that can be printed."""
    line = " ".join((element.text or "").split())[:MAX_TEXT]
    return line if line.isprintable() else "".join(each for each in line if each.isprintable())


def language(element: Element) -> str:
    """Its language tag; empty if it has none that could be one."""
    tag = element.get(_LANGUAGE) or ""
    return tag if _LANGUAGE_TAG.fullmatch(tag) else ""


def in_languages(elements: Iterable[Element]) -> Mapping[str, str]:
    """What they say, by language."""
    found = {language(each): text(each) for each in islice(elements, MAX_LANGUAGES)}
    return {tag: said for tag, said in found.items() if said}


def number(raw: str | None) -> int | None:
    """An index, as endpoints have them: an unsigned short (saml-metadata-2.0-os section 2.2.3)."""
    told = (raw or "").strip()
    return int(told) if re.fullmatch(r"[0-9]{1,5}", told, re.ASCII) and int(told) < 65_536 else None


def truth(raw: str | None) -> bool | None:
    """A boolean of XML Schema; None if there is none."""
    return {"true": True, "1": True, "false": False, "0": False}.get((raw or "").strip())
