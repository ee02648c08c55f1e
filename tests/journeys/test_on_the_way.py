"""What happens to people on the way: a slip of the finger, Back, two tabs, no mouse, a change of mind or language."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
from playwright.sync_api import Page, expect

from idp.login.transaction import transaction_key
from tests.journeys.conftest import OpenBrowser
from tests.support.town import Town
from tests.support.walking import Walk

pytestmark = [pytest.mark.slow, pytest.mark.parametrize("town", ["embedded"], indirect=True)]


@pytest.fixture
def walk(town: Town, open_browser: OpenBrowser) -> Walk:
    return Walk(town, open_browser(), "zh-CN")


@contextmanager
def slow_line(page: Page, milliseconds: int) -> Iterator[None]:
    session = page.context.new_cdp_session(page)
    conditions = {"offline": False, "downloadThroughput": -1, "uploadThroughput": -1}
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", {**conditions, "latency": milliseconds})
    yield
    session.send("Network.emulateNetworkConditions", {**conditions, "latency": 0})


def transaction_of(page: Page) -> str:
    return parse_qs(urlsplit(page.url).query)["t"][0]


def test_a_wrong_password_is_said_and_the_number_need_not_be_typed_again(town: Town, walk: Walk) -> None:
    social, person = town.portals[0], town.citizen("李静文")
    walk.ask_to_sign_in(social)
    walk.password(person, password="not it")
    walk.at_provider("/login")
    expect(walk.page.get_by_role("alert")).to_contain_text(walk.words.wrong)
    expect(walk.page.locator("#username")).to_have_value(person.number)
    expect(walk.page.locator("#password")).to_be_focused()
    walk.page.keyboard.type(person.password)
    walk.page.keyboard.press("Enter")
    walk.allow(social)
    walk.known(social, person)


@pytest.mark.parametrize(("language", "said"), [("zh-CN", "没有同意"), ("en", "did not agree")])
def test_who_does_not_agree_is_told_kindly_and_asked_again(
    town: Town, open_browser: OpenBrowser, language: str, said: str
) -> None:
    social, person = town.portals[0], town.citizen("李静文")
    walk = Walk(town, open_browser(locale=language), language)
    walk.ask_to_sign_in(social)
    walk.password(person)
    walk.at_provider("/consent")
    walk.press(walk.words.deny)
    assert walk.page.url.startswith(f"{social}/callback?")
    expect(walk.page.locator(".lead")).to_contain_text(said)
    walk.page.locator("a.button").click()
    walk.allow(social)
    walk.known(social, person)


def test_a_required_number_that_was_not_ticked_is_pointed_out(town: Town, walk: Walk) -> None:
    vehicles, person = town.portals[1], town.citizen("李静文")
    walk.ask_to_sign_in(vehicles)
    walk.password(person)
    walk.allow(vehicles)
    expect(walk.page.get_by_role("alert")).to_be_focused()
    walk.page.get_by_role("alert").get_by_role("link").click()
    expect(walk.page.locator("[value=citizen_id]")).to_be_focused()
    walk.allow(vehicles, number_too="citizen_id")
    walk.known(vehicles, person)


def test_back_leads_to_the_step_that_is_due(town: Town, walk: Walk) -> None:
    social, person = town.portals[0], town.citizen("李静文")
    walk.ask_to_sign_in(social)
    walk.password(person)
    walk.at_provider("/consent")
    walk.page.go_back()
    walk.at_provider("/consent")
    walk.allow(social)
    walk.known(social, person)
    walk.page.go_back()
    expect(walk.page.get_by_role("heading", level=1)).to_have_text("本次登录已经完成")
    walk.page.get_by_role("link", name="返回社会保险网上服务大厅").click()
    expect(walk.page.locator(".person")).to_have_text("李静文")


@pytest.mark.parametrize("agreed_before", [False, True])
def test_a_double_click_ends_at_the_portal(town: Town, walk: Walk, agreed_before: bool) -> None:
    social, person = town.portals[0], town.citizen("李静文")
    if agreed_before:
        walk.ask_once_more(social, person)
    else:
        walk.ask_to_sign_in(social)
    walk.page.locator("#username").fill(person.number)
    walk.page.locator("#password").fill(person.password)
    walk.page.get_by_role("button", name=walk.words.sign_in, exact=True).dblclick()
    if not agreed_before:
        walk.at_provider("/consent")
        walk.page.get_by_role("button", name=walk.words.allow, exact=True).dblclick()
    # the browser gives up the first press; where that one was answered already, the page says so and leads back
    finished, known = walk.page.get_by_role("heading", name="本次登录已经完成"), walk.page.locator("#sign-out")
    expect(finished.or_(known)).to_be_visible()
    if finished.is_visible():
        walk.page.locator(f'main a[href="{social}"]').click()
        walk.ask_to_sign_in(social)
        username = walk.page.locator("#username")
        expect(username.or_(known)).to_be_visible()
        if username.is_visible():  # the cookie was given up with the answer
            walk.password(person)
    walk.known(social, person)


def test_an_impatient_second_press_on_a_slow_line_ends_at_the_portal(town: Town, walk: Walk) -> None:
    """The first press has signed in already, and its answer is on the way when the second goes out."""
    social, person = town.portals[0], town.citizen("李静文")
    walk.ask_once_more(social, person)
    walk.page.locator("#username").fill(person.number)
    walk.page.locator("#password").fill(person.password)
    box = walk.page.get_by_role("button", name=walk.words.sign_in, exact=True).bounding_box()
    assert box
    with slow_line(walk.page, milliseconds=800):
        with walk.page.expect_request(re.compile("/callback")):
            walk.page.mouse.click(box["x"] + 20, box["y"] + 20)
        walk.page.mouse.click(box["x"] + 20, box["y"] + 20)
    expect(walk.page.get_by_role("heading", level=1)).to_have_text("本次登录已经完成")
    walk.page.get_by_role("link", name="返回社会保险网上服务大厅").click()
    walk.page.locator("#sign-in").click()
    walk.known(social, person)  # no password again


def test_two_tabs_at_once_are_one_sign_in(town: Town, walk: Walk) -> None:
    (social, vehicles), person = town.portals, town.citizen("李静文")
    other = Walk(town, walk.page.context.new_page(), "zh-CN")
    walk.ask_to_sign_in(social)
    other.ask_to_sign_in(vehicles)
    assert transaction_of(walk.page) != transaction_of(other.page)
    walk.password(person)
    other.password(person)
    walk.allow(social)
    other.allow(vehicles, number_too="citizen_id")
    walk.known(social, person)
    other.known(vehicles, person)
    walk.page.locator("#sign-out").click()
    expect(walk.page.locator("#signed-out")).to_be_visible()
    other.stranger(vehicles)


def test_asking_for_help_does_not_lose_the_sign_in(town: Town, walk: Walk) -> None:
    social, person = town.portals[0], town.citizen("李静文")
    walk.ask_to_sign_in(social)
    walk.page.get_by_role("link", name="忘记密码").click()
    walk.at_provider("/help")
    walk.page.get_by_role("link", name=walk.words.larger).click()
    walk.page.get_by_role("link", name="返回登录").click()
    walk.password(person)
    walk.allow(social)
    walk.known(social, person)


def test_a_sign_in_that_took_too_long_is_said_to_have_expired(town: Town, walk: Walk) -> None:
    walk.ask_to_sign_in(town.portals[0])
    town.services.state.delete(transaction_key(transaction_of(walk.page)))
    walk.password(town.citizen("李静文"))
    expect(walk.page.get_by_role("heading", level=1)).to_have_text("本次登录已失效")
    expect(walk.page.locator("code")).to_have_text(re.compile(r"[2-9A-Z]{4}-[2-9A-Z]{4}"))


def test_the_language_changes_midway_and_the_step_stays(town: Town, walk: Walk) -> None:
    social, person = town.portals[0], town.citizen("李静文", totp=True)
    walk.ask_to_sign_in(social)
    walk.password(person)
    walk.at_provider("/login/otp")
    transaction = transaction_of(walk.page)
    walk.page.get_by_role("link", name=walk.words.other_language).click()
    english = Walk(town, walk.page, "en")
    english.at_provider("/login/otp")
    assert transaction_of(english.page) == transaction
    english.page.locator("#otp").fill(pyotp.TOTP(person.totp_secret or "").now())
    english.press(english.words.proceed)
    english.allow(social)
    english.known(social, person)


@pytest.mark.parametrize(("language", "said"), [("zh-CN", "该账户目前不能登录"), ("en", "This account cannot be used")])
def test_a_suspended_citizen_learns_it_after_the_right_password_only(
    town: Town, open_browser: OpenBrowser, language: str, said: str
) -> None:
    person = town.citizen("李静文")
    town.idp("citizen", "suspend", person.number)
    walk = Walk(town, open_browser(locale="en" if language == "zh-CN" else "zh-CN"), language)
    walk.page.goto(f"{town.portals[0]}/?lang={language}")  # the portal's language goes before the browser's
    walk.page.locator("#sign-in").click()
    walk.password(person, password="not it")
    expect(walk.page.get_by_role("alert")).to_contain_text(walk.words.wrong)
    walk.password(person)
    expect(walk.page.get_by_role("heading", level=1)).to_contain_text(said)


def test_cookies_are_for_the_servers_alone(town: Town, walk: Walk) -> None:
    social, person = town.portals[0], town.citizen("李静文")
    walk.arrive(social, person)
    cookies = {cookie["name"]: cookie for cookie in walk.page.context.cookies()}
    assert set(cookies) == {"idp-session", "idp-browser", "idp-known", "portal-social"}
    for cookie in cookies.values():
        assert (cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, "Lax", "/")
        assert cookie["domain"] == "localhost"  # no Domain attribute: it would have a dot in front
    until_the_browser_closes = {name for name, cookie in cookies.items() if cookie["expires"] == -1}
    assert until_the_browser_closes == {"idp-session", "idp-browser", "portal-social"}


def test_the_keyboard_is_enough(town: Town, walk: Walk) -> None:
    (social, vehicles), person = town.portals, town.citizen("李静文")
    walk.open(social)
    go_to(walk.page, "#sign-in")
    walk.page.keyboard.press("Enter")
    walk.at_provider("/login")
    go_to(walk.page, "#username")
    walk.page.keyboard.type(person.number)
    walk.page.keyboard.press("Tab")
    walk.page.keyboard.type(person.password)
    walk.page.keyboard.press("Enter")
    walk.at_provider("/consent")
    go_to(walk.page, "[name=decision][value=allow]")
    walk.page.keyboard.press("Enter")
    walk.known(social, person)
    go_to(walk.page, "#to-vehicles")
    walk.page.keyboard.press("Enter")
    go_to(walk.page, "#sign-in")
    walk.page.keyboard.press("Enter")
    walk.at_provider("/consent")
    go_to(walk.page, "[name=item][value=citizen_id]")
    walk.page.keyboard.press("Space")
    go_to(walk.page, "[name=decision][value=allow]")
    walk.page.keyboard.press("Enter")
    walk.known(vehicles, person)
    go_to(walk.page, "#sign-out")
    walk.page.keyboard.press("Enter")
    expect(walk.page.locator("#signed-out")).to_be_visible()
    walk.stranger(social)


def go_to(page: Page, selector: str) -> None:
    """Tab forward until the focus is there."""
    page.locator(selector).wait_for()
    for _ in range(25):
        page.keyboard.press("Tab")
        if page.locator(f"{selector}:focus").count():
            return
    raise AssertionError(f"the keyboard does not reach {selector}")
