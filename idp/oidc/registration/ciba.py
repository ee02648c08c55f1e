"""How a client asks for citizens elsewhere (CIBA Core section 4)."""

from typing import Any

from idp.errors import InvalidClientMetadata
from idp.oidc.clients.client import CIBA, DELIVERY_MODES, NONE, PING
from idp.oidc.jose.jws import CLIENT_ALGORITHMS
from idp.oidc.registration.addresses import link
from idp.oidc.registration.members import Metadata, boolean, one_of, string


def ciba(metadata: Metadata, grants: tuple[str, ...], method: str) -> dict[str, Any]:
    """The members of CIBA, each proved; none for a client without the grant. Raises `InvalidClientMetadata`."""
    if CIBA not in grants:
        return {}
    if method == NONE:
        raise InvalidClientMetadata("a public client cannot ask for citizens elsewhere")
    mode = one_of(metadata, "backchannel_token_delivery_mode", DELIVERY_MODES, "")
    if not mode:
        raise InvalidClientMetadata("backchannel_token_delivery_mode is missing")
    alg = "backchannel_authentication_request_signing_alg"
    return {
        "backchannel_token_delivery_mode": mode,
        "backchannel_client_notification_endpoint": _notified_at(metadata, mode),
        "backchannel_user_code_parameter": boolean(metadata, "backchannel_user_code_parameter", default=False),
        alg: one_of(metadata, alg, CLIENT_ALGORITHMS, "") or None,
    }


def _notified_at(metadata: Metadata, mode: str) -> str | None:
    name = "backchannel_client_notification_endpoint"
    uri = string(metadata, name)
    if mode != PING:
        return None
    if uri is None or "#" in uri:
        raise InvalidClientMetadata(f"{name} is missing, or has a fragment")
    try:
        return link(uri)
    except InvalidClientMetadata as error:
        raise InvalidClientMetadata(f"{name}: {error.detail}") from None
