"""A device without a keyboard, and the citizen who answers for it at /device (RFC 8628)."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from werkzeug.test import TestResponse

from tests.support.forms import form
from tests.support.provider import ISSUER, Person, Provider, Registered, Visitor

DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
KIOSK = {"grant_types": [DEVICE_CODE, "refresh_token"], "redirect_uris": [], "post_logout_redirect_uris": []}


def kiosk(provider: Provider, **metadata: Any) -> Registered:
    """A client that has no browser to be sent back to."""
    return provider.client(**KIOSK | {"client_name": "服务大厅自助机"} | metadata)


def asks(provider: Provider, client: Registered, source: str = "198.51.100.9", **fields: str | None) -> TestResponse:
    asked = {name: value for name, value in ({"scope": "openid profile"} | fields).items() if value is not None}
    headers = client.basic if client.secret else {}
    named = {} if client.secret else {"client_id": client.id}
    return provider.machine().post(
        "/device_authorization",
        base_url=ISSUER,
        data=asked | named,
        headers=headers,
        environ_base={"REMOTE_ADDR": source},
    )


@dataclass
class Device:
    """One that shows a code and polls."""

    provider: Provider
    client: Registered
    told: dict[str, Any]

    @property
    def code(self) -> str:
        return str(self.told["user_code"])

    @property
    def fields(self) -> dict[str, str]:
        """Of a poll."""
        return {"grant_type": DEVICE_CODE, "device_code": self.told["device_code"]}

    def poll(self, client: Registered | None = None, after: int = 5) -> TestResponse:
        """Once more, `after` so many seconds."""
        self.provider.clock.advance(after)
        asking, fields = client or self.client, self.fields
        if asking.secret:
            return self.provider.token(asking, fields)
        return self.provider.token(asking, fields | {"client_id": asking.id}, headers={})

    def error(self, client: Registered | None = None, after: int = 5) -> str:
        answer = self.poll(client, after)
        assert answer.status_code == 400, answer.text
        return str(answer.json["error"])

    def tokens(self) -> dict[str, Any]:
        answer = self.poll()
        assert answer.status_code == 200, answer.text
        return dict(answer.json)


def device(provider: Provider, client: Registered | None = None, **fields: str | None) -> Device:
    asking = client or kiosk(provider)
    answer = asks(provider, asking, **fields)
    assert answer.status_code == 200, answer.text
    return Device(provider, asking, dict(answer.json))


def type_code(visitor: Visitor, code: str) -> TestResponse:
    """At /device: the step of the sign-in that comes next, or the page again."""
    return visitor.submit(visitor.get("/device"), "user_code", user_code=code)


def to_the_question(visitor: Visitor, code: str, person: Person) -> TestResponse:
    """The page that asks whether to allow it."""
    page = type_code(visitor, code)
    return visitor.password(page, person) if "password" in form_fields(page) else page


def answer(visitor: Visitor, page: TestResponse, decision: str) -> TestResponse:
    return visitor.submit(page, "decision", decision=decision)


def form_fields(page: TestResponse) -> set[str]:
    return set(form(page.text, "csrf").fields)


def complete(code: str) -> str:
    return f"/device?{urlencode({'user_code': code})}"
