"""/logout: OpenID Connect RP-Initiated Logout 1.0."""

from urllib.parse import urlencode

import pytest
from werkzeug.test import TestResponse

from idp.codec import encode
from tests.support.forms import form, forms
from tests.support.provider import ISSUER, PORTAL, Provider, parameters
from tests.support.signed_in import SignedIn

BACK = f"{PORTAL}/signed-out"


@pytest.fixture
def signed_in(provider: Provider) -> SignedIn:
    return SignedIn(provider)


def asks(page: TestResponse) -> bool:
    """Whether the page asks, and nothing has happened yet."""
    return page.status_code == 200 and any("decision" in dict(each.buttons) for each in forms(page.text))


def back(response: TestResponse) -> bool:
    return response.status_code == 303 and response.location == BACK


# -- with a proof -----------------------------------------------------------------------------------------------------


def test_rp_initiated_2_a_hint_of_this_session_ends_it_without_a_question(signed_in: SignedIn) -> None:
    response = signed_in.logout(id_token_hint=signed_in.id_token, post_logout_redirect_uri=BACK)
    assert back(response)
    assert not signed_in.still_in


def test_rp_initiated_2_the_same_by_post(signed_in: SignedIn) -> None:
    fields = {"id_token_hint": signed_in.id_token, "post_logout_redirect_uri": BACK}
    assert back(signed_in.visitor.post("/logout", fields))
    assert not signed_in.still_in


def test_rp_initiated_2_a_post_from_the_portals_own_page_comes_without_cookies(signed_in: SignedIn) -> None:
    """SameSite=Lax keeps them back; the address that it is sent on to gets them."""
    fields = {"id_token_hint": signed_in.id_token, "post_logout_redirect_uri": BACK, "state": "a b&c=d%"}
    sent = signed_in.provider.machine().post("/logout", base_url=ISSUER, data=fields, headers={"Origin": PORTAL})
    assert sent.status_code == 303
    assert signed_in.still_in
    response = signed_in.visitor.get(sent.location)
    assert parameters(response.location) == {"state": "a b&c=d%"}
    assert not signed_in.still_in


def test_rp_initiated_2_an_expired_hint_will_do(signed_in: SignedIn) -> None:
    signed_in.provider.clock.advance(signed_in.provider.services.settings.lifetimes.id_token_seconds + 60)
    assert back(signed_in.logout(id_token_hint=signed_in.id_token, post_logout_redirect_uri=BACK))
    assert asks(signed_in.visitor.authorize(signed_in.client)) is False
    assert signed_in.visitor.authorize(signed_in.client).request.path == "/login"


def test_rp_initiated_3_the_state_comes_back(signed_in: SignedIn) -> None:
    state = "x&y=1#é /%"
    response = signed_in.logout(id_token_hint=signed_in.id_token, post_logout_redirect_uri=BACK, state=state)
    assert response.location.startswith(BACK + "?")
    assert parameters(response.location) == {"state": state}


def test_rp_initiated_3_the_state_joins_a_query_that_is_there(provider: Provider) -> None:
    address = f"{PORTAL}/out?page=1"
    client, visitor = provider.client(post_logout_redirect_uris=[address]), provider.visitor()
    tokens = provider.token(client, client.exchange(visitor.arrive(client, provider.citizen())["code"])).json
    fields = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": address, "state": "s"}
    assert parameters(visitor.get("/logout?" + urlencode(fields)).location) == {"page": "1", "state": "s"}


def test_rp_initiated_4_the_session_and_all_it_gave_are_gone(signed_in: SignedIn) -> None:
    other = SignedIn(signed_in.provider, signed_in.visitor)
    response = signed_in.logout(id_token_hint=signed_in.id_token)
    assert "idp-session=;" in response.headers["Set-Cookie"]
    assert not other.still_in
    assert signed_in.visitor.http.get_cookie("__Host-idp-session", "id.example") is None
    assert signed_in.visitor.authorize(other.client).request.path == "/login"


def test_rp_initiated_4_a_copied_session_cookie_is_worth_nothing_afterwards(signed_in: SignedIn) -> None:
    cookie = signed_in.visitor.http.get_cookie("__Host-idp-session", "id.example")
    assert cookie is not None
    signed_in.logout(id_token_hint=signed_in.id_token)
    thief = signed_in.provider.visitor()
    thief.http.set_cookie("__Host-idp-session", cookie.value, domain="id.example", secure=True)
    assert thief.authorize(signed_in.client).request.path == "/login"


def test_rp_initiated_4_another_browser_of_the_citizen_stays_signed_in(signed_in: SignedIn) -> None:
    elsewhere = SignedIn(signed_in.provider, person=signed_in.person)
    signed_in.logout(id_token_hint=signed_in.id_token)
    assert elsewhere.still_in


def test_rp_initiated_6_a_second_sign_out_is_calm(signed_in: SignedIn) -> None:
    fields = {"id_token_hint": signed_in.id_token, "post_logout_redirect_uri": BACK}
    assert back(signed_in.logout(**fields))
    assert back(signed_in.logout(**fields))
    nothing = signed_in.logout()
    assert (nothing.status_code, asks(nothing)) == (200, False)


# -- without one ------------------------------------------------------------------------------------------------------


