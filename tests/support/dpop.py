"""A client that holds a key (RFC 9449): its proofs, and what it sends with them."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from joserfc import jwk, jws, jwt
from werkzeug.test import TestResponse

from idp.oidc.tokens.dpop import token_digest
from tests.support.assertions import ALGORITHMS, key_for
from tests.support.known import Known
from tests.support.provider import ISSUER, Registered

_ROOMY = jws.JWSRegistry(algorithms=[*ALGORITHMS, "HS256"], strict_check_header=False)
_ROOMY.max_header_length = 4_096
_jti = itertools.count()


def fresh_key() -> Any:
    return jwk.ECKey.generate_key("P-256")


@dataclass
class Holder:
    """Whoever has `key`. Knows the newest nonce, as a client does after its first call."""

    known: Known
    key: Any
    alg: str = "ES256"

    @property
    def jkt(self) -> str:
        return str(self.key.thumbprint())

    @property
    def nonce(self) -> str:
        answer = self.known.provider.machine().post("/par", base_url=ISSUER, data={}, headers={"DPoP": "x"})
        return str(answer.headers["DPoP-Nonce"])

    def proof(
        self,
        path: str = "/token",
        method: str = "POST",
        token: str | None = None,
        header: Mapping[str, Any] | None = None,
        **claims: Any,
    ) -> str:
        """An honest proof, but for `claims` and `header` (None: left out)."""
        honest = {
            "jti": f"proof-{next(_jti)}",
            "htm": method,
            "htu": f"{ISSUER}{path}",
            "iat": int(self.known.provider.clock.now()),
            "nonce": self.nonce if "nonce" not in claims else None,
            "ath": token_digest(token) if token is not None else None,
        }
        told = {name: value for name, value in (honest | claims).items() if value is not None}
        head = {"alg": self.alg, "typ": "dpop+jwt", "jwk": self.key.as_dict(private=False)} | dict(header or {})
        return jwt.encode(
            {name: value for name, value in head.items() if value is not None},
            told,
            self.key,
            registry=_ROOMY,
        )

    def redeem(
        self, client: Registered | None = None, proof: str | None = None, code: str | None = None, **changes: Any
    ) -> TestResponse:
        """A code for tokens, with a proof; `changes` are of the authorization request."""
        asking = client or self.known.client
        fields = asking.exchange(code or self.known.code(asking, **changes))
        return self.token(asking, fields, proof)

    def token(self, client: Registered, fields: Mapping[str, str], proof: str | None = None) -> TestResponse:
        told, identity = (client.basic, {}) if client.secret else ({}, {"client_id": client.id})
        return self.known.provider.token(client, {**fields, **identity}, told | {"DPoP": proof or self.proof()})

    def userinfo(self, token: str, proof: str | None = None, scheme: str = "DPoP", method: str = "GET") -> TestResponse:
        told = {"Authorization": f"{scheme} {token}", "DPoP": proof or self.proof("/userinfo", method, token)}
        return self.known.provider.machine().open("/userinfo", method=method, base_url=ISSUER, headers=told)


def holder(known: Known, alg: str = "ES256") -> Holder:
    """With a key of its own."""
    return Holder(known, fresh_key() if alg == "ES256" else key_for(alg), alg)


def bound_tokens(response: TestResponse) -> dict[str, Any]:
    """A successful token response of a client that showed its key (RFC 9449 section 5)."""
    assert response.status_code == 200, response.text
    told: dict[str, Any] = response.get_json()
    assert told["token_type"] == "DPoP"
    assert response.headers["DPoP-Nonce"]
    return told
