"""Where the tokens of a grant may be used, beside /userinfo (RFC 8707).

A request may name several resources; a token is for one of them. /userinfo has a name, too, for a client that wants
tokens for it and for others of one grant. Where nothing is named, everything is for /userinfo, and costs nothing here.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Final

from idp.errors import InvalidAuthorizationDetails, InvalidTarget
from idp.login.party import Deed, RelyingParty
from idp.oidc.clients.client import Client
from idp.oidc.resources import authorization_details
from idp.oidc.resources.authorization_details import Records
from idp.oidc.resources.resources import Resource, ResourceDirectory
from idp.oidc.scopes import CLAIMS_OF_SCOPE
from idp.parameters import Parameters

MAX_RESOURCES: Final = 8


@dataclass(frozen=True, slots=True)
class Reach:
    """What a request named, by URI, and the certificate records it wants there (RFC 9396)."""

    resources: tuple[str, ...]
    records: tuple[Records, ...] = ()

    def within(self, names: Collection[str]) -> "Reach":
        """Of the records those that consent names."""
        return replace(self, records=authorization_details.within(self.records, names)) if self.records else self

    @property
    def names(self) -> tuple[str, ...]:
        """What consent knows the records by."""
        return authorization_details.names(self.records)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The one resource that a token is for, and the certificate records that it opens there."""

    resource: Resource
    records: tuple[Records, ...]


class Reaching:
    """Proves what a request names against what is registered."""

    def __init__(self, issuer: str, resources: ResourceDirectory) -> None:
        self._userinfo = f"{issuer}/userinfo"
        self._resources = resources

    def asked(self, parameters: Parameters, client: Client) -> Reach | None:
        """What an authorization request names (section 2.1); None for /userinfo alone. Raises
        `InvalidAuthorizationDetails`, or `InvalidTarget`, also for a resource of which it asks nothing that is the
        client's to ask: nobody gets a name for the citizen by that."""
        text, details = parameters.get("resource"), parameters.get("authorization_details")
        if text is None and details is None:
            return None
        records = authorization_details.parse(details, client, self._resources)
        located = [each.location for each in records]
        uris = tuple(dict.fromkeys((text.split(" ") if text else []) + located))
        if len(uris) > MAX_RESOURCES:
            raise InvalidTarget("too many resources")
        scopes = set((parameters.get("scope") or "").split(" ")) & set(client.scope)
        for uri in uris:
            if uri not in (self._userinfo, *located) and not self._resources.known(uri).scopes.keys() & scopes:
                raise InvalidTarget("nothing is asked of a resource")
        return None if uris == (self._userinfo,) else Reach(uris, records)

    def scopes(self, reach: Reach | None) -> Collection[str]:
        """The scopes of all it names."""
        if reach is None:
            return ()
        found = (self._resources.get(uri) for uri in reach.resources)
        return [scope for resource in found if resource for scope in resource.scopes]

    def chosen(self, parameters: Parameters, reach: Reach | None, client: Client) -> Chosen | None:
        """What a token request asks of a grant (section 2.2, RFC 9396 section 6); None for /userinfo. Where it names no
        resource, that is the only one of the grant. Raises `InvalidTarget` or `InvalidAuthorizationDetails`."""
        named, details = parameters.get("resource"), parameters.get("authorization_details")
        if reach is None and named is None and details is None:
            return None
        granted, records = (reach.resources, reach.records) if reach else ((self._userinfo,), ())
        uri = named if named is not None else granted[0]
        if uri not in granted or (named is None and len(granted) > 1):
            raise InvalidTarget("not granted, or one of several, which has to be named")
        records = tuple(each for each in records if each.location == uri)
        if details is not None:
            asked = authorization_details.names(authorization_details.parse(details, client, self._resources))
            if not set(asked) <= set(authorization_details.names(records)):
                raise InvalidAuthorizationDetails("more than was granted")
            records = authorization_details.within(records, asked)
        return None if uri == self._userinfo else Chosen(self._resources.known(uri), records)

    def party(self, client: Client, met: RelyingParty) -> RelyingParty:
        """The client as the citizen has `met` it, with words for what it may do elsewhere."""
        elsewhere = [scope for scope in client.scope if scope not in CLAIMS_OF_SCOPE]
        if not elsewhere and not client.authorization_details_types:
            return met
        deeds = dict(self._deeds(elsewhere))
        return replace(met, deeds=deeds | (self._records() if client.authorization_details_types else {}))

    def _deeds(self, scopes: Iterable[str]) -> Iterable[tuple[str, Deed]]:
        for scope in scopes:
            resource = self._resources.of_scope(scope)
            if resource is not None:
                yield scope, Deed(resource.scopes[scope], resource.resource_name)

    def _records(self) -> dict[str, Deed]:
        return {
            authorization_details.name_of(each.resource, code): Deed(texts, each.resource_name, record=True)
            for each in self._resources.all()
            for code, texts in each.certificate_types.items()
        }
