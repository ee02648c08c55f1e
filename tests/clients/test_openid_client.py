"""openid-client, a certified relying party for Node.js: every feature it has and we offer, as its users use it."""

import json
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from idp.oidc.clients.client import TOKEN_EXCHANGE
from tests.clients.conftest import Arrive, Place
from tests.support.ciba import DESK
from tests.support.devices import KIOSK
from tests.support.forms import form, forms
from tests.support.listener import Listener
from tests.support.openid_client import Driver, Party, StepFailed, driver
from tests.support.provider import Registered
from tests.support.resource_servers import MACHINE, RECORDS, resource_server
from tests.support.surfer import Surfer

HOME = "https://node.example"
CALLBACK = f"{HOME}/callback"
HERE, BEYOND = f"{HOME}/here", f"{HOME}/beyond"
"""Two resource servers: what comes to the one goes on to the other."""
METADATA = {
    "client_name": "Node",
    "redirect_uris": [CALLBACK],
    "post_logout_redirect_uris": [f"{HOME}/signed-out"],
    "scope": "openid profile phone offline_access",
}
NOTHING: Mapping[str, Any] = MappingProxyType({})
ASKED = {"redirect_uri": CALLBACK, "scope": "openid profile offline_access"}


@pytest.fixture(scope="module")
def node() -> Iterator[Driver]:
    with driver() as running:
        yield running


@pytest.fixture(scope="module", autouse=True)
def gateway(place: Place) -> Registered:
    """The resource servers, before a worker learns which there are (it asks once a second): the client as which the one
    goes on to the other."""
    provider = place.provider
    resource_server(provider)
    resource_server(provider, BEYOND, "beyond:read")
    known = provider.client(**MACHINE | {"grant_types": [TOKEN_EXCHANGE], "scope": "beyond:read"})
    rule = {"client_id": known.id, "scopes": {"beyond:read": "here:read"}}
    resource_server(provider, HERE, "here:read", introspection_client=known.id, token_format="jwt")
    resource_server(provider, BEYOND, "beyond:read", exchange=[rule], token_format="jwt")
    return known


@pytest.fixture
def party(node: Driver) -> Party:
    return node.party()


def registered(party: Party, place: Place, **metadata: Any) -> str:
    """Known to the provider by its operator; the party discovers the rest. Its `client_id`."""
    told = METADATA | metadata
    known = place.provider.client(**told)
    discovered(party, place, known, told)
    return known.id


def discovered(
    party: Party, place: Place, known: Registered, metadata: Mapping[str, Any] = MappingProxyType({})
) -> None:
    method, told = known.client.token_endpoint_auth_method, dict(metadata)
    party("discover", issuer=place.issuer, client_id=known.id, secret=known.secret, method=method, metadata=told)


def signed_in(party: Party, arrive: Arrive, parameters: dict[str, str] = ASKED, **how: bool) -> dict[str, Any]:
    tokens: dict[str, Any] = party("finish", url=arrive(party("begin", parameters=parameters, **how)))
    return tokens


@pytest.mark.parametrize("alg", ["RS256", "ES256"])
def test_discovery_registration_code_and_pkce(party: Party, place: Place, arrive: Arrive, alg: str) -> None:
    metadata = METADATA | {"id_token_signed_response_alg": alg}
    client = party("register", issuer=place.issuer, token=place.initial_token(), metadata=metadata)
    assert client["token_endpoint_auth_method"] == "client_secret_basic"
    tokens = signed_in(party, arrive)
    assert tokens["claims"]["aud"] == client["client_id"]
    told = party("userinfo", token=tokens["access_token"], sub=tokens["claims"]["sub"])
    assert told["name"] == place.person.citizen.profile.name


@pytest.mark.parametrize("method", ["client_secret_post", "client_secret_jwt", "none"])
def test_other_ways_to_authenticate(party: Party, place: Place, arrive: Arrive, method: str) -> None:
    registered(party, place, token_endpoint_auth_method=method)
    assert signed_in(party, arrive)["claims"]["sub"]


