"""Back-Channel Logout 1.0: telling relying parties, each at its own address, all at once, none waiting for another.

What comes of it is told to the citizen and to the audit trail. A party that does not answer in time counts as not told,
and one that never answers holds up itself alone: its host has a share of the threads.
"""

import logging
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass
from functools import partial
from typing import Final
from urllib.parse import urlsplit

from federation.fetch import Fetcher, FetchError, Reason
from federation.shares import Shares
from idp.audit.events import EventType
from idp.audit.recorder import event
from idp.clock import Clock
from idp.oidc.client import Client
from idp.oidc.keys import KeyRing
from idp.oidc.subjects import Subjects
from idp.oidc.target import ClientSource
from idp.secrets import Randomness
from idp.sessions import Session
from idp.storage.state import StateStore

_EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
TOKEN_SECONDS: Final = 120
TELL_SECONDS: Final = 5.0
"""For all that a sign-out tells, from the first to the last."""
AT_ONCE: Final = 32
SHARE: Final = 4
"""Deliveries at a time, altogether and to one host."""
_REASONS: Final[Mapping[Reason, str]] = {
    Reason.FORBIDDEN_URL: "address_refused",
    Reason.FORBIDDEN_ADDRESS: "address_refused",
    Reason.TIMED_OUT: "timeout",
}
"""What an operator acts on, where our own words for it are others than `Reason` has."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Told:
    """What became of telling one relying party; `confirmed` only if it answered that it ended its own session."""

    client: Client
    confirmed: bool


class BackChannel:
    def __init__(
        self,
        issuer: str,
        clients: ClientSource,
        keys: KeyRing,
        subjects: Subjects,
        fetcher: Fetcher,
        state: StateStore,
        clock: Clock,
        randomness: Randomness,
    ) -> None:
        self._issuer = issuer
        self._clients = clients
        self._keys = keys
        self._subjects = subjects
        self._fetcher = fetcher
        self._state = state
        self._clock = clock
        self._randomness = randomness
        self._shares: Shares[bool] = Shares(AT_ONCE, SHARE, "logout")

    def tell(self, *ended: Session) -> Sequence[Told]:
        """Tell every relying party of sessions that have ended, all at once. Takes `TELL_SECONDS` at most."""
        deadline = time.monotonic() + TELL_SECONDS
        waiting = [
            (client, self._submit(client, session, deadline))
            for session in ended
            for client_id in session.clients()
            if (client := self._clients.get(client_id))
        ]
        wait([future for _, future in waiting if future], TELL_SECONDS)
        return [Told(client, bool(future and future.done() and future.result())) for client, future in waiting]

    def _submit(self, client: Client, ended: Session, deadline: float) -> Future[bool] | None:
        uri = client.backchannel_logout_uri
        if uri is None:
            return None
        return self._shares.submit(urlsplit(uri).netloc, partial(self._deliver, client, uri, ended, deadline))

    def _deliver(self, client: Client, uri: str, ended: Session, deadline: float) -> bool:
        """Section 2.5: a form with the logout token; 200 or 204 is a yes (section 2.8)."""
        failed = self._post(uri, self._token(client, ended), deadline - time.monotonic())
        what = EventType.LOGOUT_FAILED if failed else EventType.LOGOUT_DELIVERED
        told = event(
            what, self._clock.now(), citizen_id=ended.head.citizen_id, client_id=client.client_id, reason=failed
        )
        self._state.queue(ended.key.shard, [told])
        if failed:
            _log.warning("a portal was not told of a sign-out", extra={"client_id": client.client_id, "reason": failed})
        return failed is None

    def _post(self, uri: str, token: str, seconds: float) -> str | None:
        """Why it failed, if it did. With no time left nothing is sent: then others of this host took it all."""
        if seconds <= 0:
            return _REASONS[Reason.TIMED_OUT]
        try:
            answer = self._fetcher.post_form(uri, {"logout_token": token}, seconds)
        except FetchError as error:
            return _REASONS.get(error.reason, error.reason.value)
        return None if answer.status in (200, 204) else "status"

    def _token(self, client: Client, ended: Session) -> str:
        """Section 2.4."""
        now = int(self._clock.now())
        claims = {
            "iss": self._issuer,
            "sub": self._subjects.subject(client, ended.head.citizen_id),
            "aud": client.client_id,
            "iat": now,
            "exp": now + TOKEN_SECONDS,
            "jti": self._randomness.bytes(16).hex(),
            "sid": self._subjects.sid(client, ended.head.lineage),
            "events": {_EVENT: {}},
        }
        return self._keys.signer(client.id_token_signed_response_alg).sign(claims, "logout+jwt")
