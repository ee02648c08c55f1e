"""Prometheus' text format (version 0.0.4) over HTTP, added up over several workers."""

import re
from collections.abc import Iterator

import pytest

from idp.login.throttle import ACCOUNT_AND_SOURCE
from tests.support.processes import wait_until
from tests.support.provider import Provider
from tests.support.serving import Served, served

_SAMPLE = re.compile(r'([a-z_]+)(?:\{((?:[a-z_]+="[^"\\\n]*",?)*)\})? ([0-9.e+-]+|NaN|\+Inf)')
FAMILIES = {
    "idp_requests_total",
    "idp_request_seconds",
    "idp_sign_ins_total",
    "idp_store_failures_total",
    "idp_store_up",
    "idp_audit_backlog",
    "idp_audit_written_total",
    "idp_logouts_total",
    "idp_logouts_waiting",
    "idp_metadata_entities",
    "idp_metadata_expiring",
    "idp_metadata_failing_sources",
    "idp_metadata_refreshes_total",
}
LABELS = {"endpoint", "status", "le", "outcome", "result", "store"}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("metrics"), workers=2) as server:
        yield server


def samples(running: Served) -> dict[tuple[str, str], float]:
    """By name and labels as they stand; every line must be of the format."""
    answer = running.get("/metrics")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    found: dict[tuple[str, str], float] = {}
    for line in answer.text.splitlines():
        if line.startswith("#"):
            assert re.fullmatch(r"# (HELP|TYPE) [a-z_]+ .+", line), line
            continue
        sample = _SAMPLE.fullmatch(line)
        assert sample, line
        assert (sample[1], sample[2] or "") not in found, "told twice"
        found[sample[1], sample[2] or ""] = float(sample[3])
    return found


def grown(running: Served, before: dict[tuple[str, str], float], name: str, *words: str) -> float:
    """By how much all samples of a name with these words among their labels have grown."""

    def total(those: dict[tuple[str, str], float]) -> float:
        return sum(value for (each, labels), value in those.items() if each == name and all(w in labels for w in words))

    return total(samples(running)) - total(before)


def test_requests_are_counted_once_whichever_worker_answers(running: Served) -> None:
    before = samples(running)
    for _ in range(60):
        assert running.get("/healthz").status == 200
    for _ in range(7):
        assert running.get("/nowhere").status == 404
    assert grown(running, before, "idp_requests_total", 'endpoint="/healthz"', 'status="200"') == 60
    assert grown(running, before, "idp_requests_total", 'endpoint="none"', 'status="404"') == 7
    assert grown(running, before, "idp_request_seconds_count", 'endpoint="/healthz"') == 60
    assert grown(running, before, "idp_request_seconds_bucket", 'endpoint="/healthz"', 'le="+Inf"') == 60


def test_both_workers_answer_and_their_numbers_are_one(running: Served) -> None:
    """Connections are shared out by the kernel, so that many fresh ones reach both."""
    for _ in range(60):
        running.get("/healthz")
    directory = running.provider.services.settings.metrics_dir
    counted = [path for path in directory.glob("counter_*.db") if b"/healthz" in path.read_bytes()]
    pids = {path.stem.rpartition("_")[2] for path in counted}
    assert {str(pid) for pid in running.workers()} <= pids


def test_sign_ins_are_counted_by_how_they_ended(running: Served) -> None:
    before, client, person = samples(running), running.provider.client(), running.provider.citizen()
    running.provider.visitor("203.0.113.1").arrive(client, person)
    guesser = running.provider.visitor("203.0.113.2")
    page = guesser.authorize(client)
    statuses = [
        guesser.password(page, person, "wrong password").status_code for _ in range(ACCOUNT_AND_SOURCE.free + 2)
    ]
    assert statuses[-1] == 429
    assert grown(running, before, "idp_sign_ins_total", 'outcome="success"') == 1
    assert grown(running, before, "idp_sign_ins_total", 'outcome="failure"') == statuses.count(401)
    assert grown(running, before, "idp_sign_ins_total", 'outcome="throttled"') == statuses.count(429)


def test_a_code_that_is_wrong_is_counted_too(running: Served) -> None:
    before, client, person = samples(running), running.provider.client(), running.provider.citizen(totp=True)
    visitor = running.provider.visitor("203.0.113.3")
    page = visitor.password(visitor.authorize(client), person)
    assert visitor.submit(page, "otp", otp="000000").status_code == 401
    assert grown(running, before, "idp_sign_ins_total", 'outcome="totp_failure"') == 1
    assert grown(running, before, "idp_sign_ins_total", 'outcome="success"') == 0


def test_the_trail_and_the_stores_are_watched(running: Served) -> None:
    before = samples(running)
    running.provider.visitor("203.0.113.4").arrive(running.provider.client(), running.provider.citizen())
    wait_until(lambda: grown(running, before, "idp_audit_written_total") >= 4, running.process)
    wait_until(lambda: samples(running)["idp_audit_backlog", ""] == 0, running.process)
    now = samples(running)
    assert (now["idp_store_up", 'store="state"'], now["idp_store_up", 'store="records"']) == (1, 1)


def test_nothing_that_a_request_brings_makes_a_series(running: Served) -> None:
    before = set(samples(running))
    for number in range(30):
        running.get(f"/made-up-{number}?x={number}", **{"X-Made-Up": str(number)})
        running.get("/authorize?client_id=unknown-" + str(number))
        running.proxy.ask(f"VERB{number}", "/token")
    new = {name for name, _ in set(samples(running)) - before}
    assert len(set(samples(running)) - before) < 40
    assert new <= {
        "idp_requests_total",
        "idp_request_seconds_bucket",
        "idp_request_seconds_sum",
        "idp_request_seconds_count",
    }
    for name, labels in samples(running):
        assert name.removesuffix("_bucket").removesuffix("_sum").removesuffix("_count") in FAMILIES
        assert {pair.partition("=")[0] for pair in labels.split(",") if pair} <= LABELS
        assert "made-up" not in labels
        assert "VERB" not in labels


@pytest.mark.parametrize(
    ("source", "status"), [("127.0.0.1", 200), ("10.1.2.3", 200), ("fd00::1", 200), ("8.8.8.8", 404)]
)
def test_metrics_are_for_our_own_network(provider: Provider, source: str, status: int) -> None:
    assert provider.visitor(source).get("/metrics").status_code == status
