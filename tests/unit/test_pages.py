"""What every page holds to: escaping, no foreign hosts, nothing inline, a sound structure, words in both languages."""

import dataclasses
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po

from idp.login.password_policy import Weakness
from idp.oidc.scopes import CLAIMS, SCOPES
from idp.pages import (
    LANGUAGES,
    ConsentItem,
    ErrorKind,
    Frame,
    HomePage,
    Page,
    Pages,
    SignInPage,
    choose_language,
)
from idp.pages.rendering import link, templates
from idp.pages.wording import ERRORS, ITEMS, PASSWORD_PROBLEMS, describe
from tests.support.page_examples import CLIENT, examples

PAGES = Pages()
EXAMPLES: dict[str, Any] = dict(examples())
HOSTILE = "\"'></p><script>alert(1)</script><img src=//evil.example/x onerror=alert(1)>{{ 7 * 7 }}%(name)s&lt;"
HREFS = {"recovery_href", "totp_href", "back_href", "sign_out_href", "policy_uri", "uri", "client_uri"}

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
        assert not [tag for tag, attributes in document.elements if tag == "script" or "onerror" in attributes]
        assert "49%" not in document.text


@every_language
def test_a_hostile_place_stays_in_the_query_of_the_preference_links(language: str) -> None:
    document = rendered(HomePage(), language, here=f"/login?t={HOSTILE}&language=xx")
    assert document.skeleton() == rendered(HomePage(), language).skeleton()
    links = [str(a["href"]) for a in document.all("a") if "/preferences" in str(a["href"])]
    assert len(links) == 2
    assert all(href.count("&") == 1 and "<" not in href for href in links)


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
    assert not document.all("script", "style", "iframe", "object", "base")
    for tag, attributes in document.elements:
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        for name in ("src", "action", "href"):
            address = attributes.get(name)
            outward = tag == "a" and str(address).startswith("https://si.example/")
            assert address is None or outward or (address[:1] in "/#" and address[1:2] != "/"), (tag, address)


@pytest.mark.parametrize("file", sorted((templates() / "static").iterdir()), ids=lambda file: file.name)
def test_style_and_pictures_fetch_nothing(file: Path) -> None:
    text = file.read_text().replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"url\(|@import|@font-face|https?:|//[a-z]|<script|<style|\son\w+=|href", text)


@every_page
def test_what_a_page_loads_is_served_under_a_digest_of_its_content(page: Page) -> None:
    document = rendered(page)
    loaded = [str(a["href"]) for a in document.all("link")] + [str(a["src"]) for a in document.all("img")]
    for address in loaded:
        served = PAGES.static(address.removeprefix("/static/"))
        assert served is not None
        assert served[0]
        assert served[1] in ("text/css; charset=utf-8", "image/svg+xml")


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
    hidden = [a for a in document.all("input") if a.get("type") == "hidden"]
    assert [(a["name"], a["value"]) for a in hidden] == [("csrf", "token")] * len(document.all("form"))
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


def test_passwords_are_never_given_back() -> None:
    for page in EXAMPLES.values():
        assert not [a for a in rendered(page).all("input") if a.get("type") == "password" and "value" in a]


# What the citizen is told


def test_pipl_29_sensitive_items_are_never_ticked_beforehand_and_optional_ones_can_be_unticked() -> None:
    ticks = {a["value"]: "checked" in a for a in rendered(EXAMPLES["consent"]).all("input") if a["name"] == "item"}
    assert ticks == {"phone": True, "email": True, "citizen_id": False}


def test_pipl_30_necessity_and_effect_of_a_sensitive_item_are_told() -> None:
    text = rendered(EXAMPLES["consent"]).text
    assert "必要性：" in text
    assert "对您的影响：" in text


def test_pipl_17_purpose_retention_and_recipient_are_told() -> None:
    text = rendered(EXAMPLES["consent"]).text
    assert all(words in text for words in (CLIENT.name, CLIENT.host, "查询您的参保记录。", "至您注销账户为止。"))


def test_pipl_13_a_statutory_duty_names_its_rule_and_asks_nothing() -> None:
    document = rendered(EXAMPLES["consent-statutory-duty"])
    assert "《中华人民共和国社会保险法》第七十四条" in document.text
    assert not [a for a in document.all("input") if a["name"] == "item"]


