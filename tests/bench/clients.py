"""Registered clients in bulk: what one of very many costs to look up, and what they weigh in a worker that met them."""

import contextlib
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from idp.app import Services, build_services
from idp.clock import SystemClock
from idp.codec import encode
from idp.config import load_settings
from idp.running.preparing import prepare_directory
from idp.secrets import SystemRandomness
from idp.storage.records.clients import ChangedClient
from tests.bench.load import once
from tests.bench.machine import Processors, memory
from tests.bench.report import Stock
from tests.bench.serving import serving
from tests.bench.walks import CALLBACK, Place, Walk, proved
from tests.support.processes import free_port

CAME = 12_000
"""More than a worker keeps."""
_BATCH = 5_000
_LOOK_UPS = 2_000


def stock(folder: Path, count: int, processors: Processors, say: Callable[[str], None]) -> Stock:
    """Serve beside `count` registered clients; as many of them come as there are, and `CAME` at most."""
    here, port = folder / f"clients-{count}", free_port()
    here.mkdir()
    variables = {"IDP_ISSUER": f"http://127.0.0.1:{port}", "IDP_DATA_DIR": str(here), "IDP_ADDRESS_RATE": "1000000"}
    settings = load_settings(variables)
    prepare_directory(settings, SystemRandomness(), SystemClock())
    with contextlib.closing(build_services(settings)) as services:
        services.ensure_keys()
        ids = add(services, count)
        say(f"{count:,} registered clients")
        microseconds = look_up(services, ids)
    command = ["idp.cli", "serve", "--port", str(port), "--workers", "1"]
    with serving(command, port, here / "serve.log", processors, variables) as worker:
        once(port, _come(port, ids[:1]))
        before, coming = memory(worker), ids[:CAME]
        once(port, _come(port, coming))
        return Stock(count, microseconds, before, len(coming), memory(worker))


def add(services: Services, count: int) -> Sequence[str]:
    """Copies of one client, each with an id of its own; gives the ids."""
    first = services.clients.add(encode({"redirect_uris": [CALLBACK], "client_name": "社会保险"})).client.client_id
    stored = services.records.clients.get(first)
    if stored is None:
        raise LookupError(first)
    ids = [services.randomness.bytes(16).hex() for _ in range(count)]
    for begin in range(0, count, _BATCH):
        copies = [
            ChangedClient(each, None, stored.document.replace(first.encode(), each.encode()), ())
            for each in ids[begin : begin + _BATCH]
        ]
        services.records.clients.bring(copies, stored.updated_at)
    return ids


def look_up(services: Services, ids: Sequence[str]) -> float:
    """Microseconds of SQL for one client, the median of many."""
    taken = []
    for each in ids[:: max(1, len(ids) // _LOOK_UPS)]:
        begun = time.perf_counter()
        services.records.clients.get(each)
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken) * 1e6


def _come(port: int, ids: Sequence[str]) -> Walk:
    """Each of these clients asks for a citizen who is not there."""
    for each in ids:
        place = Place(port, each, "")
        proved((yield place.get(f"{place.authorize}&prompt=none")), 303)
