"""A client of `profile: fapi2`, as FAPI 2.0 has clients: it pushes its requests, signs for itself and holds a key."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from werkzeug.test import TestResponse

from tests.support.answers import granted
from tests.support.assertions import JWKS, asserted, assertion
from tests.support.dpop import Holder, bound_tokens
from tests.support.known import Known
from tests.support.provider import ISSUER, Provider, Registered

FAPI: dict[str, Any] = {"profile": "fapi2", "jwks": JWKS, "scope": "openid profile offline_access"}


@dataclass
class Bank:
    """A client of the profile, its key, and a citizen who agreed to what it asks."""

    known: Known
    client: Registered
    holder: Holder

    @property
    def provider(self) -> Provider:
        return self.known.provider

    def proof_of_itself(self, alg: str = "ES256", **claims: Any) -> dict[str, str]:
        return asserted(assertion(self.client.id, self.provider.clock.now(), alg, **claims))

    def call(self, path: str, fields: dict[str, Any], proof: str | None = None, **claims: Any) -> TestResponse:
        headers = {"DPoP": proof or self.holder.proof(path)}
        data = {**fields, **self.proof_of_itself(**claims)}
        return self.provider.machine().post(path, base_url=ISSUER, data=data, headers=headers)

    def push(self) -> TestResponse:
        return self.call("/par", self.client.request(scope=FAPI["scope"]))

    def come(self, pushed: TestResponse) -> TestResponse:
        query = {"client_id": self.client.id, "request_uri": pushed.get_json()["request_uri"]}
        return self.known.visitor.get("/authorize?" + urlencode(query))

    def code(self) -> str:
        page = self.come(self.push())
        return granted(self.known.visitor.allow(page) if page.request.path == "/consent" else page, self.client)

    def tokens(self) -> dict[str, Any]:
        return bound_tokens(self.call("/token", self.client.exchange(self.code())))

    def refresh(self, refresh_token: str) -> TestResponse:
        return self.call("/token", {"grant_type": "refresh_token", "refresh_token": refresh_token})
