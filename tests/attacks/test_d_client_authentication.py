"""D. Client authentication and confusion of JWTs (RFC 6749 section 2.3, RFC 8725).

Client assertions: `tests/spec/test_private_key_jwt.py`; pushed and signed requests: `test_par.py`, `test_jar.py` there.
Proofs of possession: `test_d_dpop.py`.
"""

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest

from idp.codec import encode
from idp.secrets import urlsafe
from tests.support.cookies import cookie
from tests.support.provider import ISSUER, Provider, Registered

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@pytest.fixture
def client(provider: Provider) -> Registered:
    return provider.client()


def basic(user: str | bytes) -> dict[str, str]:
    raw = user if isinstance(user, bytes) else user.encode()
    return {"Authorization": "Basic " + base64.b64encode(raw).decode()}


def test_d_ca_no_or_wrong_authentication_is_one_answer(provider: Provider, client: Registered) -> None:
    """An unknown client and a wrong secret are not told apart, and a code survives what is no client's attempt."""
    code = provider.fresh_code(client)
    other = provider.client()
    tries: list[tuple[dict[str, str], dict[str, str]]] = [
        ({}, {}),
        ({}, {"client_id": client.id}),
        ({}, {"client_id": client.id, "client_secret": client.secret}),  # registered for Basic
        (basic(f"{client.id}:wrong"), {}),
        (basic(f"{client.id}:"), {}),
        (basic(f"{client.id}:{client.secret} "), {}),
        (basic(f"{client.id}:{client.secret}\0"), {}),
        (basic(f"{client.id}:{other.secret}"), {}),
        (basic(f"nobody:{client.secret}"), {}),
        (basic("\0:\0"), {}),
        (basic(client.id), {}),
        (basic(b"\xff\xfe:\xff"), {}),
        (basic("%ff:%ff"), {}),
        (basic(f"{client.id}:{'x' * 20_000}"), {}),
        ({"Authorization": "Basic !!!"}, {}),
        ({"Authorization": "Basic"}, {}),
        ({"Authorization": "Bearer x"}, {}),
        ({"Authorization": f"Basic {'=' * 10_000}"}, {}),
    ]
    answers = {
        (answer.status_code, answer.text, answer.headers["WWW-Authenticate"].partition(" ")[0])
        for headers, fields in tries
        for answer in [provider.token(client, client.exchange(code) | fields, headers)]
    }
    assert len(answers) == 1
    assert json.loads(answers.pop()[1])["error"] == "invalid_client"
    assert provider.token(client, client.exchange(code)).status_code == 200


def test_d_ca_two_methods_at_once(provider: Provider, client: Registered) -> None:
    code = provider.fresh_code(client)
    for fields in ({"client_secret": client.secret}, {"client_id": provider.client().id}):
        answer = provider.token(client, client.exchange(code) | fields)
        assert answer.status_code in (400, 401)
    assert provider.token(client, client.exchange(code) | {"client_id": client.id}).status_code == 200


def test_d_ca_a_public_client_cannot_stand_in_for_a_confidential_one(provider: Provider, client: Registered) -> None:
    code = provider.fresh_code(client)
    public = provider.client(token_endpoint_auth_method="none")
    assert provider.token(client, client.exchange(code) | {"client_id": public.id}, {}).status_code == 400
    assert provider.token(client, client.exchange(code, client_id=client.id), {}).status_code == 401


def test_d_ca_a_disabled_client_has_nothing(provider: Provider, client: Registered) -> None:
    code = provider.fresh_code(client)
    other_code = provider.fresh_code(client)
    token = provider.token(client, client.exchange(other_code)).get_json()["access_token"]
    provider.services.clients.set_enabled(client.id, False)
    provider.clock.advance(2)
    assert provider.token(client, client.exchange(code)).status_code == 401
    assert provider.userinfo(token).status_code == 401


def test_d_ca_assertions_of_a_client_with_a_secret_are_refused_and_nothing_they_name_is_fetched(
    provider: Provider, client: Registered
) -> None:
    code = provider.fresh_code(client)
    header = urlsafe(encode({"alg": "none", "jku": "http://169.254.169.254/", "x5u": "http://127.0.0.1:1/"}))
    claims = urlsafe(encode({"iss": client.id, "sub": client.id, "aud": ISSUER, "exp": 2_000_000_000}))
    for assertion in (f"{header}.{claims}.", f"{header}.{claims}.AAAA", "x", "." * 10_000):
        fields = {"client_assertion": assertion, "client_assertion_type": ASSERTION_TYPE, "client_id": client.id}
        answer = provider.token(client, client.exchange(code) | fields, {})
        assert (answer.status_code, answer.get_json()["error"]) == (401, "invalid_client")


def test_d_ca_brute_force_of_secrets_is_slowed_and_the_client_is_not_shut_out(
    provider: Provider, client: Registered
) -> None:
    code = provider.fresh_code(client)
    statuses = [provider.token(client, client.exchange(code), basic(f"{client.id}:{n}")).status_code for n in range(60)]
    assert set(statuses) == {401, 429}
    assert provider.token(client, client.exchange(code)).status_code == 200


