"""Authlib, the client library of Python that the demo's portals use: here its OAuth2Session, as servers use it.

It has no client for pushed or signed requests; `test_openid_client.py` has one.
"""

from typing import Any

import pytest
import requests
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.clients.conftest import Arrive, Place
from tests.support.assertions import JWKS, KEYS

CALLBACK = "https://python.example/callback"
METADATA = {"client_name": "Python", "redirect_uris": [CALLBACK], "scope": "openid profile offline_access"}
VERIFIER = "A" * 43


@pytest.fixture(scope="module")
def metadata(place: Place) -> dict[str, Any]:
    told: dict[str, Any] = requests.get(f"{place.issuer}/.well-known/openid-configuration", timeout=10).json()
    assert told["issuer"] == place.issuer
    return told


def registered(place: Place, metadata: dict[str, Any], **more: Any) -> OAuth2Session:
    """RFC 7591, by the session that then is the client."""
    document, told = METADATA | more, {"Authorization": f"Bearer {place.initial_token()}"}
    answer = requests.post(metadata["registration_endpoint"], json=document, headers=told, timeout=10)
    assert answer.status_code == 201, answer.text
    client = answer.json()
    session = OAuth2Session(
        client["client_id"],
        KEYS["RS256"].as_pem(private=True).decode() if "jwks" in more else client["client_secret"],
        token_endpoint_auth_method=client["token_endpoint_auth_method"],
        revocation_endpoint_auth_method=client["token_endpoint_auth_method"],
        scope="openid profile offline_access",
        redirect_uri=CALLBACK,
        code_challenge_method="S256",
        trust_env=False,
    )
    # Authlib names the token endpoint as the audience unless it is told better; here it is the issuer alone
    session.register_client_auth_method(PrivateKeyJWT(place.issuer, headers={"kid": "rsa"}))
    return session


def signed_in(session: OAuth2Session, metadata: dict[str, Any], arrive: Arrive, **asked: str) -> dict[str, Any]:
    """From the request to the tokens."""
    url, state = session.create_authorization_url(
        metadata["authorization_endpoint"], code_verifier=VERIFIER, nonce="n-1", **asked
    )
    token: dict[str, Any] = session.fetch_token(
        metadata["token_endpoint"], authorization_response=arrive(url), state=state, code_verifier=VERIFIER
    )
    return token


def proved(id_token: str, metadata: dict[str, Any], client_id: str) -> CodeIDToken:
    keys = KeySet.import_key_set(requests.get(metadata["jwks_uri"], timeout=10).json())
    decoded = jwt.decode(id_token, keys)
    claims = CodeIDToken(
        decoded.claims,
        decoded.header,
        {"iss": {"value": metadata["issuer"]}, "aud": {"value": client_id}},
        {"nonce": "n-1", "client_id": client_id},
    )
    claims.validate()
    return claims


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post", "private_key_jwt"])
def test_registration_code_and_pkce_refresh_introspection_and_revocation(
    place: Place, metadata: dict[str, Any], arrive: Arrive, method: str
) -> None:
    keys = {"jwks": JWKS} if method == "private_key_jwt" else {}
    session = registered(place, metadata, token_endpoint_auth_method=method, **keys)
    first = signed_in(session, metadata, arrive)
    sub = proved(first["id_token"], metadata, session.client_id)["sub"]
    assert session.get(metadata["userinfo_endpoint"]).json()["sub"] == sub

    second = session.refresh_token(metadata["token_endpoint"])
    assert second["refresh_token"] != first["refresh_token"]
    told = session.introspect_token(metadata["introspection_endpoint"], second["access_token"]).json()
    assert (told["active"], told["sub"]) == (True, sub)
    assert session.revoke_token(metadata["revocation_endpoint"], second["refresh_token"]).status_code == 200
    told = session.introspect_token(metadata["introspection_endpoint"], second["access_token"]).json()
    assert told == {"active": False}
