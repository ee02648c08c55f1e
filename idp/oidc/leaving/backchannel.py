"""Back-Channel Logout 1.0: telling relying parties, each at its own address, all at once, none waiting for another.

What comes of it is told to the citizen, to the audit trail and to the logout ledger, from which `retelling.py` tries
again what failed. A party that never answers holds up itself alone: each address has a share of its host's threads, and
each host a share of all.
"""

import logging
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass
from functools import partial
from typing import Final
from urllib.parse import urlsplit

from federation.fetch import MAX_BYTES, Fetcher, FetchError, Reason
from federation.shares import Shares
from idp.clock import Clock
from idp.errors import TemporarilyUnavailable
from idp.oidc.clients.client import Client, ClientSource
from idp.oidc.envelope import Envelopes
from idp.oidc.leaving.frontchannel import frame
from idp.oidc.leaving.ledger import Ledger
from idp.oidc.subjects import Subjects
from idp.secrets import Randomness
from idp.sessions import Session, duties
from idp.storage.records.errors import RecordsUnavailable
from idp.storage.records.logouts import Duty, LogoutState, Settled, StoredLogout
from idp.storage.state import StateUnavailable

_EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
TOKEN_SECONDS: Final = 120
TELL_SECONDS: Final = 5.0
"""For all that a sign-out tells, from the first to the last."""
_LAST_WORD_SECONDS: Final = 0.25
"""So that who gives up at that moment can still say why."""
AT_ONCE: Final = 64
OF_HOST: Final = 16
OF_ADDRESS: Final = 4
"""Deliveries at a time: altogether, to one host, and to one address there. Fifty services may stand behind one gateway:
one of them that hangs must leave it to the others, and a gateway that hangs must leave the threads to other hosts."""
_REASONS: Final[Mapping[Reason, str]] = {
    Reason.FORBIDDEN_URL: "address_refused",
    Reason.FORBIDDEN_ADDRESS: "address_refused",
    Reason.TIMED_OUT: "timeout",
}
"""What an operator acts on, where our own words for it are others than `Reason` has."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Told:
    """What became of telling one relying party; `confirmed` only if it answered that it ended its own session. `frame`
    is the front-channel address that the browser is to load, if there is one."""

    client: Client
    confirmed: bool
    frame: str | None = None


class BackChannel:
    def __init__(
        self,
        issuer: str,
        clients: ClientSource,
        envelopes: Envelopes,
        subjects: Subjects,
        fetcher: Fetcher,
        ledger: Ledger,
        clock: Clock,
        randomness: Randomness,
    ) -> None:
        self._issuer = issuer
        self._clients = clients
        self._envelopes = envelopes
        self._subjects = subjects
        self._fetcher = fetcher
        self._ledger = ledger
        self._clock = clock
        self._randomness = randomness
        self._shares: Shares[Settled] = Shares(AT_ONCE, OF_HOST, "logout", OF_ADDRESS)

    def tell(self, reason: str, *ended: Session, frames: bool = False) -> Sequence[Told]:
        """Tell every relying party of sessions that have ended, all at once. Takes `TELL_SECONDS` at most. With
        `frames` there is a browser to load the front-channel addresses."""
        owed = [duty for session in ended for duty in duties(session, reason, self._clock.now())]
        self._ledger.owe(owed)
        deadline = time.monotonic() + TELL_SECONDS
        trying = [(duty, self._send(duty, 0, deadline, frames)) for duty in owed]
        wait([future for _, future in trying], TELL_SECONDS + _LAST_WORD_SECONDS)
        outcomes = [self._outcome(duty, future) for duty, future in trying]
        self._ledger.settle_if_there(outcomes)
        return [
            Told(client, outcome.state is LogoutState.DELIVERED, self._frame(client, outcome.duty) if frames else None)
            for outcome in outcomes
            if (client := self._clients.get(outcome.duty.client_id))
        ]

    def try_again(self, line: StoredLogout) -> Future[Settled]:
        """One more try, at the address that the relying party has now, with a token of now."""
        return self._send(line.duty, line.tries, time.monotonic() + TELL_SECONDS, frames=False)

    def _send(self, duty: Duty, tries: int, deadline: float, frames: bool) -> Future[Settled]:
        """A disabled client is told as any other: its session has ended all the more."""
        client = self._clients.get(duty.client_id)
        uri = client.backchannel_logout_uri if client else None
        if client is None or uri is None:
            elsewhere: Future[Settled] = Future()
            elsewhere.set_result(self._without_address(client, duty, frames))
            return elsewhere
        call = partial(self._deliver, client, uri, duty, tries, deadline)
        return self._shares.submit(urlsplit(uri).netloc, call, uri)

    def _without_address(self, client: Client | None, duty: Duty, frames: bool) -> Settled:
        if client is None:
            return self._ledger.unreachable(duty, "client_removed")
        if self._frame(client, duty) is None:
            return self._ledger.unreachable(duty, "no_address")
        return self._ledger.asked(duty) if frames else self._ledger.unreachable(duty, "front_channel_only")

    def _frame(self, client: Client, duty: Duty) -> str | None:
        return frame(self._issuer, client, self._subjects.sid(client, duty.lineage))

    def _outcome(self, duty: Duty, future: Future[Settled]) -> Settled:
        return future.result() if future.done() else self._ledger.tried(duty, 0, _REASONS[Reason.TIMED_OUT])

    def _deliver(self, client: Client, uri: str, duty: Duty, tries: int, deadline: float) -> Settled:
        """Section 2.5: a form with the logout token; 200 or 204 is a yes (section 2.8)."""
        try:
            failed = self._post(uri, self._token(client, duty), deadline - time.monotonic())
        except (RecordsUnavailable, StateUnavailable):  # no key to sign with
            failed = "store_away"
        except TemporarilyUnavailable:
            failed = "no_encryption_key"
        if failed:
            _log.warning("a portal was not told of a sign-out", extra={"client_id": client.client_id, "reason": failed})
        return self._ledger.tried(duty, tries, failed)

    def _post(self, uri: str, token: str, seconds: float) -> str | None:
        """Why it failed, if it did. With no time left nothing is sent: then others of this host took it all."""
        if seconds <= 0:
            return _REASONS[Reason.TIMED_OUT]
        try:
            answer = self._fetcher.post_form(uri, {"logout_token": token}, seconds, MAX_BYTES)
        except FetchError as error:
            return _REASONS.get(error.reason, error.reason.value)
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
