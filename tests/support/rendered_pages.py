"""Pages as a test reads them: rendered, and taken apart into elements and text."""

import dataclasses
from html.parser import HTMLParser
from typing import Any

import pytest

from idp.pages import LANGUAGES, Frame, Page, Pages
from tests.support.page_examples import examples

PAGES = Pages()
EXAMPLES: dict[str, Any] = dict(examples())

every_page = pytest.mark.parametrize("page", EXAMPLES.values(), ids=EXAMPLES)
every_language = pytest.mark.parametrize("language", LANGUAGES)


@dataclasses.dataclass
class Document(HTMLParser):
    """Elements in order, each with its attributes, and the text."""

    html: str

    def __post_init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(self.html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(attrs) == len(dict(attrs)), f"<{tag}> repeats an attribute"
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, *tags: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.elements if tag in tags]

    def skeleton(self) -> list[tuple[str, tuple[str, ...]]]:
        return [(tag, tuple(attributes)) for tag, attributes in self.elements]


def rendered(page: Page, language: str = "zh-CN", *, large: bool = False, here: str = "/login?t=1") -> Document:
    return Document(PAGES.render(page, Frame(language, large, here)))
