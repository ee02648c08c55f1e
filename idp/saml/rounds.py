"""The housekeeper's round over the sources of metadata: those whose turn it is are asked again, in a thread beside what
else he does, and those who watch are told how they are."""

import logging
import threading
from typing import Final

from idp.clock import Clock
from idp.metrics import Metrics
from idp.saml.refreshing import RefreshFailed, Refreshing, due
from idp.saml.sources import Known, Sources
from idp.storage.records.errors import NotFound, RecordsUnavailable
from idp.storage.records.metadata_sources import MetadataSourceRecords
from idp.storage.state import StateUnavailable

EXPIRING_SECONDS: Final = 14 * 86_400
"""So long before metadata ends somebody is told."""

_log = logging.getLogger(__name__)


class Rounds:
    def __init__(
        self, sources: Sources, refreshing: Refreshing, records: MetadataSourceRecords, clock: Clock, metrics: Metrics
    ) -> None:
        self._sources = sources
        self._refreshing = refreshing
        self._records = records
        self._clock = clock
        self._metrics = metrics
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        """Begin a round, unless one is still under way. Nobody waits for it: a source may take a minute."""
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._guarded, name="metadata", daemon=True)
            self._thread.start()

    def go(self) -> None:
        """One round. Raises `RecordsUnavailable` and `StateUnavailable`."""
        for known in self._sources.all():
            if due(known, self._clock.now()):
                self._metrics.metadata_refreshed("good" if self._refresh(known) else "failed")
        now = int(self._clock.now())
        failing = [known for known in self._sources.all() if known.status.failed_since is not None]
        ending = [known for known in failing if known.valid_until and known.valid_until < now + EXPIRING_SECONDS]
        expiring = len(self._records.ending(now + EXPIRING_SECONDS)) + len(ending)
        self._metrics.metadata(len(failing), expiring, self._records.count())

    def _guarded(self) -> None:
        try:
            self.go()
        except (RecordsUnavailable, StateUnavailable):
            _log.warning("metadata is not refreshed: a store does not answer")

    def _refresh(self, known: Known) -> bool:
        """One source never keeps another from its turn, whatever it says."""
        try:
            done = self._refreshing.refresh(known)
        except (RefreshFailed, NotFound):  # which was noted; removed meanwhile
            return False
        if done.changed or done.gone:
            facts = {"source": known.source.name, "changed": done.changed, "gone": done.gone, "skipped": done.skipped}
            _log.info("metadata was refreshed", extra=facts)
        return True
