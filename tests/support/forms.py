"""The forms of a page, read as a browser would read them: where each goes, and what it sends when nothing is typed."""

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Form:
    action: str
    method: str
    fields: dict[str, list[str]] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)
    unticked: list[tuple[str, str]] = field(default_factory=list)

    def filled(self, **typed: str | list[str]) -> dict[str, list[str]]:
        """What is sent, with `typed` in place of what stands there."""
        lists = {name: [value] if isinstance(value, str) else value for name, value in typed.items()}
        return self.fields | lists


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._open: Form | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self._open = Form(given.get("action") or "", (given.get("method") or "get").lower())
            self.forms.append(self._open)
        elif self._open is not None and given.get("name") and "disabled" not in given:
            self._field(self._open, tag, given)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None

    def _field(self, form: Form, tag: str, given: dict[str, str | None]) -> None:
        name, value = given["name"] or "", given.get("value") or ""
        if tag == "button":
            form.buttons.append((name, value))
        elif given.get("type") in ("checkbox", "radio") and "checked" not in given:
            form.unticked.append((name, value))
        elif tag == "input":
            form.fields.setdefault(name, []).append(value)


def forms(page: str) -> list[Form]:
    reader = _Reader()
    reader.feed(page)
    return reader.forms


def form(page: str, containing: str) -> Form:
    """The one form that has a field or button of that name."""
    found = [
        each
        for each in forms(page)
        if containing in each.fields or containing in dict(each.buttons) or containing in dict(each.unticked)
    ]
    assert len(found) == 1, f"{len(found)} forms with {containing}"
    return found[0]
