"""What a client's tokens are bound to (RFC 9449 section 5.2, RFC 8705 section 3.4), and the name that its certificate
has (RFC 8705 section 2.1.2)."""

from typing import Any, Final

from idp.errors import InvalidClientMetadata
from idp.oidc.clients.client import TLS_CLIENT_AUTH
from idp.oidc.clients.mtls import NAMES
from idp.oidc.registration.members import Metadata, boolean, string

_BOUND: Final = "tls_client_certificate_bound_access_tokens"
_SETTINGS: Final = ("IDP_TRUSTED_PROXIES", "IDP_CLIENT_CERTIFICATE_HEADER")
_VERIFIED: Final = "IDP_CLIENT_CERTIFICATE_VERIFIED_HEADER"


def needed_for(asked: str) -> str:
    """The settings without which nothing is known of certificates; for a name in one, of who signed it besides."""
    return " and ".join((*_SETTINGS, _VERIFIED) if asked == TLS_CLIENT_AUTH else _SETTINGS)


def binding(metadata: Metadata, method: str, certificates: bool) -> dict[str, Any]:
    """`certificates`: whether we are told of any. Raises `InvalidClientMetadata`."""
    by_certificate = boolean(metadata, _BOUND, default=False)
    if by_certificate and not certificates:
        raise InvalidClientMetadata(f"{_BOUND} is offered once the operator has set {needed_for(_BOUND)}")
    return {
        "dpop_bound_access_tokens": boolean(metadata, "dpop_bound_access_tokens", default=False),
        _BOUND: by_certificate,
        **(_name(metadata) if method == TLS_CLIENT_AUTH else {}),
    }


def _name(metadata: Metadata) -> dict[str, str]:
    """Exactly one of them."""
    named = {member: text for member in NAMES if (text := string(metadata, member))}
    if len(named) != 1:
        raise InvalidClientMetadata(f"tls_client_auth needs exactly one of {', '.join(NAMES)}")
    for member, text in named.items():
        read, _ = NAMES[member]
        try:
            read(text)
        except ValueError:
            raise InvalidClientMetadata(f"{member} is not readable") from None
    return named
