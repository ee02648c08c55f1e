"""`grant_type=authorization_code` (RFC 6749 section 4.1.3, OIDC Core section 3.1.3, RFC 7636 section 4.6).

A code is burnt by its first presentation by an authenticated client, right or wrong. If it is right, the access token
is made in the same move: the store compares what the code is bound to. A second presentation revokes what the first one
got (section 4.1.2), even if that is still being made.
"""

import hashlib
import re
from dataclasses import dataclass
from typing import Any, Final

from idp.audit.events import EventType
from idp.audit.recorder import event
from idp.citizens.citizen import Citizen
from idp.citizens.registry import Citizens
from idp.clock import Clock
from idp.codec import decode, encode
from idp.errors import InvalidGrant
from idp.oidc.access import AccessTokens
from idp.oidc.client import Client
from idp.oidc.client_auth import AuthenticatedClient
from idp.oidc.families import Families
from idp.oidc.grant import CodeMarker, CodeRecord, OfflineGrant, access_key, access_key_of, code_key, code_proof
from idp.oidc.request import CodeRequest
from idp.oidc.scopes import OFFLINE_ACCESS
from idp.oidc.subjects import Subjects
from idp.oidc.tokens import IdTokenFacts, TokenIssuer
from idp.parameters import Parameters
from idp.secrets import Randomness, equal, mint, shard_of, urlsafe
from idp.sessions import Head, session_key_of
from idp.storage.state import Gone, Replayed, StateStore, Taken

_VERIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Presented:
    """What is presented with a code, and must be what the code is bound to."""

    client_id: str
    redirect_uri: str
    code_challenge: str | None
    """That of the verifier."""


class AuthorizationCodeGrant:
    """A code for an access token, an ID token and, with offline_access, the first refresh token of a family."""

    grant_type: Final = "authorization_code"

    def __init__(
        self,
        state: StateStore,
        citizens: Citizens,
        access_tokens: AccessTokens,
        families: Families,
        issuer: TokenIssuer,
        subjects: Subjects,
        clock: Clock,
        randomness: Randomness,
    ) -> None:
        self._state = state
        self._citizens = citizens
        self._access_tokens = access_tokens
        self._families = families
        self._issuer = issuer
        self._subjects = subjects
        self._clock = clock
        self._randomness = randomness

    def redeem(self, authenticated: AuthenticatedClient, parameters: Parameters) -> dict[str, Any]:
        """The token response. Raises `InvalidGrant`, and then the code is burnt, or `InvalidRequest`."""
        client = authenticated.client
        code = parameters.require("code")
        token = mint(self._randomness, shard_of(code))
        family = self._families.new_id() if OFFLINE_ACCESS in client.scope else None
        presented = _presented(client, parameters)
        taken = self._take(code, token, family, presented)
        record = decode(taken.value, CodeRecord)
        _must_match(record.request, presented)
        head = decode(taken.fields["head"], Head)
        grant = record.grant(head, taken.fields[record.leg], self._subjects.subject(client, head.citizen_id))
        facts = IdTokenFacts(grant, record.request.nonce, self._citizen(head, grant))
        if taken.became:
            return self._issuer.answer(client, token, facts)
        session = session_key_of(shard_of(code), record.session)
        if OFFLINE_ACCESS not in grant.scopes or family is None:
            self._access_tokens.store(token, session, client, head.citizen_id, grant, EventType.TOKEN_ISSUED)
            return self._issuer.answer(client, token, facts)
        refresh_token = self._families.begin(family, client, head.citizen_id, grant, token, session)
        return self._issuer.answer(client, token, facts) | {"refresh_token": refresh_token}

    def _take(self, code: str, token: str, family: str | None, presented: Presented) -> Taken:
        """Burn the code. Raises `InvalidGrant`, after revoking what an earlier redemption got."""
        attempt = self._randomness.bytes(8).hex()
        marker = encode(CodeMarker(access_key(token).name, family))
        proof = code_proof(presented.client_id, presented.redirect_uri, presented.code_challenge)
        made = self._access_tokens.made_of_code(token, proof)
        try:
            return self._state.take_once(code_key(code), attempt, marker, self._access_tokens.seconds, made)
        except Replayed as replay:
            self._revoke(shard_of(code), decode(replay.marker, CodeMarker))
            raise InvalidGrant("code was used before") from None
        except Gone:
            raise InvalidGrant("unknown, expired, or its session has ended") from None

    def _revoke(self, shard: str, marker: CodeMarker) -> None:
        told = event(EventType.CODE_REPLAYED, self._clock.now())
        self._state.bury(access_key_of(shard, marker.access_token), self._access_tokens.seconds, [told])
        if marker.family is not None:
            self._families.revoke(marker.family, shard, "code replayed")

    def _citizen(self, head: Head, grant: OfflineGrant) -> Citizen | None:
        return self._citizens.by_id(head.citizen_id) if grant.id_token_claims else None


def _presented(client: Client, parameters: Parameters) -> Presented:
    return Presented(
        client.client_id,
        parameters.get("redirect_uri") or "",
        _challenge_of(parameters.get("code_verifier")),
    )


def _challenge_of(verifier: str | None) -> str | None:
    """RFC 7636 section 4.6, method S256. What is no verifier has a challenge that no code was bound to."""
    if verifier is None:
        return None
    if not _VERIFIER.fullmatch(verifier):
        return ""
    return urlsafe(hashlib.sha256(verifier.encode("ascii")).digest())


def _must_match(request: CodeRequest, presented: Presented) -> None:
    """RFC 6749 section 4.1.3: the same client, the same redirect address; RFC 7636 section 4.6: the verifier, and none
    where there was no challenge (RFC 9700 section 4.8.2)."""
    if not equal(request.client_id, presented.client_id):
        raise InvalidGrant("issued to another client")
    if not equal(request.redirect_uri, presented.redirect_uri):
        raise InvalidGrant("redirect_uri differs")
    if request.code_challenge != presented.code_challenge:
        raise InvalidGrant("code_verifier is missing, malformed, wrong or uncalled for")
