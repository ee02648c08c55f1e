"""The reference number of an error page: short, never twice the same, and leading to what happened."""

import logging
import re

import pytest

from idp.app import suspending
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


def test_a_citizen_whose_account_is_suspended_is_found_by_the_reference(provider: Provider) -> None:
    person, client, visitor = provider.citizen(), provider.client(), provider.visitor()
    suspending(provider.services).suspend(person.citizen.id)
    page = visitor.password(visitor.authorize(client), person)
    shown = _SHOWN.search(page.text)
    assert (page.status_code, bool(shown)) == (403, True)
    told = [decode(each.event, dict[str, object]) for each in provider.services.state.queued(100)]
    (event,) = [each for each in told if each["type"] == "error:refused"]
    assert shown
    assert event | {"at": 0} == {
        "type": "error:refused",
        "at": 0,
        "reference": shown[0],
        "reason": "account_closed",
        "citizen_id": person.citizen.id,
        "client_id": client.id,
    }


def test_a_portal_that_sends_people_wrongly_is_named_in_the_log_and_a_stranger_is_not(
    provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    client, visitor = provider.client(), provider.visitor()
    caplog.set_level(logging.INFO, "idp.http.failing")
    page = visitor.authorize(client, redirect_uri="https://elsewhere.example.cn/secret")
    visitor.get("/authorize?client_id=somebody-else&response_type=code")
    provider.services.clients.set_enabled(client.id, False)
    visitor.authorize(client)
    lines = [(vars(each)["reason"], vars(each)["client_id"]) for each in caplog.records]
    assert lines == [("bad_redirect", client.id), ("unknown_client", None), ("unknown_client", client.id)]
    assert vars(caplog.records[0])["reference"] in page.text
    assert "elsewhere" not in str([vars(each) for each in caplog.records])


def test_each_page_has_a_reference_of_its_own(provider: Provider) -> None:
    pages = [provider.visitor().get(f"/nowhere-{number}").text for number in range(20)]
    found = {match[0] for page in pages if (match := _SHOWN.search(page))}
    assert len(found) == 20
    assert not [each for each in provider.services.state.queued(100) if b"error:unexpected" in each.event]
