"""Resource servers, the clients as which they introspect, and what they are told of a token."""

import base64
import json
from dataclasses import dataclass
from typing import Any

from idp.codec import encode
from idp.oidc.registration.resource_server import prove
from idp.oidc.resources.resources import Resource
from tests.support.known import Known
from tests.support.provider import ISSUER, Provider, Registered

RECORDS = "https://records.example/api"
TAXES = "https://taxes.example/"
MACHINE = {"grant_types": ["client_credentials"], "redirect_uris": [], "post_logout_redirect_uris": []}
"""A client to which no citizen comes."""


def resource_server(provider: Provider, resource: str = RECORDS, *scopes: str, **members: Any) -> Resource:
    """Register one, as `idp resource add` does."""
    words = {scope: {"name": f"读取：{scope}", "name#en": f"Read: {scope}"} for scope in scopes or ("records:read",)}
    document = {"resource": resource, "resource_name": "证照平台", "resource_name#en": "Records", "scopes": words}
    proved = prove(encode(document | members), provider.services.clients)
    provider.services.resources.save(proved)
    return proved


def asker(provider: Provider) -> Registered:
    """A client as which a resource server introspects, and nothing else."""
    return provider.client(grant_types=[], redirect_uris=[], post_logout_redirect_uris=[], scope=None)


def machine(provider: Provider, scope: str = "records:read", **metadata: Any) -> Registered:
    """A client that acts for itself."""
    return provider.client(**(MACHINE | {"scope": scope} | metadata))


def introspected(provider: Provider, client: Registered, token: str) -> Any:
    answer = provider.machine().post("/introspect", base_url=ISSUER, data={"token": token}, headers=client.basic)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    return answer.get_json()


def revoke(provider: Provider, client: Registered, token: str) -> None:
    answer = provider.machine().post("/revoke", base_url=ISSUER, data={"token": token}, headers=client.basic)
    assert answer.status_code == 200


@dataclass
class Platform:
    """A resource server, the client as which it introspects, and a citizen whom a portal of its scopes has met."""

    known: Known
    resource: Resource
    asker: Registered

    @property
    def provider(self) -> Provider:
        return self.known.provider

    def tokens(self, client: Registered | None = None, **changes: str | None) -> dict[str, Any]:
        """What an honest client gets that names the resource where it asks for the citizen's consent."""
        return self.known.tokens(client, **(ASKED | changes))

    def seen(self, token: str) -> Any:
        """What the resource server is told."""
        return introspected(self.provider, self.asker, token)


ASKED: dict[str, str | None] = {"scope": "openid profile records:read offline_access", "resource": RECORDS}


def platform(provider: Provider, **members: Any) -> Platform:
    asking = asker(provider)
    resource = resource_server(provider, introspection_client=asking.id, **members)
    resource_server(provider, TAXES, "taxes:read", "taxes:file")
    client = provider.client(scope="openid profile records:read taxes:read offline_access")
    person, visitor = provider.citizen(), provider.visitor()
    visitor.arrive(client, person, **ASKED)
    return Platform(Known(provider, person, client, visitor), resource, asking)


def agree(known: Known, client: Registered, **asked: str | None) -> None:
    """The citizen is asked where that is needed, and agrees to all."""
    page = known.visitor.authorize(client, **asked)
    if page.status_code == 200:
        page = known.visitor.allow(page)
    assert page.status_code == 303, page.text


def of_jwt(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims, unproved."""
    header, claims, _ = token.split(".")
    return _decoded(header), _decoded(claims)


def _decoded(part: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found
