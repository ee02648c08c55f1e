"""`grant_type=refresh_token` (RFC 6749 section 6, OIDC Core section 12)."""

from dataclasses import replace
from functools import partial
from typing import Any, Final, Protocol

from idp.citizens.citizen import Citizen
from idp.citizens.registry import Citizens
from idp.codec import decode
from idp.errors import InvalidGrant, InvalidScope
from idp.login.consent import Decision
from idp.oidc.clients.client import REFRESH_TOKEN, Client
from idp.oidc.clients.client_auth import AuthenticatedClient
from idp.oidc.resources.reach import Reaching
from idp.oidc.scopes import OFFLINE_ACCESS, OPENID, SCOPE_OF_CLAIM
from idp.oidc.tokens.access import AccessTokens
from idp.oidc.tokens.families import Families
from idp.oidc.tokens.grant import GrantRecord, of_userinfo
from idp.oidc.tokens.resource_tokens import ResourceTokens
from idp.oidc.tokens.tokens import IdTokenFacts, TokenIssuer
from idp.parameters import Parameters
from idp.secrets import Randomness, shard_for
from idp.storage.records.consents import StoredConsent
from idp.storage.records.families import Family


class ConsentRecords(Protocol):
    def find(self, citizen_id: str, client_id: str) -> StoredConsent | None: ...


class RefreshTokenGrant:
    """A refresh token for an access token, an ID token and the next refresh token."""

    grant_type: Final = REFRESH_TOKEN

    def __init__(
        self,
        citizens: Citizens,
        consents: ConsentRecords,
        access_tokens: AccessTokens,
        families: Families,
        issuer: TokenIssuer,
        reaching: Reaching,
        resource_tokens: ResourceTokens,
        randomness: Randomness,
    ) -> None:
        self._citizens = citizens
        self._consents = consents
        self._access_tokens = access_tokens
        self._families = families
        self._issuer = issuer
        self._reaching = reaching
        self._resource_tokens = resource_tokens
        self._randomness = randomness

    def redeem(self, authenticated: AuthenticatedClient, parameters: Parameters) -> dict[str, Any]:
        """The token response. Raises `InvalidGrant`, `InvalidScope`, `InvalidTarget`, `InvalidAuthorizationDetails` or
        `InvalidRequest`."""
        client = authenticated.client
        scope = _scope(parameters.get("scope"))
        family, grant, successor = self._families.rotate(
            parameters.require("refresh_token"), authenticated, partial(self._prove, client, scope, parameters)
        )
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
        answer = self._answer(authenticated, family, narrowed, parameters, citizen)
        return answer | {"refresh_token": successor}

    def _prove(self, client: Client, scope: tuple[str, ...], parameters: Parameters, grant: GrantRecord) -> None:
        """RFC 6749 section 6, RFC 8707 section 2.2, RFC 9396 section 6: no more than was granted."""
        if not set(scope) <= set(grant.scopes):
            raise InvalidScope("more than was granted")
        chosen = self._reaching.chosen(parameters, grant.reach, client)
        if chosen is not None:
            self._resource_tokens.prove(chosen, scope or grant.scopes)

    def _answer(
        self,
        authenticated: AuthenticatedClient,
        family: Family,
        grant: GrantRecord,
        parameters: Parameters,
        citizen: Citizen,
    ) -> dict[str, Any]:
        client = authenticated.client
        chosen = self._reaching.chosen(parameters, grant.reach, client)
        if chosen is not None:
            make = partial(self._resource_tokens.issue, authenticated, chosen, family.citizen_id, grant)
            issued = self._families.give(family, make)
            facts = IdTokenFacts(replace(grant, scopes=issued.scopes), None, citizen)
            return self._issuer.answer(client, issued.token, facts) | issued.members
        given = of_userinfo(grant)
        token = authenticated.token(self._randomness, shard_for(family.citizen_id))
        self._families.give(family, partial(self._access_tokens.store, token, client, family.citizen_id, given))
        return self._issuer.answer(client, token, IdTokenFacts(given, None, citizen))


def _still_agreed(grant: GrantRecord, consent: StoredConsent) -> GrantRecord:
    """Of what this family was granted once, what the citizen agrees to now (PIPL article 15)."""
    granted = decode(consent.document, Decision).granted
    return replace(
        grant,
        scopes=_both(grant.scopes, (OPENID, *granted.scopes)),
        id_token_claims=_both(grant.id_token_claims, granted.claims),
        userinfo_claims=_both(grant.userinfo_claims, granted.claims),
        reach=grant.reach and grant.reach.within(granted.claims),
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
