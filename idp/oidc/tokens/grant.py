"""What the store keeps of a grant: everything the next endpoint needs, so that nothing is looked up backwards."""

import hashlib
from dataclasses import dataclass, replace
from typing import Final

from idp.codec import encode
from idp.login.consent import granted_by
from idp.oidc.clients.confirmation import UNBOUND, Confirmation
from idp.oidc.resources.reach import Reach
from idp.oidc.scopes import CLAIMS_OF_SCOPE
from idp.secrets import digest, shard_of
from idp.sessions import Head
from idp.storage.state import Key


@dataclass(frozen=True, slots=True)
class CodeRequest:
    """What a code is bound to. `id_token_claims` and `userinfo_claims` are single claims beyond the scopes."""

    client_id: str
    redirect_uri: str
    state: str | None
    nonce: str | None
    scopes: tuple[str, ...]
    code_challenge: str | None
    id_token_claims: tuple[str, ...] = ()
    userinfo_claims: tuple[str, ...] = ()
    response_mode: str = "query"
    dpop_jkt: str | None = None
    reach: Reach | None = None

    @classmethod
    def answered_elsewhere(cls, client_id: str, scopes: tuple[str, ...], reach: Reach | None) -> "CodeRequest":
        """That of somebody who waits, to whom no browser is sent back."""
        return cls(client_id, redirect_uri="", state=None, nonce=None, scopes=scopes, code_challenge=None, reach=reach)

    @property
    def records(self) -> tuple[str, ...]:
        """What consent knows the certificate records by that are asked for."""
        return self.reach.names if self.reach else ()


@dataclass(frozen=True, slots=True)
class CodeRecord:
    """Kept with a code, and with the access token made of it. Beside it the store keeps two fields of the session: its
    head, and the leg that is named here."""

    request: CodeRequest
    leg: str

    def grant(self, head: Head, leg: bytes, sub: str) -> "GrantRecord":
        """What it may give: of what was asked, what was granted, for this sign-in."""
        granted, request = granted_by(leg), self.request
        return GrantRecord(
            sub=sub,
            scopes=granted.scopes,
            id_token_claims=tuple(claim for claim in request.id_token_claims if claim in granted.claims),
            userinfo_claims=tuple(claim for claim in request.userinfo_claims if claim in granted.claims),
            auth_time=head.auth_time,
            aal=head.aal,
            amr=head.amr,
            lineage=head.lineage,
            reach=request.reach and request.reach.within(granted.claims),
        )


@dataclass(frozen=True, slots=True)
class CodeMarker:
    """What the first redemption leaves in the code's place, for a replay by the same client to revoke."""

    client_id: str
    access_token: str
    family: str | None


@dataclass(frozen=True, slots=True)
class AccessRecord:
    """Kept with an access token that came of a refresh. `claims` are the names to release at /userinfo."""

    client_id: str
    citizen_id: str
    sub: str
    scopes: tuple[str, ...]
    claims: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GrantRecord:
    """What tokens may be issued for, also long after the sign-in: kept with a family of refresh tokens. Times are
    seconds since the epoch. `confirmation` is what the family's refresh tokens are bound to."""

    sub: str
    scopes: tuple[str, ...]
    id_token_claims: tuple[str, ...]
    userinfo_claims: tuple[str, ...]
    auth_time: int
    aal: int
    amr: tuple[str, ...]
    lineage: str
    confirmation: Confirmation = UNBOUND
    reach: Reach | None = None


_BOUND_CODE: Final = "~"


def mark_code(handle: str, dpop_jkt: str | None) -> str:
    """The text of a code, which says whether the code is bound to a DPoP key. Codes are kept by the digest of it, so
    the mark can be neither taken away nor added."""
    return handle if dpop_jkt is None else handle + _BOUND_CODE


def is_bound(code: str) -> bool:
    return code.endswith(_BOUND_CODE)


def of_userinfo(grant: GrantRecord) -> GrantRecord:
    """Less what it gives at resource servers."""
    if grant.reach is None:
        return grant
    return replace(grant, scopes=tuple(scope for scope in grant.scopes if scope in CLAIMS_OF_SCOPE))


def code_proof(client_id: str, redirect_uri: str, code_challenge: str | None, dpop_jkt: str | None) -> bytes:
    """What a code is bound to (RFC 6749 section 4.1.3, RFC 7636 section 4.6, RFC 9449 section 10), as the store
    compares it: the digest of what is presented with the code must be that of what it was issued for. `dpop_jkt` is
    None for a code that is bound to no key, whichever is shown with it."""
    return hashlib.sha256(encode((client_id, redirect_uri, code_challenge, dpop_jkt))).digest()


def code_key(code: str) -> Key:
    """Where the store keeps a code, without the code itself."""
    return Key(shard_of(code), "code", digest(code))


def access_key(token: str) -> Key:
    """Where the store keeps an access token, without the token itself."""
    return access_key_of(shard_of(token), digest(token))


def access_key_of(shard: str, name: str) -> Key:
    """The key of an access token of which only the digest is known, as a `CodeMarker` has it."""
    return Key(shard, "access", name)


def family_key(shard: str, family: str) -> Key:
    """Whatever access token a family gave lives only while this entry lives."""
    return Key(shard, "family", family)
