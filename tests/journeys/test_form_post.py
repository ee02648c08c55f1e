"""The page that posts an answer to a portal: by itself where scripts run, at a press where they do not."""

from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Route, expect

from tests.journeys.conftest import OpenBrowser
from tests.support.town import Town
from tests.support.walking import Walk


@pytest.mark.parametrize("javascript", [True, False], ids=["with scripts", "without"])
def test_a_portal_gets_its_answer_in_a_form(town: Town, open_browser: OpenBrowser, javascript: bool) -> None:
    social, person = town.portals[0], town.citizen("李静文")
    page = open_browser(javascript=javascript)
    walk, posted = Walk(town, page, "zh-CN"), []

    def keep(route: Route) -> None:
        """In the place of a portal that takes forms."""
        posted.append((route.request.method, parse_qs(route.request.post_data or "")))
        route.fulfill(body="<!doctype html><title>there</title><h1>there</h1>", content_type="text/html")

    walk.open(social)
    page.route(f"{social}/callback", keep)
    begun = page.request.get(f"{social}/login", max_redirects=0).headers["location"]
    assert urlsplit(begun).path == "/authorize"
    page.goto(f"{begun}&response_mode=form_post")
    walk.password(person)
    walk.allow(social)
    if not javascript:
        expect(page.get_by_role("heading", level=1)).to_have_text("返回社会保险网上服务大厅")
        walk.press("继续")
    expect(page.get_by_role("heading", level=1)).to_have_text("there")
    ((method, told),) = posted
    assert method == "POST"
    assert told.keys() == {"code", "state", "iss"}
    assert told["iss"] == [town.issuer]
