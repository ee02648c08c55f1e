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
from idp.clock import Clock
from idp.codec import decode
from idp.errors import InvalidGrant
from idp.oidc.clients.client import AUTHORIZATION_CODE, Client
from idp.oidc.clients.client_auth import AuthenticatedClient
from idp.oidc.tokens.families import Families
from idp.oidc.tokens.grant import CodeMarker, access_key_of, code_key, code_proof, is_bound
from idp.oidc.tokens.redemption import Redeemed, Redemption
from idp.parameters import Parameters
from idp.secrets import equal, shard_of, urlsafe
from idp.storage.state import Gone, Replayed, StateStore

_VERIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}", re.ASCII)


class AuthorizationCodeGrant:
    """A code for an access token, an ID token and, with offline_access, the first refresh token of a family."""

    grant_type: Final = AUTHORIZATION_CODE

    def __init__(
        self, state: StateStore, redemption: Redemption, families: Families, clock: Clock, replay_seconds: int
    ) -> None:
        """`replay_seconds` is how long what a code gave may still live."""
        self._state = state
        self._redemption = redemption
        self._families = families
        self._clock = clock
        self._replay_seconds = replay_seconds

    def redeem(self, authenticated: AuthenticatedClient, parameters: Parameters) -> dict[str, Any]:
        """The token response. Raises `InvalidGrant`, `InvalidTarget` or `InvalidAuthorizationDetails`, and then the
        code is burnt, or `InvalidRequest`."""
        code = parameters.require("code")
        proof = _proof_of(authenticated, code, parameters)
        redeemed = self._take(authenticated, code, proof)
        _must_match(redeemed, proof)
        return self._redemption.answer(authenticated, redeemed, parameters)

    def _take(self, authenticated: AuthenticatedClient, code: str, proof: bytes) -> Redeemed:
        """Burn the code. Raises `InvalidGrant`, after revoking what an earlier redemption got."""
        try:
            return self._redemption.take(authenticated, code_key(code), proof)
        except Replayed as replay:
            self._revoke(authenticated.client, shard_of(code), decode(replay.marker, CodeMarker))
            raise InvalidGrant("code was used before") from None
        except Gone:
            raise InvalidGrant("unknown, expired, or its session has ended") from None

    def _revoke(self, client: Client, shard: str, marker: CodeMarker) -> None:
        if marker.client_id != client.client_id:  # a stranger with a code from somebody's log ends nothing
            return
        told = event(EventType.CODE_REPLAYED, self._clock.now())
        self._state.bury(access_key_of(shard, marker.access_token), self._replay_seconds, [told])
        if marker.family is not None:
            self._families.revoke(marker.family, shard, "code replayed")


def _proof_of(authenticated: AuthenticatedClient, code: str, parameters: Parameters) -> bytes:
    challenge = _challenge_of(parameters.get("code_verifier"))
    shown = (authenticated.confirmation.jkt or "") if is_bound(code) else None
    return code_proof(authenticated.client.client_id, parameters.get("redirect_uri") or "", challenge, shown)


def _challenge_of(verifier: str | None) -> str | None:
    """RFC 7636 section 4.6, method S256. What is no verifier has a challenge that no code was bound to."""
    if verifier is None:
        return None
    if not _VERIFIER.fullmatch(verifier):
        return ""
    return urlsafe(hashlib.sha256(verifier.encode("ascii")).digest())


def _must_match(redeemed: Redeemed, proof: bytes) -> None:
    """RFC 6749 section 4.1.3: the same client, the same redirect address; RFC 7636 section 4.6: the verifier, and none
    where there was no challenge (RFC 9700 section 4.8.2); RFC 9449 section 10: the key."""
    request = redeemed.record.request
    expected = code_proof(request.client_id, request.redirect_uri, request.code_challenge, request.dpop_jkt)
    if not equal(proof.hex(), expected.hex()) or not redeemed.taken.became:
        raise InvalidGrant("issued to another client, for another redirect_uri, or with another code_challenge or key")
