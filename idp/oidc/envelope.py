"""Answers that are JWTs: signed with what the client registered for that kind of answer.

Each kind is told from the others: only an ID token says `typ: JWT` and has `sub` and `exp` beside `iss`; an
introspection has a `typ` of its own, an authorization response has no `sub`, claims of /userinfo have no `exp`, and
both have no `typ` (RFC 8725 section 3.11).
"""

from collections.abc import Mapping

from idp.oidc.client import Client
from idp.oidc.keys import KeyRing


class Envelopes:
    def __init__(self, issuer: str, keys: KeyRing) -> None:
        self._issuer = issuer
        self._keys = keys

    def seal(self, client: Client, claims: Mapping[str, object], alg: str, typ: str | None = None) -> str:
        """A JWT from us (`iss`) to this client (`aud`)."""
        return self._keys.signer(alg).sign({**claims, "iss": self._issuer, "aud": client.client_id}, typ)
