"""The FAPI 2.0 Security Profile (and, of Message Signing, how requests are signed): `profile: fapi2`."""

from typing import Any

import pytest

from idp.codec import encode
from idp.errors import InvalidClientMetadata
from idp.oidc.clients.fapi2 import ALGORITHMS
from tests.support.answers import refused, token_refused
from tests.support.assertions import asserted, assertion, signed
from tests.support.bank import FAPI, Bank
from tests.support.ciba import CIBA, asks_for
from tests.support.dpop import bound_tokens, holder
from tests.support.jwts import read
from tests.support.known import acquainted
from tests.support.provider import ISSUER, Provider, parameters
from tests.support.registering import REGISTRAR, registered


@pytest.fixture(scope="module")
def bank(shared_provider: Provider) -> Bank:
    known = acquainted(shared_provider)
    return Bank(known, shared_provider.client(**FAPI), holder(known))


def test_fapi_ciba_5_2_2_whoever_asks_for_citizens_elsewhere_signs_it_and_says_what_it_is_about(bank: Bank) -> None:
    asking = FAPI | {"grant_types": [CIBA], "redirect_uris": [], "post_logout_redirect_uris": []}
    asking |= {"backchannel_token_delivery_mode": "poll"}
    for alg in (None, "RS256"):
        with pytest.raises(InvalidClientMetadata):
            bank.provider.client(**asking, backchannel_authentication_request_signing_alg=alg)
    client = bank.provider.client(**asking, backchannel_authentication_request_signing_alg="ES256")
    now = int(bank.provider.clock.now())
    for message, status in ((None, 400), ("K7M", 200)):
        proof = asserted(assertion(client.id, now, "ES256"))
        inside = {"iss": client.id, "aud": ISSUER, "iat": now, "nbf": now, "exp": now + 60, "jti": f"{message}"}
        inside |= {"scope": "openid", "login_hint": "13800000000"} | ({"binding_message": message} if message else {})
        request = {"request": signed(inside, "ES256", None, {})}
        assert asks_for(bank.provider, client, request | proof, headers={}).status_code == status


def test_fapi2_the_whole_way(bank: Bank) -> None:
    told = bank.tokens()
    assert bank.holder.userinfo(told["access_token"]).status_code == 200


def test_fapi2_all_its_rules_are_switched_on_together() -> None:
    told = registered(**FAPI)
    assert told["profile"] == "fapi2"
    assert told["token_endpoint_auth_method"] == "private_key_jwt"
    assert told["id_token_signed_response_alg"] in ALGORITHMS
    for member in ("require_pushed_authorization_requests", "require_pkce", "dpop_bound_access_tokens"):
        assert told[member] is True


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("token_endpoint_auth_method", "client_secret_basic"),
        ("token_endpoint_auth_method", "none"),
        ("require_pushed_authorization_requests", False),
        ("dpop_bound_access_tokens", False),
        ("require_pkce", False),
        ("redirect_uris", ["http://localhost/cb"]),
        ("id_token_signed_response_alg", "RS256"),
        ("userinfo_signed_response_alg", "RS256"),
        ("authorization_signed_response_alg", "RS256"),
        ("introspection_signed_response_alg", "RS256"),
        ("request_object_signing_alg", "RS256"),
        ("token_endpoint_auth_signing_alg", "RS256"),
    ],
)
def test_fapi2_what_stands_against_it_is_refused_and_named(member: str, value: Any) -> None:
    document = encode({"redirect_uris": ["https://portal.example/cb"], **FAPI, member: value})
    with pytest.raises(InvalidClientMetadata) as refused_for:
        REGISTRAR.prove(document)
    assert member in str(refused_for.value)


def test_fapi2_there_is_no_other_profile_of_that_kind() -> None:
    with pytest.raises(InvalidClientMetadata):
        registered(profile="fapi1")
    assert registered()["profile"] == "standard"


def test_fapi2_5_3_2_2_only_pushed_requests_are_answered(bank: Bank) -> None:
    refused(bank.known.visitor.authorize(bank.client), bank.client, "invalid_request")


