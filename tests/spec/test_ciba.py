"""OpenID Connect Client-Initiated Backchannel Authentication Flow, Core 1.0: poll and ping, plain and signed."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from idp.app import suspending
from idp.errors import InvalidClientMetadata
from tests.support.assertions import JWKS, STRANGERS, asserted, assertion, signed
from tests.support.canary import NO_CONTENT, Canary, canary
from tests.support.ciba import (
    DESK,
    PINGED,
    Asked,
    arrived,
    asked,
    asks_for,
    decide,
    desk,
    new_code,
    press,
    signed_in_at_approve,
    waiting,
    without_code,
)
from tests.support.clock import FrozenClock
from tests.support.provider import ISSUER, TOTP_SECRET, Person, Provider, Registered, running_provider, settings_for
from tests.support.totp import totp_now

AAL_2 = "urn:citizen-idp:aal:2"


@pytest.fixture(scope="module")
def client(shared_provider: Provider) -> Registered:
    return desk(shared_provider, jwks=JWKS)


@pytest.fixture
def person(shared_provider: Provider) -> Person:
    return shared_provider.citizen(name="欧阳静")


def refused(provider: Provider, client: Registered, **fields: str | None) -> str:
    honest = {"scope": "openid", "login_hint": "13800000000"}
    answer = asks_for(provider, client, {name: value for name, value in (honest | fields).items() if value is not None})
    assert answer.status_code == 400, answer.text
    return str(answer.json["error"])


# -- the way it goes --------------------------------------------------------------------------------------------------


def test_ciba_7_3_and_10_1_1_a_citizen_allows_and_the_service_gets_what_a_code_would_give(
    shared_provider: Provider, person: Person
) -> None:
    client = desk(shared_provider, scope="openid profile offline_access")
    request = asked(shared_provider, person, client, scope="openid profile offline_access")
    assert request.told.keys() == {"auth_req_id", "expires_in", "interval"}
    assert (request.told["expires_in"], request.told["interval"]) == (300, 5)
    assert request.error() == "authorization_pending"
    visitor = arrived(shared_provider, person)
    page = press(visitor, "look")
    assert "窗口 3 K7M" in page.text
    done = visitor.submit(page, "decision", decision="allow")
    assert (done.status_code, done.request.path) == (200, "/approve/allowed")
    tokens = request.tokens()
    assert tokens.keys() == {"access_token", "token_type", "expires_in", "scope", "id_token", "refresh_token"}
    claims = shared_provider.services.keys.verify(tokens["id_token"], "JWT")
    assert (claims["aud"], claims["iss"]) == (client.id, ISSUER)
    assert shared_provider.userinfo(tokens["access_token"]).json["name"] == "欧阳静"
    assert request.error() == "invalid_grant", "it is collected once"


@pytest.mark.parametrize("factors", [1, 2])
def test_ciba_8_whoever_is_not_signed_in_signs_in_at_the_page_and_sees_what_waits(
    shared_provider: Provider, factors: int
) -> None:
    citizen = shared_provider.citizen()
    if factors == 2:
        shared_provider.services.citizens.set_totp_secret(citizen.citizen.id, TOTP_SECRET)
    request, visitor = asked(shared_provider, citizen), shared_provider.visitor()
    page = visitor.submit(visitor.get("/approve"), "sign_in", sign_in="yes")
    assert page.request.path == "/login"
    assert ("等待我处理的请求" in page.text, "窗口 3 K7M" in page.text) == (True, False)
    english = visitor.get(f"/login?{page.request.query_string.decode()}", **{"Accept-Language": "en"})
    assert "Requests that wait for me" in english.text
    page = visitor.password(page, citizen)
    if factors == 2:
        page = visitor.submit(page, "otp", otp=totp_now(shared_provider, citizen))
    assert (page.status_code, page.request.path, page.request.query_string) == (200, "/approve", b"")
    assert "窗口 3 K7M" in page.text
    assert decide(visitor, "allow").request.path == "/approve/allowed"
    assert request.tokens()["id_token"]


def test_ciba_8_the_page_itself_is_told_nothing_and_agreed_to_nothing(shared_provider: Provider) -> None:
    citizen, visitor = shared_provider.citizen(), shared_provider.visitor()
    page = visitor.submit(visitor.get("/approve"), "sign_in", sign_in="yes")
    step = page.request.query_string.decode()
    visitor.password(page, citizen)
    assert visitor.get(f"/consent?{step}").status_code >= 400, "it is over"
    assert not shared_provider.services.records.consents.of_citizen(citizen.citizen.id)


def test_ciba_8_a_closed_account_is_told_at_the_page_and_to_the_trail(provider: Provider) -> None:
    citizen, visitor = provider.citizen(), provider.visitor()
    suspending(provider.services).suspend(citizen.citizen.id)
    assert signed_in_at_approve(visitor, citizen).status_code == 403
    told = [each.event for each in provider.services.state.queued(1_000) if b"error:refused" in each.event]
    assert [citizen.citizen.id.encode() in each for each in told] == [True]


@pytest.mark.parametrize("by", ["number", "phone"])
def test_ciba_7_1_a_citizen_is_meant_by_number_or_phone(
    shared_provider: Provider, client: Registered, person: Person, by: str
) -> None:
    asked(shared_provider, person, client, login_hint=getattr(person, by))
    assert waiting(arrived(shared_provider, person)) == 1


def test_ciba_7_1_a_citizen_is_meant_by_an_id_token(shared_provider: Provider, client: Registered) -> None:
    person = shared_provider.citizen()
    first = asked(shared_provider, person, client)
    visitor = arrived(shared_provider, person)
    decide(visitor, "allow")
    hint = first.tokens()["id_token"]
    second = asked(shared_provider, person, client, login_hint=None, id_token_hint=hint)
    decide(visitor, "allow")
    assert second.tokens()
    assert refused(shared_provider, desk(shared_provider), login_hint=None, id_token_hint=hint) == "invalid_request"


def test_ciba_11_who_declines_is_told_so(shared_provider: Provider, client: Registered, person: Person) -> None:
    request, visitor = asked(shared_provider, person, client), arrived(shared_provider, person)
    assert decide(visitor, "deny").request.path == "/approve/denied"
    assert [request.error() for _ in range(2)] == ["access_denied"] * 2
    assert waiting(visitor) == 0


def test_ciba_11_polls_keep_their_pace_and_requests_expire(
    shared_provider: Provider, client: Registered, person: Person
) -> None:
    request = asked(shared_provider, person, client, requested_expiry="30")
    assert request.told["expires_in"] == 30
    assert [request.error(after=0), request.error(after=1)] == ["authorization_pending", "slow_down"]
    assert request.error(desk(shared_provider)) == "invalid_grant", "another client's"
    assert request.error(after=30) == "expired_token"
    assert waiting(arrived(shared_provider, person)) == 0


def test_ciba_7_1_a_level_that_was_asked_is_proved_before_it_is_allowed(
    shared_provider: Provider, client: Registered
) -> None:
    person = shared_provider.citizen()
    visitor = arrived(shared_provider, person)  # with the password alone, before there was a second factor
    shared_provider.services.citizens.set_totp_secret(person.citizen.id, TOTP_SECRET)
    request = asked(shared_provider, person, client, acr_values=AAL_2)
    page = press(visitor, "look")
    assert page.request.path == "/login/otp"
    page = visitor.submit(page, "otp", otp=totp_now(shared_provider, person))
    visitor.submit(page, "decision", decision="allow")
    assert shared_provider.services.keys.verify(request.tokens()["id_token"], "JWT")["acr"] == AAL_2


def test_ciba_7_1_a_level_that_the_citizen_cannot_reach_is_refused(
    shared_provider: Provider, client: Registered, person: Person
) -> None:
    request, visitor = asked(shared_provider, person, client, acr_values=AAL_2), arrived(shared_provider, person)
    assert press(visitor, "look").request.path == "/approve/unreachable"
    assert request.error() == "access_denied"


# -- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"scope": "profile"}, "invalid_scope"),
        ({"scope": None}, "invalid_scope"),
        ({"login_hint": None}, "invalid_request"),
        ({"id_token_hint": "x"}, "invalid_request"),
        ({"login_hint": None, "login_hint_token": "x"}, "invalid_request"),
        ({"login_hint": None, "id_token_hint": "x"}, "invalid_request"),
        ({"login_hint": "somebody"}, "unknown_user_id"),
        ({"login_hint": "110101199001011234"}, "unknown_user_id"),
        ({"login_hint": "1" * 2000}, "invalid_request"),
        ({"binding_message": "x" * 41}, "invalid_binding_message"),
        ({"binding_message": "a\nb"}, "invalid_binding_message"),
        ({"binding_message": "a\N{RIGHT-TO-LEFT OVERRIDE}b"}, "invalid_binding_message"),
        ({"binding_message": "https://evil.example"}, "invalid_binding_message"),
        ({"requested_expiry": "0"}, "invalid_request"),
        ({"requested_expiry": "-5"}, "invalid_request"),
        ({"requested_expiry": "9999999999"}, "invalid_request"),
        ({"acr_values": "urn:citizen-idp:aal:3"}, "invalid_request"),
        ({"request": "x"}, "invalid_request"),
    ],
)
def test_ciba_13_what_is_wrong_is_told_by_its_code(
    shared_provider: Provider, client: Registered, fields: dict[str, str | None], error: str
) -> None:
    assert refused(shared_provider, client, **fields) == error


def test_ciba_7_1_a_long_wait_is_cut(shared_provider: Provider, client: Registered, person: Person) -> None:
    assert asked(shared_provider, person, client, requested_expiry="100000").told["expires_in"] == 600


def test_ciba_13_a_client_that_did_not_register_may_not_ask(shared_provider: Provider) -> None:
    assert refused(shared_provider, shared_provider.client()) == "unauthorized_client"
    nobody = asks_for(shared_provider, shared_provider.client(), {"scope": "openid"}, headers={})
    assert (nobody.status_code, nobody.json["error"]) == (401, "invalid_client")


@pytest.mark.parametrize("audience", [ISSUER, f"{ISSUER}/token", f"{ISSUER}/ciba"])
def test_ciba_7_1_a_client_may_name_issuer_token_endpoint_or_this_one_in_its_assertion(
    shared_provider: Provider, person: Person, audience: str
) -> None:
    client = desk(shared_provider, token_endpoint_auth_method="private_key_jwt", jwks=JWKS)
    proof = asserted(assertion(client.id, shared_provider.clock.now(), aud=audience))
    fields = {"scope": "openid", "login_hint": person.phone}
    assert asks_for(shared_provider, client, fields | proof, headers={}).status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"backchannel_token_delivery_mode": None},
        {"backchannel_token_delivery_mode": "push"},
        {"backchannel_token_delivery_mode": "ping"},
        {"backchannel_token_delivery_mode": "ping", "backchannel_client_notification_endpoint": "http://a.example/"},
        {"backchannel_token_delivery_mode": "ping", "backchannel_client_notification_endpoint": PINGED + "#x"},
        {"backchannel_authentication_request_signing_alg": "HS256"},
        {"backchannel_authentication_request_signing_alg": "ES256"},  # and no keys
        {"backchannel_user_code_parameter": "yes"},
        {"token_endpoint_auth_method": "none"},
    ],
)
def test_ciba_4_what_cannot_be_kept_is_not_registered(shared_provider: Provider, wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidClientMetadata):
        shared_provider.client(**{name: value for name, value in (DESK | wrong).items() if value is not None})


def test_ciba_4_what_is_registered_is_told_back(shared_provider: Provider) -> None:
    told = {
        "backchannel_token_delivery_mode": "ping",
        "backchannel_client_notification_endpoint": PINGED,
        "backchannel_authentication_request_signing_alg": "ES256",
        "backchannel_user_code_parameter": True,
    }
    registered = desk(shared_provider, jwks=JWKS, **told)
    assert told.items() <= shared_provider.services.clients.describe(registered.client).items()


# -- signed requests --------------------------------------------------------------------------------------------------


def inside(provider: Provider, client: Registered, **changes: Any) -> dict[str, Any]:
    now = int(provider.clock.now())
    honest = {
        "iss": client.id,
        "aud": ISSUER,
        "iat": now,
        "nbf": now,
        "exp": now + 60,
        "jti": f"jti-{time.monotonic_ns()}",
        "scope": "openid",
        "login_hint": "13800000000",
        "requested_expiry": 120,
    }
    return {name: value for name, value in (honest | changes).items() if value is not None}


def test_ciba_7_1_1_a_signed_request_counts_and_is_good_once(shared_provider: Provider, client: Registered) -> None:
    told = {"request": signed(inside(shared_provider, client), "ES256", None, {})}
    answer = asks_for(shared_provider, client, told)
    assert (answer.status_code, answer.json["expires_in"]) == (200, 120)
    again = asks_for(shared_provider, client, told)
    assert (again.status_code, again.json["error"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": None},
        {"iss": "another"},
        {"aud": None},
        {"aud": "https://other.example"},
        {"iat": None},
        {"nbf": None},
        {"exp": None},
        {"jti": None},
        {"exp": 1},
        {"nbf": 9_999_999_999},
        {"nbf": 1},
        {"exp": 9_999_999_999},
        {"jti": ["x"]},
        {"scope": ["openid"]},
        {"requested_expiry": True},
        {"login_hint": None},
    ],
)
def test_ciba_7_1_1_a_request_is_signed_for_us_for_now_and_with_all_its_claims(
    shared_provider: Provider, client: Registered, changes: dict[str, Any]
) -> None:
    told = {"request": signed(inside(shared_provider, client, **changes), "ES256", None, {})}
    answer = asks_for(shared_provider, client, told)
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("beside", ["login_hint", "scope", "binding_message", "acr_values"])
def test_ciba_7_1_1_nothing_stands_beside_a_signed_request(
    shared_provider: Provider, client: Registered, beside: str
) -> None:
    told = {"request": signed(inside(shared_provider, client), "ES256", None, {}), beside: "openid"}
    assert asks_for(shared_provider, client, told).json["error"] == "invalid_request"


def test_ciba_7_1_1_who_registered_an_algorithm_signs_with_it(shared_provider: Provider) -> None:
    client = desk(shared_provider, jwks=JWKS, backchannel_authentication_request_signing_alg="ES256")
    assert refused(shared_provider, client) == "invalid_request"
    for alg, key, expected in (("RS256", None, 400), ("RS256", STRANGERS["RS256"], 400), ("ES256", None, 200)):
        told = {"request": signed(inside(shared_provider, client), alg, key, {})}
        assert asks_for(shared_provider, client, told).status_code == expected


# -- the citizen's own code -------------------------------------------------------------------------------------------


def test_ciba_7_1_who_has_a_code_is_reached_by_who_knows_it_alone(shared_provider: Provider, person: Person) -> None:
    visitor, plain = arrived(shared_provider, person), desk(shared_provider)
    coded = desk(shared_provider, backchannel_user_code_parameter=True)
    code = new_code(visitor)
    assert refused(shared_provider, coded, login_hint=person.number) == "missing_user_code"
    assert refused(shared_provider, coded, login_hint=person.number, user_code="BCDF-GHJK") == "invalid_user_code"
    asked(shared_provider, person, plain, user_code=code)
    assert waiting(visitor) == 0, "for a client that does not send codes there is nobody"
    asked(shared_provider, person, coded, user_code=code.lower())
    assert waiting(visitor) == 1
    assert new_code(visitor) != code
    assert refused(shared_provider, coded, login_hint=person.number, user_code=code) == "invalid_user_code"
    without_code(visitor)
    asked(shared_provider, person, plain)
    assert waiting(visitor) == 2


def test_ciba_7_1_an_id_token_is_no_code(shared_provider: Provider, client: Registered) -> None:
    person = shared_provider.citizen()
    first, visitor = asked(shared_provider, person, client), arrived(shared_provider, person)
    decide(visitor, "allow")
    hint = first.tokens()["id_token"]
    asked(shared_provider, person, client, login_hint=None, id_token_hint=hint)
    assert waiting(visitor) == 1
    new_code(visitor)
    assert waiting(visitor) == 0
    coded = desk(shared_provider, backchannel_user_code_parameter=True)
    assert refused(shared_provider, coded, login_hint=None, id_token_hint=hint, user_code="x") == "invalid_request"


# -- ping -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def listener() -> Iterator[Canary]:
    with canary([NO_CONTENT]) as running:
        yield running


@pytest.fixture
def pinging(tmp_path: Path, clock: FrozenClock, listener: Canary) -> Iterator[Provider]:
    settings = settings_for(tmp_path, IDP_OUTBOUND_ALLOW=f"localhost:{listener.port}")
    with running_provider(settings, clock) as running:
        yield running


def pinged_desk(provider: Provider, listener: Canary) -> Registered:
    return desk(
        provider,
        backchannel_token_delivery_mode="ping",
        backchannel_client_notification_endpoint=f"http://localhost:{listener.port}/pinged",
    )


@pytest.mark.parametrize(("decision", "outcome"), [("allow", 200), ("deny", 400)])
def test_ciba_10_2_the_client_is_pinged_with_its_token_and_comes(
    pinging: Provider, listener: Canary, decision: str, outcome: int
) -> None:
    person = pinging.citizen()
    request = asked(pinging, person, pinged_desk(pinging, listener), client_notification_token="token-1.~")
    assert not listener.requests
    decide(arrived(pinging, person), decision)
    head, _, body = listener.heard().partition(b"\r\n\r\n")
    assert head.startswith(b"POST /pinged ")
    assert b"\r\nAuthorization: Bearer token-1.~\r\n" in head + b"\r\n"
    assert b"\r\nContent-Type: application/json\r\n" in head + b"\r\n"
    assert body == b'{"auth_req_id":"%s"}' % request.told["auth_req_id"].encode()
    assert request.poll().status_code == outcome


@pytest.mark.parametrize("token", [None, "two words", "x" * 1025, "\N{SNOWMAN}", 'a"b'])
def test_ciba_7_1_a_client_that_is_pinged_gives_a_token_for_it(shared_provider: Provider, token: str | None) -> None:
    client = desk(
        shared_provider, backchannel_token_delivery_mode="ping", backchannel_client_notification_endpoint=PINGED
    )
    assert refused(shared_provider, client, client_notification_token=token) == "invalid_request"


def test_ciba_10_2_a_client_that_cannot_be_reached_holds_nobody_up(shared_provider: Provider, person: Person) -> None:
    client = desk(
        shared_provider, backchannel_token_delivery_mode="ping", backchannel_client_notification_endpoint=PINGED
    )
    request = asked(shared_provider, person, client, client_notification_token="t")
    assert decide(arrived(shared_provider, person), "allow").request.path == "/approve/allowed"
    assert isinstance(request, Asked)
    assert request.tokens()
