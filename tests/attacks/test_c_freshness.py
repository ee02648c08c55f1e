"""C. What a request asks for beyond a session (a fresh sign-in, a level, consent) is not had without it.

Though a leg of the session is remembered, and a browser may show its cookies and post its forms in any order.
"""

import pytest
from werkzeug.test import TestResponse

from idp.login.assurance import acr
from tests.support.cookies import SESSION, cookie, silent
from tests.support.forms import form
from tests.support.provider import Provider, Registered, parameters
from tests.support.totp import totp_now


@pytest.fixture
def client(provider: Provider) -> Registered:
    return provider.client()


def test_c_prompt_login_by_a_second_factor_alone(provider: Provider, client: Registered) -> None:
    """Posting a one-time code where a password is due must not make a session that looks freshly signed in."""
    person, visitor = provider.citizen(), provider.visitor()
    visitor.arrive(client, person)
    provider.services.citizens.set_totp_secret(person.citizen.id, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    provider.clock.advance(300)
    for asked in ({"prompt": "login"}, {"max_age": "60"}, {"prompt": "login", "acr_values": acr(2)}):
        page = visitor.authorize(client, **asked)
        sign_in = form(page.text, "username")
        before = cookie(visitor)
        for step in ("/login/otp", "/login/recovery"):
            address = sign_in.action.replace("/login", step)
            answer = visitor.post(address, sign_in.filled(otp=totp_now(provider, person), recovery_code="x"))
            assert answer.request.path == "/login", asked
        assert cookie(visitor) == before
        provider.clock.advance(90)


def test_c_prompt_login_with_the_session_cookie_held_back(provider: Provider, client: Registered) -> None:
    """A browser that shows its session only after the request was made gets no code for the old sign-in."""
    person, visitor = provider.citizen(), provider.visitor()
    visitor.arrive(client, person)
    handle = cookie(visitor) or ""
    provider.clock.advance(600)
    visitor.http.delete_cookie(SESSION, domain="id.example")
    page = visitor.authorize(client, prompt="login")
    visitor.http.set_cookie(SESSION, handle, domain="id.example", secure=True)
    again = visitor.get(page.request.full_path)
    assert (again.status_code, "Location" in again.headers) == (200, False)


@pytest.mark.parametrize("asked", [{"prompt": "login"}, {"max_age": "1"}, {"prompt": "select_account"}])
def test_c_maxage_and_prompt_honoured_though_the_leg_is_remembered(
    provider: Provider, client: Registered, asked: dict[str, str | None]
) -> None:
    person, visitor = provider.citizen(), provider.visitor()
    visitor.arrive(client, person)
    provider.clock.advance(2)
    page = visitor.authorize(client, **asked)
    assert 'name="password"' in page.text
    assert silent(visitor, client, max_age="1")["error"] == "login_required"
    wrong = visitor.password(page, person, "wrong")
    assert wrong.status_code == 401
    assert "code" in parameters(visitor.password(wrong, person).location)


def test_c_prompt_consent_asks_though_the_leg_is_remembered(provider: Provider, client: Registered) -> None:
    visitor = provider.visitor()
    visitor.arrive(client, provider.citizen())
    provider.clock.advance(2)
    assert 'value="allow"' in visitor.authorize(client, prompt="consent").text


@pytest.mark.parametrize(
    "wider",
    [
        {"scope": "openid profile phone"},
        {"scope": "openid profile", "claims": '{"userinfo":{"email":null}}'},
        {"scope": "openid profile", "claims": '{"id_token":{"email":null}}'},
        {"scope": "openid profile address email"},
    ],
)
def test_c_consent_is_not_bypassed_by_asking_more(
    provider: Provider, client: Registered, wider: dict[str, str | None]
) -> None:
    visitor = provider.visitor()
    visitor.arrive(client, provider.citizen(), scope="openid profile")
    assert silent(visitor, client, **wider)["error"] == "consent_required"
    assert 'value="allow"' in visitor.authorize(client, **wider).text


def test_c_consent_of_one_client_is_not_anothers(provider: Provider, client: Registered) -> None:
    visitor = provider.visitor()
    visitor.arrive(client, provider.citizen())
    assert silent(visitor, provider.client())["error"] == "consent_required"


def test_c_acr_essential_unmet(provider: Provider, client: Registered) -> None:
    """Less than what is essential is refused, also where a leg of the lower level is remembered."""
    visitor = provider.visitor()
    visitor.arrive(client, provider.citizen())
    for level in (acr(2), acr(3), "x:high"):
        asked = f'{{"id_token":{{"acr":{{"essential":true,"values":["{level}"]}}}}}}'
        assert visitor.hop(client, claims=asked)["error"] == "unmet_authentication_requirements"


def test_c_acr_essential_is_reached_and_never_overstated(provider: Provider, client: Registered) -> None:
    person, visitor = provider.citizen(totp=True), provider.visitor()
    asked = f'{{"id_token":{{"acr":{{"essential":true,"values":["{acr(2)}"]}}}}}}'
    page = visitor.password(visitor.authorize(client, claims=asked), person)
    assert page.request.path == "/login/otp"
    for address in ("/consent", "/login", "/login/recovery"):
        elsewhere: TestResponse = visitor.get(page.request.full_path.replace("/login/otp", address))
        assert elsewhere.request.path in ("/login/otp", "/login/recovery")
        assert not cookie(visitor)


def test_c_prompt_consent_is_answered_by_its_own_page_alone(provider: Provider, client: Registered) -> None:
    """Agreeing in one tab must not agree in another, of which the citizen may not know who opened it."""
    visitor = provider.visitor()
    visitor.arrive(client, provider.citizen())
    other = visitor.authorize(client, prompt="consent")
    one = visitor.authorize(client, prompt="consent")
    assert visitor.allow(one).status_code == 303
    asked_still = visitor.get(other.request.path + "?" + other.request.query_string.decode())
    assert (asked_still.status_code, asked_still.request.path) == (200, "/consent")
