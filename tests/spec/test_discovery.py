"""What the provider says of itself, line by line against what it does: OpenID Connect Discovery 1.0, RFC 8414."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from werkzeug.test import TestResponse

from idp.errors import InvalidClientMetadata
from idp.oidc.clients.client import OF_CLIENTS
from tests.support.assertions import JWKS, asserted, assertion, secret_key, signed
from tests.support.ciba import PINGED, asks_for, desk
from tests.support.dpop import holder
from tests.support.jwts import DECRYPTION, ENCODINGS, ENCRYPTION_JWKS
from tests.support.known import acquainted
from tests.support.provider import ISSUER, Person, Provider, Registered, Visitor, parameters

CONFIGURATION = "/.well-known/openid-configuration"
EVERY_SCOPE = "openid profile email phone address citizen_id offline_access"


@dataclass
class Scene:
    """A provider, a portal that may ask for everything, and a citizen of whom everything is known."""

    provider: Provider
    client: Registered
    person: Person
    metadata: dict[str, object]

    def authorize(self, visitor: Visitor | None = None, **changes: str | None) -> TestResponse:
        return (visitor or self.provider.visitor()).authorize(self.client, **changes)

    def error(self, **changes: str | None) -> str | None:
        """The error that a request is answered with, if it is."""
        response = self.authorize(**changes)
        if response.status_code != 303:
            return None
        return parse_qs(urlsplit(response.location).query).get("error", [None])[0]

    def arrive(self, client: Registered | None = None, **changes: str | None) -> dict[str, object]:
        """Sign in and redeem: the answer of the token endpoint."""
        client, visitor = client or self.client, self.provider.visitor()
        page = visitor.password(visitor.authorize(client, **changes), self.person)
        if page.status_code == 200:
            page = visitor.allow(page, "citizen_id")
        assert page.status_code == 303, page.text
        answer = self.provider.token(client, client.exchange(parameters(page.location)["code"])).json
        assert "error" not in answer
        return dict(answer)

    def id_token(self, answer: dict[str, object]) -> dict[str, object]:
        return self.provider.services.keys.verify(str(answer["id_token"]), "JWT")


@pytest.fixture(scope="module")
def scene(shared_provider: Provider) -> Scene:
    told = shared_provider.machine().get(CONFIGURATION, base_url=ISSUER)
    assert (told.status_code, told.mimetype) == (200, "application/json")
    person = shared_provider.citizen(email="a@example.cn", address="北京市", gender="female", birthdate="1950-01-02")
    return Scene(shared_provider, shared_provider.client(scope=EVERY_SCOPE), person, dict(told.json or {}))


# -- each line --------------------------------------------------------------------------------------------------------

Check = Callable[[Scene, "list[str]"], None]


def scopes_are_granted(scene: Scene, values: list[str]) -> None:
    assert set(values) == set(EVERY_SCOPE.split())
    assert set(str(scene.arrive(scope=" ".join(values), prompt="consent")["scope"]).split()) == set(values)


def claims_are_given(scene: Scene, values: list[str]) -> None:
    answer = scene.arrive(scope=EVERY_SCOPE, prompt="consent")
    given = set(scene.id_token(answer)) | set(scene.provider.userinfo(str(answer["access_token"])).json)
    assert given == set(values)


def claims_are_of_one_kind(scene: Scene, values: list[str]) -> None:
    assert values == ["normal"]
    answer = scene.arrive(scope=EVERY_SCOPE)
    assert not {"_claim_names", "_claim_sources"} & set(scene.provider.userinfo(str(answer["access_token"])).json)


def response_types_are_answered(scene: Scene, values: list[str]) -> None:
    assert [scene.error(response_type=value) for value in values] == [None] * len(values)
    for other in ("token", "id_token", "code id_token", "none"):
        assert scene.error(response_type=other) == "unsupported_response_type"


def response_modes_are_used(scene: Scene, values: list[str]) -> None:
    plain = ["query", "fragment", "form_post"]  # each in `test_response_modes.py`, the others in `test_jarm.py`
    assert values == [*plain, "jwt", *(f"{mode}.jwt" for mode in plain)]
    assert [scene.error(response_mode=value) for value in values] == [None] * len(values)
    for other in ("web_message", "jwt.jwt"):
        assert scene.error(response_mode=other) == "invalid_request"


def grants_are_redeemed(scene: Scene, values: list[str]) -> None:
    def refused(grant_type: str) -> str:
        return str(scene.provider.token(every, {"grant_type": grant_type}).json["error"])

    grants = [value for value in values if value not in OF_CLIENTS]
    every = scene.provider.client(scope=EVERY_SCOPE, grant_types=grants, backchannel_token_delivery_mode="poll")
    missing = dict.fromkeys(values, "invalid_request")  # its own parameter
    # `test_client_credentials.py` and `test_token_exchange.py` have clients that are registered for these
    others = dict.fromkeys(OF_CLIENTS, "unauthorized_client")
    assert {value: refused(value) for value in values} == missing | others
    for other in ("password", "implicit"):
        assert refused(other) == "unsupported_grant_type"


def challenge_methods_are_taken(scene: Scene, values: list[str]) -> None:
    assert [scene.error(code_challenge_method=value) for value in values] == [None] * len(values)
    for other in ("plain", "s256", "S512"):
        assert scene.error(code_challenge_method=other) == "invalid_request"


def proved(scene: Scene, client: Registered, method: str) -> tuple[dict[str, str], dict[str, str]]:
    """Headers and fields by which a client authenticates in the way it registered."""
    if method == "client_secret_basic":
        return client.basic, {}
    if method == "client_secret_jwt":
        return {}, asserted(assertion(client.id, scene.provider.clock.now(), "HS256", secret_key(client)))
    if method == "private_key_jwt":
        return {}, asserted(assertion(client.id, scene.provider.clock.now()))
    return {}, {"client_id": client.id} | ({"client_secret": client.secret} if client.secret else {})


def asserting(scene: Scene, alg: str) -> tuple[Registered, dict[str, str]]:
    """A client that signs with this algorithm, and an assertion of its."""
    method = "client_secret_jwt" if alg == "HS256" else "private_key_jwt"
    client = scene.provider.client(token_endpoint_auth_method=method, jwks=JWKS, token_endpoint_auth_signing_alg=alg)
    key = secret_key(client) if alg == "HS256" else None
    return client, asserted(assertion(client.id, scene.provider.clock.now(), alg, key))


def assertions_are_signed_with(scene: Scene, values: list[str]) -> None:
    for value in values:
        client, proof = asserting(scene, value)
        fields = {"grant_type": "authorization_code", "code": "x", "redirect_uri": "x"}
        assert scene.provider.token(client, fields | proof, {}).json["error"] == "invalid_grant", value


def proofs_are_signed_with(scene: Scene, values: list[str]) -> None:
    known = acquainted(scene.provider)
    for value in values:
        assert holder(known, value).redeem().json["token_type"] == "DPoP", value


def requests_are_signed_with(scene: Scene, values: list[str]) -> None:
    for value in values:
        client = scene.provider.client(jwks=JWKS, request_object_signing_alg=value)
        inside = client.request() | {"aud": ISSUER, "exp": int(scene.provider.clock.now()) + 60}
        asked = {"request": signed(inside, value, None, {}), "prompt": None}
        assert scene.provider.visitor().authorize(client, **asked).request.path == "/login", value


def client_authentication_is_taken(scene: Scene, values: list[str]) -> None:
    for value in values:
        client = scene.provider.client(token_endpoint_auth_method=value, jwks=JWKS)
        fields = {"grant_type": "authorization_code", "code": "x", "redirect_uri": "x"}
        headers, proof = proved(scene, client, value)
        response = scene.provider.token(client, fields | proof, headers)
        assert response.json["error"] == "invalid_grant", value
    for other in ("tls_client_auth", "self_signed_tls_client_auth"):
        with pytest.raises(InvalidClientMetadata):
            scene.provider.client(token_endpoint_auth_method=other)


def assertions_are_taken_at(scene: Scene, values: list[str], path: str) -> None:
    for value in values:
        _, proof = asserting(scene, value)
        answer = scene.provider.machine().post(path, base_url=ISSUER, data={"token": "x"} | proof)
        assert answer.status_code == 200, value


def told_at(scene: Scene, path: str, method: str) -> int:
    """What an endpoint answers a client that registered this way of authentication and uses it."""
    client = scene.provider.client(token_endpoint_auth_method=method, jwks=JWKS)
    headers, proof = proved(scene, client, method)
    answer = scene.provider.machine().post(path, base_url=ISSUER, data={"token": "x"} | proof, headers=headers)
    return answer.status_code


def revocation_takes(scene: Scene, values: list[str]) -> None:
    assert {method: told_at(scene, "/revoke", method) for method in values} == dict.fromkeys(values, 200)


def introspection_takes(scene: Scene, values: list[str]) -> None:
    assert {method: told_at(scene, "/introspect", method) for method in values} == dict.fromkeys(values, 200)
    assert told_at(scene, "/introspect", "none") == 401


def algorithms_are_signed_with(scene: Scene, values: list[str]) -> None:
    keys = scene.provider.machine().get("/jwks", base_url=ISSUER).json["keys"]
    assert {key["alg"] for key in keys if key["use"] == "sig"} == set(values)
    for value in values:
        client = scene.provider.client(id_token_signed_response_alg=value)
        assert scene.id_token(scene.arrive(client))["aud"] == client.id
    for other in ("none", "HS256", "RS512", "ES384"):
        with pytest.raises(InvalidClientMetadata):
            scene.provider.client(id_token_signed_response_alg=other)


def answers_are_signed_with(scene: Scene, values: list[str], kind: str) -> None:
    """The algorithms are those of ID tokens, which are tried above; each kind has a file of its own."""
    assert values == list(scene.metadata["id_token_signing_alg_values_supported"])
    for value in values:
        assert scene.provider.client(**{f"{kind}_signed_response_alg": value})
    for other in ("none", "HS256", "RS512"):
        with pytest.raises(InvalidClientMetadata):
            scene.provider.client(**{f"{kind}_signed_response_alg": other})


def answers_are_encrypted_with(scene: Scene, values: list[str], kind: str) -> None:
    """Each is tried in `test_encrypted_answers.py`."""
    assert set(values) == set(DECRYPTION)
    for value in values:
        assert scene.provider.client(**{f"{kind}_encrypted_response_alg": value, "jwks": ENCRYPTION_JWKS})


def requests_are_encrypted_to(scene: Scene, values: list[str]) -> None:
    """Each is tried in `test_jar_encrypted.py`."""
    keys = scene.provider.machine().get("/jwks", base_url=ISSUER).json["keys"]
    assert {key["alg"] for key in keys if key["use"] == "enc"} == set(values)
    for value in values:
        assert scene.provider.client(request_object_encryption_alg=value)


def content_of_requests_is_encrypted_with(scene: Scene, values: list[str]) -> None:
    assert values == list(ENCODINGS)


def content_is_encrypted_with(scene: Scene, values: list[str], kind: str) -> None:
    assert values == list(ENCODINGS)
    for value in values:
        wishes = {f"{kind}_encrypted_response_alg": "ECDH-ES", f"{kind}_encrypted_response_enc": value}
        assert scene.provider.client(**wishes, jwks=ENCRYPTION_JWKS)


def subject_types_are_given(scene: Scene, values: list[str]) -> None:
    subjects: dict[str, set[object]] = {}
    for value in values:
        for host in ("one.example", "two.example"):
            address = f"https://{host}/cb"
            client = scene.provider.client(
                subject_type=value, redirect_uris=[address], post_logout_redirect_uris=[], scope="openid"
            )
            answer = scene.arrive(client, scope="openid")
            subjects.setdefault(value, set()).add(scene.id_token(answer)["sub"])
    assert {value: len(found) for value, found in subjects.items()} == {"pairwise": 2, "public": 1}
    with pytest.raises(InvalidClientMetadata):
        scene.provider.client(subject_type="ephemeral")


def levels_can_be_reached(scene: Scene, values: list[str]) -> None:
    assert values == ["urn:citizen-idp:aal:1", "urn:citizen-idp:aal:2"]
    wanted = {value: json.dumps({"id_token": {"acr": {"essential": True, "value": value}}}) for value in values}
    assert [scene.error(claims=wanted[value]) for value in values] == [None] * len(values)
    for other in ("urn:citizen-idp:aal:3", "urn:citizen-idp:aal:4"):
        essential = json.dumps({"id_token": {"acr": {"essential": True, "value": other}}})
        assert scene.error(claims=essential) == "unmet_authentication_requirements"
    assert scene.id_token(scene.arrive(acr_values=values[0]))["acr"] == values[0]


def prompts_are_followed(scene: Scene, values: list[str]) -> None:
    assert set(values) == {"none", "login", "consent", "select_account", "create"}
    assert scene.error(prompt="none") == "login_required"
    assert [scene.error(prompt=value) for value in values if value != "none"] == [None] * 4
    for other in ("register", "none login", "create login", "Login"):
        assert scene.error(prompt=other) == "invalid_request"


def pages_come_in_the_languages(scene: Scene, values: list[str]) -> None:
    for value in values:
        assert f'<html lang="{value}"' in scene.authorize(ui_locales=value).text
    assert '<html lang="fr"' not in scene.authorize(ui_locales="fr").text


def details_are_asked(scene: Scene, values: list[str]) -> None:
    for value in values:  # what else it takes: `test_authorization_details.py`
        client = scene.provider.client(authorization_details_types=[value])
        asked = {"authorization_details": json.dumps([{"type": value}])}
        answer = scene.provider.visitor().authorize(client, **asked)
        assert parameters(answer.location)["error"] == "invalid_authorization_details"
    with pytest.raises(InvalidClientMetadata):
        scene.provider.client(authorization_details_types=["account_information"])


def citizens_are_asked_for_in_modes(scene: Scene, values: list[str]) -> None:
    assert values == ["poll", "ping"]
    for value in values:
        desk(scene.provider, backchannel_token_delivery_mode=value, backchannel_client_notification_endpoint=PINGED)
    for other in ("push", "", "Poll"):
        with pytest.raises(InvalidClientMetadata):
            desk(scene.provider, backchannel_token_delivery_mode=other)


def citizens_are_asked_for_with_signatures(scene: Scene, values: list[str]) -> None:
    for value in values:
        client = desk(scene.provider, jwks=JWKS, backchannel_authentication_request_signing_alg=value)
        now = int(scene.provider.clock.now())
        inside = {"login_hint": scene.person.phone, "scope": "openid", "iss": client.id, "aud": ISSUER, "jti": value}
        told = {"request": signed(inside | {"iat": now, "nbf": now, "exp": now + 60}, value, None, {})}
        assert asks_for(scene.provider, client, told).status_code == 200, value


EACH: dict[str, Check] = {
    "authorization_details_types_supported": details_are_asked,
    "backchannel_token_delivery_modes_supported": citizens_are_asked_for_in_modes,
    "backchannel_authentication_request_signing_alg_values_supported": citizens_are_asked_for_with_signatures,
    "scopes_supported": scopes_are_granted,
    "claims_supported": claims_are_given,
    "claim_types_supported": claims_are_of_one_kind,
    "response_types_supported": response_types_are_answered,
    "response_modes_supported": response_modes_are_used,
    "grant_types_supported": grants_are_redeemed,
    "code_challenge_methods_supported": challenge_methods_are_taken,
    "token_endpoint_auth_methods_supported": client_authentication_is_taken,
    "token_endpoint_auth_signing_alg_values_supported": assertions_are_signed_with,
    "revocation_endpoint_auth_signing_alg_values_supported": partial(assertions_are_taken_at, path="/revoke"),
    "introspection_endpoint_auth_signing_alg_values_supported": partial(assertions_are_taken_at, path="/introspect"),
    "dpop_signing_alg_values_supported": proofs_are_signed_with,
    "request_object_signing_alg_values_supported": requests_are_signed_with,
    "request_object_encryption_alg_values_supported": requests_are_encrypted_to,
    "request_object_encryption_enc_values_supported": content_of_requests_is_encrypted_with,
    "revocation_endpoint_auth_methods_supported": revocation_takes,
    "introspection_endpoint_auth_methods_supported": introspection_takes,
    "id_token_signing_alg_values_supported": algorithms_are_signed_with,
    **{
        f"{kind}_signing_alg_values_supported": partial(answers_are_signed_with, kind=kind)
        for kind in ("userinfo", "authorization", "introspection")
    },
    **{
        f"{kind}_encryption_{part}_values_supported": partial(check, kind=kind)
        for kind in ("id_token", "userinfo", "authorization", "introspection")
        for part, check in (("alg", answers_are_encrypted_with), ("enc", content_is_encrypted_with))
    },
    "subject_types_supported": subject_types_are_given,
    "acr_values_supported": levels_can_be_reached,
    "prompt_values_supported": prompts_are_followed,
    "ui_locales_supported": pages_come_in_the_languages,
}
ENDPOINTS = {
    "authorization_endpoint",
    "token_endpoint",
    "userinfo_endpoint",
    "jwks_uri",
    "end_session_endpoint",
    "revocation_endpoint",
    "introspection_endpoint",
    "pushed_authorization_request_endpoint",
    "registration_endpoint",
    "device_authorization_endpoint",
    "backchannel_authentication_endpoint",
}
FLAGS = {
    "tls_client_certificate_bound_access_tokens": False,  # where a proxy tells of certificates: `test_mtls.py`
    "claims_parameter_supported": True,
    "require_pushed_authorization_requests": False,
    "request_parameter_supported": True,
    "require_signed_request_object": False,
    "request_uri_parameter_supported": False,
    "authorization_response_iss_parameter_supported": True,
    "backchannel_user_code_parameter_supported": True,
    "backchannel_logout_supported": True,
    "backchannel_logout_session_supported": True,
    "frontchannel_logout_supported": True,
    "frontchannel_logout_session_supported": True,
}


def test_every_line_is_held_against_behaviour(scene: Scene) -> None:
    """A line that is new here needs a check of its own below."""
    assert scene.metadata.keys() == {"issuer"} | ENDPOINTS | FLAGS.keys() | EACH.keys()
    assert {name: scene.metadata[name] for name in FLAGS} == FLAGS


@pytest.mark.parametrize("name", EACH)
def test_discovery_3_each_value_is_taken_and_others_are_refused(scene: Scene, name: str) -> None:
    values = scene.metadata[name]
    assert isinstance(values, list)
    assert len(set(values)) == len(values)
    EACH[name](scene, values)


@pytest.mark.parametrize("name", sorted(ENDPOINTS))
def test_discovery_3_each_endpoint_is_there(scene: Scene, name: str) -> None:
    address = str(scene.metadata[name])
    assert address.startswith(ISSUER + "/")
    path = address.removeprefix(ISSUER)
    found = scene.provider.machine().post(path, base_url=ISSUER, data={})
    assert found.status_code not in (404, 500), "it is at its address"
    assert name == "jwks_uri" or found.status_code != 405


def test_discovery_3_a_request_may_be_signed_and_is_not_fetched(scene: Scene) -> None:
    assert scene.error(request="eyJhbGciOiJub25lIn0.e30.") == "invalid_request_object"
    assert scene.error(request_uri="https://portal.example/r") == "request_uri_not_supported"


def test_discovery_3_the_claims_parameter_is_read(scene: Scene) -> None:
    assert scene.error(claims="{") == "invalid_request"
    answer = scene.arrive(scope="openid", claims=json.dumps({"userinfo": {"email": {"essential": True}}}))
    assert "email" in scene.provider.userinfo(str(answer["access_token"])).json


def test_rfc9207_2_the_issuer_is_in_every_answer(scene: Scene) -> None:
    visitor = scene.provider.visitor()
    refused = parameters(scene.authorize(visitor, prompt="none").location)
    granted = visitor.arrive(scene.client, scene.person, scope="openid")
    assert refused["iss"] == granted["iss"] == scene.metadata["issuer"]


# -- the document -----------------------------------------------------------------------------------------------------


def test_rfc8414_3_the_copy_says_the_same(scene: Scene) -> None:
    copy = scene.provider.machine().get("/.well-known/oauth-authorization-server", base_url=ISSUER)
    assert copy.json == scene.metadata


@pytest.mark.parametrize("path", [CONFIGURATION, "/jwks"])
def test_discovery_4_2_it_may_be_kept_for_a_while(scene: Scene, path: str) -> None:
    response = scene.provider.machine().get(path, base_url=ISSUER)
    assert (response.status_code, response.mimetype) == (200, "application/json")
    assert response.headers["Cache-Control"] == "public, max-age=300"
    assert scene.provider.machine().post(path, base_url=ISSUER).status_code == 405


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http"},
        {"Forwarded": "host=evil.example;proto=http"},
        {"X-Original-Url": "/evil", "X-Forwarded-Prefix": "/evil"},
    ],
)
def test_discovery_4_3_the_issuer_is_fixed_whatever_a_request_says(scene: Scene, headers: dict[str, str]) -> None:
    told = scene.provider.machine().get(CONFIGURATION, base_url=ISSUER, headers=headers)
    assert told.json == scene.metadata
    asked = scene.provider.machine().get(
        "/authorize?" + urlencode(scene.client.request(prompt="none")), base_url=ISSUER, headers=headers
    )
    assert "evil" not in asked.location
    assert parameters(asked.location)["iss"] == ISSUER