PUSHED, SIGNED = {"pushed": True}, {"signed": True}


@pytest.mark.parametrize(
    ("alg", "how"), [("RS256", {}), ("PS256", PUSHED), ("ES256", SIGNED), ("Ed25519", PUSHED | SIGNED)], ids=str
)
def test_private_key_jwt_with_requests_pushed_and_signed(
    party: Party, place: Place, arrive: Arrive, alg: str, how: dict[str, bool]
) -> None:
    metadata = METADATA | {
        "jwks": party("keys", alg=alg),
        "token_endpoint_auth_method": "private_key_jwt",
        "require_pushed_authorization_requests": how.get("pushed", False),
        "require_signed_request_object": how.get("signed", False),
    }
    party("register", issuer=place.issuer, token=place.initial_token(), metadata=metadata)
    assert signed_in(party, arrive, **how)["claims"]["sub"]


@pytest.mark.parametrize(("alg", "how"), [("RSA-OAEP-256", {}), ("ECDH-ES", PUSHED)], ids=str)
def test_requests_signed_and_then_encrypted(
    party: Party, place: Place, arrive: Arrive, alg: str, how: dict[str, bool]
) -> None:
    """By npm's jose: what it encrypts, we open."""
    registered(party, place, jwks=party("keys", alg="ES256"), require_signed_request_object=True)
    asked = party("begin", parameters=ASKED, signed=True, encrypted=alg, **how)
    sent = parse_qs(urlsplit(asked).query)
    assert sent["request_uri"] if how else sent["request"][0].count(".") == 4
    assert party("finish", url=arrive(asked))["claims"]["sub"]


def test_form_post(party: Party, place: Place, citizen: Surfer) -> None:
    registered(party, place)
    page = citizen.get(party("begin", parameters=ASKED | {"response_mode": "form_post"}))
    page = citizen.sign_in(page, place.person)
    answer = form(page.text, "code")
    assert answer.action == CALLBACK
    sent = {name: value for name, (value,) in answer.fields.items()}
    assert party("finish", url=CALLBACK, form=sent)["claims"]["sub"]


def test_jarm(party: Party, place: Place, arrive: Arrive) -> None:
    registered(party, place, authorization_signed_response_alg="ES256")
    answer = arrive(party("begin", parameters=ASKED, jarm=True))
    assert parse_qs(urlsplit(answer).query).keys() == {"response"}
    assert party("finish", url=answer)["claims"]["sub"]


def test_userinfo_and_introspection_come_signed(party: Party, place: Place, arrive: Arrive) -> None:
    registered(party, place, userinfo_signed_response_alg="ES256", introspection_signed_response_alg="PS256")
    tokens = signed_in(party, arrive)
    sub = tokens["claims"]["sub"]
    assert party("userinfo", token=tokens["access_token"], sub=sub)["sub"] == sub
    told = party("introspect", token=tokens["access_token"])
    assert (told["active"], told["sub"]) == (True, sub)


@pytest.mark.parametrize("alg", ["RSA-OAEP-256", "ECDH-ES"])
def test_answers_come_encrypted(party: Party, place: Place, arrive: Arrive, alg: str) -> None:
    kinds = ("id_token", "userinfo", "authorization", "introspection")
    registered(
        party,
        place,
        jwks={"keys": [party("encryption_key", alg=alg)]},
        **{f"{kind}_signed_response_alg": "ES256" for kind in kinds},
        **{f"{kind}_encrypted_response_alg": alg for kind in kinds},
    )
    tokens = party("finish", url=arrive(party("begin", parameters=ASKED, jarm=True)))
    sub = tokens["claims"]["sub"]
    assert tokens["id_token"].count(".") == 4
    assert party("userinfo", token=tokens["access_token"], sub=sub)["sub"] == sub
    assert party("introspect", token=tokens["access_token"])["active"] is True


