"""Signing out at one portal signs out of the others: OpenID Connect Back-Channel Logout 1.0, over real HTTP."""

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from joserfc import jws
from joserfc.jwk import KeySet
from werkzeug.test import TestResponse

from idp.codec import encode
from tests.support.clock import FrozenClock
from tests.support.jwts import ENCRYPTION_JWKS, decrypted
from tests.support.listener import Listener, listening
from tests.support.provider import ISSUER, PORTAL, Person, Provider, Registered, Visitor, running_provider, settings_for
from tests.support.signed_in import SignedIn

BACK = f"{PORTAL}/signed-out"
EVENT = "http://schemas.openid.net/event/backchannel-logout"


@pytest.fixture
def one() -> Iterator[Listener]:
    with listening() as listener:
        yield listener


@pytest.fixture
def other() -> Iterator[Listener]:
    with listening() as listener:
        yield listener


@pytest.fixture
def provider(tmp_path: Path, clock: FrozenClock, one: Listener, other: Listener) -> Iterator[Provider]:
    allowed = settings_for(tmp_path, IDP_OUTBOUND_ALLOW=f"{one.place},{other.place}")
    with running_provider(allowed, clock) as running:
        yield running


def portal(provider: Provider, name: str, listener: Listener | None, **metadata: object) -> Registered:
    told = {"backchannel_logout_uri": listener.url} if listener else {}
    return provider.client(client_name=name, **told, **metadata)


def arrived(provider: Provider, *clients: Registered) -> list[SignedIn]:
    """One citizen in one browser, at each of these portals, one after the other."""
    person: Person = provider.citizen()
    visitor: Visitor = provider.visitor()
    return [SignedIn(provider, visitor, person, client) for client in clients]


def sign_out(at: SignedIn) -> TestResponse:
    fields = {"id_token_hint": at.id_token, "post_logout_redirect_uri": BACK}
    return at.visitor.get("/logout?" + urlencode(fields))


def read(provider: Provider, token: str) -> tuple[dict[str, object], dict[str, object]]:
    """Header and claims, proved with the keys that we publish, as a portal would."""
    published = KeySet.import_key_set(provider.machine().get("/jwks", base_url=ISSUER).json)
    found = jws.deserialize_compact(token, published, algorithms=["RS256", "ES256"])
    return found.headers(), json.loads(found.payload)


@pytest.mark.parametrize("alg", ["RS256", "ES256"])
def test_backchannel_2_4_each_portal_gets_a_logout_token_of_its_own(
    provider: Provider, one: Listener, other: Listener, alg: str
) -> None:
    clients = [
        portal(provider, name, listener, id_token_signed_response_alg=alg)
        for name, listener in (("A", one), ("B", other))
    ]
    at = arrived(provider, *clients)
    response = sign_out(at[0])
    assert (response.status_code, response.location) == (303, BACK)
    for signed_in, listener in zip(at, (one, other), strict=True):
        assert listener.content_types == ["application/x-www-form-urlencoded"]
        assert listener.told[0].keys() == {"logout_token"}
        header, claims = read(provider, listener.token)
        in_id_token = provider.services.keys.verify(signed_in.id_token, "JWT")
        now = int(provider.clock.now())
        assert header.keys() == {"alg", "kid", "typ"}
        assert (header["alg"], header["typ"]) == (alg, "logout+jwt")
        assert claims.pop("jti")
        assert claims == {
            "iss": ISSUER,
            "aud": signed_in.client.id,
            "sub": in_id_token["sub"],
            "sid": in_id_token["sid"],
            "iat": now,
            "exp": now + 120,
            "events": {EVENT: {}},
        }


def test_backchannel_2_6_it_is_encrypted_as_its_id_tokens_are(provider: Provider, one: Listener) -> None:
    """A portal whose ID tokens are encrypted should refuse a logout token that is not."""
    wish = {"jwks": ENCRYPTION_JWKS, "id_token_encrypted_response_alg": "ECDH-ES"}
    asking, told = portal(provider, "A", None), portal(provider, "B", one, **wish)
    sign_out(arrived(provider, asking, told)[0])
    header, signed = decrypted(one.token, "ECDH-ES", "A128CBC-HS256")
    assert header["cty"] == "JWT"
    inner, claims = read(provider, signed)
    assert (inner["typ"], claims["aud"], claims["events"]) == ("logout+jwt", told.id, {EVENT: {}})


def test_backchannel_2_6_without_a_key_to_encrypt_to_nothing_is_sent_in_the_clear(
    provider: Provider, one: Listener
) -> None:
    asking, told = portal(provider, "A", None), portal(provider, "B", one)
    at, clients = arrived(provider, asking, told), provider.services.clients
    unknown = {"jwks_uri": "http://127.0.0.1:1/jwks", "id_token_encrypted_response_alg": "ECDH-ES"}
    clients.change(told.client, clients.prove(encode(clients.describe(told.client) | unknown)))
    provider.clock.advance(2)
    assert "B" in sign_out(at[0]).text, "the citizen is told that it may still be open"
    assert one.told == []


def test_backchannel_2_4_no_two_tokens_have_one_jti(provider: Provider, one: Listener, other: Listener) -> None:
    at = arrived(provider, portal(provider, "A", one), portal(provider, "B", other))
    sign_out(at[0])
    assert read(provider, one.token)[1]["jti"] != read(provider, other.token)[1]["jti"]


