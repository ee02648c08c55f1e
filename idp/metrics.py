"""Metrics for Prometheus. The home of `prometheus_client`.

With several worker processes each keeps its numbers in files of a directory, named by `PROMETHEUS_MULTIPROC_DIR` before
this module is loaded; whichever worker is asked adds them up. `idp.running.serve` sets the directory and clears it at
each start. One `Metrics` is made in a process. Labels are words of ours, never anything a request brought, so that
nobody outside can make the set of series grow.
"""

import os
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

DIRECTORY: Final = "PROMETHEUS_MULTIPROC_DIR"
CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class Metrics:
    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter("idp_requests", "Requests answered.", ["endpoint", "status"], registry=self._registry)
        self._seconds = Histogram(
            "idp_request_seconds", "Time to answer.", ["endpoint"], buckets=_SECONDS, registry=self._registry
        )
        self._sign_ins = Counter("idp_sign_ins", "Sign-ins by how they ended.", ["outcome"], registry=self._registry)
        self._failures = Counter(
            "idp_store_failures", "Times a store could not be reached.", ["store"], registry=self._registry
        )
        self._up = Gauge(
            "idp_store_up",
            "Whether the store answered when it was last looked at.",
            ["store"],
            multiprocess_mode="mostrecent",
            registry=self._registry,
        )
        self._backlog = Gauge(
            "idp_audit_backlog",
            "Audit events that wait to be written, as far as was looked.",
            multiprocess_mode="mostrecent",
            registry=self._registry,
        )
        self._written = Counter("idp_audit_written", "Audit events written to SQL.", registry=self._registry)
        self._logouts = Counter(
            "idp_logouts", "Tellings of a sign-out by what came of them.", ["result"], registry=self._registry
        )
        self._logouts_waiting = Gauge(
            "idp_logouts_waiting",
            "Relying parties that are still to be told of a sign-out.",
            multiprocess_mode="mostrecent",
            registry=self._registry,
        )
        self._metadata_refreshes = Counter(
            "idp_metadata_refreshes", "Sources of metadata asked, by how it went.", ["result"], registry=self._registry
        )
        self._metadata_failing = _gauge(self._registry, "failing_sources", "Sources of metadata that failed last.")
        self._metadata_expiring = _gauge(
            self._registry, "expiring", "Metadata that ends within 14 days: of service providers, and failing sources."
        )
        self._metadata_entities = _gauge(self._registry, "entities", "Service providers that metadata describes.")
        self._answered: dict[tuple[str, int], tuple[Counter, Histogram]] = {}

    def request(self, endpoint: str, status: int, seconds: float) -> None:
        """One request answered. `endpoint` is a route of ours, not a path."""
        counted = self._answered.get((endpoint, status))
        if counted is None:
            counted = (self._requests.labels(endpoint, str(status)), self._seconds.labels(endpoint))
            self._answered[endpoint, status] = counted
        counted[0].inc()
        counted[1].observe(seconds)

    def sign_in(self, outcome: str) -> None:
        """`outcome` is what follows `login:` in the audit event: success, failure, throttled …"""
        self._sign_ins.labels(outcome).inc()

    def store_failed(self, store: str) -> None:
        """`store` is "state" or "records"."""
        self._failures.labels(store).inc()

    def store_up(self, store: str, up: bool) -> None:
        self._up.labels(store).set(1 if up else 0)

    def audit_backlog(self, count: int) -> None:
        self._backlog.set(count)

    def audit_written(self, count: int) -> None:
        self._written.inc(count)

    def logout(self, result: str) -> None:
        """`result` is a state of `idp.storage.records.logouts.LogoutState`."""
        self._logouts.labels(result).inc()

    def logouts_waiting(self, count: int) -> None:
        self._logouts_waiting.set(count)

    def metadata_refreshed(self, result: str) -> None:
        """`result` is "good" or "failed"."""
        self._metadata_refreshes.labels(result).inc()

    def metadata(self, failing: int, expiring: int, entities: int) -> None:
        self._metadata_failing.set(failing)
        self._metadata_expiring.set(expiring)
        self._metadata_entities.set(entities)

    def exposition(self) -> bytes:
        """All numbers of all processes in the text format."""
        if not os.environ.get(DIRECTORY):
            return generate_latest(self._registry)
        everyone = CollectorRegistry()
        MultiProcessCollector(everyone)  # type: ignore[no-untyped-call]
        return generate_latest(everyone)


def _gauge(registry: CollectorRegistry, name: str, meaning: str) -> Gauge:
    """What the housekeeper counts of metadata."""
    return Gauge(f"idp_metadata_{name}", meaning, multiprocess_mode="mostrecent", registry=registry)
