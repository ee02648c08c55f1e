"""What pages tell the citizen, and the words of both languages."""

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po

from idp.login.password_policy import Weakness
from idp.oidc.scopes import CLAIMS, SCOPES
from idp.pages import (
    ConsentItem,
    ErrorKind,
    Page,
    SignInPage,
    choose_language,
)
from idp.pages.rendering import templates
from idp.pages.wording import ERRORS, ITEMS, PASSWORD_PROBLEMS, describe
from tests.support.page_examples import CLIENT
from tests.support.rendered_pages import EXAMPLES, every_page, rendered

# What the citizen is told


def boxes(page: Page) -> dict[str | None, dict[str, str | None]]:
    """By item, the attributes of each box that a citizen may tick."""
    return {a["value"]: a for a in rendered(page).all("input") if a["name"] == "item"}


def test_pipl_14_and_29_nothing_is_ticked_beforehand() -> None:
    ticks = {name: "checked" in box for name, box in boxes(EXAMPLES["consent"]).items()}
    assert ticks == {"phone": False, "email": False, "citizen_id": False}


def test_what_the_citizen_has_ticked_stays_ticked_where_the_page_comes_again() -> None:
    page: Any = EXAMPLES["consent-missing_required"]
    ticked = tuple(dataclasses.replace(item, ticked=item.name == "phone") for item in page.optional)
    ticks = {name: "checked" in box for name, box in boxes(dataclasses.replace(page, optional=ticked)).items()}
    assert ticks == {"phone": True, "email": False, "citizen_id": False}


def test_a_required_box_that_was_not_ticked_is_marked_and_the_alert_leads_to_it() -> None:
    page: Any = EXAMPLES["consent-missing_required"]
    box = boxes(page)["citizen_id"]
    assert (box["id"], box["aria-invalid"], box["aria-describedby"]) == ("item-citizen_id", "true", "problem")
    assert "#item-citizen_id" in [a["href"] for a in rendered(page).all("a")]
    assert not [name for name in ("phone", "email") if "aria-invalid" in boxes(page)[name]]
    done = dataclasses.replace(page, sensitive=(dataclasses.replace(page.sensitive[0], ticked=True),))
    assert "aria-invalid" not in boxes(done)["citizen_id"]


def test_what_we_do_not_hold_is_not_offered_as_if_we_did() -> None:
    page: Any = EXAMPLES["consent-not-registered"]
    assert rendered(page).text.count("尚未登记") == 3
    assert rendered(page, "en").text.count("Not registered") == 3
    assert "尚未登记" not in rendered(EXAMPLES["consent"]).text


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
        agreement = dataclasses.replace(
            page.agreements[0], granted=[ConsentItem(each) for each in ("birthdate", "email", "openid", "phone")]
        )
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


@pytest.mark.parametrize("name", ["account-nobody", "home"])
def test_whoever_is_not_signed_in_is_told_how_and_led_to_more_words(name: str) -> None:
    page = rendered(EXAMPLES[name])
    assert "在那里选择“登录”" in page.text
    assert "/help#begin" in [a["href"] for a in page.all("a")]
    assert "任一服务" not in page.text


def test_the_help_page_tells_where_a_sign_in_begins() -> None:
    page = rendered(EXAMPLES["help"])
    assert "begin" in [a.get("id") for a in page.all("h2")]
    assert "本平台没有单独的登录入口" in page.text


def test_a_start_page_leads_nobody_to_agreements_that_cannot_be_seen() -> None:
    for name, there in (("home", 0), ("home-signed-in", 1)):
        buttons = [a for a in rendered(EXAMPLES[name]).all("a") if "button" in str(a.get("class"))]
        assert [a["href"] for a in buttons].count("/account") == there


def test_pipl_17_what_a_service_has_not_said_is_not_left_blank() -> None:
    assert rendered(EXAMPLES["consent-unstated"]).text.count("服务方未说明。") == 2
    assert "服务方未说明。" not in rendered(EXAMPLES["consent"]).text


def test_every_weakness_of_a_password_has_words_of_its_own() -> None:
    assert {weakness.value for weakness in Weakness} <= set(PASSWORD_PROBLEMS)


@pytest.mark.parametrize("name", [*SCOPES, *CLAIMS])
def test_every_scope_and_claim_has_words_for_the_citizen(name: str) -> None:
    assert name in ITEMS
