"""The conformance suite's plan FAPI-CIBA, with `private_key_jwt` and tokens bound to a certificate, by polling and by
ping. The other modules are held by the tests that docs/certification.md names."""

import itertools
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.support.answers import token_refused
from tests.support.assertions import JWKS, STRANGERS, asserted, assertion, signed
from tests.support.canary import Canary, canary
from tests.support.ciba import CIBA, arrived, decide
from tests.support.client_certificates import SETTINGS, Shown, behind_a_proxy, certificate
from tests.support.jwts import read
from tests.support.provider import ISSUER, Person, Provider, Registered
from tests.support.suite import OF_OPERATOR_CIBA

CLOSE = b"Connection: close\r\n\r\n"
ANSWERS = {
    "ping-notification-endpoint-returns-a-body": b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n" + CLOSE + b"body",
    "ping-notification-endpoint-returns-401": b"HTTP/1.1 401 No\r\nContent-Length: 0\r\n" + CLOSE,
    "ping-notification-endpoint-returns-403": b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n" + CLOSE,
    "ping-notification-endpoint-returns-redirect": b"HTTP/1.1 301 No\r\nLocation: /x\r\nContent-Length: 0\r\n" + CLOSE,
}
_jti = itertools.count()


@dataclass
class Desk:
    """One of the suite's two clients, with its certificate."""

    provider: Provider
    client: Registered
    shown: Shown

    def proof(self, path: str, alg: str = "PS256") -> dict[str, str]:
        """The suite names the endpoint it calls."""
        return asserted(assertion(self.client.id, self.provider.clock.now(), alg, aud=f"{ISSUER}{path}"))

    def request(self, alg: str = "PS256", key: Any = None, typ: str | None = None, **changes: Any) -> dict[str, str]:
        now = int(self.provider.clock.now())
        honest = {"iss": self.client.id, "aud": ISSUER, "iat": now, "nbf": now, "exp": now + 300}
        honest |= {"jti": f"request-{next(_jti)}", "scope": "openid", "login_hint": "13800000000"}
        told = {name: value for name, value in (honest | changes).items() if value is not None}
        return {"request": signed(told, alg, key, {"typ": typ} if typ else {})}

    def ask(self, fields: Mapping[str, str], proof: Mapping[str, str] | None = None) -> TestResponse:
        data = {**fields, **(self.proof("/ciba") if proof is None else proof)}
        return self.provider.machine().post("/ciba", base_url=ISSUER, data=data)

    def asked(self, **changes: Any) -> str:
        answer = self.ask(self.request(**changes))
        assert (answer.status_code, answer.mimetype) == (200, "application/json"), answer.text
        told = answer.get_json()
        assert told["expires_in"] > 0
        assert len(told["auth_req_id"]) > 20
        return str(told["auth_req_id"])

    def token(self, fields: Mapping[str, str], with_certificate: bool = True, **proof: str) -> TestResponse:
        headers = self.shown.headers() if with_certificate else {}
        data = {**fields, **(proof or self.proof("/token"))}
        return self.provider.machine().post("/token", base_url=ISSUER, data=data, headers=headers)

    def poll(self, auth_req_id: str, **more: Any) -> TestResponse:
        self.provider.clock.advance(5)
        return self.token({"grant_type": CIBA, "auth_req_id": auth_req_id}, **more)

    def error(self, auth_req_id: str) -> str:
        answer = self.poll(auth_req_id)
        assert answer.status_code == 400, answer.text
        return str(answer.get_json()["error"])

    def tokens(self, person: Person, **changes: Any) -> dict[str, Any]:
        auth_req_id = self.asked(login_hint=person.phone, **changes)
        assert self.error(auth_req_id) == "authorization_pending"
        decide(arrived(self.provider, person), "allow")
        answer = self.poll(auth_req_id)
        assert answer.status_code == 200, answer.text
        assert self.error(auth_req_id) == "invalid_grant", "it is collected once"
        return dict(answer.get_json())

    def resource(self, token: str, **headers: str) -> TestResponse:
        told = {"Authorization": f"Bearer {token}"} | self.shown.headers() | headers
        return self.provider.machine().get("/userinfo", base_url=ISSUER, headers=told)


