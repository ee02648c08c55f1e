"""Back-Channel Logout 1.0: what a client is told, at its own address or by way of the browser (`frontchannel.py`).

When and how often is the business of `idp.leaving`.
"""

from functools import partial
from typing import Final

from federation.fetch import MAX_BYTES, Fetcher, FetchError
from idp.clock import Clock
from idp.errors import TemporarilyUnavailable
from idp.leaving.messenger import Post, Way, time_left, why
from idp.oidc.clients.client import Client, ClientSource
from idp.oidc.envelope import Envelopes
from idp.oidc.leaving.frontchannel import frame
from idp.oidc.subjects import Subjects
from idp.secrets import Randomness
from idp.storage.records.errors import RecordsUnavailable
from idp.storage.records.logouts import Duty
from idp.storage.state import StateUnavailable

_EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
TOKEN_SECONDS: Final = 120


class BackChannel:
    """`idp.leaving.messenger.Messenger` for OIDC."""

    def __init__(
        self,
        issuer: str,
        clients: ClientSource,
        envelopes: Envelopes,
        subjects: Subjects,
        fetcher: Fetcher,
        clock: Clock,
        randomness: Randomness,
    ) -> None:
        self._issuer = issuer
        self._clients = clients
        self._envelopes = envelopes
        self._subjects = subjects
        self._fetcher = fetcher
        self._clock = clock
        self._randomness = randomness

    def way(self, duty: Duty) -> Way | None:
        """By the back channel where the client has one, and by the front channel."""
        client = self._clients.get(duty.client_id)
        if client is None:
            return None
        uri = client.backchannel_logout_uri
        post = Post(uri, partial(self._deliver, client, uri, duty)) if uri else None
        return Way(client.client_name, post, frame(self._issuer, client, self._subjects.sid(client, duty.lineage)))

    def _deliver(self, client: Client, uri: str, duty: Duty, deadline: float) -> str | None:
        """Section 2.5: a form with the logout token; 200 or 204 is a yes (section 2.8). Else why it failed."""
        try:
            fields = {"logout_token": self._token(client, duty)}
            answer = self._fetcher.post_form(uri, fields, time_left(deadline), MAX_BYTES)
        except (RecordsUnavailable, StateUnavailable):  # no key to sign with
            return "store_away"
        except TemporarilyUnavailable:
            return "no_encryption_key"
        except FetchError as error:
            return why(error)
        return None if answer.status in (200, 204) else "status"

    def _token(self, client: Client, duty: Duty) -> str:
        """Section 2.4."""
        now = int(self._clock.now())
        claims = {
            "sub": self._subjects.subject(client, duty.citizen_id),
            "iat": now,
            "exp": now + TOKEN_SECONDS,
            "jti": self._randomness.bytes(16).hex(),
            "sid": self._subjects.sid(client, duty.lineage),
            "events": {_EVENT: {}},
        }
        return self._envelopes.logout_token(client, claims)