@pytest.mark.parametrize("aud", [f"{ISSUER}/token", [ISSUER], [ISSUER, "https://other.example"]])
def test_fapi2_5_3_2_1_an_assertion_is_for_the_issuer_alone(bank: Bank, aud: Any) -> None:
    answer = bank.call("/par", bank.client.request(), aud=aud)
    token_refused(answer, "invalid_client", 401)


def test_fapi2_5_4_1_rs256_proves_nothing(bank: Bank) -> None:
    token_refused(bank.call("/par", bank.client.request(), alg="RS256"), "invalid_client", 401)
    weak = holder(bank.known, "RS256")
    token_refused(bank.call("/par", bank.client.request(), weak.proof("/par")), "invalid_dpop_proof")
    code = bank.code()
    token_refused(bank.call("/token", bank.client.exchange(code), weak.proof()), "invalid_dpop_proof")


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_fapi2_5_4_1_each_of_its_algorithms_does(bank: Bank, alg: str) -> None:
    assert bank.call("/par", bank.client.request(), alg=alg).status_code == 201


def test_fapi2_5_3_2_1_without_a_key_there_is_no_token(bank: Bank) -> None:
    fields = {**bank.client.exchange(bank.code()), **bank.proof_of_itself()}
    answer = bank.provider.machine().post("/token", base_url=ISSUER, data=fields)
    token_refused(answer, "invalid_request")


def test_fapi2_5_3_2_1_a_refresh_token_is_not_exchanged_for_another(bank: Bank) -> None:
    refresh_token = bank.tokens()["refresh_token"]
    for _ in range(3):
        bank.provider.clock.advance(60)
        told = bound_tokens(bank.refresh(refresh_token))
        assert told["refresh_token"] == refresh_token
        assert bank.holder.userinfo(told["access_token"]).status_code == 200


def test_fapi2_a_lasting_refresh_token_still_ends_when_nobody_uses_it(provider: Provider) -> None:
    known = acquainted(provider)
    bank = Bank(known, provider.client(**FAPI), holder(known))
    idle = provider.services.settings.lifetimes.refresh_idle_seconds
    refresh_token = bank.tokens()["refresh_token"]
    for _ in range(2):
        provider.clock.advance(idle - 60)
        bound_tokens(bank.refresh(refresh_token))
    provider.clock.advance(idle + 1)
    token_refused(bank.refresh(refresh_token), "invalid_grant")


def test_fapi2_a_lasting_refresh_token_ends_when_it_is_given_back(bank: Bank) -> None:
    refresh_token = bank.tokens()["refresh_token"]
    assert bank.call("/revoke", {"token": refresh_token}).status_code == 200
    token_refused(bank.refresh(refresh_token), "invalid_grant")


@pytest.mark.parametrize(
    ("changes", "taken"),
    [({}, True), ({"nbf": None}, False), ({"exp": None}, False), ({"nbf": -3_700}, False), ({"nbf": -3_500}, True)],
)
def test_fapi2_message_signing_5_3_1_a_signed_request_says_since_when(
    bank: Bank, changes: dict[str, Any], taken: bool
) -> None:
    now = int(bank.provider.clock.now())
    times: dict[str, Any] = {"nbf": 0, "exp": 60, **changes}
    claims = {name: now + value for name, value in times.items() if value is not None}
    inside = {**bank.client.request(), "iss": bank.client.id, "aud": ISSUER, "iat": now, **claims}
    request = signed({name: value for name, value in inside.items() if value is not None}, "ES256", None, {})
    answer = bank.call("/par", {"client_id": bank.client.id, "request": request})
    assert answer.status_code == (201 if taken else 400), answer.text


def test_fapi2_5_4_1_what_is_signed_without_having_been_registered_is_not_signed_with_rs256(bank: Bank) -> None:
    pushed = bank.call("/par", bank.client.request(scope="openid", response_mode="jwt", prompt="none"))
    answer = parameters(bank.come(pushed).location)["response"]
    told = bank.provider.machine().post(
        "/introspect",
        base_url=ISSUER,
        data={"token": "x"} | bank.proof_of_itself(),
        headers={"Accept": "application/token-introspection+jwt"},
    )
    assert [read(bank.provider, token)[0]["alg"] for token in (answer, told.text)] == ["ES256", "ES256"]
