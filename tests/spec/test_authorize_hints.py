"""Hints that shape the sign-in: login_hint, ui_locales, claims_locales, acr_values, the claim acr (OIDC Core sections
3.1.2.1, 5.2 and 5.5.1.1, Unmet Authentication Requirements 1.0)."""

import pytest

from idp.codec import encode
from tests.support.answers import granted, id_token_claims, refused
from tests.support.forms import form
from tests.support.known import Known, acquainted
from tests.support.provider import TOTP_SECRET, Provider, Registered
from tests.support.totp import totp_now

A1, A2, A3 = (f"urn:citizen-idp:aal:{level}" for level in (1, 2, 3))
UNMET = "unmet_authentication_requirements"


@pytest.fixture
def known(provider: Provider) -> Known:
    """Signed in by password; there is no second factor yet."""
    return acquainted(provider)


@pytest.fixture
def enrolled(known: Known) -> Known:
    """Signed in by password, before the second factor was there."""
    known.provider.services.citizens.set_totp_secret(known.person.citizen.id, TOTP_SECRET)
    return known


def acr_of(id_token: str) -> tuple[str, list[str]]:
    told = id_token_claims(id_token)
    return told["acr"], told["amr"]


def acr(known: Known, code: str, client: Registered | None = None) -> tuple[str, list[str]]:
    asking = client or known.client
    return acr_of(known.provider.token(asking, asking.exchange(code)).get_json()["id_token"])


def essential(*values: str, **more: object) -> str:
    return encode({"id_token": {"acr": {"essential": True, "values": values, **more}}}).decode()


# -- login_hint and locales -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hint", ["+8615400000021", "李静文", '"><script>alert(9)</script>', "x" * 1024])
def test_oidc_core_3_1_2_1_login_hint_stands_in_the_form(known: Known, hint: str) -> None:
    page = known.provider.visitor().authorize(known.client, login_hint=hint)
    assert form(page.text, "username").fields["username"] == [hint[:64]]
    assert "<script" not in page.text


@pytest.mark.parametrize(
    ("ui_locales", "language"),
    [("en", "en"), ("en-GB", "en"), ("fr en", "en"), ("zh-CN en", "zh-CN"), ("fr", "zh-CN"), ("\u00e9 <x>", "zh-CN")],
)
def test_oidc_core_3_1_2_1_ui_locales_choose_the_first_language_we_speak(
    known: Known, ui_locales: str, language: str
) -> None:
    page = known.provider.visitor().authorize(known.client, ui_locales=ui_locales)
    assert f'<html lang="{language}"' in page.text


def test_oidc_core_5_2_claims_locales_may_be_sent_and_claims_stay_as_they_stand_in_the_records(known: Known) -> None:
    code = granted(known.visitor.authorize(known.client, claims_locales="en zh-CN"), known.client)
    token = known.provider.token(known.client, known.client.exchange(code)).get_json()["access_token"]
    assert known.provider.userinfo(token).get_json()["name"] == known.person.citizen.profile.name


# -- acr_values: voluntary --------------------------------------------------------------------------------------------


def test_oidc_core_3_1_2_1_acr_values_that_cannot_be_reached_are_passed_over(known: Known) -> None:
    for values in (A2, A3, f"{A3} {A2}", "urn:other:acr", "0 1 2"):
        for prompt in (None, "none"):
            code = granted(known.visitor.authorize(known.client, acr_values=values, prompt=prompt), known.client)
            assert acr(known, code) == (A1, ["pwd"])


def test_oidc_core_3_1_2_1_acr_values_that_can_be_reached_are_asked_for(enrolled: Known) -> None:
    silent = granted(enrolled.visitor.authorize(enrolled.client, acr_values=A2, prompt="none"), enrolled.client)
    assert acr(enrolled, silent) == (A1, ["pwd"])
    page = enrolled.visitor.authorize(enrolled.client, acr_values=A2)
    assert page.request.path == "/login/otp"
    response = enrolled.visitor.submit(page, "otp", otp=totp_now(enrolled.provider, enrolled.person))
    assert acr(enrolled, granted(response, enrolled.client)) == (A2, ["pwd", "otp"])
    granted(enrolled.visitor.authorize(enrolled.client, acr_values=A2, prompt="none"), enrolled.client)


