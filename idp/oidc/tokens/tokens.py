"""ID tokens (OIDC Core section 2), and the answer of the token endpoint. Every grant ends here."""

import hashlib
from dataclasses import dataclass
from typing import Any

from idp.citizens.citizen import Citizen
from idp.clock import Clock
from idp.login.assurance import acr
from idp.oidc import scopes
from idp.oidc.clients.client import Client
from idp.oidc.clients.confirmation import confirmation_of
from idp.oidc.envelope import Envelopes
from idp.oidc.subjects import Subjects
from idp.oidc.tokens.grant import GrantRecord
from idp.secrets import urlsafe


@dataclass(frozen=True, slots=True)
class IdTokenFacts:
    """What an ID token says of one sign-in, beside the claims. `citizen` is needed only for claims asked for in the ID
    token."""

    grant: GrantRecord
    nonce: str | None
    citizen: Citizen | None


class TokenIssuer:
    def __init__(
        self,
        envelopes: Envelopes,
        subjects: Subjects,
        clock: Clock,
        access_seconds: int,
        id_token_seconds: int,
    ) -> None:
        self._envelopes = envelopes
        self._subjects = subjects
        self._clock = clock
        self._access_seconds = access_seconds
        self._id_token_seconds = id_token_seconds

    def answer(self, client: Client, token: str, facts: IdTokenFacts) -> dict[str, Any]:
        """A successful token response (RFC 6749 section 5.1, OIDC Core section 3.1.3.3)."""
        return {
            "access_token": token,
            "token_type": confirmation_of(token).token_type,
            "expires_in": self._access_seconds,
            "scope": " ".join(facts.grant.scopes),
            "id_token": self.id_token(client, token, facts),
        }

    def id_token(self, client: Client, access_token: str, facts: IdTokenFacts) -> str:
        """OIDC Core sections 2 and 3.1.3.6."""
        now = int(self._clock.now())
        grant = facts.grant
        claims: dict[str, Any] = {
            "sub": grant.sub,
            "iat": now,
            "exp": now + self._id_token_seconds,
            "auth_time": grant.auth_time,
            "acr": acr(grant.aal),
            "amr": grant.amr,
            "sid": self._subjects.sid(client, grant.lineage),
            "at_hash": _left_half(access_token, client.id_token_signed_response_alg),
        }
        if facts.nonce is not None:
            claims["nonce"] = facts.nonce
        if facts.citizen is not None:
            claims |= scopes.values(facts.citizen, grant.id_token_claims)
        return self._envelopes.id_token(client, claims)


def _left_half(token: str, alg: str) -> str:
    """OIDC Core section 3.1.3.6, by the hash of the algorithm: Ed25519 has SHA-512 (RFC 8032 section 5.1)."""
    data = token.encode("ascii")
    return urlsafe(hashlib.sha512(data).digest()[:32] if alg == "EdDSA" else hashlib.sha256(data).digest()[:16])
