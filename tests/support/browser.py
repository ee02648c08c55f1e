"""Real Chromium, Debian's own, driven by Playwright, which fetches none. It reaches this machine and nothing else."""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
]


def chromium() -> Path:
    """Where Chromium is; skips the test when there is none."""
    for name in _NAMES:
        if found := shutil.which(name):
            return Path(found)
    pytest.skip("chromium is missing (Debian: apt-get install chromium)")


@contextlib.contextmanager
def chromium_browser() -> Iterator[Browser]:
    path = chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=_ARGUMENTS, headless=True)
        try:
            yield browser
        finally:
            browser.close()


@contextlib.contextmanager
def visitor(browser: Browser, *, locale: str = "zh-CN", javascript: bool = True) -> Iterator[BrowserContext]:
    """A browser profile of its own: no cookie, no cache, `locale` as its language."""
    context = browser.new_context(locale=locale, java_script_enabled=javascript, ignore_https_errors=False)
    context.set_default_timeout(15_000)
    try:
        yield context
    finally:
        context.close()