def test_oidc_core_3_1_2_1_the_lowest_of_several_acr_values_will_do(enrolled: Known) -> None:
    code = granted(enrolled.visitor.authorize(enrolled.client, acr_values=f"{A2} {A1}", prompt="none"), enrolled.client)
    assert acr(enrolled, code) == (A1, ["pwd"])


def test_oidc_registration_2_default_acr_values_stand_in_for_acr_values(enrolled: Known) -> None:
    client = enrolled.provider.client(default_acr_values=[A2])
    assert enrolled.visitor.authorize(client).request.path == "/login/otp"
    assert enrolled.visitor.authorize(client, acr_values=A1).request.path == "/consent"


# -- acr: essential ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("prompt", [None, "none"])
@pytest.mark.parametrize("values", [[A2], [A3], [A2, A3], ["urn:other:acr"], [""]])
def test_oidc_core_5_5_1_1_an_essential_acr_that_cannot_be_reached_is_an_error(
    known: Known, values: list[str], prompt: str | None
) -> None:
    response = known.visitor.authorize(known.client, claims=essential(*values), prompt=prompt)
    refused(response, known.client, UNMET)


def test_oidc_core_5_5_1_1_value_is_values_with_one_member(known: Known) -> None:
    one = encode({"id_token": {"acr": {"essential": True, "value": A2}}}).decode()
    refused(known.visitor.authorize(known.client, claims=one), known.client, UNMET)


def test_oidc_core_5_5_1_1_it_is_an_error_after_the_password_too(known: Known) -> None:
    newcomer = known.provider.visitor()
    page = newcomer.authorize(known.client, claims=essential(A2))
    assert page.request.path == "/login"
    refused(newcomer.password(page, known.person), known.client, UNMET)


def test_oidc_core_5_5_1_1_an_essential_acr_is_reached_by_step_up(enrolled: Known) -> None:
    asked = {"claims": essential(A3, A2)}
    silent = enrolled.visitor.authorize(enrolled.client, prompt="none", **asked)
    refused(silent, enrolled.client, "interaction_required")
    page = enrolled.visitor.authorize(enrolled.client, **asked)
    assert page.request.path == "/login/otp"
    wrong = enrolled.visitor.submit(page, "otp", otp="000000")
    assert wrong.status_code == 401
    response = enrolled.visitor.submit(wrong, "otp", otp=totp_now(enrolled.provider, enrolled.person))
    assert acr(enrolled, granted(response, enrolled.client)) == (A2, ["pwd", "otp"])
    refused(enrolled.visitor.authorize(enrolled.client, claims=essential(A3)), enrolled.client, UNMET)


def test_oidc_core_5_5_1_1_an_essential_acr_wins_over_voluntary_ones(known: Known) -> None:
    refused(known.visitor.authorize(known.client, claims=essential(A2), acr_values=A1), known.client, UNMET)


def test_oidc_core_5_5_1_without_values_or_essential_nothing_is_required(known: Known) -> None:
    voluntary = encode({"id_token": {"acr": {"values": [A2]}}}).decode()
    for asked in ('{"id_token": {"acr": null}}', '{"id_token": {"acr": {"essential": true}}}', voluntary):
        code = granted(known.visitor.authorize(known.client, claims=asked, prompt="none"), known.client)
        assert acr(known, code) == (A1, ["pwd"])


def test_a_step_up_keeps_what_portals_hold_until_the_citizen_signs_out(enrolled: Known) -> None:
    """A new session handle, the same sid; tokens and codes of the sign-in before are as good as they were."""
    before, in_flight, client = enrolled.tokens(), enrolled.code(), enrolled.client
    page = enrolled.visitor.authorize(client, acr_values=A2)
    response = enrolled.visitor.submit(page, "otp", otp=totp_now(enrolled.provider, enrolled.person))
    stepped_up = enrolled.provider.token(client, client.exchange(granted(response, client))).get_json()
    late = enrolled.provider.token(client, client.exchange(in_flight)).get_json()
    assert acr_of(late["id_token"]) == (A1, ["pwd"])
    assert len({id_token_claims(told["id_token"])["sid"] for told in (before, stepped_up, late)}) == 1
    held = [told["access_token"] for told in (before, stepped_up, late)]
    assert [enrolled.provider.userinfo(token).status_code for token in held] == [200, 200, 200]
    enrolled.provider.services.sessions.end_all_of(enrolled.person.citizen.id, "signed_out")
    assert [enrolled.provider.userinfo(token).status_code for token in held] == [401, 401, 401]
