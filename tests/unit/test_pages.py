"""What every page holds to: escaping, no foreign hosts, nothing inline, a sound structure."""

import dataclasses
import re
import string
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idp.pages import (
    ContinuePage,
    Frame,
    HomePage,
    Page,
)
from idp.pages.rendering import link, templates
from tests.support.rendered_pages import EXAMPLES, PAGES, every_language, every_page, rendered

HOSTILE = "\"'></p><script>alert(1)</script><img src=//evil.example/x onerror=alert(1)>{{ 7 * 7 }}%(name)s&lt;"
HREFS = {"recovery_href", "totp_href", "back_href", "sign_out_href", "policy_uri", "tos_uri", "uri", "client_uri"}


def poisoned(value: Any, poison: str) -> Iterator[Any]:
    """`value` again and again, each time with one text in it replaced by `poison`; links are tried on their own."""
    if isinstance(value, str):
        yield poison
    elif isinstance(value, tuple):
        for place, member in enumerate(value):
            yield from ((*value[:place], bad, *value[place + 1 :]) for bad in poisoned(member, poison))
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            if field.name not in HREFS:
                yield from (
                    dataclasses.replace(value, **{field.name: bad})
                    for bad in poisoned(getattr(value, field.name), poison)
                )


# Escaping


@every_language
@every_page
def test_a_hostile_value_changes_no_element_and_no_attribute(page: Page, language: str) -> None:
    for bad, harmless in zip(poisoned(page, HOSTILE), poisoned(page, "harmless"), strict=True):
        document = rendered(bad, language)
        assert document.skeleton() == rendered(harmless, language).skeleton()
        scripts = [attributes for tag, attributes in document.elements if tag == "script"]
        assert not [attributes for attributes in scripts if set(attributes) != {"src"}]
        assert not [tag for tag, attributes in document.elements if "onerror" in attributes]
        assert "49%" not in document.text


@every_language
def test_a_hostile_place_stays_in_the_query_of_the_preference_links(language: str) -> None:
    document = rendered(HomePage(), language, here=f"/login?t={HOSTILE}&language=xx")
    assert document.skeleton() == rendered(HomePage(), language).skeleton()
    links = [str(a["href"]) for a in document.all("a") if "/preferences" in str(a["href"])]
    assert len(links) == 2
    assert all(href.count("&") == 1 and "<" not in href for href in links)


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("leaving", [False, True])
@every_language
@given(
    texts=st.lists(st.tuples(st.text(), st.text()), max_size=3),
    action=st.text(),
    name=st.text(),
    here=st.text() | st.just(f"/saml/sso?SAMLRequest=%2Bv4lue1mark&x={string.punctuation}"),
)
@settings(max_examples=20)
def test_the_page_that_is_put_together_of_pieces_is_the_one_of_the_template(
    language: str, leaving: bool, large: bool, texts: list[tuple[str, str]], action: str, name: str, here: str
) -> None:
    page, frame = ContinuePage(action, texts, name, leaving), Frame(language, large, here)
    assert PAGES.render(page, frame) == PAGES.whole(page, frame)


def test_an_unknown_language_is_the_default_one() -> None:
    assert rendered(HomePage(), HOSTILE).all("html")[0]["lang"] == "zh-CN"


@pytest.mark.parametrize(
    ("address", "linked"),
    [
        ("https://si.example/a?b=c", True),
        ("http://localhost:8001/", True),
        ("/login/totp?t=1", True),
        ("/", True),
        ("example.si.app:/signed-out", True),
        ("javascript:alert(1)", False),
        ("JaVaScRiPt:alert(1)", False),
        (" javascript:alert(1)", False),
        ("java\nscript:alert(1)", False),
        ("data:text/html,x", False),
        ("vbscript:x", False),
        ("blob:x", False),
        ("//evil.example/", False),
        ("/\\evil.example/", False),
        ("\\\\evil.example", False),
        ("https:evil.example", False),
        ("http://[", False),
        ("login", False),
        ("", False),
        (None, False),
    ],
)
def test_only_addresses_that_cannot_run_are_linked(address: str | None, linked: bool) -> None:
    assert link(address) == (address if linked else None)


@pytest.mark.parametrize("name", ["totp", "recovery", "signed-out", "consent", "home-signed-in", "help-in-sign-in"])
def test_a_link_that_could_run_is_not_shown(name: str) -> None:
    page: Any = EXAMPLES[name]
    field = next(field.name for field in dataclasses.fields(page) if field.name in HREFS)
    document = rendered(dataclasses.replace(page, **{field: "javascript:alert(1)"}))
    assert "javascript" not in document.html


# Content Security Policy without exceptions


@every_page
def test_nothing_is_inline_and_nothing_comes_from_elsewhere(page: Page) -> None:
    document = rendered(page)
    assert not document.all("style", "iframe", "object", "base")
    assert len(document.all("script")) == isinstance(page, ContinuePage)
    for tag, attributes in document.elements:
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        for name in ("src", "action", "href"):
            address = attributes.get(name)
            leads = tag == "a" or (tag == "form" and isinstance(page, ContinuePage))
            outward = leads and str(address).startswith("https://si.example/")
            assert address is None or outward or (address[:1] in "/#" and address[1:2] != "/"), (tag, address)


