"""Numbers for Prometheus: of one process, and of several added up."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from idp.metrics import DIRECTORY, Metrics


def value(text: str, series: str) -> float:
    (found,) = [line.rpartition(" ")[2] for line in text.splitlines() if line.startswith(f"{series} ")]
    return float(found)


@pytest.mark.skipif(DIRECTORY in os.environ, reason="this process shares its numbers")
def test_what_happened_is_counted() -> None:
    metrics = Metrics()
    metrics.request("token", 200, 0.004)
    metrics.request("token", 200, 0.2)
    metrics.request("token", 400, 0.001)
    metrics.sign_in("throttled")
    metrics.store_failed("state")
    metrics.store_up("state", False)
    metrics.audit_backlog(7)
    metrics.audit_written(3)
    text = metrics.exposition().decode()
    assert value(text, 'idp_requests_total{endpoint="token",status="200"}') == 2
    assert value(text, 'idp_requests_total{endpoint="token",status="400"}') == 1
    assert value(text, 'idp_request_seconds_bucket{endpoint="token",le="0.005"}') == 2
    assert value(text, 'idp_request_seconds_count{endpoint="token"}') == 3
    assert value(text, 'idp_sign_ins_total{outcome="throttled"}') == 1
    assert value(text, 'idp_store_failures_total{store="state"}') == 1
    assert value(text, 'idp_store_up{store="state"}') == 0
    assert value(text, "idp_audit_backlog") == 7
    assert value(text, "idp_audit_written_total") == 3


WORKER = """
from idp.metrics import Metrics
metrics = Metrics()
metrics.request("authorize", 303, 0.002)
metrics.audit_backlog({backlog})
print(metrics.exposition().decode())
"""


def test_numbers_of_all_processes_are_added_up(tmp_path: Path) -> None:
    texts = [
        subprocess.run(
            [sys.executable, "-c", WORKER.format(backlog=backlog)],
            env={**os.environ, DIRECTORY: str(tmp_path)},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout
        for backlog in (9, 4)
    ]
    assert value(texts[0], 'idp_requests_total{endpoint="authorize",status="303"}') == 1
    assert value(texts[1], 'idp_requests_total{endpoint="authorize",status="303"}') == 2
    assert value(texts[1], "idp_audit_backlog") == 4
