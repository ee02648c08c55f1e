"""Client authentication at the token endpoint (RFC 6749 section 2.3, OIDC Core section 9).

One method per request, and only the one that the client registered. `authenticate` is the only maker of an
`AuthenticatedClient`.
"""

import base64
from dataclasses import dataclass
from urllib.parse import unquote_plus

from idp.errors import InvalidClient, InvalidRequest
from idp.oidc.client import Client
from idp.oidc.target import ClientSource
from idp.parameters import Parameters
from idp.secrets import digest, equal


@dataclass(frozen=True, slots=True)
class AuthenticatedClient:
    """A client that proved at this very request that it is the one; only `authenticate` makes it."""

    client: Client


@dataclass(frozen=True, slots=True)
class _Credential:
    method: str
    client_id: str
    secret: str


def authenticate(parameters: Parameters, authorization: str | None, clients: ClientSource) -> AuthenticatedClient:
    """Raises `InvalidClient`, or `InvalidRequest` where two methods are used at once (RFC 6749 section 2.3)."""
    credential = _credential(parameters, authorization)
    client = clients.get(credential.client_id)
    if client is None or not client.enabled:
        raise InvalidClient("unknown or disabled client")
    if client.token_endpoint_auth_method != credential.method:
        raise InvalidClient(f"{credential.method} is not the registered method")
    if client.confidential and not equal(client.client_secret_digest or "", digest(credential.secret)):
        raise InvalidClient("wrong secret")
    return AuthenticatedClient(client)


def _credential(parameters: Parameters, authorization: str | None) -> _Credential:
    client_id, secret = parameters.get("client_id"), parameters.get("client_secret")
    if parameters.get("client_assertion") is not None:
        raise InvalidClient("client assertions are not offered")
    if authorization is None:
        if client_id is None:
            raise InvalidClient("no client authentication")
        return _Credential("none" if secret is None else "client_secret_post", client_id, secret or "")
    basic = _basic(authorization)
    if secret is not None or (client_id is not None and client_id != basic.client_id):
        raise InvalidRequest("two ways of client authentication")
    return basic


def _basic(authorization: str) -> _Credential:
    """RFC 7617, with both parts form-encoded (RFC 6749 section 2.3.1). The scheme's case does not matter."""
    scheme, _, credentials = authorization.partition(" ")
    if scheme.lower() != "basic":
        raise InvalidClient("not Basic")
    try:
        text = base64.b64decode(credentials.strip(), validate=True).decode("utf-8")
        client_id, colon, secret = text.partition(":")
        if not colon or not client_id:
            raise InvalidClient("no colon in Basic credentials")
        return _Credential(
            "client_secret_basic", unquote_plus(client_id, errors="strict"), unquote_plus(secret, errors="strict")
        )
    except ValueError:  # of base64 or of UTF-8; base64 has another one for what is not ASCII
        raise InvalidClient("Basic credentials are not decodable") from None
