"""Who asks, and where the answer goes: proved before anything else about an authorization request.

Only `prove` makes a `Target`, and only a `Target` can build a redirect. Until there is one, an error is a page of our
own.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol
from urllib.parse import quote_plus

from idp.errors import OAuthError
from idp.login.door import Redirect
from idp.oidc.clients.client import Client, ClientSource
from idp.oidc.clients.redirect_uris import registered
from idp.parameters import Parameters

_POSTABLE: Final = re.compile(r"https?://([A-Za-z0-9.-]+|\[[0-9a-f:]+\])(:[0-9]+)?([/?]|\Z)", re.ASCII)
_UNRESERVED: Final = re.compile(r"[A-Za-z0-9_.~-]*", re.ASCII)
"""RFC 3986 section 2.3."""
MAX_STATE: Final = 8_192
QUERY, FRAGMENT, FORM_POST = _PLAIN_MODES = ("query", "fragment", "form_post")
JWT_MODES: Final = {"jwt": QUERY, **{f"{mode}.jwt": mode for mode in _PLAIN_MODES}}
"""Those that sign the answer, and where each carries it; `jwt` goes the way of `code` (JARM 1.0 section 2.3.4)."""
RESPONSE_MODES: Final = (*_PLAIN_MODES, *JWT_MODES)
"""How an answer may reach a client."""


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


class Answering(Protocol):
    """Who answers: `issuer` stands in each answer, and where a request asks for it the whole of it is in a JWT."""

    @property
    def issuer(self) -> str: ...

    def jwt(self, client: Client, parameters: Mapping[str, str]) -> str: ...


@dataclass(frozen=True, slots=True)
class Target:
    """A proved client and one of its own redirect addresses."""

    client: Client
    redirect_uri: str
    state: str | None
    response_mode: str

    def success(self, answering: Answering, parameters: dict[str, str]) -> Redirect:
        """The way to an answer (RFC 6749 section 4.1.2; `iss` by RFC 9207)."""
        return self._answer(parameters, answering)

    def failure(self, answering: Answering, error: OAuthError) -> Redirect:
        """The same with an error (section 4.1.2.1)."""
        return self._answer({"error": error.code, "error_description": error.description}, answering)

    def _answer(self, parameters: dict[str, str], answering: Answering) -> Redirect:
        """In the response mode of the request (OAuth 2.0 Multiple Response Type Encoding Practices section 2.1, OAuth
        2.0 Form Post Response Mode section 2, JARM 1.0 section 2.3)."""
        state = {"state": self.state} if self.state is not None else {}
        mode = JWT_MODES.get(self.response_mode)
        if mode is None:
            return self._carried(self.response_mode, parameters | state | {"iss": answering.issuer})
        return self._carried(mode, {"response": answering.jwt(self.client, parameters | state)})

    def _carried(self, mode: str, told: dict[str, str]) -> Redirect:
        if mode == FORM_POST:
            return Redirect(self.redirect_uri, told, self.client.client_name)
        encoded = "&".join(f"{name}={_quoted(value)}" for name, value in told.items())
        # joined and not taken apart: what was registered is sent back to the letter (it never has a fragment)
        if mode == FRAGMENT:
            return Redirect(f"{self.redirect_uri}#{encoded}")
        return Redirect(f"{self.redirect_uri}{'&' if '?' in self.redirect_uri else '?'}{encoded}")


def _quoted(value: str) -> str:
    """As `quote_plus`, which takes five times as long to find that a code has nothing to quote."""
    return value if _UNRESERVED.fullmatch(value) else quote_plus(value)


def prove(parameters: Parameters, clients: ClientSource) -> Target:
    """Raises `UnknownClient` or `UnprovenRedirect`."""
    client_id = parameters.get("client_id")
    client = clients.get(client_id) if client_id and "client_id" not in parameters.repeated else None
    if client is None or not client.enabled:
        raise UnknownClient(client.client_id if client else None)
    redirect_uri = parameters.get("redirect_uri")
    if redirect_uri is None or "redirect_uri" in parameters.repeated or not registered(client, redirect_uri):
        raise UnprovenRedirect(client)
    return Target(client, redirect_uri, _state(parameters), _mode(parameters, redirect_uri))


def _state(parameters: Parameters) -> str | None:
    """A state that came twice, or is longer than anybody needs, is not sent back."""
    state = parameters.get("state")
    return state if state is not None and "state" not in parameters.repeated and len(state) <= MAX_STATE else None


def _mode(parameters: Parameters, redirect_uri: str) -> str:
    """How to answer, an error too; where the request asks for what cannot be, in the query."""
    mode = parameters.get("response_mode")
    return mode if mode and "response_mode" not in parameters.repeated and deliverable(mode, redirect_uri) else QUERY


def deliverable(mode: str, redirect_uri: str) -> bool:
    """Whether it is a mode, and an answer can go that way: a browser posts to a server, not to an app, and only where
    `form-action` can name it (CSP Level 3 section 2.3.1)."""
    posted = JWT_MODES.get(mode, mode) == FORM_POST
    return mode in RESPONSE_MODES and (not posted or _POSTABLE.match(redirect_uri) is not None)
