"""Whether an address is one of those that a client registered for its answers."""

import re
from typing import Final

from idp.oidc.clients.client import Client

_LOOPBACK: Final = re.compile(r"http://(127\.0\.0\.1|\[::1\])(:[0-9]{1,5})?(/.*)?", re.ASCII)


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