@dataclass
class Scene:
    provider: Provider
    desk: Desk
    other: Desk
    pinged: Mapping[str, Canary]


def desk_of(provider: Provider, key: str = "portal", **metadata: Any) -> Desk:
    registered = provider.client(**OF_OPERATOR_CIBA | {"jwks": JWKS} | metadata)
    return Desk(provider, registered, certificate(key))


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with ExitStack() as stack:
        birds = {module: stack.enter_context(canary([answer])) for module, answer in ANSWERS.items()}
        allowed = {"IDP_OUTBOUND_ALLOW": ",".join(f"localhost:{bird.port}" for bird in birds.values())}
        provider = stack.enter_context(behind_a_proxy(tmp_path_factory.mktemp("ciba"), SETTINGS | allowed))
        yield Scene(provider, desk_of(provider), desk_of(provider, "other"), birds)


def refused(desk: Desk, fields: Mapping[str, str], error: str = "invalid_request") -> None:
    token_refused(desk.ask(fields), error)


def test_fapi_ciba_id1_two_clients(scene: Scene) -> None:
    first = scene.desk.tokens(scene.provider.citizen())
    sent = {"x-fapi-interaction-id": "c770aef3-6784-41f7-8e0e-ff5f97bddb3a"}
    told = scene.desk.resource(first["access_token"], **sent)
    assert (told.status_code, told.mimetype) == (200, "application/json")
    assert sent.items() <= {name.lower(): value for name, value in told.headers.items()}.items()
    level = {"acr_values": "urn:citizen-idp:aal:1", "typ": "oauth-authz-req+jwt", "requested_expiry": 300}
    second = scene.other.tokens(scene.provider.citizen(), **level)
    header, claims = read(scene.provider, second["id_token"])
    assert (header["alg"], claims["acr"], claims["aud"]) == ("PS256", "urn:citizen-idp:aal:1", scene.other.client.id)
    assert scene.other.resource(second["access_token"]).headers["x-fapi-interaction-id"]
    assert scene.desk.resource(second["access_token"]).status_code == 401, "with another's certificate"


def test_user_rejects_authentication(scene: Scene) -> None:
    person = scene.provider.citizen()
    auth_req_id = scene.desk.asked(login_hint=person.phone)
    decide(arrived(scene.provider, person), "deny")
    assert scene.desk.error(auth_req_id) == "access_denied"


def test_multiple_call_to_token_endpoint_and_auth_req_id_expired(scene: Scene) -> None:
    auth_req_id = scene.desk.asked(requested_expiry="30")
    for _ in range(4):
        answer = scene.desk.token({"grant_type": CIBA, "auth_req_id": auth_req_id})
        assert (answer.status_code, answer.get_json()["error"] in ("authorization_pending", "slow_down")) == (400, True)
    scene.provider.clock.advance(31)
    assert scene.desk.error(auth_req_id) == "expired_token"


def test_binding_messages(scene: Scene) -> None:
    assert scene.desk.tokens(scene.provider.citizen(), binding_message="1234")
    message = "1234 \N{THUMBS UP SIGN} 品川 Lorem ipsum dolor sit amet, consectetur adipiscing elit"
    refused(scene.desk, scene.desk.request(binding_message=message), "invalid_binding_message")


@pytest.mark.parametrize(
    "wrong",
    [
        *({name: None} for name in ("aud", "iss", "exp", "iat", "nbf", "jti")),
        {"aud": "https://other1.example.com"},
        {"iss": "another"},
        *({"exp": seconds} for seconds in (-300, 4_200)),
        *({"nbf": seconds} for seconds in (600, -4_200)),
        {"id_token_hint": "x"},
        {"alg": "RS256"},
        {"alg": "RS256", "key": STRANGERS["RS256"]},
        {"alg": "PS256", "key": STRANGERS["RS256"]},
    ],
)
def test_a_request_object_that_has_to_be_refused(scene: Scene, wrong: dict[str, Any]) -> None:
    now = int(scene.provider.clock.now())
    told = {name: now + value if isinstance(value, int) else value for name, value in wrong.items()}
    refused(scene.desk, scene.desk.request(**told))


