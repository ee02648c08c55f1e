"""/logout: what is refused (RP-Initiated Logout 1.0 sections 2 and 3), and whatever else may come."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import OctKey, RSAKey
from werkzeug.test import TestResponse

from tests.support.provider import ISSUER, PORTAL, Provider
from tests.support.signed_in import SignedIn

BACK = f"{PORTAL}/signed-out"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def signed_in(provider: Provider) -> SignedIn:
    return SignedIn(provider)


def refused(response: TestResponse) -> None:
    """A page, and nowhere to go."""
    assert response.status_code == 400
    assert response.mimetype == "text/html"
    assert "Location" not in response.headers


@pytest.mark.parametrize(
    "address",
    [
        BACK + "/",
        BACK + "?x=1",
        BACK.upper(),
        BACK.replace("https", "http"),
        f"{PORTAL}/callback",
        "https://portal.example:443/signed-out",
        "https://portal.example.evil.example/signed-out",
        "//evil.example/",
        "javascript:alert(1)",
        BACK + "#x",
        " " + BACK,
    ],
)
def test_rp_initiated_3_an_address_that_is_not_registered_exactly(signed_in: SignedIn, address: str) -> None:
    refused(signed_in.logout(id_token_hint=signed_in.id_token, post_logout_redirect_uri=address))
    assert signed_in.still_in


def test_rp_initiated_3_an_address_without_a_client(signed_in: SignedIn) -> None:
    refused(signed_in.logout(post_logout_redirect_uri=BACK))


def test_rp_initiated_2_a_hint_and_a_client_id_that_differ(signed_in: SignedIn) -> None:
    other = signed_in.provider.client(client_name="B")
    refused(signed_in.logout(id_token_hint=signed_in.id_token, client_id=other.id))
    assert signed_in.still_in


@pytest.mark.parametrize("client_id", ["unknown", "\0", "x" * 5_000])
def test_rp_initiated_2_an_unknown_client(signed_in: SignedIn, client_id: str) -> None:
    refused(signed_in.logout(client_id=client_id))


def test_rp_initiated_2_a_disabled_client(signed_in: SignedIn) -> None:
    signed_in.provider.services.clients.set_enabled(signed_in.client.id, enabled=False)
    refused(signed_in.logout(id_token_hint=signed_in.id_token, post_logout_redirect_uri=BACK))


def test_rfc6749_3_1_a_parameter_twice(signed_in: SignedIn) -> None:
    refused(signed_in.visitor.get(f"/logout?state=1&state=2&client_id={signed_in.client.id}"))


def forged(claims: dict[str, object], how: str) -> str:
    """An ID token like ours that we did not sign."""
    payload = json.dumps(claims)
    if how == "none":
        unsigned = jws.serialize_compact({"alg": "HS256", "typ": "JWT"}, payload, OctKey.import_key("k" * 32))
        head = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0"
        return f"{head}.{unsigned.split('.')[1]}."
    key = RSAKey.generate_key(2048)
    return jws.serialize_compact({"alg": "RS256", "typ": "JWT", "kid": how}, payload, key)


@pytest.mark.parametrize("how", ["none", "foreign", "our kid", "public key as secret", "cut", "logout token"])
def test_rp_initiated_2_a_hint_that_is_not_ours(signed_in: SignedIn, how: str) -> None:
    """Nobody is signed out with a token that we did not sign as an ID token."""
    keys = signed_in.provider.services.keys
    claims = keys.verify(signed_in.id_token, "JWT")
    [kid] = [key.kid for key in keys.list() if key.alg == "RS256" and key.state == "active"]
    if how == "public key as secret":
        secret = OctKey.import_key(keys.jwks())
        hint = jws.serialize_compact({"alg": "HS256", "typ": "JWT", "kid": kid}, json.dumps(claims), secret)
    elif how == "cut":
        hint = signed_in.id_token.rpartition(".")[0] + "."
    elif how == "logout token":
        hint = keys.signer("RS256").sign(claims, "logout+jwt")
    else:
        hint = forged(claims, kid if how == "our kid" else how)
    refused(signed_in.logout(id_token_hint=hint))
    assert signed_in.still_in


@pytest.mark.parametrize("junk", ["%", "id_token_hint=%ff", "a&b&c=&=d", "id_token_hint=" + "A" * 30_000, "\x01=%00"])
def test_junk_is_refused_or_ignored(provider: Provider, junk: str) -> None:
    assert provider.visitor().get("/logout?" + junk).status_code in (200, 400)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    method=st.sampled_from(["GET", "POST", "HEAD", "OPTIONS", "PUT"]),
    path=st.sampled_from(["/logout", "/logout/confirm"]),
    query=st.binary(max_size=120) | st.binary(max_size=80).map(lambda tail: b"id_token_hint=" + tail),
    content_type=st.sampled_from([FORM, "application/json", "multipart/form-data; boundary=x", ""]),
    body=st.binary(max_size=200) | st.binary(max_size=80).map(lambda tail: b"id_token_hint=" + tail),
)
def test_whatever_bytes_come_the_answer_is_no_failure_of_ours(
    signed_in: SignedIn, method: str, path: str, query: bytes, content_type: str, body: bytes
) -> None:
    response = signed_in.visitor.http.open(
        path,
        method=method,
        base_url=ISSUER,
        data=body,
        content_type=content_type,
        environ_overrides={"QUERY_STRING": query.decode("latin-1")},
    )
    assert response.status_code in (200, 303, 400, 403, 405, 413)
    assert signed_in.still_in