def test_a_name_outside_the_table_stands_for_itself() -> None:
    assert [describe(name, str).title for name in ("citizen_id", "shoe_size")] == ["Citizen ID number", "shoe_size"]


def test_every_error_has_words() -> None:
    assert set(ERRORS) == set(ErrorKind)


@pytest.mark.parametrize(
    ("seconds", "chinese", "english"),
    [
        (0, "1秒钟", "1 second"),
        (40, "40秒钟", "40 seconds"),
        (60, "1分钟", "1 minute"),
        (61, "2分钟", "2 minutes"),
        (3600, "1小时", "1 hour"),
        (3601, "2小时", "2 hours"),
    ],
)
def test_a_wait_is_told_in_words_and_never_too_short(seconds: int, chinese: str, english: str) -> None:
    page = dataclasses.replace(EXAMPLES["sign-in-throttled"], retry_after=seconds or 1)
    assert chinese in rendered(page).text
    assert english in rendered(page, "en").text


def test_without_a_known_wait_a_few_minutes_are_advised() -> None:
    page = dataclasses.replace(EXAMPLES["sign-in-throttled"], retry_after=None)
    assert "Please try again in a few minutes." in rendered(page, "en").text


def test_unknown_account_and_wrong_password_read_the_same() -> None:
    pages = [dataclasses.replace(EXAMPLES["sign-in-wrong"], username=name) for name in ("a", "b")]
    first, second = (rendered(page).html for page in pages)
    assert first == second.replace('value="b"', 'value="a"')


def test_a_slip_in_the_number_marks_the_number_alone() -> None:
    fields = {a["name"]: a for a in rendered(EXAMPLES["sign-in-malformed"]).all("input")}
    assert (fields["username"]["aria-invalid"], "autofocus" in fields["username"]) == ("true", True)
    assert not {"aria-invalid", "aria-describedby", "autofocus"} & set(fields["password"])


# Languages


@pytest.mark.parametrize(
    ("ui_locales", "cookie", "accept_language", "chosen"),
    [
        ((), None, None, "zh-CN"),
        (("en",), "zh-CN", "zh-CN", "en"),
        (("en-GB",), None, None, "en"),
        (("EN_us",), None, None, "en"),
        (("fr", "en"), "zh-CN", None, "en"),
        (("fr",), "en", "zh-CN", "en"),
        (("zh-Hans",), "en", "en", "zh-CN"),
        (("zh",), "en", None, "zh-CN"),
        (("zh-TW",), "en", None, "zh-CN"),
        ((), "en", "zh-CN", "en"),
        ((), "xx", "en", "en"),
        ((), None, "en-GB,en;q=0.9", "en"),
        ((), None, "fr, zh;q=0.5, en;q=0.8", "en"),
        ((), None, "en;q=0.5, zh;q=0.5", "en"),
        ((), None, "en;q=0, de", "zh-CN"),
        ((), None, "en;q=abc", "zh-CN"),
        ((), None, "en;q=nan", "zh-CN"),
        ((), None, "en;q=9", "zh-CN"),
        ((), None, "*", "zh-CN"),
        ((), None, ",;,=;q", "zh-CN"),
        ((), None, "english", "zh-CN"),
        ((), None, "de," * 100_000 + "en", "zh-CN"),
    ],
)
def test_choose_language(
    ui_locales: tuple[str, ...], cookie: str | None, accept_language: str | None, chosen: str
) -> None:
    assert choose_language(ui_locales, cookie, accept_language) == chosen


def used_messages() -> dict[str, str]:
    """Message → the file that uses it."""
    code = Path(templates(), "..", "idp", "pages").resolve()
    places = [("jinja2", file, {"_": None}) for file in templates().glob("*.html")]
    places += [("python", file, {"mark": None}) for file in code.glob("*.py")]
    return {
        str(message): file.name
        for method, file, keywords in places
        for _, message, _, _ in extract_from_file(method, file, keywords=keywords)
    }


def catalogue(language: str) -> Catalog:
    with (templates() / "translations" / language / "messages.po").open("rb") as source:
        return read_po(source, locale=language, abort_invalid=True)


