"""A citizen's browser that is watched: whatever its console complains of, or no server answers well, fails the test."""

import contextlib
from collections.abc import Iterator

from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response

from tests.support.browser import visitor


@contextlib.contextmanager
def watched(browser: Browser, *, locale: str, javascript: bool, width: int) -> Iterator[Page]:
    """A page of a fresh profile. At the end, complaints raise `AssertionError`."""
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
