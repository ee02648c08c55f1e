"""`grant_type=authorization_code` (RFC 6749 section 4.1.3, OIDC Core section 3.1.3, RFC 7636 section 4.6).

A code is burnt by its first presentation by an authenticated client, right or wrong. If it is right, the access token
is made in the same move: the store compares what the code is bound to. A second presentation revokes what the first one
got (section 4.1.2), even if that is still being made.
"""

import hashlib
import re
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
from idp.oidc.grant import CodeMarker, CodeRecord, GrantRecord, access_key, access_key_of, code_key, code_proof
from idp.oidc.scopes import OFFLINE_ACCESS
from idp.oidc.subjects import Subjects
from idp.oidc.tokens import IdTokenFacts, TokenIssuer
from idp.parameters import Parameters
from idp.secrets import Randomness, equal, mint, shard_of, urlsafe
from idp.sessions import Head
from idp.storage.state import Gone, Replayed, StateStore, Taken

_VERIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}", re.ASCII)


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
        proof = _proof_of(client, parameters)
        taken = self._take(client, code, token, family, proof)
        record = decode(taken.value, CodeRecord)
        _must_match(record, proof, taken)
        head = decode(taken.fields["head"], Head)
        grant = record.grant(head, taken.fields[record.leg], self._subjects.subject(client, head.citizen_id))
        facts = IdTokenFacts(grant, record.request.nonce, self._citizen(head, grant))
        answer = self._issuer.answer(client, token, facts)
        if family is None or OFFLINE_ACCESS not in grant.scopes:
            return answer
        return answer | {"refresh_token": self._families.begin(family, client, head.citizen_id, grant)}

    def _take(self, client: Client, code: str, token: str, family: str | None, proof: bytes) -> Taken:
        """Burn the code. Raises `InvalidGrant`, after revoking what an earlier redemption got."""
        attempt = self._randomness.bytes(8).hex()
        marker = encode(CodeMarker(client.client_id, access_key(token).name, family))
        made = self._access_tokens.made_of_code(token, proof, family)
        try:
            return self._state.take_once(code_key(code), attempt, marker, self._access_tokens.seconds, made)
        except Replayed as replay:
            self._revoke(client, shard_of(code), decode(replay.marker, CodeMarker))
            raise InvalidGrant("code was used before") from None
        except Gone:
            raise InvalidGrant("unknown, expired, or its session has ended") from None

    def _revoke(self, client: Client, shard: str, marker: CodeMarker) -> None:
        if marker.client_id != client.client_id:  # a stranger with a code from somebody's log ends nothing
            return
        told = event(EventType.CODE_REPLAYED, self._clock.now())
        self._state.bury(access_key_of(shard, marker.access_token), self._access_tokens.seconds, [told])
        if marker.family is not None:
            self._families.revoke(marker.family, shard, "code replayed")

    def _citizen(self, head: Head, grant: GrantRecord) -> Citizen | None:
        return self._citizens.by_id(head.citizen_id) if grant.id_token_claims else None


def _proof_of(client: Client, parameters: Parameters) -> bytes:
    challenge = _challenge_of(parameters.get("code_verifier"))
    return code_proof(client.client_id, parameters.get("redirect_uri") or "", challenge)


def _challenge_of(verifier: str | None) -> str | None:
    """RFC 7636 section 4.6, method S256. What is no verifier has a challenge that no code was bound to."""
    if verifier is None:
        return None
    if not _VERIFIER.fullmatch(verifier):
        return ""
    return urlsafe(hashlib.sha256(verifier.encode("ascii")).digest())


def _must_match(record: CodeRecord, proof: bytes, taken: Taken) -> None:
    """RFC 6749 section 4.1.3: the same client, the same redirect address; RFC 7636 section 4.6: the verifier, and none
    where there was no challenge (RFC 9700 section 4.8.2)."""
    request = record.request
    expected = code_proof(request.client_id, request.redirect_uri, request.code_challenge)
    if not equal(proof.hex(), expected.hex()) or not taken.became:
        raise InvalidGrant("issued to another client, for another redirect_uri, or with another code_challenge")
