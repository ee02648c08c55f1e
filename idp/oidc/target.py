"""Who asks, and where the answer goes: proved before anything else about an authorization request.

Only `prove` makes a `Target`, and only a `Target` can build a redirect. Until there is one, an error is a page of our
own.
"""

import re
from dataclasses import dataclass
from typing import Final, Protocol
from urllib.parse import quote_plus

from idp.errors import OAuthError
from idp.oidc.client import Client
from idp.parameters import Parameters

MAX_STATE: Final = 8_192
_LOOPBACK: Final = re.compile(r"http://(127\.0\.0\.1|\[::1\])(:[0-9]{1,5})?(/.*)?", re.ASCII)


class UnknownClient(Exception):
    """There is no such client, it is disabled, or the request does not say which one clearly.

    `client_id` is that of a disabled one, never what only a request said.
    """

    def __init__(self, client_id: str | None = None) -> None:
        super().__init__("no client that is served")
        self.client_id = client_id


class UnprovenRedirect(Exception):
    """The redirect address is missing, repeated or not registered for the client."""

    def __init__(self, client: Client) -> None:
        super().__init__("redirect_uri is not registered")
        self.client = client


class ClientSource(Protocol):
    def get(self, client_id: str) -> Client | None: ...


@dataclass(frozen=True, slots=True)
class Target:
    """A proved client and one of its own redirect addresses."""

    client: Client
    redirect_uri: str
    state: str | None

    def success(self, issuer: str, parameters: dict[str, str]) -> str:
        """Where to send the browser with an answer (RFC 6749 section 4.1.2; `iss` by RFC 9207)."""
        return self._location(parameters, issuer)

    def failure(self, issuer: str, error: OAuthError) -> str:
        """The same with an error (section 4.1.2.1)."""
        return self._location({"error": error.code, "error_description": error.description}, issuer)

    def _location(self, parameters: dict[str, str], issuer: str) -> str:
        state = {"state": self.state} if self.state is not None else {}
        told = parameters | state | {"iss": issuer}
        query = "&".join(f"{name}={quote_plus(value)}" for name, value in told.items())
        # joined and not taken apart: what was registered is sent back to the letter (it never has a fragment)
        return f"{self.redirect_uri}{'&' if '?' in self.redirect_uri else '?'}{query}"


def prove(parameters: Parameters, clients: ClientSource) -> Target:
    """Raises `UnknownClient` or `UnprovenRedirect`."""
    client_id = parameters.get("client_id")
    client = clients.get(client_id) if client_id and "client_id" not in parameters.repeated else None
    if client is None or not client.enabled:
        raise UnknownClient(client.client_id if client else None)
    redirect_uri = parameters.get("redirect_uri")
    if redirect_uri is None or "redirect_uri" in parameters.repeated or not registered(client, redirect_uri):
        raise UnprovenRedirect(client)
    return Target(client, redirect_uri, _state(parameters))


def registered(client: Client, redirect_uri: str) -> bool:
    """Exact string comparison (RFC 9700 section 2.1); for native clients the port of a loopback address may differ (RFC
    8252 section 7.3)."""
    if redirect_uri in client.redirect_uris:
        return True
    if client.application_type != "native" or not _LOOPBACK.fullmatch(redirect_uri):
        return False
    return any(
        _LOOPBACK.fullmatch(known) and _portless(known) == _portless(redirect_uri) for known in client.redirect_uris
    )


def _portless(uri: str) -> str:
    match = _LOOPBACK.fullmatch(uri)
    return f"http://{match[1]}{match[3] or ''}" if match else uri


def _state(parameters: Parameters) -> str | None:
    """A state that came twice, or is longer than anybody needs, is not sent back."""
    state = parameters.get("state")
    return state if state is not None and "state" not in parameters.repeated and len(state) <= MAX_STATE else None
