"""Resource servers (RFC 6749 section 1.1): what tokens for others than /userinfo are good at, and who runs them.

An operator registers them; they are few, so that a worker keeps them all while their version stands. A scope belongs to
one of them, so that a citizen who agrees to it knows where it reaches.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from idp.clock import Clock
from idp.codec import decode, encode
from idp.errors import InvalidTarget
from idp.storage.records.resources import ResourceRecords
from idp.versions import Shelf, Versions

OPAQUE, JWT = TOKEN_FORMATS = ("opaque", "jwt")

Texts = Mapping[str, str]
"""Words by language tag, "" for those without one (RFC 7591 section 2.2)."""


@dataclass(frozen=True, slots=True)
class ExchangeRule:
    """For which of a resource's scopes a client may exchange a token (RFC 8693): for each, the scope that the token
    must have."""

    client_id: str
    scopes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource server. `resource` and `resource_name` are as in RFC 9728 section 2; `scopes` are its own, each with
    what it means to a citizen; `token_seconds` is how long a token for it lives at most."""

    resource: str
    resource_name: Texts
    scopes: Mapping[str, Texts]
    token_format: str = OPAQUE
    token_signing_alg: str = "RS256"
    token_seconds: int = 300
    introspection_client: str | None = None
    """The client as which it authenticates at /introspect."""
    certificate_types: Mapping[str, Texts] = field(default_factory=dict)
    """By code, the types of certificates of which it has records, each with what it is called."""
    exchange: tuple[ExchangeRule, ...] = ()

    @property
    def sector(self) -> str:
        """Whose pseudonyms it knows citizens by: those of its host, or its own if it has none."""
        return urlsplit(self.resource).hostname or self.resource

    def own(self, scopes: Sequence[str]) -> tuple[str, ...]:
        """Of these scopes those that are this server's."""
        return tuple(scope for scope in scopes if scope in self.scopes)


@dataclass(frozen=True, slots=True)
class _Registry:
    by_uri: Mapping[str, Resource]
    by_scope: Mapping[str, Resource]


class ResourceDirectory:
    """Looks resource servers up; what the endpoints need of them."""

    def __init__(self, records: ResourceRecords, versions: Versions) -> None:
        self._records = records
        self._shelf: Shelf[_Registry] = Shelf(versions, capacity=1)

    def get(self, uri: str) -> Resource | None:
        """The resource server of that URI, compared to the letter."""
        return self._registry().by_uri.get(uri)

    def known(self, uri: str) -> Resource:
        """Raises `InvalidTarget`."""
        found = self.get(uri)
        if found is None:
            raise InvalidTarget("no such resource")
        return found

    def all(self) -> Collection[Resource]:
        """Every one."""
        return self._registry().by_uri.values()

    def of_scope(self, scope: str) -> Resource | None:
        """The resource server whose scope this is."""
        return self._registry().by_scope.get(scope)

    def _registry(self) -> _Registry:
        return self._shelf.get("all", self._load) or _Registry({}, {})

    def _load(self, _name: str) -> _Registry:
        found = _decoded(self._records)
        return _Registry(
            {each.resource: each for each in found}, {scope: each for each in found for scope in each.scopes}
        )


class Resources:
    """Keeps resource servers; what an operator needs of them."""

    def __init__(self, records: ResourceRecords, clock: Clock, versions: Versions) -> None:
        self._records = records
        self._clock = clock
        self._versions = versions

    def all(self) -> Sequence[Resource]:
        """In the order of their URIs."""
        return _decoded(self._records)

    def save(self, resource: Resource) -> None:
        """Add a resource server, or take another description of it. Raises `ScopeTaken`."""
        others = [each for each in self.all() if each.resource != resource.resource]
        taken = sorted({scope for each in others for scope in each.scopes} & resource.scopes.keys())
        if taken:
            raise ScopeTaken(taken[0])
        self._records.save(resource.resource, encode(resource), int(self._clock.now()))
        self._versions.bump()

    def remove(self, uri: str) -> None:
        """Its tokens are refused within a second. Raises `NotFound`."""
        self._records.remove(uri)
        self._versions.bump()


class ScopeTaken(ValueError):
    """Another resource server has this scope."""


def _decoded(records: ResourceRecords) -> Sequence[Resource]:
    return [decode(document, Resource) for document in records.all()]
