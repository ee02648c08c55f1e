"""G. A one-time code proves more of a session; it is no new sign-in, and brings no ended one back."""

import base64
import json
from typing import Any

import pytest

from idp.login.assurance import acr
from tests.support.cookies import SESSION, silent, with_session
from tests.support.provider import Provider, Registered, Visitor, parameters
from tests.support.totp import totp_now

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


class SteppedUp:
    """Signed in by password, hours ago, and used since; then the citizen got an app for codes."""

    def __init__(self, provider: Provider, uses: int) -> None:
        self.provider = provider
        self.client: Registered = provider.client()
        self.person = provider.citizen()
        self.visitor: Visitor = provider.visitor()
        self.visitor.arrive(self.client, self.person)
        self.began = int(provider.clock.now())
        provider.services.citizens.set_totp_secret(self.person.citizen.id, SECRET)
        self.pause = provider.services.settings.lifetimes.session_idle_seconds - 60
        for _ in range(uses):
            provider.clock.advance(self.pause)
            assert silent(self.visitor, self.client)["code"]

    def code_page(self) -> Any:
        return self.visitor.authorize(self.client, acr_values=acr(2))

    def step_up(self) -> dict[str, str]:
        answer = self.visitor.submit(self.code_page(), "otp", otp=totp_now(self.provider, self.person))
        return parameters(answer.location)

    def id_token(self, code: str) -> Any:
        answer = self.provider.token(self.client, self.client.exchange(code)).get_json()
        return json.loads(base64.urlsafe_b64decode(answer["id_token"].split(".")[1] + "=="))


@pytest.fixture
def stepped(provider: Provider) -> SteppedUp:
    return SteppedUp(provider, 5)


def test_g_step_up_says_when_the_password_was_given(stepped: SteppedUp) -> None:
    """OIDC Core section 2, `auth_time`: a portal that asks for a recent sign-in relies on it."""
    claims = stepped.id_token(stepped.step_up()["code"])
    assert claims["acr"] == acr(2)
    assert claims["auth_time"] == stepped.began


def test_g_step_up_does_not_answer_prompt_login_that_waits_in_another_tab(stepped: SteppedUp) -> None:
    waiting = stepped.visitor.authorize(stepped.client, prompt="login")
    assert waiting.request.path == "/login"
    stepped.step_up()
    answer = stepped.visitor.get(waiting.request.full_path)
    assert (answer.status_code, answer.request.path) == (200, "/login")


def test_g_step_up_is_too_old_for_max_age(stepped: SteppedUp) -> None:
    stepped.step_up()
    assert silent(stepped.visitor, stepped.client, max_age="60")["error"] == "login_required"
    assert stepped.visitor.authorize(stepped.client, max_age="60").request.path == "/login"


def test_g_step_up_does_not_make_a_session_last_longer(provider: Provider) -> None:
    limit = provider.services.settings.lifetimes.session_absolute_seconds
    stepped = SteppedUp(provider, (limit - 120) // (provider.services.settings.lifetimes.session_idle_seconds - 60))
    stepped.step_up()
    provider.clock.advance(stepped.began + limit - int(provider.clock.now()))
    assert silent(stepped.visitor, stepped.client)["error"] == "login_required"


def test_g_step_up_from_a_session_that_was_signed_out_meanwhile(stepped: SteppedUp) -> None:
    """The form was filled in before, and arrives with the cookie of the ended session."""
    page = stepped.code_page()
    cookies = {each.key: each.value for each in stepped.visitor.http._cookies.values()}  # type: ignore[union-attr]
    stepped.visitor.submit(stepped.visitor.get("/logout"), "decision", decision="allow")
    stepped.visitor.http.set_cookie(SESSION, cookies[SESSION], domain="id.example", secure=True)
    answer = stepped.visitor.submit(page, "otp", otp=totp_now(stepped.provider, stepped.person))
    assert answer.request.path == "/login"
    assert silent(with_session(stepped.provider, cookies[SESSION]), stepped.client)["error"] == "login_required"
