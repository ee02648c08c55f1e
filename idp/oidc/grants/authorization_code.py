"""`grant_type=authorization_code` (RFC 6749 section 4.1.3, OIDC Core section 3.1.3, RFC 7636 section 4.6).

A code is burnt by its first presentation by an authenticated client, right or wrong. A second presentation revokes what
the first one got (section 4.1.2), even if that is still being made: the access token's place is taken before the token
can be.
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
from idp.login.consent import Granted
from idp.oidc.client import Client
from idp.oidc.client_auth import AuthenticatedClient
from idp.oidc.families import Families
from idp.oidc.grant import CodeMarker, CodeRecord, OfflineGrant, access_key, access_key_of, code_key
from idp.oidc.scopes import OFFLINE_ACCESS
from idp.oidc.subjects import Subjects
from idp.oidc.tokens import IdTokenFacts, TokenIssuer
from idp.parameters import Parameters
from idp.secrets import Randomness, equal, mint, shard_of, urlsafe
from idp.sessions import Head, session_key_of
from idp.storage.state import Gone, Replayed, StateStore, Taken

_VERIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}", re.ASCII)


class AuthorizationCodeGrant:
    """A code for an access token, an ID token and, with offline_access, the first refresh token of a family."""

    grant_type: Final = "authorization_code"

    def __init__(
        self,
        state: StateStore,
        citizens: Citizens,
        families: Families,
        issuer: TokenIssuer,
        subjects: Subjects,
        clock: Clock,
        randomness: Randomness,
    ) -> None:
        self._state = state
        self._citizens = citizens
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
        taken = self._take(code, token, family)
        record = decode(taken.value, CodeRecord)
        _bound_to(record, client, parameters)
        _verified(record, parameters.get("code_verifier"))
        head, grant = self._grant(client, record, taken)
        facts = IdTokenFacts(grant, record.request.nonce, self._citizen(head, grant))
        session = session_key_of(shard_of(code), record.session)
        if OFFLINE_ACCESS not in grant.scopes or family is None:
            self._issuer.store_access_token(token, session, client, head.citizen_id, grant, EventType.TOKEN_ISSUED)
            return self._issuer.answer(client, token, facts)
        refresh_token = self._families.begin(family, client, head.citizen_id, grant, token, session)
        return self._issuer.answer(client, token, facts) | {"refresh_token": refresh_token}

    def _take(self, code: str, token: str, family: str | None) -> Taken:
        """Burn the code. Raises `InvalidGrant`, after revoking what an earlier redemption got."""
        attempt = self._randomness.bytes(8).hex()
        marker = encode(CodeMarker(access_key(token).name, family))
        try:
            return self._state.take_once(code_key(code), attempt, marker, self._issuer.access_seconds)
        except Replayed as replay:
            self._revoke(shard_of(code), decode(replay.marker, CodeMarker))
            raise InvalidGrant("code was used before") from None
        except Gone:
            raise InvalidGrant("unknown, expired, or its session has ended") from None

    def _revoke(self, shard: str, marker: CodeMarker) -> None:
        told = event(EventType.CODE_REPLAYED, self._clock.now())
        self._state.bury(access_key_of(shard, marker.access_token), self._issuer.access_seconds, [told])
        if marker.family is not None:
            self._families.revoke(marker.family, shard, "code replayed")

    def _grant(self, client: Client, record: CodeRecord, taken: Taken) -> tuple[Head, OfflineGrant]:
        head = decode(taken.fields["head"], Head)
        granted = decode(taken.fields[record.leg], Granted)
        request = record.request
        return head, OfflineGrant(
            sub=self._subjects.subject(client, head.citizen_id),
            scopes=granted.scopes,
            id_token_claims=tuple(claim for claim in request.id_token_claims if claim in granted.claims),
            userinfo_claims=tuple(claim for claim in request.userinfo_claims if claim in granted.claims),
            auth_time=head.auth_time,
            aal=head.aal,
            amr=head.amr,
            lineage=head.lineage,
        )

    def _citizen(self, head: Head, grant: OfflineGrant) -> Citizen | None:
        return self._citizens.by_id(head.citizen_id) if grant.id_token_claims else None


def _bound_to(record: CodeRecord, client: Client, parameters: Parameters) -> None:
    """RFC 6749 section 4.1.3: the same client, the same redirect address."""
    if not equal(record.request.client_id, client.client_id):
        raise InvalidGrant("issued to another client")
    if not equal(record.request.redirect_uri, parameters.get("redirect_uri") or ""):
        raise InvalidGrant("redirect_uri differs")


def _verified(record: CodeRecord, verifier: str | None) -> None:
    """RFC 7636 section 4.6; a verifier without a challenge is refused too (RFC 9700 section 4.8.2)."""
    challenge = record.request.code_challenge
    if challenge is None and verifier is None:
        return
    if challenge is None or verifier is None or not _VERIFIER.fullmatch(verifier):
        raise InvalidGrant("code_verifier is missing, malformed or uncalled for")
    computed = urlsafe(hashlib.sha256(verifier.encode("ascii")).digest())
    if not equal(computed, challenge):
        raise InvalidGrant("code_verifier is wrong")
