"""What an operator set of a client that its developer manages, and the developer may not weaken (RFC 7592 section 2.2).

What an operator grants, nobody can take for himself (`register.py`); this is the other side: what he asks of a client
stays, until an operator changes it. What the developer chose himself stays his to change.
"""

from collections.abc import Collection, Mapping
from typing import Any, Final

from idp.errors import InvalidClientMetadata
from idp.oidc.clients.client import FAPI2, MTLS_METHODS, PRIVATE_KEY_JWT, Client
from idp.oidc.jose.jws import CLIENT_ALGORITHMS

_SAFE: Final[Mapping[str, Collection[Any]]] = {
    "profile": (FAPI2,),
    "token_endpoint_auth_method": (PRIVATE_KEY_JWT, *MTLS_METHODS),
    "require_pkce": (True,),
    "require_pushed_authorization_requests": (True,),
    "require_signed_request_object": (True,),
    "dpop_bound_access_tokens": (True,),
    "tls_client_certificate_bound_access_tokens": (True,),
    "backchannel_authentication_request_signing_alg": CLIENT_ALGORITHMS,
    "backchannel_user_code_parameter": (True,),
    "token_endpoint_auth_signing_alg": (),
    "request_object_signing_alg": (),
    "default_acr_values": (),
    "default_max_age": (),
}
"""The members, with the values that are safe whatever the operator chose; of some no other is known to be."""


def set_by_operator(before: Client, after: Client) -> tuple[str, ...]:
    """The members that stand as an operator set them, once he changed the client in this way."""
    now = (name for name in _SAFE if getattr(before, name) != getattr(after, name))
    return tuple(dict.fromkeys((*before.set_by_operator, *now)))


def kept(before: Client, proved: Client) -> None:
    """Raises `InvalidClientMetadata` (RFC 7591 section 3.2.2) where a developer's change would weaken one."""
    for name in before.set_by_operator:
        if getattr(proved, name) not in (getattr(before, name), *_SAFE[name]):
            raise InvalidClientMetadata(f"{name} was set by the operator, and stays")
