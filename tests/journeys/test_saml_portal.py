"""The portal that speaks SAML among those that speak OpenID Connect: signed in once, known at all, out of all.

Without scripts a citizen presses the button of the page that posts; with them the page does it by itself. Nothing may
appear on the console of the browser on the way: `open_browser` sees to that.
"""

import pyotp
import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import OpenBrowser
from tests.support.provider import TOTP_SECRET, Person
from tests.support.town import Town
from tests.support.walking import Walk


class EstateWalk(Walk):
    """`scripted` says whether the browser runs scripts."""

    scripted: bool = True

    def carried(self) -> None:
        """Past the page of the provider that posts to the portal."""
        if not self.scripted:
            self.at_provider_form()

    def at_provider_form(self) -> None:
        expect(self.page.locator("form[method=post]")).to_have_attribute("action", f"{self.town.estate}/saml/acs")
        self.press(self.words.proceed)


def walking(town: Town, open_browser: OpenBrowser, scripted: bool, language: str = "zh-CN") -> EstateWalk:
    walk = EstateWalk(town, open_browser(locale=language, javascript=scripted), language)
    walk.scripted = scripted
    return walk


def arrive_by_saml(walk: EstateWalk, person: Person) -> None:
    """Known to the provider already: agree, once."""
    walk.ask_to_sign_in(walk.town.estate)
    walk.allow(walk.town.estate, number_too="citizen_id_number")
    walk.carried()
    walk.known(walk.town.estate, person)


@pytest.mark.slow
def test_known_at_the_third_portal_and_out_of_all(town: Town, open_browser: OpenBrowser) -> None:
    social, vehicles = town.portals
    person = town.citizen("欧阳静文")
    walk = walking(town, open_browser, scripted=True)
    walk.arrive(social, person)
    walk.page.locator("#to-estate").click()
    arrive_by_saml(walk, person)
    expect(walk.page.locator("#number")).to_have_text(f"{person.number[:3]}***********{person.number[-4:]}")
    walk.hop(social, person)

    walk.page.goto(f"{social}/me")
    walk.page.locator("#sign-out").click()
    expect(walk.page.locator("#signed-out")).to_be_visible()
    for portal in (social, vehicles, town.estate):
        walk.stranger(portal)
    walk.ask_to_sign_in(town.estate)
    walk.at_provider("/login")


@pytest.mark.slow
def test_from_the_third_portal_to_the_others_and_out_of_all(town: Town, open_browser: OpenBrowser) -> None:
    social, _ = town.portals
    person = town.citizen("阿卜杜热依木江·买买提吐尔逊")
    walk = walking(town, open_browser, scripted=False, language="en")
    walk.ask_to_sign_in(town.estate)
    walk.password(person)
    walk.allow(town.estate, number_too="citizen_id_number")
    walk.carried()
    walk.known(town.estate, person)
    walk.page.locator("#to-social").click()
    walk.ask_to_sign_in(social)
    walk.allow(social)
    walk.known(social, person)

    walk.page.goto(f"{town.estate}/me")
    walk.page.locator("#sign-out").click()
    expect(walk.page.locator("#signed-out")).to_be_visible()
    assert walk.page.url == f"{town.estate}/signed-out"
    for portal in (town.estate, social):
        walk.stranger(portal)


@pytest.mark.slow
def test_what_is_guarded_opens_with_a_code(town: Town, open_browser: OpenBrowser) -> None:
    person = town.citizen("李静文")
    walk = walking(town, open_browser, scripted=True)
    walk.ask_to_sign_in(town.estate)
    walk.password(person)
    walk.allow(town.estate, number_too="citizen_id_number")
    walk.known(town.estate, person)
    walk.page.locator("#step-up").click()
    expect(walk.page.get_by_role("heading", level=1)).to_have_text("这一项需要验证码")

    town.services.citizens.set_totp_secret(person.citizen.id, TOTP_SECRET)
    walk.page.goto(f"{town.estate}/me")
    walk.page.locator("#step-up").click()
    walk.at_provider("/login/otp")
    walk.page.locator("[autocomplete=one-time-code]").fill(pyotp.TOTP(TOTP_SECRET).now())
    walk.press(walk.words.proceed)
    walk.known(town.estate, person)
    expect(walk.page.locator("#guarded")).to_be_visible()
    expect(walk.page.locator("#acr")).to_have_attribute("data-acr", "urn:citizen-idp:aal:2")
