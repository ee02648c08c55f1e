"""Answers that are JWTs, each signed and encrypted as its client registered: signed first, so that the signature is of
what was said and not of what carried it (RFC 7519 section 11.2).

No kind passes for another (RFC 8725 section 3.11): only an ID token says `typ: JWT`, logout tokens and introspections
have a `typ` of their own, and the others have none; of these an authorization response has no `sub`, and claims of
/userinfo have no `exp`.
"""

from collections.abc import Mapping
from typing import Any, Final

from idp.codec import encode
from idp.errors import TemporarilyUnavailable
from idp.oidc.clients.client import FAPI2, Client
from idp.oidc.clients.client_keys import ClientKeys
from idp.oidc.jose import jwe
from idp.oidc.jose.jws import PublicJwk
from idp.oidc.jose.keys import KeyRing

_DEFAULT: Final = "RS256"
"""For what is always signed (JARM 1.0 section 3, RFC 9701 section 6)."""


class Envelopes:
    """Whatever has to be encrypted raises `TemporarilyUnavailable` where the client has no key for it now: it is not
    told without."""

    def __init__(self, issuer: str, keys: KeyRing, client_keys: ClientKeys) -> None:
        self._issuer = issuer
        self._keys = keys
        self._client_keys = client_keys

    def id_token(self, client: Client, claims: Mapping[str, object]) -> str:
        """OIDC Core section 2."""
        signed = self._signed(client, claims, client.id_token_signed_response_alg, "JWT")
        alg, enc = client.id_token_encrypted_response_alg, client.id_token_encrypted_response_enc
        return self._encrypted(client, signed, alg, enc)

    def prove_id_token(self, client: Client) -> None:
        """Whether its ID tokens could be made now: asked before anything is taken for them that is good once."""
        if client.id_token_encrypted_response_alg is not None:
            self._recipient(client, client.id_token_encrypted_response_alg)

    def logout_token(self, client: Client, claims: Mapping[str, object]) -> str:
        """Back-Channel Logout sections 2.4 and 2.6: with the algorithms and keys of its ID tokens."""
        signed = self._signed(client, claims, client.id_token_signed_response_alg, "logout+jwt")
        alg, enc = client.id_token_encrypted_response_alg, client.id_token_encrypted_response_enc
        return self._encrypted(client, signed, alg, enc)

    def userinfo(self, client: Client, claims: dict[str, Any]) -> dict[str, Any] | str:
        """OIDC Core section 5.3.2: the claims as they are, where the client registered nothing; encrypted without a
        signature, where it registered that alone."""
        signs = client.userinfo_signed_response_alg
        alg, enc = client.userinfo_encrypted_response_alg, client.userinfo_encrypted_response_enc
        if signs is not None:
            return self._encrypted(client, self._signed(client, claims, signs), alg, enc)
        return self._encrypted(client, encode(claims).decode(), alg, enc, cty=None) if alg else claims

    def authorization(self, client: Client, claims: Mapping[str, object]) -> str:
        """JARM 1.0 section 2.1."""
        signed = self._signed(client, claims, client.authorization_signed_response_alg or _default(client))
        alg, enc = client.authorization_encrypted_response_alg, client.authorization_encrypted_response_enc
        return self._encrypted(client, signed, alg, enc)

    def introspection(self, client: Client, claims: Mapping[str, object]) -> str:
        """RFC 9701 section 5."""
        signs = client.introspection_signed_response_alg or _default(client)
        signed = self._signed(client, claims, signs, "token-introspection+jwt")
        alg, enc = client.introspection_encrypted_response_alg, client.introspection_encrypted_response_enc
        return self._encrypted(client, signed, alg, enc)

    def _signed(self, client: Client, claims: Mapping[str, object], alg: str, typ: str | None = None) -> str:
        told = {**claims, "iss": self._issuer, "aud": client.client_id}
        return self._keys.signer(alg).sign(told, typ)

    def _encrypted(
        self, client: Client, content: str, alg: str | None, enc: str | None, cty: str | None = "JWT"
    ) -> str:
        """`content` to this client alone, where it registered how; else as it is."""
        if alg is None or enc is None:
            return content
        return jwe.encrypt(content.encode(), self._recipient(client, alg), alg, enc, cty)

    def _recipient(self, client: Client, alg: str) -> PublicJwk:
        try:
            return jwe.recipient(self._client_keys.encryption(client), alg)
        except jwe.NoRecipient:
            raise TemporarilyUnavailable("the client publishes no key to encrypt to") from None


def _default(client: Client) -> str:
    """Where a client registered nothing; FAPI 2.0 does not have RS256 (section 5.4.1)."""
    return client.id_token_signed_response_alg if client.profile == FAPI2 else _DEFAULT
