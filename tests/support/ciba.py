"""A service that asks for a citizen whom it has before it (CIBA), and the citizen who answers at /approve."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from werkzeug.test import TestResponse

from tests.support.forms import forms
from tests.support.provider import ISSUER, Person, Provider, Registered, Visitor

CIBA = "urn:openid:params:grant-type:ciba"
PINGED = "https://desk.example/pinged"
DESK = {
    "grant_types": [CIBA, "refresh_token"],
    "redirect_uris": [],
    "post_logout_redirect_uris": [],
    "client_name": "社保大厅",
    "backchannel_token_delivery_mode": "poll",
}


def desk(provider: Provider, **metadata: Any) -> Registered:
    return provider.client(**DESK | metadata)


def asks_for(
    provider: Provider, client: Registered, fields: Mapping[str, str], headers: Mapping[str, str] | None = None
) -> TestResponse:
    told = client.basic if headers is None else headers
    return provider.machine().post("/ciba", base_url=ISSUER, data=dict(fields), headers=dict(told))


@dataclass
class Asked:
    """A request that waits."""

    provider: Provider
    client: Registered
    told: dict[str, Any]

    @property
    def fields(self) -> dict[str, str]:
        """Of a poll."""
        return {"grant_type": CIBA, "auth_req_id": self.told["auth_req_id"]}

    def poll(self, client: Registered | None = None, after: int = 5) -> TestResponse:
        """Once more, `after` so many seconds."""
        self.provider.clock.advance(after)
        return self.provider.token(client or self.client, self.fields)

    def error(self, client: Registered | None = None, after: int = 5) -> str:
        answer = self.poll(client, after)
        assert answer.status_code == 400, answer.text
        return str(answer.json["error"])

    def tokens(self) -> dict[str, Any]:
        answer = self.poll()
        assert answer.status_code == 200, answer.text
        return dict(answer.json)


def asked(provider: Provider, person: Person, client: Registered | None = None, **fields: str | None) -> Asked:
    asking = client or desk(provider)
    honest: dict[str, str | None] = {
        "scope": "openid profile",
        "login_hint": person.number,
        "binding_message": "窗口 3 K7M",
    }
    sent = {name: value for name, value in (honest | fields).items() if value is not None}
    answer = asks_for(provider, asking, sent)
    assert answer.status_code == 200, answer.text
    return Asked(provider, asking, dict(answer.json))


def arrived(provider: Provider, person: Person) -> Visitor:
    """The citizen in his browser, signed in at some portal."""
    visitor = provider.visitor()
    visitor.arrive(provider.client(), person)
    return visitor


def signed_in_at_approve(visitor: Visitor, person: Person) -> TestResponse:
    """Without any portal: the citizen signs in at the page itself. What he sees then."""
    page = visitor.submit(visitor.get("/approve"), "sign_in", sign_in="yes")
    return visitor.password(page, person)


def waiting(visitor: Visitor) -> int:
    """How many requests /approve shows."""
    return sum("look" in dict(each.buttons) for each in forms(visitor.get("/approve").text))


def press(visitor: Visitor, button: str) -> TestResponse:
    """`look` or `block`, at the first request that is shown."""
    page = visitor.get("/approve")
    found = next(each for each in forms(page.text) if button in dict(each.buttons))
    return visitor.post(found.action, found.filled(**{button: dict(found.buttons)[button]}))


def decide(visitor: Visitor, decision: str) -> TestResponse:
    return visitor.submit(press(visitor, "look"), "decision", decision=decision)


def new_code(visitor: Visitor) -> str:
    """A code of the citizen's own, read from the page."""
    page = visitor.submit(visitor.get("/approve"), "code", code="new")
    return re.findall(r'<strong class="told-code">([A-Z]{4}-[A-Z]{4})</strong>', page.text)[0]


def without_code(visitor: Visitor) -> None:
    visitor.submit(visitor.get("/approve"), "code", code="none")
