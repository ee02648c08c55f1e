"""A citizen at a browser: the steps of the main job, and a watch over everything the browser meets on the way."""

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response, expect

from tests.support.browser import visitor
from tests.support.provider import Person
from tests.support.town import Town


@contextlib.contextmanager
def watched(browser: Browser, *, locale: str, javascript: bool, width: int) -> Iterator[Page]:
    """A page of a fresh profile. What its console complains of, or a server did not answer well, fails at the end."""
    complaints: list[str] = []

    def on_console(message: ConsoleMessage) -> None:
        """A page that is an error by its status is noted by Chromium too; whether it should be one, tests say."""
        by_status = "the server responded with a status of 4" in message.text
        if message.type in ("error", "warning") and not by_status:
            complaints.append(f"{message.type}: {message.text}")

    def on_failure(request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":  # the citizen went on before the page was there
            complaints.append(f"{request.failure}: {request.url.partition('?')[0]}")

    def on_response(response: Response) -> None:
        if response.status >= 500 or (response.status >= 400 and not response.request.is_navigation_request()):
            complaints.append(f"{response.status}: {response.url.partition('?')[0]}")

    with visitor(browser, locale=locale, javascript=javascript) as context:
        context.on("console", on_console)
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        context.on("requestfailed", on_failure)
        context.on("response", on_response)
        page = context.new_page()
        page.set_viewport_size({"width": width, "height": 800})
        yield page
        assert not complaints


@dataclass(frozen=True)
class Words:
    """What a citizen looks for on the pages of the provider, in one language."""

    sign_in: str
    allow: str
    deny: str
    proceed: str
    use_recovery_code: str
    larger: str
    other_language: str
    wrong: str


WORDS = {
    "zh-CN": Words(
        "登录", "同意并继续", "不同意", "继续", "手机不在身边？使用恢复码", "长辈版", "English", "号码或密码不正确"
    ),
    "en": Words(
        "Sign in",
        "Allow and continue",
        "Do not allow",
        "Continue",
        "I cannot use my phone: use a recovery code",
        "Large print",
        "简体中文",
        "The number or the password is not right",
    ),
}


@dataclass
class Walk:
    """A citizen who reads one language, at the browser. Every step is a click or a key, as a person would do it."""

    town: Town
    page: Page
    language: str

    @property
    def words(self) -> Words:
        return WORDS[self.language]

    def open(self, portal: str) -> None:
        self.page.goto(portal)
        expect(self.page.locator("html")).to_have_attribute("lang", self.language)

    def ask_to_sign_in(self, portal: str) -> None:
        """From the portal's first page to whatever the provider asks."""
        self.open(portal)
        self.page.locator("#sign-in").click()

    def at_provider(self, path: str) -> None:
        """The provider shows the step at `path`, in the language of the citizen."""
        expect(self.page).to_have_url(re.compile(rf"{re.escape(self.town.issuer + path)}(\?.*)?"))
        expect(self.page.locator("html")).to_have_attribute("lang", self.language)

    def password(self, person: Person, typed: str | None = None, password: str | None = None) -> None:
        self.at_provider("/login")
        self.page.locator("[autocomplete=username]").fill(typed or person.number)
        self.page.locator("[autocomplete=current-password]").fill(password or person.password)
        self.press(self.words.sign_in)

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def allow(self, portal: str, *, number_too: str = "") -> None:
        """Agree to what a portal asks; its citizen ID number, by whatever name, has a box of its own that is not ticked
        yet."""
        self.at_provider("/consent")
        expect(self.page.locator(".asker")).to_contain_text(portal.removeprefix("http://"))
        if number_too:
            box = self.page.locator(f"[name=item][value={number_too}]")
            expect(box).not_to_be_checked()
            box.check()
        self.press(self.words.allow)

    def known(self, portal: str, person: Person) -> None:
        """The portal knows who it is."""
        expect(self.page).to_have_url(f"{portal}/me")
        expect(self.page.locator("#name")).to_have_text(person.citizen.profile.name)

    def arrive(self, portal: str, person: Person) -> None:
        """The first sign-in at a portal that needs nothing but a password and a press."""
        self.ask_to_sign_in(portal)
        self.password(person)
        self.allow(portal)
        self.known(portal, person)

    def ask_once_more(self, portal: str, person: Person) -> None:
        """Known there once and signed out since, the citizen asks again; the provider wants the password."""
        self.arrive(portal, person)
        self.page.locator("#sign-out").click()
        self.ask_to_sign_in(portal)

    def hop(self, portal: str, person: Person) -> None:
        """Sign in at the portal anew: not one page of the provider is shown on the way."""
        shown: list[str] = []
        note = lambda frame: shown.append(frame.url)  # noqa: E731 - the same object must be taken off again
        self.page.on("framenavigated", note)
        self.page.goto(f"{portal}/login")
        self.page.remove_listener("framenavigated", note)
        self.known(portal, person)
        assert shown == [f"{portal}/me"]

    def stranger(self, portal: str) -> None:
        """The portal does not know the citizen (any more)."""
        self.page.goto(f"{portal}/me")
        expect(self.page).to_have_url(f"{portal}/")
        expect(self.page.locator("#sign-in")).to_be_visible()
