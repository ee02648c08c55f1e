"""JSON and back: what only shows when many do it at once."""

import subprocess
import sys

FIRST_USES = """
import dataclasses, sys, threading
from idp.codec import decode, encode

sys.setswitchinterval(1e-6)
raw = encode({"inner": {f"a{i}": i for i in range(12)}, **{f"b{i}": ["x"] for i in range(12)}})
for number in range(100):
    inner = dataclasses.make_dataclass("Inner", [(f"a{i}", int) for i in range(12)], frozen=True)
    members = [("inner", inner), ("other", inner | None, None), *((f"b{i}", tuple[str, ...], ()) for i in range(12))]
    outer = dataclasses.make_dataclass("Outer", members, frozen=True)
    together, found = threading.Barrier(8), []

    def first_use():
        together.wait()
        found.append(decode(raw, outer))

    threads = [threading.Thread(target=first_use) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8 and encode(found[0]) == encode(found[7])
    assert len({id(type(each)) for each in found}) == 1
"""


def test_first_uses_of_a_type_by_many_threads_at_once_are_answered() -> None:
    """In a process of its own: what is at stake is a crash."""
    done = subprocess.run([sys.executable, "-c", FIRST_USES], capture_output=True, text=True, timeout=100, check=False)
    assert (done.returncode, done.stderr) == (0, "")
