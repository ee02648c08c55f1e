"""What is kept with an access token for a resource server, and what is told of it."""

from dataclasses import dataclass
from typing import Any

from idp.login.assurance import acr
from idp.oidc.clients.client import Client
from idp.oidc.clients.confirmation import Confirmation
from idp.oidc.resources.authorization_details import Records
from idp.oidc.resources.resources import Resource
from idp.storage.state import Key


@dataclass(frozen=True, slots=True)
class SignIn:
    """The citizen's, on which a token rests."""

    citizen_id: str
    auth_time: int
    aal: int
    amr: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ResourceRecord:
    """What is kept with a token. `sub` is the name that the resource server knows the citizen by; without `sign_in` the
    client acts for itself, and is the subject. Times are seconds since the epoch."""

    client_id: str
    resource: str
    sub: str
    scopes: tuple[str, ...]
    iat: int
    exp: int
    confirmation: Confirmation
    sign_in: SignIn | None = None
    records: tuple[Records, ...] = ()
    actors: tuple[str, ...] = ()
    """The clients that exchanged it, the last one first (RFC 8693 section 4.1)."""
    through: tuple[str, ...] = ()
    """The clients of the tokens that it was exchanged for, the last one first: it is good while they are."""

    def claims(self, issuer: str) -> dict[str, Any]:
        """What a token and an introspection say alike (RFC 9068 section 2.2, RFC 7662 section 2.2)."""
        claims: dict[str, Any] = {
            "iss": issuer,
            "sub": self.sub,
            "aud": self.resource,
            "client_id": self.client_id,
            "iat": self.iat,
            "exp": self.exp,
        }
        if self.scopes:
            claims["scope"] = " ".join(self.scopes)
        if self.confirmation.members:
            claims["cnf"] = self.confirmation.members
        if self.actors:
            claims["act"] = _chain(self.actors)
        if self.records:
            claims["authorization_details"] = [each.document for each in self.records]
        if self.sign_in is not None:
            claims |= {"auth_time": self.sign_in.auth_time, "acr": acr(self.sign_in.aal), "amr": self.sign_in.amr}
        return claims


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A token, to be given to its client; it lives `seconds`."""

    token: str
    token_type: str
    seconds: int
    scopes: tuple[str, ...]
    records: tuple[Records, ...]

    @property
    def members(self) -> dict[str, Any]:
        """Of the answer of the token endpoint those that are another resource's than /userinfo's."""
        members: dict[str, Any] = {"token_type": self.token_type, "expires_in": self.seconds}
        if self.records:  # RFC 9396 section 7
            members["authorization_details"] = [each.document for each in self.records]
        return members


@dataclass(frozen=True, slots=True)
class ResourceAccess:
    """What a token opens now: `record` has of what it was issued for what its client may still have."""

    client: Client
    resource: Resource
    record: ResourceRecord
    key: Key


def _chain(actors: tuple[str, ...]) -> dict[str, Any]:
    """RFC 8693 section 4.1: the current actor outside, those before it within."""
    chain: dict[str, Any] = {}
    for actor in reversed(actors):
        chain = {"sub": actor} | ({"act": chain} if chain else {})
    return chain
