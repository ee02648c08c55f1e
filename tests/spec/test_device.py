"""RFC 8628: a device without a keyboard signs a citizen in who answers in his own browser."""

import pytest

from idp.errors import InvalidClientMetadata, InvalidRedirectUri
from idp.oidc.decoupled import user_code
from idp.oidc.decoupled.device import OF_STRANGERS
from tests.support.devices import (
    DEVICE_CODE,
    KIOSK,
    answer,
    asks,
    complete,
    device,
    kiosk,
    to_the_question,
    type_code,
)
from tests.support.known import Known, acquainted
from tests.support.parallel import together
from tests.support.provider import ISSUER, Provider
from tests.support.randomness import CountingRandomness


def test_rfc8628_3_2_the_answer_has_both_codes_and_where_to_type(shared_provider: Provider) -> None:
    response = asks(shared_provider, kiosk(shared_provider))
    assert (response.status_code, response.headers["Cache-Control"]) == (200, "no-store")
    told = response.json
    assert told["verification_uri"] == f"{ISSUER}/device"
    assert told["verification_uri_complete"] == f"{ISSUER}/device?user_code={told['user_code']}"
    assert (told["expires_in"], told["interval"]) == (600, 5)
    assert len(told["device_code"]) == 44, "256 random bits"
    assert told.keys() == {
        "device_code", "user_code", "verification_uri", "verification_uri_complete", "expires_in", "interval",
    }  # fmt: skip


def test_rfc8628_3_5_a_citizen_allows_and_the_device_gets_what_a_code_would_give(shared_provider: Provider) -> None:
    client = kiosk(shared_provider, scope="openid profile offline_access")
    waiting, visitor, person = (
        device(shared_provider, client, scope="openid profile offline_access"),
        shared_provider.visitor(),
        shared_provider.citizen(name="欧阳静"),
    )
    assert waiting.error() == "authorization_pending"
    page = to_the_question(visitor, waiting.code, person)
    done = answer(visitor, page, "allow")
    assert (done.status_code, done.request.path) == (200, "/device/allowed")
    tokens = waiting.tokens()
    assert tokens.keys() == {"access_token", "token_type", "expires_in", "scope", "id_token", "refresh_token"}
    claims = shared_provider.services.keys.verify(tokens["id_token"], "JWT")
    assert (claims["aud"], claims["iss"], "nonce" in claims) == (client.id, ISSUER, False)
    userinfo = shared_provider.userinfo(tokens["access_token"]).json
    assert (userinfo["sub"], userinfo["name"]) == (claims["sub"], "欧阳静")
    again = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert shared_provider.token(client, again).status_code == 200


def test_rfc8628_3_5_a_device_code_is_collected_once(shared_provider: Provider) -> None:
    waiting, visitor = device(shared_provider), shared_provider.visitor()
    answer(visitor, to_the_question(visitor, waiting.code, shared_provider.citizen()), "allow")
    tokens = waiting.tokens()
    assert waiting.error() == "invalid_grant"
    assert shared_provider.userinfo(tokens["access_token"]).status_code == 200, "a lost answer is no theft"


def test_rfc8628_3_5_of_parallel_polls_one_wins(shared_provider: Provider) -> None:
    waiting, visitor = device(shared_provider), shared_provider.visitor()
    answer(visitor, to_the_question(visitor, waiting.code, shared_provider.citizen()), "allow")
    answers = together([lambda: waiting.poll(after=0).status_code] * 8)
    assert sorted(answers) == [200] + [400] * 7


def test_rfc8628_3_5_whoever_polls_too_early_has_to_wait_five_seconds_more(shared_provider: Provider) -> None:
    waiting = device(shared_provider)
    assert waiting.error(after=0) == "authorization_pending"
    assert waiting.error(after=4) == "slow_down"  # ten seconds from now on
    assert waiting.error(after=9) == "slow_down"  # fifteen
    assert waiting.error(after=15) == "authorization_pending"
    assert waiting.error(after=14) == "slow_down"


def test_rfc8628_3_5_of_polls_that_come_together_one_is_in_time(shared_provider: Provider) -> None:
    waiting = device(shared_provider)
    told = together([lambda: waiting.error(after=0)] * 6)
    assert sorted(told) == ["authorization_pending"] + ["slow_down"] * 5