def test_rp_initiated_6_without_a_hint_the_citizen_is_asked(signed_in: SignedIn) -> None:
    page = signed_in.logout(client_id=signed_in.client.id, post_logout_redirect_uri=BACK, state="s")
    assert asks(page)
    assert "社会保险" in page.text
    assert signed_in.still_in
    response = signed_in.visitor.submit(page, "decision", decision="allow")
    assert not signed_in.still_in
    assert f"{BACK}?state=s" in response.text or parameters(response.location) == {"state": "s"}


def test_rp_initiated_6_the_citizen_may_stay(signed_in: SignedIn) -> None:
    signed_in.visitor.submit(signed_in.logout(), "decision", decision="deny")
    assert signed_in.still_in


def test_rp_initiated_2_a_hint_of_another_citizens_session_only_asks(signed_in: SignedIn) -> None:
    """A portal's staff, or whoever found an old ID token, cannot sign another citizen out with it."""
    stranger = SignedIn(signed_in.provider)
    assert asks(signed_in.visitor.get("/logout?" + urlencode({"id_token_hint": stranger.id_token})))
    assert signed_in.still_in


def test_rp_initiated_2_a_hint_of_an_earlier_session_only_asks(signed_in: SignedIn) -> None:
    old = signed_in.id_token
    signed_in.logout(id_token_hint=old)
    again = SignedIn(signed_in.provider, signed_in.visitor, signed_in.person)
    assert asks(again.logout(id_token_hint=old))
    assert again.still_in


def test_the_id_token_is_not_in_the_address_of_the_confirmation(signed_in: SignedIn) -> None:
    stranger = SignedIn(signed_in.provider)
    page = signed_in.logout(id_token_hint=stranger.id_token, post_logout_redirect_uri=BACK)
    assert stranger.id_token not in form(page.text, "decision").action
    assert stranger.client.id in form(page.text, "decision").action


def test_rfc9700_4_11_2_nobody_is_sent_anywhere_without_a_proof_or_an_answer(provider: Provider) -> None:
    """Else /logout would be a redirector for whoever registers a client."""
    client, visitor = provider.client(), provider.visitor()
    page = visitor.get("/logout?" + urlencode({"client_id": client.id, "post_logout_redirect_uri": BACK}))
    assert page.status_code == 200
    assert f'href="{BACK}"' in page.text


@pytest.mark.parametrize("forgery", ["token", "no token", "origin", "site", "cookie", "another's"])
def test_a_confirmation_comes_from_our_own_page(signed_in: SignedIn, forgery: str) -> None:
    found = form(signed_in.logout().text, "decision")
    fields = found.filled(decision="allow")
    headers = {}
    if forgery == "token":
        fields["csrf"] = ["A" * 43]
    elif forgery == "no token":
        del fields["csrf"]
    elif forgery == "origin":
        headers["Origin"] = PORTAL
    elif forgery == "site":
        headers["Sec-Fetch-Site"] = "cross-site"
    elif forgery == "cookie":
        signed_in.visitor.http.delete_cookie("__Host-idp-browser", domain="id.example")
    else:
        other = SignedIn(signed_in.provider)
        fields["csrf"] = form(other.logout().text, "decision").fields["csrf"]
    response = signed_in.visitor.post(found.action, fields, **headers)
    assert response.status_code == 403
    assert signed_in.still_in


def test_the_answer_can_be_read_again_in_another_language(signed_in: SignedIn) -> None:
    """The page's own links lead to the address of the confirmation."""
    page = signed_in.visitor.submit(signed_in.logout(), "decision", decision="allow")
    assert signed_in.visitor.get(page.request.path).status_code == 200


def test_rp_initiated_2_ui_locales(signed_in: SignedIn) -> None:
    assert 'lang="en"' in signed_in.logout(ui_locales="fr en").text
    assert 'lang="zh-CN"' in signed_in.logout(ui_locales="zh-CN").text


def test_rp_initiated_2_a_logout_hint_proves_nothing_and_is_not_passed_on(signed_in: SignedIn) -> None:
    """It may be a name, a number or an address of the citizen: it belongs into no address of ours."""
    page = signed_in.logout(logout_hint=signed_in.person.phone, client_id=signed_in.client.id)
    assert asks(page)
    assert signed_in.person.phone not in form(page.text, "decision").action
    assert signed_in.still_in


def test_rp_initiated_2_a_hint_after_the_clients_key_algorithm_changed(signed_in: SignedIn) -> None:
    """The token names its key; which algorithm the client has by now does not matter."""
    clients = signed_in.provider.services.clients
    document = encode(
        {
            "redirect_uris": list(signed_in.client.client.redirect_uris),
            "post_logout_redirect_uris": [BACK],
            "id_token_signed_response_alg": "ES256",
        }
    )
    clients.change(signed_in.client.client, clients.prove(document))
    assert back(signed_in.logout(id_token_hint=signed_in.id_token, post_logout_redirect_uri=BACK))
    assert not signed_in.still_in


def test_rp_initiated_3_an_address_that_was_registered_until_lately(signed_in: SignedIn) -> None:
    clients = signed_in.provider.services.clients
    document = encode({"redirect_uris": list(signed_in.client.client.redirect_uris)})
    clients.change(signed_in.client.client, clients.prove(document))
    response = signed_in.logout(id_token_hint=signed_in.id_token, post_logout_redirect_uri=BACK)
    assert (response.status_code, "Location" in response.headers) == (400, False)
