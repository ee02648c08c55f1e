"""What relying parties are owed when a session ends: to be told.

The duty is an event of the audit trail that is queued in the very move that ends the session, so that no way of ending
one can forget it, and no process that dies can lose it. Whoever moves the trail to SQL enters what it finds there in
the logout ledger. Who has a citizen waiting for the answer enters it before that, and tells at once.
"""

from collections.abc import Sequence
from typing import Any, Final

from idp.audit.events import EventType
from idp.audit.recorder import event
from idp.codec import decode
from idp.storage.records.audit import AuditEvent
from idp.storage.records.logouts import Duty
from idp.storage.records.records import Records
from idp.storage.state import Event

AWAITED_SECONDS: Final = 10
"""For so long a delivery is left to who ended the session and waits for what comes of it."""


def owed(duty: Duty, wait: int) -> Event:
    """The duty as an event. Whoever finds it in the trail may see to it after `wait` seconds."""
    return event(
        EventType.LOGOUT_DUE,
        duty.ended_at,
        citizen_id=duty.citizen_id,
        client_id=duty.client_id,
        session=duty.session,
        lineage=duty.lineage,
        reason=duty.reason,
        retry_after=wait,
    )


class Trail:
    """The audit trail in SQL; what it says is owed goes into the ledger, too. `idp.audit.writer.AuditLog`."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def append(self, batch: Sequence[AuditEvent]) -> None:
        """Keep events, each once however often it comes. Raises `RecordsUnavailable`."""
        self._records.logouts.owe([_duty(each) for each in batch if each.event == EventType.LOGOUT_DUE.value])
        self._records.audit.append(batch)


def _duty(stored: AuditEvent) -> tuple[Duty, int]:
    """A duty, and when it may be seen to."""
    facts = decode(stored.document, dict[str, Any])
    duty = Duty(
        facts["session"], facts["client_id"], facts["citizen_id"], facts["lineage"], facts["reason"], int(facts["at"])
    )
    return duty, duty.ended_at + int(facts["retry_after"])
