"""Resource servers, the clients as which they introspect, and what they are told of a token."""

from typing import Any

from idp.codec import encode
from idp.oidc.registration.resource_server import prove
from idp.oidc.resources import Resource
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
