"""Software statements: RFC 7591 section 2.3, and what comes of them in sections 3.1.1 and 3.2."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwk
from werkzeug.test import TestResponse

from idp.config import SettingsError
from idp.oidc.register import InitialTokens
from idp.oidc.registration.statement import read_issuers
from tests.support.assertions import JWKS, KEYS, STRANGERS, signed
from tests.support.provider import CALLBACK, ISSUER, Provider, running_provider, settings_for

VOUCHES = "https://software.example"
INVALID, UNAPPROVED = "invalid_software_statement", "unapproved_software_statement"
SHARED = jwk.OctKey.import_key(json.dumps(JWKS["keys"][0]), {"kid": "rsa"})
ENCRYPTS = KEYS["ES256"].as_dict(private=False) | {"use": "enc"}


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    directory = tmp_path_factory.mktemp("statements")
    issuers = directory / "issuers.json"
    issuers.write_text(json.dumps({VOUCHES: JWKS, "https://other.example": {"keys": [JWKS["keys"][1]]}}))
    settings = settings_for(directory / "var", IDP_SOFTWARE_STATEMENT_ISSUERS=str(issuers))
    with running_provider(settings) as running:
        yield running


def statement(alg: str = "RS256", key: Any = None, header: Any = None, **claims: Any) -> str:
    told = {"iss": VOUCHES, "software_id": "4NRB1", "client_name": "社会保险"} | claims
    return signed({name: value for name, value in told.items() if value is not None}, alg, key, header or {})


def register(provider: Provider, software_statement: Any, **plain: Any) -> TestResponse:
    services = provider.services
    token = InitialTokens(services.state, services.randomness).issue(60)
    provider.clock.advance(40)  # a source may register two in a minute
    body = {"redirect_uris": [CALLBACK], "software_statement": software_statement} | plain
    headers = {"Authorization": f"Bearer {token}"}
    return provider.machine().post("/register", base_url=ISSUER, json=body, headers=headers)


def registered(provider: Provider, software_statement: str, **plain: Any) -> dict[str, Any]:
    answer = register(provider, software_statement, **plain)
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.get_json()
    return told


def refused(answer: TestResponse, error: str) -> None:
    assert (answer.status_code, answer.get_json()["error"]) == (400, error), answer.text


@pytest.mark.parametrize("alg", ["RS256", "PS256", "ES256", "EdDSA"])
def test_rfc7591_3_2_1_a_statement_is_told_back_as_it_came(provider: Provider, alg: str) -> None:
    sent = statement(alg, software_version="2.2")
    told = registered(provider, sent)
    assert told["software_statement"] == sent
    assert (told["software_id"], told["software_version"], told["client_name"]) == ("4NRB1", "2.2", "社会保险")
    headers = {"Authorization": f"Bearer {told['registration_access_token']}"}
    read = provider.machine().get(f"/register/{told['client_id']}", base_url=ISSUER, headers=headers)
    assert read.get_json()["software_statement"] == sent


def test_rfc7591_2_3_what_a_statement_says_stands_before_what_is_said_plainly(provider: Provider) -> None:
    sent = statement(redirect_uris=["https://signed.example/cb"], policy_uri="https://signed.example/policy")
    told = registered(provider, sent, client_name="另一个", software_id="other", contacts=["a@portal.example"])
    assert (told["client_name"], told["software_id"]) == ("社会保险", "4NRB1")
    assert told["redirect_uris"] == ["https://signed.example/cb"]
    assert told["contacts"] == ["a@portal.example"]


def test_rfc7591_2_2_what_was_vouched_for_is_not_said_otherwise_in_another_language(provider: Provider) -> None:
    told = registered(provider, statement(), **{"client_name#en": "Somebody Else", "client_name#zh-CN": "另一个"})
    assert {name: value for name, value in told.items() if name.startswith("client_name")} == {
        "client_name": "社会保险"
    }
    told = registered(provider, statement(client_name=None, **{"client_name#en": "Insurance"}), client_name="另一个")
    assert told["client_name#en"] == "Insurance"
    assert "client_name" not in told


def test_rfc7591_2_3_keys_that_were_vouched_for_have_none_beside_them(provider: Provider) -> None:
    refused(register(provider, statement(jwks=JWKS), jwks_uri="https://evil.example/jwks"), "invalid_client_metadata")


@pytest.mark.parametrize(
    "times", [{}, {"exp": 60}, {"iat": 5, "nbf": -60}, {"aud": ISSUER}, {"aud": [ISSUER, "https://x.example"]}]
)
def test_rfc7591_2_3_a_statement_may_be_for_a_time_and_an_audience(provider: Provider, times: dict[str, Any]) -> None:
    now = int(provider.clock.now()) + 40
    claims = {name: now + value if isinstance(value, int) else value for name, value in times.items()}
    assert registered(provider, statement(jti="1", sub="software", **claims))


FAULTS: dict[str, tuple[Any, str]] = {
    "no text": (7, INVALID),
    "no JWT": ("x", INVALID),
    "empty": ("", INVALID),
    "unsigned": ("eyJhbGciOiJub25lIn0.eyJpc3MiOiJodHRwczovL3NvZnR3YXJlLmV4YW1wbGUifQ.", INVALID),
    "too long": (statement(client_name="x" * 20_000), INVALID),
    "by a stranger's key": (statement(key=STRANGERS["RS256"]), INVALID),
    "by a shared secret": (statement("HS256", SHARED), INVALID),
    "of another type": (statement(header={"typ": "at+jwt"}), INVALID),
    "with a critical header": (statement(header={"crit": ["kid"]}), INVALID),
    "by another issuer's key": (statement("RS256", iss="https://other.example"), INVALID),
    "expired": (statement(exp=1), INVALID),
    "for no time": (statement(exp="tomorrow"), INVALID),
    "not yet": (statement(nbf=10**11), INVALID),
    "issued in the future": (statement(iat=10**11), INVALID),
    "of nobody": (statement(iss=None), UNAPPROVED),
    "of a stranger": (statement(iss="https://stranger.example"), UNAPPROVED),
    "of something": (statement(iss=["https://software.example"]), UNAPPROVED),
    "for others": (statement(aud="https://other.example"), UNAPPROVED),
    "for nobody": (statement(aud=[]), UNAPPROVED),
    "with a bad member": (statement(redirect_uris=["javascript:alert(1)"]), "invalid_redirect_uri"),
    "with a member of another type": (statement(contacts="x"), "invalid_client_metadata"),
    "with what an operator grants": (statement(scope="openid citizen_id"), "invalid_client_metadata"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_rfc7591_3_2_2_a_statement_that_will_not_do_has_its_code(provider: Provider, fault: str) -> None:
    sent, error = FAULTS[fault]
    refused(register(provider, sent), error)


def test_rfc7592_2_2_a_change_proves_the_statement_again(provider: Provider) -> None:
    told = registered(provider, statement(exp=int(provider.clock.now()) + 100))
    headers = {"Authorization": f"Bearer {told['registration_access_token']}"}

    def change(**more: Any) -> TestResponse:
        provider.clock.advance(40)
        body = {"client_id": told["client_id"], "redirect_uris": [CALLBACK]} | more
        return provider.machine().put(f"/register/{told['client_id']}", base_url=ISSUER, json=body, headers=headers)

    again = change(software_statement=told["software_statement"], client_name="另一个")
    assert (again.status_code, again.get_json()["client_name"]) == (200, "社会保险")
    refused(change(software_statement=told["software_statement"]), INVALID)
    assert "software_statement" not in change().get_json()


# -- whom we believe ---------------------------------------------------------------------------------------------------


def test_where_nobody_is_configured_no_statement_is_taken(tmp_path: Path) -> None:
    with running_provider(settings_for(tmp_path)) as provider:
        refused(register(provider, statement()), UNAPPROVED)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"https://a.example": []}',
        '{"https://a.example": {}}',
        '{"https://a.example": {"keys": []}}',
        json.dumps({VOUCHES: {"keys": [KEYS["EdDSA"].as_dict(private=True)]}}),
        json.dumps({VOUCHES: {"keys": [ENCRYPTS]}}),
    ],
    ids=["nothing", "a list", "no set", "no keys", "an empty set", "a private key", "a key that signs nothing"],
)
def test_a_file_of_issuers_that_will_not_do_is_said_at_start(tmp_path: Path, text: str) -> None:
    file = tmp_path / "issuers.json"
    file.write_text(text)
    with pytest.raises(SettingsError, match="IDP_SOFTWARE_STATEMENT_ISSUERS must"):
        read_issuers(file)
