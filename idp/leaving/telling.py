"""Telling relying parties that sessions have ended, each at its own address, all at once, none waiting for another.

What comes of it is told to the citizen, to the audit trail and to the logout ledger, from which `retelling.py` tries
again what failed. A party that never answers holds up itself alone: each address has a share of its host's threads, and
each host a share of all.
"""

import logging
import time
from collections.abc import Sequence
from concurrent.futures import Future, wait
from functools import partial
from typing import Final
from urllib.parse import urlsplit

from federation.shares import Shares
from idp.clock import Clock
from idp.leaving.ledger import Ledger
from idp.leaving.messenger import TIMED_OUT, Browser, Messenger, Post, Told, Way
from idp.sessions import Session, duties
from idp.storage.records.logouts import Duty, LogoutState, Settled, StoredLogout

TELL_SECONDS: Final = 5.0
"""For all that a sign-out tells, from the first to the last."""
_LAST_WORD_SECONDS: Final = 0.25
"""So that who gives up at that moment can still say why."""
AT_ONCE: Final = 64
OF_HOST: Final = 16
OF_ADDRESS: Final = 4
"""Deliveries at a time: altogether, to one host, and to one address there. Fifty services may stand behind one gateway:
one of them that hangs must leave it to the others, and a gateway that hangs must leave the threads to other hosts."""

_log = logging.getLogger(__name__)


class Telling:
    def __init__(self, messengers: Sequence[Messenger], ledger: Ledger, clock: Clock) -> None:
        """`messengers` are those of all front doors."""
        self._messengers = messengers
        self._ledger = ledger
        self._clock = clock
        self._shares: Shares[Settled] = Shares(AT_ONCE, OF_HOST, "logout", OF_ADDRESS)

    def tell(self, reason: str, *ended: Session, browser: Browser = Browser.NONE, begun_by: str = "") -> Sequence[Told]:
        """Tell every relying party of sessions that have ended, all at once. Takes `TELL_SECONDS` at most. `browser` is
        what the one that waits, if one does, can do for those that only it can tell. `begun_by` has ended its own
        session already, and proved that it asks."""
        owed = [duty for session in ended for duty in duties(session, reason, self._clock.now())]
        self._ledger.owe(owed)
        deadline = time.monotonic() + TELL_SECONDS
        trying = [
            (duty, way := self._way(duty), self._send(duty, way, 0, deadline, browser))
            for duty in owed
            if duty.client_id != begun_by
        ]
        wait([future for *_, future in trying], TELL_SECONDS + _LAST_WORD_SECONDS)
        outcomes = [(way, self._outcome(duty, future)) for duty, way, future in trying]
        settled = [self._ledger.tried(duty, 0, None) for duty in owed if duty.client_id == begun_by]
        self._ledger.settle_if_there([*settled, *(outcome for _, outcome in outcomes)])
        return [_told(way, outcome, browser) for way, outcome in outcomes if way is not None]

    def try_again(self, line: StoredLogout) -> Future[Settled]:
        """One more try, at the address that the relying party has now, with a message of now."""
        duty, way = line.duty, self._way(line.duty)
        if line.state is LogoutState.ASKED and (way is None or way.post is None):
            return _at_once(self._ledger.unanswered(duty))
        return self._send(duty, way, line.tries, time.monotonic() + TELL_SECONDS, Browser.NONE)

    def _way(self, duty: Duty) -> Way | None:
        ways = (messenger.way(duty) for messenger in self._messengers)
        return next((way for way in ways if way is not None), None)

    def _send(self, duty: Duty, way: Way | None, tries: int, deadline: float, browser: Browser) -> Future[Settled]:
        if way is None or way.post is None:
            return _at_once(self._without_address(duty, way, browser))
        address = way.post.address
        call = partial(self._deliver, way.post, duty, tries, deadline)
        return self._shares.submit(urlsplit(address).netloc, call, address)

    def _without_address(self, duty: Duty, way: Way | None, browser: Browser) -> Settled:
        if way is None:
            return self._ledger.unreachable(duty, "client_removed")
        if way.frame is None and not way.visit:
            return self._ledger.unreachable(duty, "no_address")
        if way.visit and Browser.VISITS in browser:
            return self._ledger.to_visit(duty)
        if way.frame and Browser.FRAMES in browser:
            return self._ledger.asked(duty)
        return self._ledger.unreachable(duty, "front_channel_only")

    def _outcome(self, duty: Duty, future: Future[Settled]) -> Settled:
        return future.result() if future.done() else self._ledger.tried(duty, 0, TIMED_OUT)

    def _deliver(self, post: Post, duty: Duty, tries: int, deadline: float) -> Settled:
        failed = post.deliver(deadline)
        if failed:
            _log.warning("a portal was not told of a sign-out", extra={"client_id": duty.client_id, "reason": failed})
        return self._ledger.tried(duty, tries, failed)


def _told(way: Way, outcome: Settled, browser: Browser) -> Told:
    """One that its own server could not be told may still be told by the browser."""
    confirmed = outcome.state is LogoutState.DELIVERED
    frame = way.frame if Browser.FRAMES in browser else None
    visit = outcome.duty if way.visit and Browser.VISITS in browser and not confirmed else None
    return Told(outcome.duty.client_id, way.name, confirmed, frame, visit)


def _at_once(outcome: Settled) -> Future[Settled]:
    known: Future[Settled] = Future()
    known.set_result(outcome)
    return known
