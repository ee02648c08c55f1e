"""What a citizen granted under a session, for tokens: the end of every grant that comes of a page.

The access token is made in the same move that takes the entry, so that one caller gets it and the session's end ends
it.
"""

from dataclasses import dataclass, replace
from typing import Any

from idp.citizens.citizen import Citizen
from idp.citizens.registry import Citizens
from idp.codec import decode, encode
from idp.oidc.clients.client import Client
from idp.oidc.clients.client_auth import AuthenticatedClient
from idp.oidc.resources.reach import Reach, Reaching
from idp.oidc.scopes import OFFLINE_ACCESS
from idp.oidc.subjects import Subjects
from idp.oidc.tokens.access import AccessTokens
from idp.oidc.tokens.families import Families
from idp.oidc.tokens.grant import CodeMarker, CodeRecord, GrantRecord, access_key, of_userinfo
from idp.oidc.tokens.resource_tokens import ResourceTokens
from idp.oidc.tokens.tokens import IdTokenFacts, TokenIssuer
from idp.parameters import Parameters
from idp.secrets import Randomness
from idp.sessions import Head
from idp.storage.state import Key, StateStore, Taken


@dataclass(frozen=True, slots=True)
class Redeemed:
    """An entry that this caller took, and the access token that it became, if the proof was right. `family` is the id
    of the family of refresh tokens that may be begun with it."""

    record: CodeRecord
    taken: Taken
    token: str
    family: str | None


class Redemption:
    def __init__(
        self,
        state: StateStore,
        citizens: Citizens,
        access_tokens: AccessTokens,
        families: Families,
        issuer: TokenIssuer,
        subjects: Subjects,
        reaching: Reaching,
        resource_tokens: ResourceTokens,
        randomness: Randomness,
    ) -> None:
        self._state = state
        self._citizens = citizens
        self._access_tokens = access_tokens
        self._families = families
        self._issuer = issuer
        self._subjects = subjects
        self._reaching = reaching
        self._resource_tokens = resource_tokens
        self._randomness = randomness

    def prove(self, client: Client, reach: Reach | None, parameters: Parameters) -> None:
        """That nothing is named which was not asked for, before anything is taken. Raises `InvalidTarget` or
        `InvalidAuthorizationDetails`."""
        self._reaching.chosen(parameters, reach, client)

    def take(self, authenticated: AuthenticatedClient, entry: Key, proof: bytes) -> Redeemed:
        """Take what was issued under `entry`; a `CodeMarker` stays in its place. Raises `Replayed` or `Gone`."""
        client = authenticated.client
        token = authenticated.token(self._randomness, entry.shard)
        family = self._families.new_id() if OFFLINE_ACCESS in client.scope else None
        attempt = self._randomness.bytes(8).hex()
        marker = encode(CodeMarker(client.client_id, access_key(token).name, family))
        made = self._access_tokens.made_of_code(token, proof, family)
        taken = self._state.take_once(entry, attempt, marker, self._access_tokens.seconds, made)
        return Redeemed(decode(taken.value, CodeRecord), taken, token, family)

    def answer(self, authenticated: AuthenticatedClient, redeemed: Redeemed, parameters: Parameters) -> dict[str, Any]:
        """The token response: an access token, an ID token and, with offline_access, the first refresh token of a
        family; `parameters` may say for which resource. Raises `InvalidGrant` if the session has ended by now,
        `InvalidTarget` or `InvalidAuthorizationDetails`."""
        record, fields, family = redeemed.record, redeemed.taken.fields, redeemed.family
        client, head = authenticated.client, decode(fields["head"], Head)
        grant = record.grant(head, fields[record.leg], self._subjects.subject(client, head.citizen_id))
        token, given, members = self._given(authenticated, redeemed, head, grant, parameters)
        facts = IdTokenFacts(given, record.request.nonce, self._citizen(head, grant))
        answer = self._issuer.answer(client, token, facts) | members
        if family is None or OFFLINE_ACCESS not in grant.scopes:
            return answer
        return answer | {"refresh_token": self._families.begin(family, authenticated, head.citizen_id, grant)}

    def _given(
        self,
        authenticated: AuthenticatedClient,
        redeemed: Redeemed,
        head: Head,
        grant: GrantRecord,
        parameters: Parameters,
    ) -> tuple[str, GrantRecord, dict[str, Any]]:
        """The token to give, what it is good for, and what else is told of it. One for a resource server stands under
        that which the entry became, which then is given to nobody."""
        chosen = self._reaching.chosen(parameters, grant.reach, authenticated.client)
        if chosen is None:
            return redeemed.token, of_userinfo(grant), {}
        liveness = access_key(redeemed.token)
        issued = self._resource_tokens.issue(authenticated, chosen, head.citizen_id, grant, liveness)
        return issued.token, replace(grant, scopes=issued.scopes), issued.members

    def _citizen(self, head: Head, grant: GrantRecord) -> Citizen | None:
        return self._citizens.by_id(head.citizen_id) if grant.id_token_claims else None
