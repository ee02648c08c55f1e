"""What the store keeps of a grant: everything the next endpoint needs, so that nothing is looked up backwards."""

from dataclasses import dataclass

from idp.oidc.request import CodeRequest
from idp.secrets import digest, shard_of
from idp.storage.state import Key


@dataclass(frozen=True, slots=True)
class CodeRecord:
    """Kept with a code. Beside it the store keeps two fields of the session: its head, and the leg that is named
    here."""

    request: CodeRequest
    session: str
    """Name of the session's key: what is issued for this code lives and dies with that session."""
    leg: str


@dataclass(frozen=True, slots=True)
class CodeMarker:
    """What the first redemption leaves in the code's place, for a replay to revoke."""

    access_token: str
    family: str | None


@dataclass(frozen=True, slots=True)
class AccessRecord:
    """Kept with an access token. `claims` are the names to release at /userinfo."""

    client_id: str
    citizen_id: str
    sub: str
    scopes: tuple[str, ...]
    claims: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OfflineGrant:
    """Kept with a family of refresh tokens: what it may give. Times are seconds since the epoch."""

    sub: str
    scopes: tuple[str, ...]
    id_token_claims: tuple[str, ...]
    userinfo_claims: tuple[str, ...]
    auth_time: int
    aal: int
    amr: tuple[str, ...]
    lineage: str


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
