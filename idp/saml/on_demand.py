"""Service providers that nobody has asked for yet, brought from where metadata is asked for one by one (MDQ).

The name that is asked for came with a request, so anybody can choose it: of names that were unknown a worker remembers
so for a minute, it asks for a few at a time, and whoever comes meanwhile is answered as if there were none.
"""

import logging
import threading
from typing import Final

from federation.fetch import FetchError
from federation.saml.metadata.reading import BadMetadata
from idp.clock import Clock
from idp.pace import Pace
from idp.saml.refreshing import Refreshing, as_stored
from idp.saml.sources import Source, Sources
from idp.storage.records.service_providers import ServiceProviderRecords
from idp.storage.state import Throttled

UNKNOWN_SECONDS: Final = 60
UNKNOWN: Final = 10_000
"""Names that a worker remembers as unknown."""
AT_ONCE: Final = 4
A_SECOND: Final = 2
"""Over a while; a few seconds' worth may come at once."""

_log = logging.getLogger(__name__)


class OnDemand:
    def __init__(self, sources: Sources, refreshing: Refreshing, records: ServiceProviderRecords, clock: Clock) -> None:
        self._sources = sources
        self._refreshing = refreshing
        self._records = records
        self._clock = clock
        self._unknown: dict[str, float] = {}
        self._asking = threading.BoundedSemaphore(AT_ONCE)
        self._pace = Pace(clock, A_SECOND)

    def bring(self, entity_id: str) -> bool:
        """Ask for a service provider and keep what is said of it; whether there is one."""
        sources = self._sources.mdq()
        if not sources or self._unknown.get(entity_id, 0) > self._clock.now():
            return False
        if not self._asking.acquire(blocking=False):
            return False
        try:
            self._pace.count("")
            found = any(self._brought(source, entity_id) for source in sources)
        except Throttled:
            return False
        finally:
            self._asking.release()
        if not found:
            self._remember(entity_id)
        return found

    def _brought(self, source: Source, entity_id: str) -> bool:
        try:
            entity = self._refreshing.ask(source, entity_id)
        except (FetchError, BadMetadata) as error:
            _log.warning("metadata cannot be had on demand", extra={"reason": str(error), "source": source.name})
            return False
        if entity is None:
            return False
        self._records.put(as_stored(entity, source.name, int(self._clock.now())))
        return True

    def _remember(self, entity_id: str) -> None:
        if len(self._unknown) >= UNKNOWN:
            self._unknown.pop(next(iter(self._unknown)), None)
        self._unknown[entity_id] = self._clock.now() + UNKNOWN_SECONDS
