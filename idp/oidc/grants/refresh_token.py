"""`grant_type=refresh_token` (RFC 6749 section 6, OIDC Core section 12)."""

import dataclasses
from typing import Any, Final

from idp.citizens.registry import Citizens
from idp.errors import InvalidGrant
from idp.oidc.client_auth import AuthenticatedClient
from idp.oidc.families import Families
from idp.oidc.tokens import IdTokenFacts, TokenIssuer
from idp.parameters import Parameters
from idp.secrets import Randomness, mint, shard_for


class RefreshTokenGrant:
    grant_type: Final = "refresh_token"

    def __init__(self, citizens: Citizens, families: Families, issuer: TokenIssuer, randomness: Randomness) -> None:
        self._citizens = citizens
        self._families = families
        self._issuer = issuer
        self._randomness = randomness

    def redeem(self, authenticated: AuthenticatedClient, parameters: Parameters) -> dict[str, Any]:
        client = authenticated.client
        scope = _scope(parameters.get("scope"))
        family, grant, successor = self._families.rotate(parameters.require("refresh_token"), client, scope)
        citizen = self._citizens.by_id(family.citizen_id)
        if citizen is None or not citizen.may_sign_in:
            self._families.revoke(family.id, shard_for(family.citizen_id), "account closed")
            raise InvalidGrant("the account may not sign in")
        narrowed = dataclasses.replace(grant, scopes=scope) if scope else grant
        token = mint(self._randomness, shard_for(family.citizen_id))
        self._families.store_access_token(token, family, client, narrowed)
        return self._issuer.answer(client, token, IdTokenFacts(narrowed, None, citizen)) | {"refresh_token": successor}


def _scope(text: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys((text or "").split()))