def test_a_request_that_is_not_signed(scene: Scene) -> None:
    refused(scene.desk, {"scope": "openid", "login_hint": "13800000000"})
    _, claims, _ = scene.desk.request()["request"].split(".")
    refused(scene.desk, {"request": f"eyJhbGciOiJub25lIn0.{claims}."})


def test_how_the_client_has_to_prove_itself(scene: Scene) -> None:
    """No assertion, and one that is signed with RS256, at both endpoints; the issuer as its audience will do."""
    desk, auth_req_id = scene.desk, scene.desk.asked()
    fields = {"grant_type": CIBA, "auth_req_id": auth_req_id}
    for path in ("/ciba", "/token"):
        for proof in ({"client_id": desk.client.id}, desk.proof(path, "RS256")):
            answer = desk.ask(desk.request(), proof) if path == "/ciba" else desk.token(fields, **proof)
            token_refused(answer, "invalid_client", 401)
    assert desk.token(fields, **desk.proof("")).get_json()["error"] == "authorization_pending"
    assert desk.ask(desk.request(), desk.proof("/token")).status_code == 200


def test_wrong_auth_req_id_and_holder_of_key_required(scene: Scene) -> None:
    auth_req_id = scene.desk.asked()
    assert scene.other.error(auth_req_id) == "invalid_grant"
    token_refused(scene.desk.poll(auth_req_id, with_certificate=False), "invalid_request")


def test_refresh_token(scene: Scene) -> None:
    told = [desk.tokens(scene.provider.citizen(), scope="openid offline_access") for desk in (scene.desk, scene.other)]
    fields = {
        "grant_type": "refresh_token",
        "refresh_token": told[0]["refresh_token"],
        "scope": "openid offline_access",
    }
    again = scene.desk.token(fields).get_json()
    assert scene.desk.resource(again["access_token"]).status_code == 200
    stolen = scene.desk.token({"grant_type": "refresh_token", "refresh_token": told[1]["refresh_token"]})
    token_refused(stolen, "invalid_grant")


@pytest.mark.parametrize("module", ANSWERS)
def test_ping_whatever_the_client_answers(scene: Scene, module: str) -> None:
    """It is called once, and comes for its tokens."""
    bird, person = scene.pinged[module], scene.provider.citizen()
    endpoint = f"http://localhost:{bird.port}/ciba-notification-endpoint"
    told = {"backchannel_token_delivery_mode": "ping", "backchannel_client_notification_endpoint": endpoint}
    desk = desk_of(scene.provider, **told)
    auth_req_id = desk.asked(login_hint=person.phone, client_notification_token="t" * 120)
    decide(arrived(scene.provider, person), "allow")
    heard = bird.heard()
    assert b"Bearer " + b"t" * 120 in heard
    assert heard.endswith(b'{"auth_req_id":"%s"}' % auth_req_id.encode())
    assert desk.poll(auth_req_id).status_code == 200
    assert bird.connections == 1


def test_discovery_end_point_verification(scene: Scene) -> None:
    metadata = scene.provider.machine().get("/.well-known/openid-configuration", base_url=ISSUER).get_json()
    assert {"poll", "ping"} <= set(metadata["backchannel_token_delivery_modes_supported"])
    assert CIBA in metadata["grant_types_supported"]
    assert metadata["backchannel_authentication_endpoint"].startswith("https://")
    assert "PS256" in metadata["backchannel_authentication_request_signing_alg_values_supported"]
    assert metadata["tls_client_certificate_bound_access_tokens"] is True
