"""Load by wrk: the same hops and turns as `load.py` walks, from a client that costs less. `hop.lua` and `turn.lua` are
the scripts it runs."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.bench.load import Load
from tests.bench.walks import Place, WrongAnswer

HERE = Path(__file__).parent


def present() -> bool:
    return shutil.which("wrk") is not None


def hops(place: Place, cookies: Sequence[str], connections: int, seconds: float) -> Load:
    """Raises `WrongAnswer`. wrk takes whole seconds."""
    told = [place.authorize, place.basic, place.exchange, *cookies]
    return _ran("hop.lua", place.port, told, connections, seconds)


def turns(
    port: int, paths: Sequence[str], cookies: Sequence[str], least: int, connections: int, seconds: float
) -> Load:
    """One request a turn, whose answer has `least` bytes or more. Raises `WrongAnswer`."""
    return _ran("turn.lua", port, [str(least), str(len(paths)), *paths, *cookies], connections, seconds)


def _ran(script: str, port: int, told: Sequence[str], connections: int, seconds: float) -> Load:
    each = str(connections)
    load = ["wrk", "-t", each, "-c", each, "-d", f"{max(1, round(seconds))}s", "-s", str(HERE / script)]
    ran = subprocess.run([*load, f"http://127.0.0.1:{port}", "--", *told], capture_output=True, text=True, check=False)
    for line in ran.stdout.splitlines():
        if line.startswith("hops|"):
            return _read(line)
    raise WrongAnswer(f"wrk: {ran.stdout[-500:]}{ran.stderr[-500:]}")


def _read(line: str) -> Load:
    _, microseconds, wrong, last, taken = line.split("|")
    if int(wrong):
        raise WrongAnswer(f"wrk: {wrong} wrong answers, the last was {last}")
    return Load(int(microseconds) / 1e6, [int(each) / 1e6 for each in taken.split()])
