"""`grant_type=refresh_token` (RFC 6749 section 6, OIDC Core section 12)."""

from dataclasses import replace
from typing import Any, Final, Protocol

from idp.citizens.registry import Citizens
from idp.codec import decode
from idp.errors import InvalidGrant
from idp.login.consent import Decision
from idp.oidc.client import Client
from idp.oidc.client_auth import AuthenticatedClient
from idp.oidc.families import Families
from idp.oidc.grant import GrantRecord
from idp.oidc.scopes import OFFLINE_ACCESS, OPENID, SCOPE_OF_CLAIM
from idp.oidc.tokens import IdTokenFacts, TokenIssuer
from idp.parameters import Parameters
from idp.secrets import Randomness, shard_for
from idp.storage.records.consents import StoredConsent


class ConsentRecords(Protocol):
    def find(self, citizen_id: str, client_id: str) -> StoredConsent | None: ...


class RefreshTokenGrant:
    """A refresh token for an access token, an ID token and the next refresh token."""

    grant_type: Final = "refresh_token"

    def __init__(
        self,
        citizens: Citizens,
        consents: ConsentRecords,
        families: Families,
        issuer: TokenIssuer,
        randomness: Randomness,
    ) -> None:
        self._citizens = citizens
        self._consents = consents
        self._families = families
        self._issuer = issuer
        self._randomness = randomness

    def redeem(self, authenticated: AuthenticatedClient, parameters: Parameters) -> dict[str, Any]:
        """The token response. Raises `InvalidGrant`, `InvalidScope` or `InvalidRequest`."""
        client = authenticated.client
        scope = _scope(parameters.get("scope"))
        family, grant, successor = self._families.rotate(parameters.require("refresh_token"), authenticated, scope)
        citizen = self._citizens.by_id(family.citizen_id)
        if citizen is None or not citizen.may_sign_in:
            self._families.revoke(family.id, shard_for(family.citizen_id), "account closed")
            raise InvalidGrant("the account may not sign in")
        consent = self._consents.find(citizen.id, client.client_id)
        agreed = _still_agreed(grant, consent) if consent else None
        if agreed is None or OFFLINE_ACCESS not in _both(agreed.scopes, client.scope):
            # withdrawn, or narrowed, while this family was being made; or taken from the client
            self._families.revoke(family.id, shard_for(family.citizen_id), "consent_withdrawn")
            raise InvalidGrant("the consent was withdrawn")
        narrowed = _of_client(replace(agreed, scopes=_both(scope, agreed.scopes)) if scope else agreed, client)
        token = authenticated.token(self._randomness, shard_for(family.citizen_id))
        self._families.store_access_token(token, family, client, narrowed)
        return self._issuer.answer(client, token, IdTokenFacts(narrowed, None, citizen)) | {"refresh_token": successor}


def _still_agreed(grant: GrantRecord, consent: StoredConsent) -> GrantRecord:
    """Of what this family was granted once, what the citizen agrees to now (PIPL article 15)."""
    granted = decode(consent.document, Decision).granted
    return replace(
        grant,
        scopes=_both(grant.scopes, (OPENID, *granted.scopes)),
        id_token_claims=_both(grant.id_token_claims, granted.claims),
        userinfo_claims=_both(grant.userinfo_claims, granted.claims),
    )


def _of_client(grant: GrantRecord, client: Client) -> GrantRecord:
    """Less what was taken from the client since."""
    return replace(
        grant,
        scopes=_both(grant.scopes, client.scope),
        id_token_claims=tuple(claim for claim in grant.id_token_claims if SCOPE_OF_CLAIM[claim] in client.scope),
    )


def _both(names: tuple[str, ...], allowed: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in names if name in allowed)


def _scope(text: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys((text or "").split()))
