"""openid-client, a certified relying party for Node.js: every feature it has and we offer, as its users use it."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.clients.conftest import Arrive, Place
from tests.support.forms import form
from tests.support.listener import Listener
from tests.support.openid_client import Driver, Party, StepFailed, driver
from tests.support.surfer import Surfer

HOME = "https://node.example"
CALLBACK = f"{HOME}/callback"
METADATA = {
    "client_name": "Node",
    "redirect_uris": [CALLBACK],
    "post_logout_redirect_uris": [f"{HOME}/signed-out"],
    "scope": "openid profile phone offline_access",
}
ASKED = {"redirect_uri": CALLBACK, "scope": "openid profile offline_access"}


@pytest.fixture(scope="module")
def node() -> Iterator[Driver]:
    with driver() as running:
        yield running


@pytest.fixture
def party(node: Driver) -> Party:
    return node.party()


def registered(party: Party, place: Place, **metadata: Any) -> str:
    """Known to the provider by its operator; the party discovers the rest. Its `client_id`."""
    told = METADATA | metadata
    known = place.provider.client(**told)
    method = known.client.token_endpoint_auth_method
    party("discover", issuer=place.issuer, client_id=known.id, secret=known.secret, method=method, metadata=told)
    return known.id


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


@pytest.mark.parametrize("method", ["client_secret_post", "none"])
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


def test_form_post(party: Party, place: Place, citizen: Surfer) -> None:
    registered(party, place)
    page = citizen.get(party("begin", parameters=ASKED | {"response_mode": "form_post"}))
    page = citizen.sign_in(page, place.person)
    answer = form(page.text, "code")
    assert answer.action == CALLBACK
    sent = {name: value for name, (value,) in answer.fields.items()}
    assert party("finish", url=CALLBACK, form=sent)["claims"]["sub"]


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
