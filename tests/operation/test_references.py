"""The reference number of an error page: short, never twice the same, and in the trail where nobody foresaw it."""

import re

from idp.codec import decode
from tests.support.provider import Provider

_SHOWN = re.compile(r"[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}")


def fail() -> str:
    raise RuntimeError("张三 110000199001010013")


def test_an_error_that_nobody_foresaw_is_in_the_trail_by_its_reference(provider: Provider) -> None:
    provider.app.add_url_rule("/fails", view_func=fail)
    page = provider.visitor().get("/fails")
    assert page.status_code == 500
    shown = _SHOWN.search(page.text)
    assert shown
    told = [decode(each.event, dict[str, object]) for each in provider.services.state.queued(100)]
    (event,) = [each for each in told if each["type"] == "error:unexpected"]
    assert (event["reference"], event["exception"]) == (shown[0], "builtins.RuntimeError")
    assert "110000199001010013" not in page.text + str(told)


def test_each_page_has_a_reference_of_its_own(provider: Provider) -> None:
    pages = [provider.visitor().get(f"/nowhere-{number}").text for number in range(20)]
    found = {match[0] for page in pages if (match := _SHOWN.search(page))}
    assert len(found) == 20
    assert not [each for each in provider.services.state.queued(100) if b"error:unexpected" in each.event]
