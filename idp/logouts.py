"""What relying parties are owed when a session ends: to be told.

The duty is an event of the audit trail that is queued in the very move that ends the session, so that no way of ending
one can forget it, and no process that dies can lose it. Whoever moves the trail to SQL enters what it finds there in
the logout ledger. Who has a citizen waiting for the answer enters it before that, and tells at once.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from idp.audit.events import EventType
from idp.audit.recorder import event
from idp.codec import Malformed, decode
from idp.storage.records.audit import AuditEvent
from idp.storage.records.logouts import Duty
from idp.storage.records.records import Records
from idp.storage.state import Event

AWAITED_SECONDS: Final = 10
"""For so long a delivery is left to who ended the session and waits for what comes of it."""

_DUE: Final = EventType.LOGOUT_DUE.value
_log = logging.getLogger(__name__)


def owed(duty: Duty, at: float, wait: int) -> Event:
    """The duty as an event, `at` the very moment of the session's end, or the trail would tell it before that. Whoever
    finds it may see to it after `wait` seconds."""
    return event(
        EventType.LOGOUT_DUE,
        at,
        citizen_id=duty.citizen_id,
        client_id=duty.client_id,
        session=duty.session,
        lineage=duty.lineage,
        reason=duty.reason,
        retry_after=wait,
        detail=duty.detail or None,
    )


@dataclass(frozen=True, slots=True)
class _Owed:
    """What stands in the event. Times are seconds since the epoch, `retry_after` is seconds."""

    session: str
    client_id: str
    citizen_id: str
    lineage: str
    reason: str
    at: float
    retry_after: int
    detail: str = ""


class Trail:
    """The audit trail in SQL; what it says is owed goes into the ledger, too. `idp.audit.writer.AuditLog`."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def append(self, batch: Sequence[AuditEvent]) -> None:
        """Keep events, each once however often it comes. Raises `RecordsUnavailable`."""
        self._records.logouts.owe([duty for each in batch if each.event == _DUE for duty in _duties(each)])
        self._records.audit.append(batch)


def _duties(stored: AuditEvent) -> Iterator[tuple[Duty, int]]:
    """The duty, and when it may be seen to; none if it cannot be read, for the trail must not stand still."""
    try:
        owes = decode(stored.document, _Owed)
    except Malformed:
        _log.error("a duty in the trail cannot be read", extra={"reason": "unreadable_event"})
        return
    at = int(owes.at)
    duty = Duty(owes.session, owes.client_id, owes.citizen_id, owes.lineage, owes.reason, at, owes.detail)
    yield duty, at + owes.retry_after
