"""Every page in Chromium: axe-core finds nothing, nothing needs sideways scrolling, every target is large enough.

Pages are served with the policy they are written for, so that what the policy forbids would be missed here.
"""

import threading
from collections.abc import Callable, Iterator
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import product
from typing import Any, Literal
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from idp.http.web import CONTENT_SECURITY_POLICY
from idp.pages import LANGUAGES, Frame, Pages
from tests.support.page_examples import examples

ONE_OF_MANY_ERRORS = "error-unavailable"
EXAMPLES = {name: page for name, page in examples() if not name.startswith("error-") or name == ONE_OF_MANY_ERRORS}
PAGES = Pages()
VERSIONS = list(product(LANGUAGES, ("normal", "large")))

every_page = pytest.mark.parametrize("name", EXAMPLES)


class Served(BaseHTTPRequestHandler):
    """`/<language>/<size>/<example>` and `/static/…`."""

    def do_GET(self) -> None:
        _, first, *rest = urlsplit(self.path).path.split("/")
        if first == "static":
            content, content_type = PAGES.static(rest[0]) or (b"", "text/plain")
        else:
            frame = Frame(first, rest[0] == "large", self.path)
            content, content_type = PAGES.render(EXAMPLES[rest[1]], frame).encode(), "text/html; charset=utf-8"
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Served) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def narrow(browser: Browser) -> Iterator[Page]:
    with browser.new_context() as context:
        yield context.new_page()


@pytest.fixture
def phone(narrow: Page) -> Page:
    narrow.set_viewport_size({"width": 320, "height": 640})
    return narrow


@pytest.fixture(scope="module")
def desk(browser: Browser) -> Iterator[Page]:
    with browser.new_context(viewport={"width": 1280, "height": 800}) as context:
        yield context.new_page()


def complaints(page: Page) -> list[str]:
    """What axe-core finds, best practices included, one line a node."""
    found = Axe().run(page).response["violations"]
    return [f"{rule['id']} ({rule['help']}): {node['html'][:200]}" for rule in found for node in rule["nodes"]]


def test_axe_would_find_something(desk: Page) -> None:
    desk.set_content("<html><body><img src='x'><input><p style='color:#bbb;background:#fff'>pale</p></body></html>")
    assert {"image-alt", "label", "color-contrast", "html-has-lang"} <= {line.split()[0] for line in complaints(desk)}


@pytest.mark.slow
@pytest.mark.parametrize(("language", "size"), VERSIONS)
@every_page
def test_axe_finds_nothing(desk: Page, origin: str, name: str, language: str, size: str) -> None:
    desk.emulate_media(color_scheme="light")
    desk.goto(f"{origin}/{language}/{size}/{name}")
    assert not complaints(desk)


@pytest.mark.slow
@every_page
def test_axe_finds_nothing_in_the_dark(phone: Page, origin: str, name: str) -> None:
    phone.emulate_media(color_scheme="dark")
    phone.goto(f"{origin}/zh-CN/normal/{name}")
    assert not complaints(phone)


GEOMETRY = """() => {
  const all = selector => [...document.querySelectorAll(selector)];
  const body = getComputedStyle(document.body);
  return {
    width: document.documentElement.scrollWidth,
    targets: all('a[href], button, input:not([type=hidden]), .tick')
      .map(e => e.matches('.tick input') ? e.closest('.tick') : e)
      .filter(e => !e.matches('.skip'))
      .map(e => [e.getBoundingClientRect(), e.outerHTML.slice(0, 120)])
      .map(([box, html]) => [Math.min(box.width, box.height), html]),
    texts: all('body *')
      .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) && e.getClientRects().length)
      .map(e => [parseFloat(getComputedStyle(e).fontSize), e.outerHTML.slice(0, 120)]),
    spacing: parseFloat(body.lineHeight) / parseFloat(body.fontSize),
    heading: parseFloat(getComputedStyle(document.querySelector('h1')).fontSize),
  }
}"""

Measure = Callable[[str, str, str], dict[str, Any]]


@pytest.fixture(scope="module")
def measure(narrow: Page, origin: str) -> Measure:
    """An example, in a language and a size, on a phone of 320 pixels. Each is looked at once for all tests."""

    @cache
    def look(language: str, size: str, name: str) -> dict[str, Any]:
        narrow.set_viewport_size({"width": 320, "height": 640})
        narrow.goto(f"{origin}/{language}/{size}/{name}")
        geometry: dict[str, Any] = narrow.evaluate(GEOMETRY)
        return geometry

    return look


@pytest.mark.parametrize(("language", "size"), VERSIONS)
@every_page
def test_wcag_1_4_10_nothing_scrolls_sideways_at_320_pixels(
    measure: Measure, name: str, language: str, size: str
) -> None:
    assert measure(language, size, name)["width"] <= 320


@pytest.mark.parametrize(("size", "pixels"), [("normal", 44), ("large", 60)])
@every_page
def test_every_target_is_large_enough_for_a_finger(measure: Measure, name: str, size: str, pixels: int) -> None:
    targets = measure("en", size, name)["targets"]
    assert targets
    assert not [html for least, html in targets if least < pixels]


@every_page
def test_large_print_is_18_points_and_widely_spaced(measure: Measure, name: str) -> None:
    geometry = measure("zh-CN", "large", name)
    assert not [html for pixels, html in geometry["texts"] if pixels < 24]
    assert geometry["spacing"] >= 1.5


@pytest.mark.parametrize(("size", "pixels"), [("normal", 28), ("large", 32)])
@every_page
def test_the_heading_stands_out(measure: Measure, name: str, size: str, pixels: int) -> None:
    assert measure("zh-CN", size, name)["heading"] >= pixels


