"""What has to be done beside the requests: audit events moved to SQL, portals told again of sign-outs, metadata fetched
again, what expired removed, the stores looked after.

One process does it, started by `idp serve` next to its workers. Several machines may run one each: leases see to it
that one of them works at a time. An outage of either store ends nothing here; it is logged once, and the work goes on
when the store is back.
"""

import logging
import os
import signal
import socket
import threading
from collections.abc import Callable
from typing import Final

from idp import logs
from idp.audit.writer import AuditWriter
from idp.clock import Clock
from idp.config import Settings
from idp.doors import Doors
from idp.logouts import Trail
from idp.metrics import Metrics
from idp.running.purging import RECORDS_SECONDS, STATE_SECONDS, Purging
from idp.saml.rounds import Rounds
from idp.services import build_services
from idp.storage.records.errors import RecordsUnavailable
from idp.storage.records.records import Records
from idp.storage.state import StateStore, StateUnavailable

TICK_SECONDS: Final = 0.5
LOGOUTS_SECONDS: Final = 1
LOOK_SECONDS: Final = 5
METADATA_SECONDS: Final = 20
LONGEST_PAUSE_SECONDS: Final = 10.0

_AT_ONCE: Final = 200
"""Batches of events in one go, at most."""
_LEASE: Final = "housekeeper"
_LEASE_SECONDS: Final = 60

_log = logging.getLogger(__name__)


class Housekeeper:
    def __init__(
        self,
        state: StateStore,
        records: Records,
        clock: Clock,
        metrics: Metrics,
        owner: str,
        purging: Purging,
        retell: Callable[[], None],
        refresh: Callable[[], None],
    ) -> None:
        """`owner` names this housekeeper among all. `retell` tells relying parties of sign-outs, `refresh` asks sources
        of metadata again, each as far as that is due, and neither waits for them."""
        self._state = state
        self._records = records
        self._clock = clock
        self._metrics = metrics
        self._owner = owner
        self._purging = purging
        self._retell = retell
        self._refresh = refresh
        self._writer = AuditWriter(state, Trail(records), owner)
        self._due: dict[str, float] = {}
        self._away: set[str] = set()

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set; then move what waits once more."""
        pause = TICK_SECONDS
        while not stop.wait(pause):
            pause = TICK_SECONDS if self.tick() else min(pause * 2, LONGEST_PAUSE_SECONDS)
        if self.tick():
            self._writer.rest()

    def tick(self) -> bool:
        """Do what is due. False if a store was away."""
        try:
            self._look()
            self._move_events()
            if self._is_due("logouts", LOGOUTS_SECONDS) and self._leads():
                self._retell()
            if self._is_due("metadata", METADATA_SECONDS) and self._leads():
                self._refresh()
            self._purge()
        except StateUnavailable:
            self._gone("state")
        except RecordsUnavailable:
            self._gone("records")
        else:
            self._back()
            return True
        return False

    def _look(self) -> None:
        if self._is_due("look", LOOK_SECONDS):
            self._state.ping()
            self._records.ping()
            for store in ("state", "records"):
                self._metrics.store_up(store, True)

    def _move_events(self) -> None:
        for _ in range(_AT_ONCE):
            moved = self._writer.move()
            self._metrics.audit_written(moved.written)
            if not moved.written:
                self._metrics.audit_backlog(moved.waiting)
                return
            self._metrics.audit_backlog(moved.written + moved.waiting)

    def _purge(self) -> None:
        if self._is_due("purge", STATE_SECONDS) and self._leads():
            self._purging.state()
            if self._is_due("records", RECORDS_SECONDS):
                self._purging.records()

    def _leads(self) -> bool:
        """Of several housekeepers, one."""
        return self._state.lease(_LEASE, self._owner, _LEASE_SECONDS)

    def _is_due(self, name: str, every: float) -> bool:
        now = self._clock.now()
        if abs(now - self._due.get(name, -every)) < every:
            return False
        self._due[name] = now
        return True

    def _gone(self, store: str) -> None:
        self._metrics.store_up(store, False)
        self._metrics.store_failed(store)
        self._due.pop("look", None)
        if store not in self._away:
            self._away.add(store)
            _log.error("a store does not answer; events wait and nothing is lost", extra={"reason": f"{store}_away"})

    def _back(self) -> None:
        for store in sorted(self._away):
            _log.warning("a store answers again", extra={"reason": f"{store}_back"})
        self._away.clear()


def keep_house(settings: Settings, parent: int) -> None:
    """The housekeeper's process: works until it is told to stop, or until `parent`, which started it, is gone."""
    logs.configure(settings.log_level)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for `parent`, who tells us to stop when nobody needs us
    services, metrics = build_services(settings), Metrics()
    owner = f"{socket.gethostname()}:{parent}"  # one that is started in a dead one's place has its leases at once
    state, records, clock = services.state, services.records, services.clock
    purging, retelling = Purging(state, records, clock, settings), Doors(services, metrics).retelling
    rounds = Rounds(services.metadata_sources, services.refreshing, records.metadata_sources, clock, metrics)
    housekeeper = Housekeeper(state, records, clock, metrics, owner, purging, retelling.round, rounds.begin)
    threading.Thread(target=_watch, args=(parent, stop), daemon=True).start()
    housekeeper.run(stop)
    services.close()


def _watch(parent: int, stop: threading.Event) -> None:
    while not stop.wait(1.0):
        if os.getppid() != parent:
            stop.set()
