"""J. The trail that others read: nobody fills it, and it says no more than what happened."""

import json
from typing import Any

from idp.audit.writer import AuditWriter
from tests.support.forms import form
from tests.support.known import acquainted
from tests.support.provider import VERIFIER, Provider


def trail(provider: Provider) -> list[tuple[str, dict[str, Any]]]:
    services = provider.services
    writer = AuditWriter(services.state, services.records.audit, "test")
    while writer.move().written:
        pass
    found = services.records.audit.search(limit=1_000)
    return [(each.event.event, json.loads(each.event.document)) for each in found]


def told(provider: Provider, what: str) -> list[dict[str, Any]]:
    return [facts for event, facts in trail(provider) if event == what]


def test_j_trail_a_stranger_with_the_name_of_a_public_client_does_not_fill_it(provider: Provider) -> None:
    public = provider.client(token_endpoint_auth_method="none")
    junk = {"grant_type": "authorization_code", "client_id": public.id, "code_verifier": VERIFIER, "redirect_uri": "x"}
    statuses = [provider.token(public, junk | {"code": f"0junk{i}"}, headers={}).status_code for i in range(50)]
    assert statuses == [400] * 30 + [429] * 20
    assert len(told(provider, "token:refused")) == 30


def test_j_trail_guesses_that_come_too_early_are_told_once_in_the_time_they_wait(provider: Provider) -> None:
    client, person, visitor = provider.client(), provider.citizen(), provider.visitor()
    page = form(visitor.authorize(client).text, "username")
    guess = page.filled(username=person.number, password="wrong")
    answers = [visitor.post(page.action, guess) for _ in range(40)]
    throttled = [answer for answer in answers if answer.status_code == 429]
    assert len(throttled) > 30
    assert len(told(provider, "login:throttled")) == 1
    provider.clock.advance(int(throttled[-1].headers["Retry-After"]))
    for _ in range(3):
        visitor.post(page.action, guess)
    assert len(told(provider, "login:throttled")) == 2


def test_j_trail_what_was_not_released_after_all_is_told(provider: Provider) -> None:
    known = acquainted(provider)
    token = known.tokens()["access_token"]
    provider.services.clients.set_enabled(known.client.id, False)
    provider.clock.advance(2)
    assert provider.userinfo(token).status_code == 401
    (refused,) = told(provider, "userinfo:refused")
    names = (refused["citizen_id"], refused["client_id"], refused["error"])
    assert names == (known.person.citizen.id, known.client.id, "invalid_token")