@pytest.mark.parametrize("width", [320, 360])
@pytest.mark.parametrize(("language", "size"), VERSIONS)
def test_a_whole_number_fits_its_field_on_a_phone(
    phone: Page, origin: str, language: str, size: str, width: int
) -> None:
    phone.set_viewport_size({"width": width, "height": 640})
    phone.goto(f"{origin}/{language}/{size}/sign-in")
    field = phone.locator("#username")
    field.fill("53010219200508011X")
    assert field.evaluate("field => field.scrollWidth - field.clientWidth") <= 0
    field.fill("53010219200508011X" * 2)
    assert field.evaluate("field => field.scrollWidth - field.clientWidth") > 0  # so that this measures something


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_header_of_large_print_leaves_the_screen_to_the_form(phone: Page, origin: str, language: str) -> None:
    """Two rows at most on a phone of 360 by 640 pixels, and the first field begins on the first screen."""
    phone.set_viewport_size({"width": 360, "height": 640})
    phone.goto(f"{origin}/{language}/large/sign-in")
    rows = phone.evaluate(
        "new Set([...document.querySelectorAll('.choice')].map(e => e.getBoundingClientRect().y)).size"
    )
    assert rows == 1
    assert phone.evaluate("document.querySelector('.top').getBoundingClientRect().height") <= 180
    assert phone.evaluate("document.querySelector('#username').getBoundingClientRect().top") < 640


@pytest.mark.parametrize("name", [name for name in EXAMPLES if "continue" not in name])  # of `test_form_post.py`
def test_the_policy_forbids_nothing_that_a_page_needs(desk: Page, origin: str, name: str) -> None:
    refused: list[str] = []
    desk.on(
        "console", lambda message: refused.append(message.text) if "Content Security Policy" in message.text else None
    )
    desk.goto(f"{origin}/en/normal/{name}")
    assert not refused
    assert desk.evaluate("getComputedStyle(document.querySelector('.top')).backgroundColor") == "rgb(22, 54, 111)"
    assert desk.evaluate("[...document.images].every(image => image.naturalWidth > 0)")


def test_wcag_2_4_1_the_first_tab_stop_skips_to_the_content(desk: Page, origin: str) -> None:
    desk.goto(f"{origin}/en/normal/sign-in")
    desk.keyboard.press("Tab")
    expect(desk.locator(".skip")).to_be_in_viewport(ratio=1)
    desk.keyboard.press("Enter")
    desk.keyboard.press("Tab")
    assert desk.evaluate("document.activeElement.name") == "username"


def test_the_keyboard_alone_reaches_everything_in_order(desk: Page, origin: str) -> None:
    desk.goto(f"{origin}/en/normal/consent")
    reached = []
    for _ in range(12):
        desk.keyboard.press("Tab")
        reached.append(desk.evaluate("(e => e.value || e.textContent.trim())(document.activeElement)"))
    inside = [name for name in reached if name in ("phone", "email", "citizen_id", "allow", "deny")]
    assert inside == ["email", "phone", "citizen_id", "allow", "deny"]


@pytest.mark.parametrize(
    ("name", "focused"),
    [
        ("sign-in-wrong", "password"),
        ("sign-in-malformed", "username"),
        ("sign-in-throttled", "problem"),
        ("totp", "otp"),
        ("totp-replayed", "otp"),
    ],
)
def test_the_focus_starts_where_the_citizen_must_act(desk: Page, origin: str, name: str, focused: str) -> None:
    desk.goto(f"{origin}/en/normal/{name}")
    expect(desk.locator(f"#{focused}")).to_be_focused()


@pytest.mark.parametrize("language", LANGUAGES)
def test_wcag_3_3_1_from_the_alert_the_keyboard_gets_to_the_box_at_once(
    phone: Page, origin: str, language: str
) -> None:
    phone.goto(f"{origin}/{language}/normal/consent-missing_required")
    expect(phone.get_by_role("alert")).to_be_focused()
    phone.keyboard.press("Tab")
    phone.keyboard.press("Enter")
    box = phone.locator("[value=citizen_id]")
    expect(box).to_be_focused()
    expect(box).to_be_in_viewport(ratio=1)
    phone.keyboard.press("Space")
    expect(box).to_be_checked()


CONTRAST = """box => {
  const clear = e => getComputedStyle(e).backgroundColor === 'rgba(0, 0, 0, 0)'
  const around = e => clear(e) ? around(e.parentElement) : e
  const light = colour => colour.match(/[\\d.]+/g).slice(0, 3).map(each => each / 255)
    .map(each => each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4)
    .reduce((sum, each, place) => sum + each * [0.2126, 0.7152, 0.0722][place], 0.05)
  const style = getComputedStyle(box), grounds = [style, getComputedStyle(around(box.parentElement))]
  const edge = light(style.borderTopColor)
  return Math.min(...grounds.map(each => light(each.backgroundColor))
    .map(ground => Math.max(edge, ground) / Math.min(edge, ground)))
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_wcag_1_4_11_an_unticked_box_stands_out(phone: Page, origin: str, scheme: Literal["light", "dark"]) -> None:
    phone.emulate_media(color_scheme=scheme)
    phone.goto(f"{origin}/zh-CN/normal/consent")
    for box in phone.locator("[name=item]").all():
        assert box.evaluate("box => getComputedStyle(box).appearance") == "none"  # or the colours are the browser's own
        assert box.evaluate(CONTRAST) >= 3
        unticked = box.screenshot()
        box.check()
        assert box.screenshot() != unticked