def test_messages_are_found_in_templates_and_code() -> None:
    used = used_messages()
    assert used["Password"] == "sign_in.html"
    assert used["Citizen ID number"] == "wording.py"
    assert len(used) > 100


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_catalogues_hold_exactly_the_messages_in_use(language: str) -> None:
    listed = {str(message.id) for message in catalogue(language) if message.id}
    assert listed == set(used_messages())


def test_every_message_is_translated_into_chinese_with_its_placeholders() -> None:
    for message in catalogue("zh_CN"):
        if message.id:
            assert message.string, f"no translation: {message.id}"
            assert not message.fuzzy, f"fuzzy: {message.id}"
            assert re.search("[\u4e00-\u9fff]", str(message.string)), f"not Chinese: {message.string}"
            placeholders = [sorted(re.findall(r"%\(\w+\)s", str(text))) for text in (message.id, message.string)]
            assert placeholders[0] == placeholders[1], f"placeholders differ: {message.id}"


@every_page
def test_no_english_sentence_is_left_on_a_chinese_page(page: Page) -> None:
    said = rendered(page).text
    assert not [message for message in used_messages() if " " in message and message in said]


def test_templates_have_no_words_outside_the_catalogues() -> None:
    for file in templates().glob("*.html"):
        bare = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<[^>]*>", "", file.read_text(), flags=re.DOTALL)
        assert re.findall(r"\w[\w ]*", bare) in ([], ["简体中文", "English"]), file.name


def test_the_form_keeps_what_was_typed() -> None:
    page = SignInPage("/login", "token", CLIENT, "110101 19900307 001x")
    [field] = [a for a in rendered(page).all("input") if a["name"] == "username"]
    assert field["value"] == "110101 19900307 001x"


@pytest.mark.parametrize("name", ["consent", "account"])
def test_a_citizen_finds_items_again_in_the_same_order(name: str) -> None:
    page: Any = EXAMPLES[name]
    if name == "consent":
        page = dataclasses.replace(page, optional=tuple(ConsentItem(each) for each in ("phone", "birthdate", "email")))
    else:
        agreement = dataclasses.replace(page.agreements[0], granted=("birthdate", "email", "openid", "phone"))
        page = dataclasses.replace(page, agreements=(agreement,))
    text = rendered(page).text
    places = [text.index(words) for words in ("出生日期", "电子邮箱", "手机号码")]
    assert places == sorted(places)


@every_page
def test_chinese_sentences_are_joined_without_a_blank(page: Page) -> None:
    assert not re.search("[。？！] +[\u4e00-\u9fff]", rendered(page).html)


@pytest.mark.parametrize(
    ("here", "led_to"),
    [
        ("/login?t=1", "/help?back=%2Flogin%3Ft%3D1"),
        ("/login/otp?t=1", "/help?back=%2Flogin%2Fotp%3Ft%3D1"),
        ("/consent?t=1", "/help?back=%2Fconsent%3Ft%3D1"),
        ("/", "/help"),
        ("/logout", "/help"),
        ("/loginx?t=1", "/help"),
    ],
)
def test_help_knows_the_way_back_to_a_sign_in_and_nothing_leads_out_of_one(here: str, led_to: str) -> None:
    links = [a["href"] for a in rendered(EXAMPLES["totp"], here=here).all("a")]
    assert led_to in links
    assert ("/account" in links) == (led_to == "/help")
    assert "/help" in [a["href"] for a in rendered(EXAMPLES["error-expired"], here=here).all("a")]


def test_pipl_15_where_to_withdraw_is_named_and_linked_where_it_is_promised() -> None:
    document = rendered(EXAMPLES["consent"])
    assert "“我的授权”" in document.text
    assert "/account" in [a["href"] for a in document.all("a")]


def test_pipl_17_what_a_service_has_not_said_is_not_left_blank() -> None:
    assert rendered(EXAMPLES["consent-unstated"]).text.count("服务方未说明。") == 2
    assert "服务方未说明。" not in rendered(EXAMPLES["consent"]).text


def test_every_weakness_of_a_password_has_words_of_its_own() -> None:
    assert {weakness.value for weakness in Weakness} <= set(PASSWORD_PROBLEMS)


@pytest.mark.parametrize("name", [*SCOPES, *CLAIMS])
def test_every_scope_and_claim_has_words_for_the_citizen(name: str) -> None:
    assert name in ITEMS
