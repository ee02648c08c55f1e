"""Every page on the way of a sign-in, as the running processes give it, on a phone 320 pixels wide: axe-core finds
nothing, nothing scrolls sideways, and the pages say which language they are in."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.journeys.conftest import OpenBrowser
from tests.support.town import Town
from tests.support.walking import Walk

WIDTH = 320

pytestmark = [pytest.mark.slow, pytest.mark.parametrize("town", ["embedded"], indirect=True)]
GROUND_IS_DARK = "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).every(each => each < 64)"


@dataclass
class Inspector:
    """Looks at a page and notes what is wrong with it, so that one walk tells of all pages."""

    page: Page
    language: str
    dark: bool
    axe: Axe = field(default_factory=Axe)
    seen: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def look(self, name: str) -> None:
        self.page.wait_for_load_state()
        self.seen.append(name)
        found = self.axe.run(self.page).response["violations"]
        self.faults += [f"{name}: {rule['id']}: {node['html'][:120]}" for rule in found for node in rule["nodes"]]
        if self.page.evaluate("document.documentElement.scrollWidth") > WIDTH:
            self.faults.append(f"{name} scrolls sideways")
        if self.page.locator("html").get_attribute("lang") != self.language:
            self.faults.append(f"{name} is in another language")
        if self.page.evaluate(GROUND_IS_DARK) != self.dark:
            self.faults.append(f"{name} is not as dark as the citizen wishes")
        if not self.page.title().strip():
            self.faults.append(f"{name} has no title")


@pytest.mark.parametrize(
    ("language", "large", "dark"), [("zh-CN", False, False), ("zh-CN", True, True), ("en", True, False)]
)
def test_every_page_reached_is_accessible_on_a_narrow_phone(
    town: Town, open_browser: OpenBrowser, language: str, large: bool, dark: bool
) -> None:
    page = open_browser(locale=language, width=WIDTH)
    page.emulate_media(color_scheme="dark" if dark else "light")
    walk, inspector = Walk(town, page, language), Inspector(page, language, dark)
    for part in (arriving, second_portal, leaving, going_astray):
        part(walk, inspector.look, large)
    assert len(inspector.seen) == 19
    assert not inspector.faults


Look = Callable[[str], None]


def in_large_print(walk: Walk) -> None:
    walk.page.get_by_role("link", name=walk.words.larger).click()
    expect(walk.page.locator("html")).to_have_class(re.compile(r"(?<!\S)large(?!\S)"))


def arriving(walk: Walk, look: Look, large: bool) -> None:
    person = walk.town.citizen("阿卜杜热依木江·买买提吐尔逊·艾合买提尼亚孜·库尔班阿布都拉", totp=True)
    walk.open(walk.town.portals[0])
    if large:
        in_large_print(walk)
    look("portal")
    walk.page.locator("#sign-in").click()
    if large:
        in_large_print(walk)
    look("sign-in")
    walk.password(person, password="not it")
    look("sign-in, wrong")
    walk.password(person)
    look("code")
    walk.page.locator("#otp").fill("000000")
    walk.press(walk.words.proceed)
    look("code, wrong")
    walk.page.get_by_role("link", name=walk.words.use_recovery_code).click()
    look("recovery code")
    walk.page.locator("#recovery_code").fill(walk.town.recovery_code(person))
    walk.press(walk.words.proceed)
    look("consent")
    walk.allow(walk.town.portals[0])
    walk.known(walk.town.portals[0], person)
    look("portal, signed in")


def second_portal(walk: Walk, look: Look, large: bool) -> None:
    vehicles = walk.town.portals[1]
    if large:
        walk.open(vehicles)
        in_large_print(walk)
    walk.ask_to_sign_in(vehicles)
    look("consent, sensitive")
    walk.allow(vehicles)
    look("consent, not ticked")
    walk.allow(vehicles, number_too="citizen_id")
    expect(walk.page).to_have_url(f"{vehicles}/me")
    look("portal with number")


def leaving(walk: Walk, look: Look, large: bool) -> None:
    for name, path in (("start page", "/"), ("help", "/help"), ("sign out?", "/logout")):
        walk.page.goto(walk.town.issuer + path)
        look(name)
    walk.page.goto(f"{walk.town.portals[0]}/me")
    walk.page.locator("#sign-out").click()
    expect(walk.page.locator("#signed-out")).to_be_visible()
    look("portal, signed out")
    walk.page.goto(walk.town.portals[1])
    look("portal, ended elsewhere")


def going_astray(walk: Walk, look: Look, large: bool) -> None:
    walk.page.goto(f"{walk.town.issuer}/login?t=unknown")
    look("expired")
    walk.page.goto(f"{walk.town.issuer}/authorize?client_id=unknown")
    look("unknown client")
    walk.ask_to_sign_in(walk.town.portals[0])
    walk.password(walk.town.citizen("李静文"))
    walk.press(walk.words.deny)
    look("portal, not agreed")
