"""Takes the pictures of the README from a running demo: `python -m tests.support.pictures` (see `make demo`).

Nobody's data is in them: the demo's citizens are made up.
"""

import re
import sys
from pathlib import Path

from playwright.sync_api import Page, ViewportSize

from tests.support.browser import chromium_browser

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
PHONE = ViewportSize(width=412, height=860)
PORTALS = ("http://localhost:8001/", "http://localhost:8002/")


def take(number: str, password: str) -> None:
    """`number` and `password` are those of a citizen of the demo's table."""
    PICTURES.mkdir(exist_ok=True)
    with chromium_browser() as browser:
        context = browser.new_context(viewport=PHONE, locale="zh-CN", device_scale_factor=1.5, color_scheme="light")
        page = context.new_page()
        page.goto(PORTALS[0])
        page.click("main a.button, main button")
        keep(page, "sign-in")
        page.click("text=长辈版")
        keep(page, "large")
        page.click("text=标准版")
        page.fill("#username", number)
        page.fill("#password", password)
        page.click("main button[type=submit]")
        keep(page, "consent")
        page.click("button[value=allow]")
        page.goto(PORTALS[1])
        page.click("main a.button, main button")
        for box in page.locator("input[type=checkbox]").all():
            box.check()
        if page.locator("button[value=allow]").count():
            page.click("button[value=allow]")
        keep(page, "portal")


def keep(page: Page, name: str) -> None:
    page.wait_for_load_state()
    page.screenshot(path=PICTURES / f"{name}.png", clip={"x": 0, "y": 0, **PHONE})


if __name__ == "__main__":
    table = sys.stdin.read()
    found = re.search(r"(\d{17}[\dX])\s+(\S+)", table)
    if not found:
        sys.exit("give the demo's table on standard input")
    take(found[1], found[2])
