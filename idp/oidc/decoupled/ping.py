"""The ping (CIBA Core section 10.2): a client is told that the citizen has answered, not what.

It goes to the address the client registered, with the token that the client gave for it, off the citizen's request, and
once: a client that misses it polls.
"""

import base64
import logging
from dataclasses import dataclass
from functools import partial
from typing import Final
from urllib.parse import urlsplit

from federation.fetch import Fetcher, FetchError
from federation.shares import Shares
from idp.codec import decode, encode
from idp.oidc.clients.client import ClientSource, enabled
from idp.oidc.decoupled.awaited import Awaited
from idp.vault import Unsealable, Vault

SECONDS: Final = 5.0
AT_ONCE: Final = 16
SHARE: Final = 2
"""Pings at a time, altogether and to one host."""
MAX_BYTES: Final = 10_000
"""What the client answers is not read (section 10.2)."""
_CONTEXT: Final = "ciba-ping"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Ping:
    auth_req_id: str
    token: str


class Pings:
    """`fetcher` is the only one that calls others."""

    def __init__(self, clients: ClientSource, fetcher: Fetcher, vault: Vault) -> None:
        self._clients = clients
        self._fetcher = fetcher
        self._vault = vault
        self._shares: Shares[None] = Shares(AT_ONCE, SHARE, "ping")

    def sealed(self, auth_req_id: str, token: str) -> str:
        """What is needed for the ping, as it may be stored: both would let a stranger collect, or ping."""
        return base64.b64encode(self._vault.seal(encode(_Ping(auth_req_id, token)), _CONTEXT)).decode()

    def tell(self, answered: Awaited) -> None:
        """Ping the client, if it wants to be pinged. Returns at once."""
        client = enabled(self._clients, answered.request.client_id)
        uri = client.backchannel_client_notification_endpoint if client else None
        if not answered.ping or uri is None:
            return
        self._shares.submit(urlsplit(uri).netloc, partial(self._send, uri, answered.ping, answered.request.client_id))

    def _send(self, uri: str, sealed: str, client_id: str) -> None:
        try:
            ping = decode(self._vault.open(base64.b64decode(sealed), _CONTEXT), _Ping)
            body = encode({"auth_req_id": ping.auth_req_id})
            status = self._fetcher.post_json(uri, body, ping.token, SECONDS, MAX_BYTES).status
        except FetchError as error:
            _missed(client_id, error.reason.value)
        except Unsealable:
            _missed(client_id, "key_gone")
        else:
            if status not in (200, 204):
                _missed(client_id, "status")


def _missed(client_id: str, reason: str) -> None:
    _log.warning("a client was not pinged", extra={"client_id": client_id, "reason": reason})
