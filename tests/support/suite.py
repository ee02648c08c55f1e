"""A client as the OpenID Foundation's conformance suite is one: it sends no code challenge, and registers what it needs
and no more. What operators register for it stands in docs/certification.md, and is read from there."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from joserfc import jwk
from werkzeug.test import TestResponse

from tests.support.assertions import asserted, assertion
from tests.support.forms import form
from tests.support.jwts import read
from tests.support.provider import ISSUER, Person, Provider, Registered, Visitor, parameters

_DOCUMENT = Path(__file__).parents[2] / "docs" / "certification.md"
OF_OPERATOR, OF_OPERATOR_CIBA = (
    json.loads(each) for each in re.findall(r"```json\n(.+?)```", _DOCUMENT.read_text(), re.DOTALL)
)
"""What the document has operators register, for the plans of OpenID Connect and for FAPI-CIBA."""
CALLBACK: str = OF_OPERATOR["redirect_uris"][0]
KEY = jwk.RSAKey.generate_key(2048)
"""Without a name, as the suite makes it where it does not test names."""
JWKS = {"keys": [KEY.as_dict(private=False) | {"use": "sig", "alg": "RS256"}]}
HIMSELF = {
    "client_name": "oidf-conformance Xq3",
    "grant_types": ["authorization_code"],
    "response_types": ["code"],
    "redirect_uris": [CALLBACK],
    "contacts": ["certification@oidf.org"],
    "jwks": JWKS,
}
"""What the suite registers where it registers itself, besides the method it authenticates with."""


class SuiteClient(Registered):
    def request(self, **changes: str | None) -> dict[str, str]:
        bare: dict[str, str | None] = {"code_challenge": None, "code_challenge_method": None, "scope": "openid"}
        return super().request(**bare | changes)

    def exchange(self, code: str, **changes: str | None) -> dict[str, str]:
        return super().exchange(code, **{"code_verifier": None} | changes)


def of_operator(provider: Provider, **metadata: Any) -> SuiteClient:
    registered = provider.client(**OF_OPERATOR | metadata)
    return SuiteClient(registered.client, registered.secret)


def register(provider: Provider, **metadata: Any) -> TestResponse:
    return provider.machine().post("/register", base_url=ISSUER, json=HIMSELF | metadata)


def himself(provider: Provider, method: str = "client_secret_basic", **metadata: Any) -> SuiteClient:
    answer = register(provider, token_endpoint_auth_method=method, **metadata)
    assert (answer.status_code, answer.mimetype) == (201, "application/json"), answer.text
    told = answer.get_json()
    assert told["registration_client_uri"].startswith(ISSUER)
    client = provider.services.clients.get(told["client_id"])
    assert client is not None
    return SuiteClient(client, told.get("client_secret", ""))


@dataclass
class Suite:
    """The suite with a client, and a citizen in its browser who agrees to whatever is asked."""

    provider: Provider
    person: Person
    client: SuiteClient
    mode: str | None = None
    """The response mode of all its requests."""

    def __post_init__(self) -> None:
        self.visitor: Visitor = self.provider.visitor()

    def go(self, **changes: str | None) -> TestResponse:
        """To the authorization endpoint and through whatever pages there are."""
        page = self.visitor.authorize(self.client, response_mode=self.mode, **changes)
        if page.request.path == "/login":
            page = self.visitor.password(page, self.person)
        return self.visitor.allow(page) if page.request.path == "/consent" else page

    def callback(self, response: TestResponse) -> dict[str, str]:
        """What reaches the redirect address, by the mode of the requests and by no other."""
        uri = self.client.client.redirect_uris[0]
        if self.mode == "form_post":
            assert (response.status_code, response.mimetype) == (200, "text/html"), response.text
            found = form(response.text, "iss")
            assert (found.action, found.method) == (uri, "post")
            told = {name: values[0] for name, values in found.fields.items()}
        else:
            assert response.status_code == 303, response.text
            assert response.location.startswith(uri)
            told = {key: value for key, value in parameters(response.location).items() if key not in parameters(uri)}
        assert told.pop("iss") == ISSUER
        return told

    def arrive(self, **changes: str | None) -> str:
        """The code of a request that has to succeed, with its state beside it and nothing more."""
        told = self.callback(self.go(**changes))
        state = self.client.request(**changes).get("state")
        assert told == {"code": told.get("code")} | ({"state": state} if state else {}), told
        return told["code"]

    def token(self, fields: dict[str, str], key: Any = KEY) -> TestResponse:
        """A call of the token endpoint, authenticated as the client registered; with this key, where it signs."""
        method, client_id = self.client.client.token_endpoint_auth_method, self.client.id
        if method == "client_secret_basic":
            return self.provider.token(self.client, fields)
        proof = {"client_id": client_id, "client_secret": self.client.secret}
        if method == "private_key_jwt":
            now = self.provider.clock.now()
            proof = asserted(assertion(client_id, now, key=key, aud=f"{ISSUER}/token"))
        return self.provider.token(self.client, fields | proof, {})

    def refreshed(self, refresh_token: str, key: Any = KEY, **fields: str) -> TestResponse:
        return self.token({"grant_type": "refresh_token", "refresh_token": refresh_token, **fields}, key)

    def tokens(self, **changes: str | None) -> dict[str, Any]:
        """What a request gives, with an ID token that its client would take (OIDC Core section 3.1.3.7)."""
        answer = self.token(self.client.exchange(self.arrive(**changes)))
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.get_json()
        self.claims(told["id_token"], self.client.request(**changes).get("nonce"))
        return told

    def claims(self, id_token: str, nonce: str | None) -> dict[str, Any]:
        header, claims = read(self.provider, id_token)
        now = int(self.provider.clock.now())
        assert header["kid"]
        assert (claims["iss"], claims["aud"], claims.get("nonce")) == (ISSUER, self.client.id, nonce)
        assert claims["sub"]
        assert claims["iat"] <= now < claims["exp"]
        return claims

    def userinfo(self, access_token: str) -> dict[str, Any]:
        answer = self.provider.userinfo(access_token)
        assert answer.status_code == 200, answer.text
        return dict(answer.get_json())

    def logout(self, **fields: str) -> TestResponse:
        return self.visitor.get("/logout?" + urlencode(fields))
