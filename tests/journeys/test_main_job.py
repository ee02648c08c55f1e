"""The main job: sign in once at one portal, be known at the other, sign out of both.

With every way of signing in, in both languages, on both kinds of stores. In English without JavaScript. Nothing may
appear on the console of the browser on the way: `open_browser` sees to that.
"""

from collections.abc import Callable

import pyotp
import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import OpenBrowser
from tests.support.provider import Person
from tests.support.town import Town
from tests.support.walking import Walk

NAMES = {"zh-CN": "欧阳静文", "en": "阿卜杜热依木江·买买提吐尔逊"}
LEVELS = {"password": 1, "totp": 2, "large print": 1, "recovery code": 2}


def with_password(walk: Walk, person: Person) -> None:
    walk.password(person)


def with_totp(walk: Walk, person: Person) -> None:
    walk.password(person)
    walk.at_provider("/login/otp")
    code = walk.page.locator("[autocomplete=one-time-code]")
    expect(code).to_be_focused()
    code.fill(pyotp.TOTP(person.totp_secret or "").now())
    walk.press(walk.words.proceed)


def in_large_print(walk: Walk, person: Person) -> None:
    """An elder, who types the phone number as it is said: without +86, with spaces."""
    walk.page.get_by_role("link", name=walk.words.larger).click()
    expect(walk.page.locator("html")).to_have_class("large")
    local = person.phone.removeprefix("+86")
    walk.password(person, typed=f"{local[:3]} {local[3:7]} {local[7:]}")
    expect(walk.page.locator("html")).to_have_class("large")


def with_recovery_code(walk: Walk, person: Person) -> None:
    walk.password(person)
    walk.page.get_by_role("link", name=walk.words.use_recovery_code).click()
    walk.at_provider("/login/recovery")
    walk.page.locator("#recovery_code").fill(walk.town.recovery_code(person).upper())
    walk.press(walk.words.proceed)


WAYS: dict[str, Callable[[Walk, Person], None]] = {
    "password": with_password,
    "totp": with_totp,
    "large print": in_large_print,
    "recovery code": with_recovery_code,
}


@pytest.mark.slow
@pytest.mark.parametrize("language", NAMES)
@pytest.mark.parametrize("way", WAYS)
def test_signed_in_once_known_at_both_and_out_of_both(
    town: Town, open_browser: OpenBrowser, way: str, language: str
) -> None:
    social, vehicles = town.portals
    person = town.citizen(NAMES[language], totp=way in ("totp", "recovery code"))
    walk = Walk(town, open_browser(locale=language, javascript=language != "en"), language)

    walk.ask_to_sign_in(social)
    walk.at_provider("/login")
    WAYS[way](walk, person)
    walk.allow(social)
    walk.known(social, person)
    expect(walk.page.locator("#acr")).to_have_attribute("data-acr", f"urn:citizen-idp:aal:{LEVELS[way]}")

    walk.page.locator("#to-vehicles").click()
    walk.stranger(vehicles)
    walk.ask_to_sign_in(vehicles)
    walk.allow(vehicles, number_too="citizen_id")  # no password came before
    walk.known(vehicles, person)
    expect(walk.page.locator("#number")).to_have_text(f"{person.number[:3]}***********{person.number[-4:]}")

    walk.hop(social, person)
    walk.hop(vehicles, person)

    walk.page.goto(f"{social}/me")
    walk.page.locator("#sign-out").click()
    expect(walk.page.locator("#signed-out")).to_be_visible()
    assert walk.page.url.startswith(f"{social}/signed-out?")
    walk.stranger(social)
    walk.stranger(vehicles)

    walk.ask_to_sign_in(vehicles)
    walk.at_provider("/login")
    expect(walk.page.locator("[autocomplete=current-password]")).to_be_empty()
