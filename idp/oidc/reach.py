"""Where the tokens of a grant may be used, beside /userinfo (RFC 8707).

A request may name several resources; a token is for one of them. /userinfo has a name, too, for a client that wants
tokens for it and for others of one grant. Where nothing is named, everything is for /userinfo, and costs nothing here.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Final

from idp.errors import InvalidTarget
from idp.login.party import Deed, RelyingParty
from idp.oidc.client import Client
from idp.oidc.resources import Resource, ResourceDirectory
from idp.oidc.scopes import CLAIMS_OF_SCOPE
from idp.parameters import Parameters

MAX_RESOURCES: Final = 8


@dataclass(frozen=True, slots=True)
class Reach:
    """What a request named, by URI."""

    resources: tuple[str, ...]


class Reaching:
    """Proves what a request names against what is registered."""

    def __init__(self, issuer: str, resources: ResourceDirectory) -> None:
        self._userinfo = f"{issuer}/userinfo"
        self._resources = resources

    def asked(self, parameters: Parameters, client: Client) -> Reach | None:
        """What an authorization request names (section 2.1); None for /userinfo alone. Raises `InvalidTarget`, also for
        a resource of which it asks nothing that is the client's to ask: nobody gets a name for the citizen by that."""
        text = parameters.get("resource")
        if text is None:
            return None
        uris = tuple(dict.fromkeys(text.split(" ")))
        if len(uris) > MAX_RESOURCES:
            raise InvalidTarget("too many resources")
        scopes = set((parameters.get("scope") or "").split(" ")) & set(client.scope)
        for uri in uris:
            if uri != self._userinfo and not self._resources.known(uri).scopes.keys() & scopes:
                raise InvalidTarget("nothing is asked of a resource")
        return None if uris == (self._userinfo,) else Reach(uris)

    def scopes(self, reach: Reach) -> Collection[str]:
        """The scopes of all it names."""
        found = (self._resources.get(uri) for uri in reach.resources)
        return [scope for resource in found if resource for scope in resource.scopes]

    def chosen(self, named: str | None, reach: Reach | None) -> Resource | None:
        """The one that a token is asked for (section 2.2); None for /userinfo. Where none is named, it is the only one
        of the grant. Raises `InvalidTarget`."""
        granted = reach.resources if reach else (self._userinfo,)
        uri = named if named is not None else granted[0]
        if uri not in granted or (named is None and len(granted) > 1):
            raise InvalidTarget("not granted, or one of several, which has to be named")
        return None if uri == self._userinfo else self._resources.known(uri)

    def party(self, client: Client) -> RelyingParty:
        """The client as the citizen meets it, with words for what it may do elsewhere."""
        elsewhere = [scope for scope in client.scope if scope not in CLAIMS_OF_SCOPE]
        return replace(client.party, deeds=dict(self._deeds(elsewhere))) if elsewhere else client.party

    def _deeds(self, scopes: Iterable[str]) -> Iterable[tuple[str, Deed]]:
        for scope in scopes:
            resource = self._resources.of_scope(scope)
            if resource is not None:
                yield scope, Deed(resource.scopes[scope], resource.resource_name)
