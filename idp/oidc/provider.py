"""The one home of pyop, held by its override points.

pyop does here: parsing and validation of authorization requests, the `authorize()` orchestration, the provider's
configuration, the match of a client's registration with it, and the filter of released claims. It is given plain
parameters only, never a JWT, and only after the client and its redirect address are proved. Codes, tokens, keys and
subjects are ours; pyop asks for them through the methods overridden below, which `tests/contracts/test_pyop.py` pins,
so that an upgrade fails loudly.

Whatever pyop raises becomes an error of ours; its texts, which quote the request, are shown to nobody.
"""

import logging
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Never

from oic.oic.message import RegistrationRequest
from pyop.exceptions import OAuthError as PyopError
from pyop.message import AuthorizationRequest as PyopRequest
from pyop.provider import Provider
from pyop.request_validator import (
    authorization_request_verify,
    client_id_is_known,
    client_preferences_match_provider_capabilities,
    redirect_uri_is_in_registered_redirect_uris,
    registration_request_verify,
    response_type_is_in_registered_response_types,
)
from pyop.userinfo import Userinfo

from idp.errors import InvalidClientMetadata, InvalidRequest
from idp.oidc.clients.client import Client, ClientSource
from idp.oidc.clients.redirect_uris import registered
from idp.oidc.scopes import OFFLINE_ACCESS

__all__ = ["Engine", "PyopRequest"]

Issue = Callable[[], str]
"""Issues a code and gives its value; raises where it cannot."""

_UNMET: Final = re.compile(r"Could not match client preference (\w+)=")
"""How pyop names a member of a registration; its value comes after it, and is not passed on."""

_PLAIN: Final = (
    "response_type",
    "client_id",
    "redirect_uri",
    "state",
    "nonce",
    "display",
    "prompt",
    "max_age",
    "ui_locales",
    "acr_values",
)

for _name in ("pyop", "oic", "jwkest"):
    # they print codes, tokens and secrets below WARNING
    logging.getLogger(_name).setLevel(logging.WARNING)


class Engine:
    """pyop for one issuer. Thread-safe: nothing of a request is kept in it."""

    def __init__(self, metadata: Mapping[str, object], clients: ClientSource) -> None:
        self._provider = _CitizenProvider(metadata, _ClientMapping(clients))
        self.metadata: Final = _published(self._provider, metadata)
        self.issuer: Final = str(metadata["issuer"])

    def parse(self, parameters: Mapping[str, str], scopes: Iterable[str]) -> PyopRequest:
        """pyop's own reading and validation of a request whose client and redirect address are proved. Raises
        `InvalidRequest`.

        pyop asks for `prompt=consent` beside offline_access; consent to it is asked by name here, so pyop need not see
        it.
        """
        plain = {name: parameters[name] for name in _PLAIN if name in parameters}
        if plain.get("prompt") == "create":  # newer than pyop, and proved by our own rule
            del plain["prompt"]
        plain["scope"] = " ".join(scope for scope in scopes if scope != OFFLINE_ACCESS)
        try:
            return self._provider.parse(plain)
        except Exception as error:
            raise InvalidRequest(f"pyop: {type(error).__name__}") from None

    def authorize(self, request: PyopRequest, issue: Issue) -> dict[str, str]:
        """pyop's orchestration of an authorization response; `issue` makes the code. What `issue` raises comes
        through."""
        return dict(self._provider.authorize(request, issue))

    def match_registration(self, metadata: Mapping[str, object]) -> None:
        """Whether the provider can do what a client's metadata wishes. Raises `InvalidClientMetadata`."""
        request = _registration(metadata)
        try:
            for validator in self._provider.registration_request_validators:
                validator(request)
        except PyopError as error:
            named = _UNMET.match(str(error))
            raise InvalidClientMetadata(
                f"{named[1] if named else 'a member'} has a value that is not offered"
            ) from None
        except Exception as error:
            raise InvalidClientMetadata(f"pyop: {type(error).__name__}") from None

    def release(self, requested: Iterable[str], claims: dict[str, object]) -> dict[str, object]:
        """Of a citizen's claims, those that were requested."""
        if not claims:  # pyop would look for them in a database of its own
            return {}
        released: dict[str, object] = self._provider.userinfo.get_claims_for(None, dict.fromkeys(requested), claims)
        return released