def test_oidc_core_8_portals_cannot_compare_what_they_are_told(
    provider: Provider, one: Listener, other: Listener
) -> None:
    """`sub` is another one for each sector, and `sid` for each client, so that tokens link nobody."""
    elsewhere = portal(provider, "B", other, redirect_uris=["https://other.example/cb"], post_logout_redirect_uris=[])
    at = arrived(provider, portal(provider, "A", one), elsewhere)
    sign_out(at[0])
    first, second = read(provider, one.token)[1], read(provider, other.token)[1]
    assert first["sub"] != second["sub"]
    assert first["sid"] != second["sid"]


def test_backchannel_2_5_a_portal_is_told_once_however_often_the_citizen_came(
    provider: Provider, one: Listener
) -> None:
    [at] = arrived(provider, portal(provider, "A", one))
    at.visitor.hop(at.client)
    sign_out(at)
    assert len(one.told) == 1
    sign_out(at)
    assert len(one.told) == 1, "a second sign-out tells nobody anything"


def test_backchannel_2_5_a_portal_of_another_session_is_not_told(
    provider: Provider, one: Listener, other: Listener
) -> None:
    [at] = arrived(provider, portal(provider, "A", one))
    arrived(provider, portal(provider, "B", other))
    sign_out(at)
    assert (len(one.told), len(other.told)) == (1, 0)


@pytest.mark.parametrize("status", [204, 400, 404, 500, 302])
def test_backchannel_2_8_only_200_and_204_are_a_yes(
    provider: Provider, one: Listener, other: Listener, status: int
) -> None:
    other.status = status
    at = arrived(provider, portal(provider, "A", one), portal(provider, "乙门户", other))
    response = sign_out(at[0])
    assert len(other.told) == 1
    if status == 204:
        assert response.location == BACK
    else:
        tells_of(response, "乙门户")


def tells_of(response: TestResponse, name: str) -> None:
    """The page says plainly which service may still be open, and leads on."""
    assert response.status_code == 200
    assert "以下服务可能仍处于登录状态" in response.text
    assert name in response.text
    assert f'href="{BACK}"' in response.text


def test_a_portal_that_is_down_is_named_and_the_others_are_told(provider: Provider, one: Listener) -> None:
    with listening() as gone:
        down = portal(provider, "乙门户", gone)
    at = arrived(provider, portal(provider, "A", one), down, portal(provider, "丙门户", None))
    response = sign_out(at[0])
    assert len(one.told) == 1
    tells_of(response, "乙门户")
    tells_of(response, "丙门户")
    assert not any(signed_in.still_in for signed_in in at)


@pytest.mark.slow
def test_a_portal_that_is_slow_keeps_nobody_waiting_for_long(
    provider: Provider, one: Listener, other: Listener
) -> None:
    one.gate.clear()
    at = arrived(provider, portal(provider, "慢门户", one), portal(provider, "B", other))
    began = time.monotonic()
    answer: list[TestResponse] = []
    signing_out = threading.Thread(target=lambda: answer.append(sign_out(at[1])))
    signing_out.start()
    deadline = time.monotonic() + 3
    while not other.told and time.monotonic() < deadline:
        time.sleep(0.02)
    assert len(other.told) == 1, "the other portal is told while the first one has not answered"
    signing_out.join(12)
    assert 4 < time.monotonic() - began < 9
    tells_of(answer[0], "慢门户")
    assert not at[0].still_in


def test_rp_initiated_2_who_asks_without_a_proof_is_not_taken_to_have_signed_out(provider: Provider) -> None:
    """A link that names a portal says nothing of what that portal did."""
    [at] = arrived(provider, portal(provider, "甲门户", None))
    page = at.visitor.get("/logout?" + urlencode({"client_id": at.client.id, "post_logout_redirect_uri": BACK}))
    tells_of(at.visitor.submit(page, "decision", decision="allow"), "甲门户")


def test_rfc7591_5_an_address_inside_our_network_is_not_called(provider: Provider) -> None:
    """Only what `IDP_OUTBOUND_ALLOW` names may be inside."""
    with listening() as inside:
        at = arrived(provider, portal(provider, "A", inside))[0]
        elsewhere = portal(provider, "B", None, backchannel_logout_uri=f"https://127.0.0.1:{inside.port}/x")
        second = SignedIn(provider, at.visitor, at.person, elsewhere)
        assert sign_out(second).status_code == 200
        assert inside.told == []


def test_each_telling_leaves_an_event(provider: Provider, one: Listener) -> None:
    at = arrived(provider, portal(provider, "A", one), portal(provider, "B", None))
    sign_out(at[0])
    told = [json.loads(queued.event)["type"] for queued in provider.services.state.queued(1_000)]
    assert told.count("logout:delivered") == 1
    assert told.count("session:ended") == 1


def test_a_portal_that_could_not_be_told_is_told_to_the_operator_with_the_reason(
    provider: Provider, one: Listener, caplog: pytest.LogCaptureFixture
) -> None:
    one.status = 500
    closed = provider.client(client_name="C", backchannel_logout_uri="http://127.0.0.1:9/logged-out")
    failing = portal(provider, "A", one)
    sign_out(arrived(provider, failing, closed)[0])
    told = [json.loads(each.event) for each in provider.services.state.queued(1_000)]
    reasons = {each["client_id"]: each["reason"] for each in told if each["type"] == "logout:failed"}
    assert reasons == {failing.id: "status", closed.id: "address_refused"}
    assert {(vars(each)["client_id"], vars(each)["reason"]) for each in caplog.records} == set(reasons.items())
