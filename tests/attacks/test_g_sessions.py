"""G. Sessions and transactions: what belongs to one browser, one citizen, one tab stays there."""

import pytest
from werkzeug.http import parse_cookie

from idp.login.assurance import acr
from tests.support.cookies import BROWSER, SESSION, cookie, silent, with_session
from tests.support.forms import form
from tests.support.provider import ISSUER, Person, Provider, Registered, Visitor, parameters
from tests.support.totp import totp_now


@pytest.fixture
def client(provider: Provider) -> Registered:
    return provider.client()


def test_g_session_id_changes_at_every_sign_in_and_the_old_one_is_dead(provider: Provider, client: Registered) -> None:
    person, visitor = provider.citizen(), provider.visitor()
    visitor.arrive(client, person)
    before = cookie(visitor)
    provider.clock.advance(60)
    visitor.password(visitor.authorize(client, prompt="login"), person)
    assert before
    assert cookie(visitor) != before
    assert silent(visitor, client)["code"]
    assert silent(with_session(provider, before), client)["error"] == "login_required"


def test_g_session_id_changes_at_step_up_and_the_old_one_is_dead(provider: Provider, client: Registered) -> None:
    """The session from before the second factor must not gain what the second factor gave."""
    person, visitor = provider.citizen(), provider.visitor()
    visitor.arrive(client, person)
    provider.services.citizens.set_totp_secret(person.citizen.id, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    before = cookie(visitor) or ""
    page = visitor.authorize(client, acr_values=acr(2))
    visitor.submit(page, "otp", otp=totp_now(provider, person))
    assert silent(visitor, client, acr_values=acr(2))["code"]
    assert silent(with_session(provider, before), client)["error"] == "login_required"


def test_g_session_planted_cookie_is_not_adopted(provider: Provider, client: Registered) -> None:
    person = provider.citizen()
    victim = with_session(provider, "attacker-chosen-value")
    victim.arrive(client, person)
    assert cookie(victim) != "attacker-chosen-value"
    assert silent(with_session(provider, "attacker-chosen-value"), client)["error"] == "login_required"


def test_g_session_of_the_attacker_is_replaced_and_ended_when_the_victim_signs_in(
    provider: Provider, client: Registered
) -> None:
    """A counter, a shared computer, or a planted session: nobody's session goes on behind somebody else's sign-in."""
    attacker, victim = provider.citizen(), provider.citizen()
    visitor = provider.visitor()
    visitor.arrive(client, attacker)
    planted = cookie(visitor) or ""
    visitor.password(visitor.authorize(client, prompt="login"), victim)
    assert silent(with_session(provider, planted), client)["error"] == "login_required"


def test_g_session_binding_cookie_is_new_for_a_browser_without_one(provider: Provider, client: Registered) -> None:
    values = set()
    for _ in range(3):
        visitor = provider.visitor()
        visitor.authorize(client)
        values.add(cookie(visitor, BROWSER))
    assert len(values) == 3
    assert None not in values


def test_g_session_two_cookies_of_one_name(provider: Provider, client: Registered) -> None:
    """One of them is taken, whichever it is, and never both; junk beside a good one is no error."""
    visitor = provider.visitor()
    visitor.arrive(client, provider.citizen())
    good = cookie(visitor) or ""
    for header in (f"{SESSION}=junk; {SESSION}={good}", f"{SESSION}={good}; {SESSION}=junk", f"{SESSION}; {SESSION}="):
        response = provider.machine().get(
            "/authorize", base_url=ISSUER, query_string=client.request(prompt="none"), headers={"Cookie": header}
        )
        assert response.status_code == 303


@pytest.mark.parametrize("value", ["", "x" * 60_000, "\xff\xfe", '"quoted; x"', "a=b=c", "%00", "\t", "0", "é" * 300])
@pytest.mark.parametrize("name", [SESSION, BROWSER, "__Host-idp-known", "__Host-idp-language", "__Host-idp-size"])
def test_g_session_odd_and_long_cookies_are_none(provider: Provider, client: Registered, name: str, value: str) -> None:
    headers = {"Cookie": f"{name}={value}"}
    machine = provider.machine()
    response = machine.get("/authorize", base_url=ISSUER, query_string=client.request(), headers=headers)
    assert response.status_code == 303
    assert machine.get("/", base_url=ISSUER, headers=headers).status_code == 200
    assert machine.get("/login?t=x", base_url=ISSUER, headers=headers).status_code == 400


def test_g_session_cookie_flags(provider: Provider, client: Registered) -> None:
    """`__Host-` on https: no other host and no path can toss a cookie of these names in (RFC 6265bis)."""
    visitor, person = provider.visitor(), provider.citizen(totp=True)
    start = visitor.http.get("/authorize", base_url=ISSUER, query_string=client.request())
    page = visitor.get(start.location)
    first = form(page.text, "username")
    second = visitor.http.post(
        first.action, base_url=ISSUER, data=first.filled(username=person.number, password=person.password)
    )
    otp = form(visitor.get(second.location).text, "otp")
    third = visitor.http.post(otp.action, base_url=ISSUER, data=otp.filled(otp=totp_now(provider, person)))
    size = visitor.http.get("/preferences?size=large&language=en", base_url=ISSUER)
    set_cookies = [each for answer in (start, second, third, size) for each in answer.headers.getlist("Set-Cookie")]
    names = [next(iter(parse_cookie(each))) for each in set_cookies]
    assert {SESSION, BROWSER, "__Host-idp-known", "__Host-idp-language", "__Host-idp-size"} == set(names)
    for each in set_cookies:
        assert each.startswith("__Host-")
        assert "; Secure; HttpOnly; Path=/; SameSite=Lax" in each
        assert "Domain" not in each


def test_g_session_interaction_bound_to_browser(provider: Provider, client: Registered) -> None:
    person = provider.citizen()
    page = provider.visitor().authorize(client)
    address = page.request.full_path
    for other in (provider.visitor(), visitor_of_another_sign_in(provider, client)):
        taken = other.get(address)
        assert taken.status_code == 403
        assert 'name="password"' not in taken.text
        sent = form(page.text, "username").filled(username=person.number, password=person.password)
        posted = other.post(address, sent)
        assert posted.status_code == 403
        assert "Set-Cookie" not in posted.headers


def visitor_of_another_sign_in(provider: Provider, client: Registered) -> Visitor:
    other = provider.visitor()
    other.authorize(client)
    return other


def test_g_session_consent_of_another_browser(provider: Provider, client: Registered) -> None:
    """The attacker's pending consent, opened in the browser of a victim who is signed in, gives nothing."""
    attacker = provider.visitor()
    page = attacker.password(attacker.authorize(client), provider.citizen())
    victim = provider.visitor()
    victim.arrive(client, provider.citizen())
    address = form(page.text, "decision").action
    assert victim.get(address).status_code == 403
    assert victim.post(address, form(page.text, "decision").filled(decision="allow")).status_code == 403


def test_g_session_an_answered_transaction_is_over(provider: Provider, client: Registered) -> None:
    person, visitor = provider.citizen(), provider.visitor()
    page = visitor.password(visitor.authorize(client), person)
    consent = form(page.text, "decision")
    assert parameters(visitor.post(consent.action, consent.filled(decision="allow")).location)["code"]
    again = visitor.post(consent.action, consent.filled(decision="allow"))
    assert again.status_code == 400
    assert "Location" not in again.headers


def test_g_session_consent_shown_to_one_citizen_is_not_given_by_the_next(
    provider: Provider, client: Registered
) -> None:
    """Two tabs of one browser: a page that shows A's data must not agree to B's."""
    first, second = provider.citizen(name="王小明"), provider.citizen()
    visitor = provider.visitor()
    shown_to_first = visitor.password(visitor.authorize(client), first)
    visitor.password(visitor.authorize(client, prompt="login"), second)
    response = visitor.submit(shown_to_first, "decision", decision="allow")
    assert "code=" not in response.headers.get("Location", "")
    assert provider.services.records.consents.find(second.citizen.id, client.id) is None


def test_g_session_logout_invalidates_cookie(provider: Provider, client: Registered) -> None:
    visitor = provider.visitor()
    visitor.arrive(client, provider.citizen())
    saved = cookie(visitor) or ""
    visitor.submit(visitor.get("/logout"), "decision", decision="allow")
    assert not cookie(visitor)
    assert silent(with_session(provider, saved), client)["error"] == "login_required"


def test_g_session_idle_and_absolute_limits(provider: Provider, client: Registered) -> None:
    person, lifetimes = provider.citizen(), provider.services.settings.lifetimes
    idle = provider.visitor()
    idle.arrive(client, person)
    provider.clock.advance(lifetimes.session_idle_seconds + 1)
    assert silent(idle, client)["error"] == "login_required"
    busy = provider.visitor()
    busy.arrive(client, person)
    for _ in range(lifetimes.session_absolute_seconds // (lifetimes.session_idle_seconds // 2) + 1):
        provider.clock.advance(lifetimes.session_idle_seconds // 2)
        answer = silent(busy, client)
    assert answer["error"] == "login_required"


def test_g_session_the_second_factor_cannot_be_stepped_over(provider: Provider, client: Registered) -> None:
    """After the password alone there is no session, whatever is posted next."""
    person, visitor = provider.citizen(totp=True), provider.visitor()
    page = visitor.password(visitor.authorize(client), person)
    otp = form(page.text, "otp")
    for address in ("/consent", "/login/new-password"):
        answer = visitor.post(otp.action.replace("/login/otp", address), otp.filled(decision="allow", new_password="x"))
        assert answer.status_code == 403 or answer.request.path == "/login/otp"
        assert "Location" not in answer.headers
        assert not cookie(visitor)


def test_g_session_a_pending_second_factor_is_of_one_citizen(provider: Provider, client: Registered) -> None:
    """The attacker's own one-time code does not complete the victim's password, nor the other way round."""
    victim, attacker = provider.citizen(totp=True), provider.citizen()
    provider.services.citizens.set_totp_secret(attacker.citizen.id, "KRSXG5CTMVRXEZLUKRSXG5CTMVRXEZLU")
    visitor = provider.visitor()
    page = visitor.password(visitor.authorize(client), victim)
    own = Person(attacker.citizen, attacker.number, attacker.phone, totp_secret="KRSXG5CTMVRXEZLUKRSXG5CTMVRXEZLU")
    refused = visitor.submit(page, "otp", otp=totp_now(provider, own))
    assert refused.status_code == 401
    assert not cookie(visitor)
