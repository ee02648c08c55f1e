"""What came of telling relying parties, entered in the logout ledger, and when what failed is tried again."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Final

from idp.audit.events import EventType
from idp.audit.recorder import event
from idp.clock import Clock
from idp.logouts import AWAITED_SECONDS
from idp.metrics import Metrics
from idp.secrets import shard_for
from idp.storage.records.errors import RecordsUnavailable
from idp.storage.records.logouts import Duty, LogoutRecords, LogoutState, Settled, StoredLogout
from idp.storage.state import Event, StateStore, StateUnavailable

PAUSES: Final = (10, 60, 300, 1_800, 7_200, 21_600, 54_000)
"""Seconds before each try after the first; the last comes almost a day after the session ended."""
LONGEST_SECONDS: Final = 86_400
"""What is older than this is tried once if it never was, and not again."""
VISIT_SECONDS: Final = 600
"""How long a browser may take to where it is sent, and back."""
CLAIM_SECONDS: Final = 60
"""For so long nobody else tries what somebody has taken to try."""

_log = logging.getLogger(__name__)


class Ledger:
    def __init__(self, records: LogoutRecords, state: StateStore, clock: Clock, metrics: Metrics) -> None:
        self._records = records
        self._state = state
        self._clock = clock
        self._metrics = metrics

    def owe(self, duties: Sequence[Duty]) -> None:
        """Enter what is about to be told, and keep it from others for so long. With no SQL it is told all the same: the
        trail has the duty, and the ledger will."""
        try:
            self._records.owe([(duty, duty.ended_at + AWAITED_SECONDS) for duty in duties])
        except RecordsUnavailable:
            _log.warning("the logout ledger is away", extra={"reason": "records_away"})

    def due(self) -> Sequence[str]:
        """Relying parties for which something is to be tried now."""
        return self._records.due(int(self._clock.now()))

    def claim(self, client_id: str, limit: int) -> Sequence[StoredLogout]:
        """Take what is to be tried now, for `CLAIM_SECONDS`."""
        now = int(self._clock.now())
        return self._records.claim(client_id, now, now + CLAIM_SECONDS, limit)

    def tried(self, duty: Duty, tries: int, failed: str | None) -> Settled:
        """What follows from a try that came after `tries` others."""
        now = int(self._clock.now())
        if failed is None:
            return Settled(duty, LogoutState.DELIVERED, None, now, None)
        if tries >= len(PAUSES) or now - duty.ended_at >= LONGEST_SECONDS:
            return self.given_up(duty, failed, tried=True)
        return Settled(duty, LogoutState.FAILED, failed, now, now + PAUSES[tries])

    def given_up(self, duty: Duty, why: str, tried: bool) -> Settled:
        """It is not tried any more, and the log says so."""
        _log.error("a portal will not be told of a sign-out", extra={"client_id": duty.client_id, "reason": why})
        return Settled(duty, LogoutState.GIVEN_UP, why, int(self._clock.now()), None, tried)

    def is_old(self, line: StoredLogout) -> bool:
        """Whether it has been due for as long as it is worth."""
        return self._clock.now() - line.duty.ended_at >= LONGEST_SECONDS

    def asked(self, duty: Duty) -> Settled:
        """The browser is asked to tell it."""
        return Settled(duty, LogoutState.ASKED, None, int(self._clock.now()), None)

    def to_visit(self, duty: Duty) -> Settled:
        """The browser will be sent there, and until then nobody else has to see to it."""
        now = int(self._clock.now())
        return Settled(duty, LogoutState.PENDING, None, now, now + VISIT_SECONDS, tried=False)

    def visiting(self, duty: Duty) -> Settled:
        """The browser is sent there, and may come back with the answer: that ends the try."""
        now = int(self._clock.now())
        return Settled(duty, LogoutState.ASKED, None, now, now + VISIT_SECONDS, tried=False)

    def unanswered(self, duty: Duty) -> Settled:
        """The browser was sent there and never came back."""
        return Settled(duty, LogoutState.ASKED, "no_answer", int(self._clock.now()), None)

    def unreachable(self, duty: Duty, why: str) -> Settled:
        """There is nowhere to tell it."""
        return Settled(duty, LogoutState.UNREACHABLE, why, int(self._clock.now()), None, tried=False)

    def settle(self, outcomes: Sequence[Settled]) -> None:
        """Tell the trail of outcomes, and enter them. Raises `RecordsUnavailable`; then what was taken is tried again
        when its time is over."""
        with suppress(StateUnavailable):  # the ledger and the log have it
            self._tell(outcomes)
        self._records.settle(outcomes)
        for each in outcomes:
            if each.next_try is None or each.state is LogoutState.FAILED:
                self._metrics.logout(each.state.value)

    def settle_if_there(self, outcomes: Sequence[Settled]) -> None:
        """As `settle`, for who cannot wait: without SQL it may be told once more."""
        with suppress(RecordsUnavailable):
            self.settle(outcomes)

    def waiting(self) -> int:
        return self._records.waiting()

    def _tell(self, outcomes: Sequence[Settled]) -> None:
        events, now = dict[str, list[Event]](), self._clock.now()
        for each in outcomes:
            events.setdefault(shard_for(each.duty.citizen_id), []).extend(_events(each, now))
        for shard, told in events.items():
            if told:
                self._state.queue(shard, told)


def _events(outcome: Settled, now: float) -> Iterator[Event]:
    """At `now` and not in the whole seconds of the ledger, or the trail would tell them before what they came of."""
    duty = outcome.duty
    kinds = {
        EventType.LOGOUT_DELIVERED: outcome.state is LogoutState.DELIVERED,
        EventType.LOGOUT_FAILED: outcome.tried and outcome.state in (LogoutState.FAILED, LogoutState.GIVEN_UP),
        EventType.LOGOUT_GIVEN_UP: outcome.state is LogoutState.GIVEN_UP,
    }
    for kind in (kind for kind, holds in kinds.items() if holds):
        yield event(
            kind,
            now,
            citizen_id=duty.citizen_id,
            client_id=duty.client_id,
            session=duty.session,
            reason=outcome.error,
        )
