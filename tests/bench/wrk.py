"""Load by wrk: the same hops as `load.py` walks, from a client that costs less. `hop.lua` is the script it runs."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.bench.load import Load
from tests.bench.walks import Place, WrongAnswer

SCRIPT = Path(__file__).with_name("hop.lua")


def present() -> bool:
    return shutil.which("wrk") is not None


def hops(place: Place, cookies: Sequence[str], connections: int, seconds: float) -> Load:
    """Raises `WrongAnswer`. wrk takes whole seconds."""
    each = str(connections)
    load = ["wrk", "-t", each, "-c", each, "-d", f"{max(1, round(seconds))}s", "-s", str(SCRIPT)]
    told = [place.authorize, place.basic, place.exchange, *cookies]
    ran = subprocess.run([*load, f"http://{place.host}", "--", *told], capture_output=True, text=True, check=False)
    for line in ran.stdout.splitlines():
        if line.startswith("hops|"):
            return _read(line)
    raise WrongAnswer(f"wrk: {ran.stdout[-500:]}{ran.stderr[-500:]}")


def _read(line: str) -> Load:
    _, microseconds, wrong, last, taken = line.split("|")
    if int(wrong):
        raise WrongAnswer(f"wrk: {wrong} wrong answers, the last was {last}")
    return Load(int(microseconds) / 1e6, [int(each) / 1e6 for each in taken.split()])