@pytest.mark.parametrize("file", sorted((templates() / "static").iterdir()), ids=lambda file: file.name)
def test_style_and_pictures_fetch_nothing(file: Path) -> None:
    text = file.read_text().replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"url\(|@import|@font-face|https?:|//[a-z]|<script|<style|\son\w+=|href", text)


@every_page
def test_what_a_page_loads_is_served_under_a_digest_of_its_content(page: Page) -> None:
    document = rendered(page)
    loaded = [str(a["href"]) for a in document.all("link")] + [str(a["src"]) for a in document.all("img", "script")]
    for address in loaded:
        served = PAGES.static(address.removeprefix("/static/"))
        assert served is not None
        assert served[0]
        assert served[1] in ("text/css; charset=utf-8", "image/svg+xml", "text/javascript; charset=utf-8")


@pytest.mark.parametrize(
    "name", ["style.css", "../base.html", "style.000000000000.css", "", "/etc/passwd", "__init__.py"]
)
def test_nothing_else_is_served(name: str) -> None:
    assert PAGES.static(name) is None


# Structure that assistive technology rests on


@every_language
@pytest.mark.parametrize("large", [False, True], ids=["normal", "large"])
@every_page
def test_structure(page: Page, language: str, large: bool) -> None:
    document = rendered(page, language, large=large)
    assert document.html.startswith("<!doctype html>")
    html = document.all("html")[0]
    assert html["lang"] == language
    assert html["class"] == ("large" if large else "normal")
    assert document.all("a")[0]["href"] == "#main"
    assert [len(document.all(tag)) for tag in ("title", "h1", "main", "header", "footer")] == [1, 1, 1, 1, 1]
    identifiers = [str(a["id"]) for _, a in document.elements if "id" in a]
    assert len(identifiers) == len(set(identifiers))
    for _, attributes in document.elements:
        named = [attributes.get(name) or "" for name in ("aria-describedby", "aria-labelledby", "for")]
        assert set(" ".join(named).split()) <= set(identifiers)
    assert len([a for _, a in document.elements if "autofocus" in a]) <= 1


@every_page
def test_every_form_posts_its_token_and_every_field_has_a_label(page: Page) -> None:
    document = rendered(page)
    for form in document.all("form"):
        assert form["method"] == "post"
    hidden = [(a["name"], a["value"]) for a in document.all("input") if a.get("type") == "hidden"]
    if isinstance(page, ContinuePage):  # its form is the relying party's
        assert hidden == list(page.fields)
    else:
        assert hidden == [("csrf", "token")] * len(document.all("form"))
    labelled = {a.get("for") for a in document.all("label")}
    for field in document.all("input"):
        assert field["type"] in ("hidden", "checkbox") or field["id"] in labelled


@every_page
def test_a_problem_is_an_alert_in_words_with_the_focus_and_in_the_title(page: Page) -> None:
    document = rendered(page, "en")
    troubled = bool(getattr(page, "problem", None) or getattr(page, "problems", None))
    alerts = [a for _, a in document.elements if a.get("role") == "alert"]
    assert len(alerts) == troubled
    assert ("Problem: " in document.html.partition("</title>")[0]) == troubled
    focused = [a for _, a in document.elements if "autofocus" in a]
    assert not troubled or "problem" in f"{focused[0].get('id')} {focused[0].get('aria-describedby')}".split()


FIELDS = [
    ("sign-in", "username", {"autocomplete": "username", "inputmode": "text"}),
    ("sign-in", "password", {"autocomplete": "current-password", "type": "password"}),
    ("totp", "otp", {"autocomplete": "one-time-code", "inputmode": "numeric"}),
    ("recovery", "recovery_code", {"autocomplete": "off"}),
    ("new-password", "new_password", {"autocomplete": "new-password", "type": "password"}),
    ("new-password", "new_password_again", {"autocomplete": "new-password", "type": "password"}),
]


@pytest.mark.parametrize(("name", "field", "attributes"), FIELDS)
def test_fields_are_named_and_hinted(name: str, field: str, attributes: dict[str, str]) -> None:
    [found] = [a for a in rendered(EXAMPLES[name]).all("input") if a.get("name") == field]
    assert attributes.items() <= found.items()


@pytest.mark.parametrize("name", ["consent", "consent-statutory-duty", "sign-out"])
def test_decisions_are_buttons(name: str) -> None:
    buttons = rendered(EXAMPLES[name]).all("button")
    assert [(b["name"], b["value"], b["type"]) for b in buttons] == [
        ("decision", "allow", "submit"),
        ("decision", "deny", "submit"),
    ]


def test_a_page_of_our_own_is_not_shown_as_a_service() -> None:
    signs = {
        name: [
            each for each in rendered(EXAMPLES[name]).all("span") if each.get("class") in {"asker-sign", "asker-host"}
        ]
        for name in ("sign-in", "sign-in-own")
    }
    assert (len(signs["sign-in"]), len(signs["sign-in-own"])) == (2, 0)


def test_passwords_are_never_given_back() -> None:
    for page in EXAMPLES.values():
        assert not [a for a in rendered(page).all("input") if a.get("type") == "password" and "value" in a]
