"""Web origins (RFC 6454) whose pages may read our answers (Fetch Standard, "CORS protocol"): those of the redirect
addresses of public browser clients, and no others."""

from typing import Final
from urllib.parse import urlsplit

from idp.oidc.clients.client import Client
from idp.storage.records.clients import ClientRecords
from idp.versions import Shelf, Versions

CAPACITY: Final = 10_000
"""Origins a worker keeps in memory."""
LONGEST: Final = 300
_DEFAULT_PORTS: Final = {"https": 443, "http": 80}


def origins_of(client: Client) -> tuple[str, ...]:
    """Of a client that runs in browsers and cannot keep a secret; any other has none."""
    if client.confidential or client.application_type != "web":
        return ()
    return tuple(dict.fromkeys(_origin(uri) for uri in client.redirect_uris))


class Origins:
    def __init__(self, records: ClientRecords, versions: Versions) -> None:
        self._records = records
        self._shelf: Shelf[bool] = Shelf(versions, CAPACITY)

    def registered(self, origin: str) -> bool:
        """Whether an enabled public client has it, as browsers write it: no wildcard, no `null`."""
        if not 0 < len(origin) <= LONGEST or not origin.isascii() or not origin.isprintable():
            return False
        return bool(self._shelf.get(origin, lambda asked: self._records.has_origin(asked) or None))


def _origin(uri: str) -> str:
    """As a browser writes it: lower case, without the scheme's own port."""
    parts = urlsplit(uri)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    port = "" if parts.port in (None, _DEFAULT_PORTS[parts.scheme]) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"
