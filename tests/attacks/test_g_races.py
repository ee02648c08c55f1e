"""G. Two things at once in one browser: what one tab ended, the other does not bring back."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
from werkzeug.test import Client as HttpClient

from idp.app import suspending
from idp.csrf import csrf_token
from idp.login.assurance import acr
from idp.sessions import owner_key
from tests.support.answers import id_token_claims
from tests.support.cookies import BROWSER, SESSION, cookie, silent
from tests.support.forms import form
from tests.support.interposed import Interposed
from tests.support.listener import Listener, listening
from tests.support.provider import (
    ISSUER,
    Person,
    Provider,
    Registered,
    Visitor,
    parameters,
    running_provider,
    settings_for,
)
from tests.support.totp import totp_now
from tests.support.wrapped_state import WrappedStates

SAME_ORIGIN = {"Origin": ISSUER, "Sec-Fetch-Site": "same-origin"}


@dataclass
class Tabs:
    """A citizen who is signed in at one portal, and a second tab of his browser that acts while the first waits."""

    provider: Provider
    state: Interposed
    client: Registered
    person: Person
    visitor: Visitor
    portal: Listener
    done: list[int] = field(default_factory=list)

    def other_tab(self, action: str, **fields: str) -> Callable[[], object]:
        """A form of our own, sent with the cookies the browser has now."""
        names = (SESSION, BROWSER)
        told = SAME_ORIGIN | {"Cookie": "; ".join(f"{name}={cookie(self.visitor, name)}" for name in names)}

        def send() -> None:
            http = HttpClient(self.provider.app, use_cookies=False)
            self.done.append(http.post(action, base_url=ISSUER, data=fields, headers=told).status_code)

        return send

    def withdrawal(self) -> Callable[[], object]:
        page = self.visitor.get("/account")
        csrf = page.text.partition('name="csrf" value="')[2].partition('"')[0]
        return self.other_tab("/account/withdraw", csrf=csrf, client=self.client.id)

    def logout(self) -> Callable[[], object]:
        leaving = form(self.visitor.get("/logout").text, "decision")
        return self.other_tab(leaving.action, **leaving.filled(decision="allow"))


@pytest.fixture
def tabs(tmp_path: Path) -> Iterator[Tabs]:
    states = WrappedStates(Interposed)
    with (
        listening() as portal,
        running_provider(settings_for(tmp_path, IDP_OUTBOUND_ALLOW=portal.place), open_state=states) as provider,
    ):
        client, person, visitor = provider.client(), provider.citizen(), provider.visitor()
        visitor.arrive(client, person)
        yield Tabs(provider, states.opened[-1], client, person, visitor, portal)


def test_g_races_a_sign_in_does_not_bring_back_what_was_withdrawn_meanwhile(tabs: Tabs) -> None:
    """The withdrawal ran while the password was looked at."""
    page = tabs.visitor.authorize(tabs.client, prompt="login")
    tabs.state.before["open_session"] = tabs.withdrawal()
    tabs.visitor.password(page, tabs.person)
    assert tabs.done == [200]
    assert tabs.provider.services.records.consents.find(tabs.person.citizen.id, tabs.client.id) is None
    assert silent(tabs.visitor, tabs.client)["error"] in {"consent_required", "login_required"}


def test_g_races_a_sign_in_does_not_bring_back_the_tokens_of_a_session_that_was_signed_out(tabs: Tabs) -> None:
    code = silent(tabs.visitor, tabs.client)["code"]
    token = tabs.provider.token(tabs.client, tabs.client.exchange(code)).get_json()["access_token"]
    page = tabs.visitor.authorize(tabs.client, prompt="login")
    tabs.state.before["open_session"] = tabs.logout()
    tabs.visitor.password(page, tabs.person)
    assert tabs.done == [200]
    assert tabs.provider.userinfo(token).status_code == 401


def test_g_races_a_withdrawal_does_not_sign_in_again_who_signed_out_meanwhile(tabs: Tabs) -> None:
    logout = tabs.logout()
    page = tabs.visitor.get("/account")
    csrf = page.text.partition('name="csrf" value="')[2].partition('"')[0]
    tabs.state.before["open_session"] = logout
    tabs.visitor.post("/account/withdraw", {"csrf": csrf, "client": tabs.client.id})
    assert tabs.done == [200]
    assert silent(tabs.visitor, tabs.client)["error"] == "login_required"


def test_g_races_a_code_does_not_sign_in_again_who_signed_out_meanwhile(tabs: Tabs) -> None:
    """The sign-out came after the code was found right, and before the session that it gives."""
    tabs.provider.services.citizens.set_totp_secret(tabs.person.citizen.id, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    page = tabs.visitor.authorize(tabs.client, acr_values=acr(2))
    tabs.state.before["open_session"] = tabs.logout()
    answer = tabs.visitor.submit(page, "otp", otp=totp_now(tabs.provider, tabs.person))
    assert tabs.done == [200]
    assert answer.request.path == "/login"
    assert silent(tabs.visitor, tabs.client)["error"] == "login_required"


@pytest.mark.parametrize("decision", ["allow", "deny"])
def test_g_races_two_presses_at_once_are_each_answered_and_the_transaction_is_over(tabs: Tabs, decision: str) -> None:
    """A browser drops the answer to the first press of a double click: the second must not come away empty."""
    page = tabs.visitor.authorize(tabs.client, scope="openid profile phone")
    sent = form(page.text, "decision")
    verb = "issue_under" if decision == "allow" else "queue"
    tabs.state.before[verb] = tabs.other_tab(sent.action, **sent.filled(decision=decision))
    answer = tabs.visitor.submit(page, "decision", decision=decision)
    assert tabs.done == [303]
    assert answer.status_code == 303
    told = parameters(answer.location)
    assert ("code" in told, told.get("error")) == ((True, None) if decision == "allow" else (False, "access_denied"))
    assert tabs.visitor.get(sent.action).status_code == 400


def test_g_races_the_press_that_the_browser_keeps_signs_it_in(tabs: Tabs) -> None:
    """The cookie of the first press is lost with its answer: the second has a session and a code of its own."""
    visitor = tabs.visitor = tabs.provider.visitor()
    page = visitor.authorize(tabs.client)
    sent = form(page.text, "username")
    filled = sent.filled(username=tabs.person.number, password=tabs.person.password)
    tabs.state.before["open_session"] = tabs.other_tab(sent.action, **filled)
    answer = visitor.post(sent.action, filled)
    assert tabs.done == [303]
    assert (
        tabs.provider.token(tabs.client, tabs.client.exchange(parameters(answer.location)["code"])).status_code == 200
    )
    assert "code" in silent(visitor, tabs.client)


def test_g_races_signing_out_after_a_double_click_leaves_nothing_behind(tabs: Tabs) -> None:
    """Both presses opened a session, and both codes reached the portal."""
    provider, person = tabs.provider, tabs.person
    visitor = tabs.visitor = provider.visitor()
    sent = form(visitor.authorize(tabs.client).text, "username")
    filled = sent.filled(username=person.number, password=person.password)
    codes: list[str] = []

    def first_press() -> None:
        http = HttpClient(provider.app, use_cookies=False)
        told = SAME_ORIGIN | {"Cookie": f"{BROWSER}={cookie(visitor, BROWSER)}"}
        answer = http.post(sent.action, base_url=ISSUER, data=filled, headers=told)
        codes.append(parameters(answer.location)["code"])

    tabs.state.before["open_session"] = first_press
    codes.append(parameters(visitor.post(sent.action, filled).location)["code"])
    tokens = [provider.token(tabs.client, tabs.client.exchange(code)).get_json() for code in codes]
    assert [provider.userinfo(told["access_token"]).status_code for told in tokens] == [200, 200]
    assert len({id_token_claims(told["id_token"])["sid"] for told in tokens}) == 1
    others = list(tabs.state.sessions_of(owner_key(person.citizen.id)))
    visitor.submit(visitor.get("/logout"), "decision", decision="allow")
    assert [provider.userinfo(told["access_token"]).status_code for told in tokens] == [401, 401]
    assert len(tabs.state.sessions_of(owner_key(person.citizen.id))) == len(others) - 2


def test_g_races_an_answered_transaction_is_over_whatever_another_tab_made_of_it(tabs: Tabs) -> None:
    """While the one citizen agrees, another proves a password in the same transaction."""
    other = tabs.provider.citizen(totp=True)
    page = tabs.visitor.authorize(tabs.client, scope="openid profile phone")
    transaction = form(page.text, "decision").action.split("t=")[1]
    csrf = csrf_token(cookie(tabs.visitor, BROWSER) or "", transaction)
    tabs.state.before["issue_under"] = tabs.other_tab(
        f"/login?t={transaction}", csrf=csrf, username=other.number, password=other.password
    )
    answer = tabs.visitor.submit(page, "decision", decision="allow")
    assert tabs.done == [303]
    assert "code" in parameters(answer.location)
    assert tabs.visitor.get(f"/login/otp?t={transaction}").status_code == 400


def test_g_races_a_transaction_that_expires_while_the_password_is_checked_gets_the_page_for_it(tabs: Tabs) -> None:
    person, visitor = tabs.provider.citizen(totp=True), tabs.provider.visitor()
    page = visitor.authorize(tabs.client)
    tabs.state.after["delete"] = lambda: tabs.provider.clock.advance(4_000)
    answer = visitor.password(page, person)
    assert answer.status_code == 400
    assert "本次登录已失效" in answer.text


def test_g_races_a_password_that_is_replaced_while_it_is_checked_signs_nobody_in(tabs: Tabs) -> None:
    """The counter gives another one, and ends all sessions, between the check and the new session."""
    services, person = tabs.provider.services, tabs.person
    visitor = tabs.provider.visitor()
    page = visitor.authorize(tabs.client)

    def reset() -> None:
        tabs.provider.clock.advance(1)
        services.citizens.set_password_hash(person.citizen.id, services.passwords.hash("another phrase, 7 words"))
        suspending(services).end_all(person.citizen.id, "password_reset")

    tabs.state.before["open_session"] = reset
    answer = visitor.password(page, person)
    assert answer.request.path == "/login"
    assert "Location" not in answer.headers
    assert tabs.state.sessions_of(owner_key(person.citizen.id)) == []


def test_g_races_another_browser_does_not_go_on_with_what_was_withdrawn_meanwhile(tabs: Tabs) -> None:
    """It had read the consent before the withdrawal, and notes the leg after it."""
    elsewhere, other = tabs.provider.visitor("192.0.2.7"), tabs.provider.client(redirect_uris=["https://d.example/cb"])
    elsewhere.arrive(other, tabs.person)
    tabs.state.before["set_fields"] = tabs.withdrawal()
    answer = elsewhere.authorize(tabs.client)
    assert tabs.done == [200]
    assert answer.request.path == "/login"
    assert "error" in silent(elsewhere, tabs.client)


def test_g_races_a_withdrawal_does_not_sign_in_who_was_suspended_meanwhile(tabs: Tabs) -> None:
    other = tabs.provider.client(redirect_uris=["https://d.example/cb"])
    tabs.visitor.allow(tabs.visitor.authorize(other))
    tabs.state.after["sessions_of"] = tabs.withdrawal()  # the new session comes too late for that list
    suspending(tabs.provider.services).suspend(tabs.person.citizen.id)
    assert tabs.done
    assert silent(tabs.visitor, other)["error"] == "login_required"
    assert tabs.state.sessions_of(owner_key(tabs.person.citizen.id)) == []


def test_g_races_a_withdrawal_ends_tokens_though_the_browser_signed_in_anew_meanwhile(tabs: Tabs) -> None:
    code = silent(tabs.visitor, tabs.client)["code"]
    token = tabs.provider.token(tabs.client, tabs.client.exchange(code)).get_json()["access_token"]
    page, withdraw = tabs.visitor.authorize(tabs.client, prompt="login"), tabs.withdrawal()
    tabs.state.before["open_session"] = partial(tabs.visitor.password, page, tabs.person)
    withdraw()
    assert tabs.provider.userinfo(token).status_code == 401
    assert "error" in silent(tabs.visitor, tabs.client)


def test_g_races_a_sign_out_while_a_portal_is_told_of_a_withdrawal(tabs: Tabs) -> None:
    """The browser has the old session's cookie until the portal answered; then it gets the new one's."""
    slow = tabs.provider.client(redirect_uris=["https://s.example/cb"], backchannel_logout_uri=tabs.portal.url)
    tabs.visitor.allow(tabs.visitor.authorize(slow))
    leave, page = tabs.logout(), tabs.visitor.get("/account")
    csrf = page.text.partition('name="csrf" value="')[2].partition('"')[0]
    tabs.portal.meanwhile = leave
    tabs.visitor.post("/account/withdraw", {"csrf": csrf, "client": slow.id})
    assert tabs.done == [200]
    assert silent(tabs.visitor, tabs.client)["error"] == "login_required"
    assert tabs.state.sessions_of(owner_key(tabs.person.citizen.id)) == []


def test_g_races_two_second_factors_at_once_open_no_answered_transaction_again(tabs: Tabs) -> None:
    """The code of the app and one from the paper, both right: both sign in, and what the one finished stays so."""
    person, visitor = tabs.provider.citizen(totp=True), tabs.provider.visitor()
    paper = tabs.provider.services.recovery.renew(person.citizen.id)
    tabs.visitor, tabs.person = visitor, person
    page = visitor.password(visitor.authorize(tabs.client, scope="openid"), person)
    consent = visitor.submit(page, "otp", otp=totp_now(tabs.provider, person))
    visitor.allow(consent)
    visitor.submit(visitor.get("/logout"), "decision", decision="allow")
    tabs.provider.clock.advance(60)
    page = visitor.password(visitor.authorize(tabs.client, scope="openid"), person)
    sent = form(page.text, "otp")
    code = tabs.other_tab(sent.action, **sent.filled(otp=totp_now(tabs.provider, person)))
    tabs.state.before["open_session"] = code
    recovery = form(visitor.get(sent.action.replace("/login/otp", "/login/recovery")).text, "recovery_code")
    answer = visitor.post(recovery.action, recovery.filled(recovery_code=paper[0]))
    assert tabs.done == [303]
    assert "code" in parameters(answer.location)
    assert visitor.get(sent.action).status_code == 400