@pytest.mark.parametrize(("alg", "how"), [("ES256", {}), ("Ed25519", PUSHED)], ids=str)
def test_dpop(party: Party, place: Place, arrive: Arrive, alg: str, how: dict[str, bool]) -> None:
    registered(party, place, dpop_bound_access_tokens=True)
    party("bind", alg=alg)
    first = signed_in(party, arrive, **how)
    assert first["token_type"] == "dpop"
    sub = first["claims"]["sub"]
    assert party("userinfo", token=first["access_token"], sub=sub)["sub"] == sub
    second = party("refresh", token=first["refresh_token"])
    assert party("userinfo", token=second["access_token"], sub=sub)["sub"] == sub
    party("bind", alg=alg)  # another key: to others the token is of no use
    with pytest.raises(StepFailed):
        party("userinfo", token=second["access_token"], sub=sub)


def test_the_fapi_2_hop(party: Party, place: Place, arrive: Arrive) -> None:
    """PAR, private_key_jwt and DPoP at once, which the profile of the client demands."""
    registered(party, place, jwks=party("keys", alg="ES256"), profile="fapi2", scope="openid profile")
    party("bind", alg="ES256")
    tokens = signed_in(party, arrive, {"redirect_uri": CALLBACK, "scope": "openid profile"}, pushed=True)
    sub = tokens["claims"]["sub"]
    assert party("userinfo", token=tokens["access_token"], sub=sub)["sub"] == sub


def test_client_credentials(party: Party, place: Place) -> None:
    client_id = registered(party, place, **MACHINE, scope="records:read")
    tokens = party("client_credentials", parameters={"resource": RECORDS})
    assert tokens["scope"] == "records:read"
    assert party("introspect", token=tokens["access_token"])["sub"] == client_id


def test_a_device_signs_a_citizen_in(party: Party, place: Place, citizen: Surfer) -> None:
    client_id = registered(party, place, **KIOSK)
    asked = party("device", parameters={"scope": "openid profile"})
    page = citizen.submit(citizen.get(asked["verification_uri"]), "user_code", user_code=asked["user_code"])
    page = citizen.known(page, place.person)
    assert citizen.submit(page, "decision", decision="allow").status_code == 200
    assert party("device_tokens", asked=asked)["claims"]["aud"] == client_id


def test_a_citizen_answers_elsewhere(party: Party, place: Place) -> None:
    """CIBA: the service polls, the citizen answers in the browser where he is signed in."""
    client_id = registered(party, place, **DESK)
    asked = party("ciba", parameters=ASKED_ELSEWHERE | {"login_hint": place.person.number})
    allow(place)
    assert party("ciba_tokens", asked=asked)["claims"]["aud"] == client_id


def test_a_service_is_pinged_when_the_citizen_has_answered(party: Party, place: Place) -> None:
    mode = {
        "backchannel_token_delivery_mode": "ping",
        "backchannel_client_notification_endpoint": f"http://localhost:{place.pinged.port}/pinged",
    }
    client_id = registered(party, place, **DESK | mode)
    told = {"login_hint": place.person.number, "client_notification_token": "of-this-request"}
    asked = party("ciba", parameters=ASKED_ELSEWHERE | told)
    assert not place.pinged.requests
    allow(place)
    head, _, body = place.pinged.heard().partition(b"\r\n\r\n")
    assert b"Authorization: Bearer of-this-request" in head.split(b"\r\n")
    assert json.loads(body) == {"auth_req_id": asked["auth_req_id"]}
    assert party("pinged_tokens", **json.loads(body))["claims"]["aud"] == client_id


ASKED_ELSEWHERE = {"scope": "openid profile", "binding_message": "Window 3 K7M"}