class _CitizenProvider(Provider):
    """pyop's provider with codes, subjects and configuration taken out of its hands.

    pyop's `user_id` is, here, the pending issue of a code: who the citizen is stands in the session, which the store
    reads and checks while it writes the code, in one round trip.
    """

    def __init__(self, metadata: Mapping[str, object], clients: "_ClientMapping") -> None:
        # pyop insists on https; http issuers on loopback hosts are allowed by our own settings
        information = {name: list(value) if isinstance(value, tuple) else value for name, value in metadata.items()}
        super().__init__(None, information | {"issuer": "https://loopback"}, _Codes(), clients, Userinfo(_NoUsers()))
        self.configuration_information["issuer"] = metadata["issuer"]
        self.authentication_request_validators = [
            lambda request: client_id_is_known(self, request),
            lambda request: redirect_uri_is_in_registered_redirect_uris(self, request),
            authorization_request_verify,
            lambda request: response_type_is_in_registered_response_types(self, request),
        ]
        self.registration_request_validators = [
            registration_request_verify,
            lambda request: client_preferences_match_provider_capabilities(self, request),
        ]

    def parse(self, parameters: Mapping[str, str]) -> PyopRequest:
        """`parse_authentication_request`, of parameters that were decoded already."""
        request = PyopRequest().from_dict(parameters)
        for validator in self.authentication_request_validators:
            validator(request)
        return request

    def _create_subject_identifier(self, user_id: Issue, client_id: str, redirect_uri: str) -> Issue:
        """The subject is computed at the token endpoint, from the grant; until then the issue stands for it."""
        return user_id

    def _check_subject_identifier_matches_requested(self, authentication_request: PyopRequest, sub: Issue) -> None:
        """`idp.login` compares a requested subject with the citizen's before it comes to a code."""

    def _create_signed_id_token(self, *args: object, **kwargs: object) -> Never:
        raise AssertionError("pyop never signs here")


class _Codes:
    """In the place of pyop's `AuthorizationState`."""

    stateless = False

    def create_authorization_code(
        self, request: PyopRequest, sub: Issue, user_info: Any = None, extra_id_token_claims: Any = None
    ) -> str:
        return sub()


class _NoUsers:
    """In the place of pyop's user database: it knows nothing of anybody."""

    def __getitem__(self, user_id: object) -> dict[str, object]:
        return {}


class _ClientMapping:
    """Registered clients as pyop expects them."""

    def __init__(self, clients: ClientSource) -> None:
        self._clients = clients

    def __contains__(self, client_id: str) -> bool:
        return self._clients.get(client_id) is not None

    def __getitem__(self, client_id: str) -> dict[str, object]:
        client = self._clients.get(client_id)
        if client is None:
            raise KeyError(client_id)
        return {"redirect_uris": _RedirectUris(client), "response_types": client.response_types}


class _RedirectUris:
    """A client's redirect addresses, compared as `clients/redirect_uris.py` compares them."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def __contains__(self, redirect_uri: str) -> bool:
        return registered(self._client, redirect_uri)


def _registration(metadata: Mapping[str, object]) -> RegistrationRequest:
    try:
        return RegistrationRequest(**metadata)
    except Exception as error:
        raise InvalidClientMetadata(f"pyop: {type(error).__name__}") from None


def _published(provider: _CitizenProvider, metadata: Mapping[str, object]) -> Mapping[str, object]:
    """The provider's configuration, less what pyop adds by itself and we do not claim."""
    configuration = provider.provider_configuration.to_dict()
    return {
        name: _in_order(value, metadata[name]) if isinstance(value, list) else value
        for name, value in configuration.items()
        if name in metadata
    }


def _in_order(values: list[str], ours: object) -> list[str]:
    """As we wrote them: pyop makes sets of some, which every process orders differently."""
    order = {each: place for place, each in enumerate(ours)} if isinstance(ours, tuple | list) else {}
    return sorted(values, key=lambda each: order.get(each, len(order)))
