"""What no longer serves is removed: a few entries at a time, so that no sign-in waits for it.

    the state store         what has expired, every few seconds (Redis does that by itself)
    refresh tokens          those that were used, and whole families some time after their end
    the logout ledger       after a week; the audit trail says the same for longer
    audit events, and agreements that have ended: after as many days as the operator keeps them

Nothing else grows by what citizens and portals do: the rest grows with their number alone.
"""

from collections.abc import Callable
from typing import Final

from idp.clock import Clock
from idp.config import Settings
from idp.storage.records.records import Records
from idp.storage.state import StateStore

STATE_SECONDS: Final = 15
RECORDS_SECONDS: Final = 600
BATCH: Final = 300
"""Entries removed in one transaction."""
_AT_ONCE: Final = 200
"""Transactions of a kind in one go, at most."""
KEEP_FAMILIES_SECONDS: Final = 30 * 86_400
"""How long an ended family of refresh tokens is still known, so that its reuse is told from junk."""
KEEP_LOGOUTS_SECONDS: Final = 7 * 86_400


class Purging:
    def __init__(self, state: StateStore, records: Records, clock: Clock, settings: Settings) -> None:
        self._state = state
        self._records = records
        self._clock = clock
        self._used_tokens_seconds = settings.lifetimes.refresh_seconds
        self._kept_seconds = settings.audit_days * 86_400

    def state(self) -> None:
        _until_done(lambda: self._state.purge(BATCH))

    def records(self) -> None:
        now = int(self._clock.now())
        families, kept_since = self._records.families, now - self._kept_seconds
        _until_done(lambda: families.purge(now - KEEP_FAMILIES_SECONDS, BATCH))
        _until_done(lambda: families.purge_used(now - self._used_tokens_seconds, BATCH))
        _until_done(lambda: self._records.logouts.purge(now - KEEP_LOGOUTS_SECONDS, BATCH))
        _until_done(lambda: self._records.consents.purge(kept_since, BATCH))
        _until_done(lambda: self._records.audit.purge(kept_since, BATCH))


def _until_done(purge: Callable[[], int]) -> None:
    for _ in range(_AT_ONCE):
        if purge() < BATCH:
            return
