"""A password that must be renewed: by its age in profile `mlps3` (GB/T 22239-2019 8.1.4.1 a), or given by others."""

from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest

from idp.login.password_policy import DAY
from tests.support.provider import PASSWORD, Provider, parameters, running_provider, settings_for

NEW = "Zhu-Lin-7-Xian-river"


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[Provider]:
    with running_provider(settings_for(tmp_path, IDP_PASSWORD_POLICY="mlps3")) as running:
        yield running


def test_a_password_of_90_days_is_renewed_before_there_is_a_session(provider: Provider) -> None:
    person, client, visitor = provider.citizen(), provider.client(), provider.visitor()
    provider.clock.advance(90 * DAY)
    page = visitor.password(visitor.authorize(client), person)
    assert page.request.path == "/login/new-password"
    assert not any(cookie.key.endswith("idp-session") for cookie in visitor.http._cookies.values())  # type: ignore[union-attr]
    page = visitor.submit(page, "new_password", new_password=NEW, new_password_again=NEW)
    assert page.request.path == "/consent"
    assert "code" in parameters(visitor.allow(page).location)
    again = provider.visitor()
    assert again.password(again.authorize(client), person).status_code == 401
    assert again.password(again.authorize(client), person, NEW).status_code == 303


def test_a_password_of_89_days_is_good(provider: Provider) -> None:
    person, client, visitor = provider.citizen(), provider.client(), provider.visitor()
    provider.clock.advance(89 * DAY)
    assert visitor.password(visitor.authorize(client), person).request.path == "/consent"


@pytest.mark.parametrize(
    ("new", "again", "words"),
    [
        ("short1A", "short1A", "太短"),
        (NEW, NEW + "x", "不一致"),
        (PASSWORD + "A1", PASSWORD + "A1x", "不一致"),
        ("zhulinxianriver", "zhulinxianriver", "新密码需同时包含"),
    ],
)
def test_what_the_policy_refuses_is_told_and_asked_again(provider: Provider, new: str, again: str, words: str) -> None:
    person, client, visitor = provider.citizen(), provider.client(), provider.visitor()
    provider.clock.advance(90 * DAY)
    page = visitor.password(visitor.authorize(client), person)
    page = visitor.submit(page, "new_password", new_password=new, new_password_again=again)
    assert page.status_code == 422
    assert words in page.text
    assert visitor.submit(page, "new_password", new_password=NEW, new_password_again=NEW).request.path == "/consent"


def test_none_of_the_last_five_again(provider: Provider) -> None:
    person, client = provider.citizen(), provider.client()
    password = PASSWORD
    passwords = [f"{NEW}-{number}" for number in range(5)]
    for new in passwords:
        provider.clock.advance(90 * DAY)
        visitor = provider.visitor()
        page = visitor.password(visitor.authorize(client), person, password)
        for former in (password, passwords[0]):
            if former == new:
                continue
            refused = visitor.submit(page, "new_password", new_password=former, new_password_again=former)
            assert refused.status_code == 422
        page = visitor.submit(page, "new_password", new_password=new, new_password_again=new)
        assert page.status_code in (200, 303)
        password = new


def test_the_password_before_the_last_five_may_come_back(provider: Provider) -> None:
    person, client, visitor = provider.citizen(), provider.client(), provider.visitor()
    passwords = [f"{NEW}-{number}" for number in range(7)]
    for password in passwords:
        hashed = provider.services.passwords.hash(password)
        provider.services.citizens.set_password_hash(person.citizen.id, hashed, keep=5)
    provider.clock.advance(90 * DAY)
    page = visitor.password(visitor.authorize(client), person, passwords[6])
    for former in passwords[1:]:
        page = visitor.submit(page, "new_password", new_password=former, new_password_again=former)
        assert page.status_code == 422
    page = visitor.submit(page, "new_password", new_password=passwords[0], new_password_again=passwords[0])
    assert page.request.path == "/consent"


def test_the_second_factor_comes_first(provider: Provider) -> None:
    person, client, visitor = provider.citizen(totp=True), provider.client(), provider.visitor()
    provider.clock.advance(90 * DAY)
    page = visitor.password(visitor.authorize(client), person)
    assert page.request.path == "/login/otp"
    transaction = page.request.args["t"]
    assert visitor.get(f"/login/new-password?t={transaction}").request.path == "/login/otp"
    forged = visitor.submit(page, "otp", otp="000000")
    assert forged.status_code == 401
    code = pyotp.TOTP(person.totp_secret or "").at(int(provider.clock.now()))
    page = visitor.submit(forged, "otp", otp=code)
    assert page.request.path == "/login/new-password"
    assert visitor.get(f"/login/otp?t={transaction}").request.path == "/login/new-password"
    assert visitor.submit(page, "new_password", new_password=NEW, new_password_again=NEW).request.path == "/consent"


def test_a_password_given_by_somebody_else_is_renewed_in_any_profile(tmp_path: Path) -> None:
    with running_provider(settings_for(tmp_path / "nist")) as provider:
        person, client, visitor = provider.citizen(), provider.client(), provider.visitor()
        given = provider.services.passwords.hash(PASSWORD)
        provider.services.citizens.set_password_hash(person.citizen.id, given, must_change=True)
        page = visitor.password(visitor.authorize(client), person)
        assert page.request.path == "/login/new-password"
        same = visitor.submit(page, "new_password", new_password=PASSWORD, new_password_again=PASSWORD)
        assert same.status_code == 422
        page = visitor.submit(same, "new_password", new_password=NEW, new_password_again=NEW)
        assert page.request.path == "/consent"


OLD = "您的密码使用时间较长"
TEMPORARY = "这是服务窗口为您设置的临时密码，请设置您自己的密码"


@pytest.mark.parametrize(("temporary", "told", "untold"), [(True, TEMPORARY, OLD), (False, OLD, TEMPORARY)])
def test_the_citizen_reads_why_a_new_password_is_due(
    provider: Provider, temporary: bool, told: str, untold: str
) -> None:
    """Also after an entry that was refused, and of a temporary password that has become old meanwhile."""
    person, client, visitor = provider.citizen(must_change_password=temporary), provider.client(), provider.visitor()
    provider.clock.advance(90 * DAY)
    page = visitor.password(visitor.authorize(client), person)
    for attempt in ("", "short1A", PASSWORD):
        assert told in page.text
        assert untold not in page.text
        page = visitor.submit(page, "new_password", new_password=attempt, new_password_again=attempt)
        assert page.status_code == 422
    assert told in page.text


def test_a_proof_that_is_worth_nothing_any_more_shows_no_form(provider: Provider) -> None:
    person, client, visitor = provider.citizen(must_change_password=True), provider.client(), provider.visitor()
    page = visitor.password(visitor.authorize(client), person)
    provider.clock.advance(60)
    provider.services.citizens.set_password_hash(person.citizen.id, provider.services.passwords.hash(NEW))
    assert visitor.get(page.request.full_path).request.path == "/login"