def test_rfc8628_3_5_a_code_expires(shared_provider: Provider) -> None:
    waiting, visitor = device(shared_provider), shared_provider.visitor()
    shared_provider.clock.advance(595)
    page = to_the_question(visitor, waiting.code, shared_provider.citizen())
    shared_provider.clock.advance(6)
    assert answer(visitor, page, "allow").request.path == "/device/over"
    assert waiting.error() == "expired_token"
    shared_provider.clock.advance(600)
    assert waiting.error() == "invalid_grant", "nothing is kept for ever"


def test_rfc8628_3_5_what_is_allowed_at_the_last_moment_can_be_collected(shared_provider: Provider) -> None:
    waiting, visitor = device(shared_provider), shared_provider.visitor()
    shared_provider.clock.advance(599)
    answer(visitor, to_the_question(visitor, waiting.code, shared_provider.citizen()), "allow")
    assert waiting.tokens()


def test_rfc8628_3_5_who_declines_is_not_asked_again(shared_provider: Provider) -> None:
    waiting, visitor = device(shared_provider), shared_provider.visitor()
    page = to_the_question(visitor, waiting.code, shared_provider.citizen())
    assert answer(visitor, page, "deny").request.path == "/device/denied"
    assert [waiting.error() for _ in range(3)] == ["access_denied"] * 3
    assert type_code(visitor, waiting.code).status_code == 422, "the code is used up"


def test_rfc8628_3_1_only_a_client_that_registered_the_grant_may_ask(shared_provider: Provider) -> None:
    portal = shared_provider.client()
    assert asks(shared_provider, portal).json["error"] == "unauthorized_client"
    assert device(shared_provider).error(portal) == "unauthorized_client"


@pytest.mark.parametrize(
    ("fields", "error"),
    [({"scope": "profile"}, "invalid_scope"), ({"scope": "openid " + "x" * 2000}, "invalid_request")],
)
def test_rfc8628_3_1_a_scope_is_proved_as_anywhere(
    shared_provider: Provider, fields: dict[str, str], error: str
) -> None:
    assert asks(shared_provider, kiosk(shared_provider), **fields).json["error"] == error


def test_rfc8628_3_1_without_a_scope_the_sign_in_alone_is_asked(shared_provider: Provider) -> None:
    waiting, visitor = device(shared_provider, scope=None, unheard_of="1"), shared_provider.visitor()
    answer(visitor, to_the_question(visitor, waiting.code, shared_provider.citizen()), "allow")
    assert waiting.tokens()["scope"] == "openid"


def test_rfc8628_3_1_a_public_client_asks_with_its_name_alone_and_is_held_to_a_rate(provider: Provider) -> None:
    television = kiosk(provider, token_endpoint_auth_method="none")
    waiting, visitor = device(provider, television), provider.visitor()
    answer(visitor, to_the_question(visitor, waiting.code, provider.citizen()), "allow")
    assert waiting.tokens()
    for _ in range(OF_STRANGERS.size):
        last = asks(provider, television)
    assert (last.status_code, asks(provider, television).status_code) == (200, 429)
    assert asks(provider, television, source="203.0.113.4").status_code == 200


def test_rfc8628_3_3_1_a_complete_address_fills_the_field_and_waits_for_a_press(shared_provider: Provider) -> None:
    waiting, visitor = device(shared_provider), shared_provider.visitor()
    page = visitor.get(complete(waiting.code))
    assert (page.status_code, page.request.path) == (200, "/device")
    assert f'value="{waiting.code}"' in page.text
    assert "这个代码是从哪里来的" in page.text
    assert waiting.error() == "authorization_pending"
    assert visitor.submit(page, "user_code").request.path == "/login"


def test_rfc8628_3_3_the_signed_in_citizen_is_asked_each_time(shared_provider: Provider) -> None:
    client, visitor, person = kiosk(shared_provider), shared_provider.visitor(), shared_provider.citizen()
    for _ in range(2):
        waiting = device(shared_provider, client)
        page = to_the_question(visitor, waiting.code, person)
        assert page.request.path == "/consent"
        answer(visitor, page, "allow")
        assert waiting.tokens()