# -- our own JWTs, in the wrong place or forged ------------------------------------------------------------------------


def forged(token: str, header: dict[str, Any], key: bytes | None = None, **claims: object) -> str:
    body = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    text = f"{urlsafe(encode(header))}.{urlsafe(encode(body | claims))}"
    return f"{text}.{urlsafe(hmac.digest(key, text.encode(), hashlib.sha256)) if key else ''}"


def forgeries(provider: Provider, token: str) -> dict[str, str]:
    jwk = provider.machine().get("/jwks").get_json()["keys"][0]
    kid, head = jwk["kid"], json.loads(base64.urlsafe_b64decode(token.split(".", maxsplit=1)[0] + "=="))
    parts = token.split(".")
    return {
        "alg-none": forged(token, {"alg": "none", "typ": "JWT", "kid": kid}),
        "alg-None": forged(token, {"alg": "NoNe", "typ": "JWT", "kid": kid}),
        "empty-signature": f"{parts[0]}.{parts[1]}.",
        "no-signature": f"{parts[0]}.{parts[1]}",
        "hs256-public-jwk": forged(token, {"alg": "HS256", "typ": "JWT", "kid": kid}, encode(jwk)),
        "hs256-modulus": forged(token, {"alg": "HS256", "typ": "JWT", "kid": kid}, jwk.get("n", "x").encode()),
        "other-claims": f"{parts[0]}.{urlsafe(encode({'iss': ISSUER, 'sub': 'x', 'aud': 'y'}))}.{parts[2]}",
        "kid-unknown": forged(token, head | {"kid": "../../../dev/null"}, b"x"),
        "kid-number": forged(token, head | {"kid": 7}, b"x"),
        "kid-list": forged(token, head | {"kid": [kid]}, b"x"),
        "crit": forged(token, head | {"crit": ["exp"]}, b"x"),
        "b64": forged(token, head | {"b64": False, "crit": ["b64"]}, b"x"),
        "typ-logout": forged(token, head | {"typ": "logout+jwt"}, b"x"),
        "embedded-jwk": forged(token, head | {"jwk": jwk, "jku": "http://127.0.0.1:1/"}, b"x"),
        "header-list": f"{urlsafe(b'[]')}.{parts[1]}.{parts[2]}",
        "header-deep": f"{urlsafe(b'[' * 6_000)}.{parts[1]}.{parts[2]}",
        "header-not-utf8": f"{urlsafe(bytes([0xFF, 0xFE]))}.{parts[1]}.{parts[2]}",
        "zip-bomb": forged(token, head | {"zip": "DEF"}, b"x"),
        "jwe": ".".join([*parts, "x", "y"]),
        "json": json.dumps({"payload": parts[1], "signatures": [{"protected": parts[0], "signature": parts[2]}]}),
        "dots": "." * 5_000,
        "empty": ".",
        "long": token + "A" * 30_000,
        "space": f" {token}",
        "not-ascii": token + "é",
    }


def id_token(provider: Provider, client: Registered, code: str) -> str:
    return str(provider.token(client, client.exchange(code)).get_json()["id_token"])


def test_d_rp_hint_forged_is_refused_everywhere(provider: Provider, client: Registered) -> None:
    visitor = provider.visitor()
    token = id_token(provider, client, visitor.arrive(client, provider.citizen())["code"])
    for case, forgery in forgeries(provider, token).items():
        leaving = visitor.http.get("/logout", base_url=ISSUER, query_string={"id_token_hint": forgery})
        assert (leaving.status_code, "Location" in leaving.headers) == (400, False), case
        assert visitor.hop(client, prompt="none", id_token_hint=forgery)["error"] == "invalid_request", case
        assert provider.userinfo(forgery.encode("ascii", "replace").decode()).status_code == 401, case
    assert cookie(visitor)
    assert "code" in visitor.hop(client, prompt="none", id_token_hint=token)


def test_d_idt_as_access_token_and_access_token_as_hint(provider: Provider, client: Registered) -> None:
    code = provider.fresh_code(client)
    got = provider.token(client, client.exchange(code)).get_json()
    assert provider.userinfo(got["id_token"]).status_code == 401
    assert provider.userinfo(code).status_code == 401
    visitor = provider.visitor()
    assert visitor.hop(client, id_token_hint=got["access_token"])["error"] == "invalid_request"
    as_code = provider.token(client, client.exchange(got["access_token"]))
    assert as_code.get_json()["error"] == "invalid_grant"
    as_refresh = provider.token(client, {"grant_type": "refresh_token", "refresh_token": got["access_token"]})
    assert as_refresh.status_code == 400


def test_d_hint_of_another_client_or_another_citizen(provider: Provider, client: Registered) -> None:
    other = provider.client()
    first, second = provider.visitor(), provider.visitor()
    mine = id_token(provider, client, first.arrive(client, provider.citizen())["code"])
    second.arrive(client, provider.citizen())
    second.allow(second.authorize(other))
    assert second.hop(other, prompt="none", id_token_hint=mine)["error"] == "invalid_request"
    assert second.hop(client, prompt="none", id_token_hint=mine)["error"] == "login_required"