def allow(place: Place) -> None:
    """The citizen signs in, finds at /approve the one request that waits, and allows it."""
    browser, portal = place.surfer(), place.provider.client()
    browser.arrive(f"{place.issuer}/authorize?{urlencode(portal.request())}", place.person)
    page = browser.get(f"{place.issuer}/approve")
    (waiting,) = [each for each in forms(page.text) if "look" in dict(each.buttons)]
    page = browser.submit(page, "look", look=dict(waiting.buttons)["look"])
    assert ASKED_ELSEWHERE["binding_message"] in page.text
    assert browser.submit(page, "decision", decision="allow").status_code == 200


def test_a_token_for_a_resource_and_its_exchange(
    node: Driver, gateway: Registered, party: Party, place: Place, arrive: Arrive
) -> None:
    server = node.party()
    discovered(server, place, gateway)
    client_id = registered(party, place, scope="openid here:read")
    asked = party("begin", parameters={"redirect_uri": CALLBACK, "scope": "openid here:read", "resource": HERE})
    tokens = party("finish", url=arrive(asked), more={"resource": HERE})
    assert party("access_token", token=tokens["access_token"], audience=HERE)["client_id"] == client_id
    kind = "urn:ietf:params:oauth:token-type:access_token"
    told = {"subject_token": tokens["access_token"], "subject_token_type": kind, "resource": BEYOND}
    exchanged = server("exchange", parameters=told)["access_token"]
    assert party("access_token", token=exchanged, audience=BEYOND)["act"] == {"sub": gateway.id}


def test_refresh_introspection_and_revocation(party: Party, place: Place, arrive: Arrive) -> None:
    client_id = registered(party, place)
    first = signed_in(party, arrive)
    second = party("refresh", token=first["refresh_token"])
    assert second["refresh_token"] != first["refresh_token"]
    assert second["claims"]["sub"] == first["claims"]["sub"]
    told = party("introspect", token=second["access_token"])
    assert (told["active"], told["client_id"]) == (True, client_id)
    party("revoke", token=second["refresh_token"])
    assert party("introspect", token=second["access_token"]) == {"active": False}
    with pytest.raises(StepFailed) as refused:
        party("refresh", token=second["refresh_token"])
    assert refused.value.code == "invalid_grant"


def test_what_the_citizen_refuses_is_an_error_that_the_client_names(party: Party, place: Place) -> None:
    registered(party, place)
    browser = place.surfer()
    page = browser.get(party("begin", parameters=ASKED))
    page = browser.submit(page, "username", username=place.person.number, password=place.person.password)
    answer = browser.submit(page, "decision", decision="deny").headers["Location"]
    with pytest.raises(StepFailed) as refused:
        party("finish", url=answer)
    assert refused.value.code == "access_denied"


def test_a_mixed_up_answer_is_refused_by_the_client(party: Party, place: Place, arrive: Arrive) -> None:
    """RFC 9207: it compares `iss` because our metadata promises it."""
    registered(party, place)
    answer = arrive(party("begin", parameters=ASKED))
    mixed = answer.replace("iss=http", "iss=https")
    assert mixed != answer
    with pytest.raises(StepFailed) as refused:
        party("finish", url=mixed)
    assert refused.value.code == "OAUTH_INVALID_RESPONSE"


def test_rp_initiated_and_back_channel_logout(party: Party, place: Place, told: Listener) -> None:
    registered(party, place, backchannel_logout_uri=told.url)
    browser = place.surfer()
    tokens = party("finish", url=browser.arrive(party("begin", parameters=ASKED), place.person))
    leaving = party(
        "leave",
        parameters={
            "id_token_hint": tokens["id_token"],
            "post_logout_redirect_uri": f"{HOME}/signed-out",
            "state": "left",
        },
    )
    back = urlsplit(browser.get(leaving).headers["Location"])
    assert (f"{back.scheme}://{back.netloc}{back.path}", parse_qs(back.query)) == (
        f"{HOME}/signed-out",
        {"state": ["left"]},
    )
    claims = party("logout_token", token=told.token)
    assert (claims["sub"], claims["sid"]) == (tokens["claims"]["sub"], tokens["claims"]["sid"])
    assert "nonce" not in claims