def test_rfc8628_6_1_how_a_code_is_typed_does_not_matter() -> None:
    assert (
        user_code.read("wdjb-mjht")
        == user_code.read(" ＷＤＪＢ－ＭＪＨＴ ")
        == user_code.read("WDJB MJHT")
        == "WDJBMJHT"
    )
    assert user_code.shown("WDJBMJHT") == "WDJB-MJHT"
    assert {user_code.read(typed) for typed in ("", "WDJBMJH", "WDJBMJHTB", "WDJAMJHT", "WDJ1MJHT", "W" * 65)} == {""}


def test_rfc8628_6_1_every_letter_is_as_likely_as_any_other() -> None:
    randomness = CountingRandomness("user codes")
    letters = "".join(user_code.mint_user_code(randomness) for _ in range(2_000))
    counts = {letter: letters.count(letter) for letter in user_code.ALPHABET}
    assert set(letters) == set(user_code.ALPHABET)
    assert not set("AEIOUY0123456789") & set(letters)
    assert max(counts.values()) < 1.25 * min(counts.values())


def test_rfc8628_3_3_1_the_complete_address_comes_as_a_picture_too(shared_provider: Provider) -> None:
    machine = shared_provider.machine()
    picture = machine.get("/device/qr?user_code=wdjbmjht", base_url=ISSUER)
    assert (picture.status_code, picture.mimetype) == (200, "image/svg+xml")
    assert picture.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert picture.headers["X-Content-Type-Options"] == "nosniff"
    assert picture.data.startswith(b"<?xml")
    assert machine.get("/device/qr?user_code=WDJB-MJHT", base_url=ISSUER).data == picture.data
    assert machine.get("/device/qr?user_code=AAAAAAAA", base_url=ISSUER).status_code == 404
    assert machine.get("/device/qr", base_url=ISSUER).status_code == 404


# -- the session and the client ---------------------------------------------------------------------------------------


def test_rfc8628_signing_out_ends_what_the_device_holds(shared_provider: Provider) -> None:
    known = acquainted(shared_provider)
    waiting = device(shared_provider)
    answer(known.visitor, to_the_question(known.visitor, waiting.code, known.person), "allow")
    tokens = waiting.tokens()
    shared_provider.services.sessions.end_all_of(known.person.citizen.id, "signed_out")
    assert shared_provider.userinfo(tokens["access_token"]).status_code == 401


def test_rfc8628_signing_out_before_the_device_comes_leaves_nothing_to_collect(shared_provider: Provider) -> None:
    known = acquainted(shared_provider)
    waiting = device(shared_provider)
    answer(known.visitor, to_the_question(known.visitor, waiting.code, known.person), "allow")
    shared_provider.services.sessions.end_all_of(known.person.citizen.id, "signed_out")
    assert waiting.error() == "invalid_grant"


def test_rfc7591_2_a_client_without_a_browser_needs_no_redirect_address(shared_provider: Provider) -> None:
    first, second = kiosk(shared_provider), kiosk(shared_provider)
    described = shared_provider.services.clients.describe(first.client)
    assert described["grant_types"] == (DEVICE_CODE, "refresh_token")
    assert not {"redirect_uris", "response_types"} & described.keys()
    assert first.client.sector != second.client.sector, "each is a stranger to every other"
    with pytest.raises(InvalidRedirectUri):
        shared_provider.client(redirect_uris=[])


@pytest.mark.parametrize(
    "wrong", [{"client_name": ""}, {"response_types": ["code"]}, {"grant_types": ["refresh_token"]}]
)
def test_rfc7591_2_1_what_cannot_go_together_is_refused(shared_provider: Provider, wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidClientMetadata):
        shared_provider.client(**KIOSK | wrong)


def test_rfc8628_a_client_without_a_code_grant_has_no_answer_at_authorize(known: Known) -> None:
    client = kiosk(known.provider)
    page = known.visitor.get(f"/authorize?response_type=code&client_id={client.id}&redirect_uri=https://evil.example/")
    assert (page.status_code, page.request.path) == (400, "/authorize")
