"""Which processor serves and which asks, and what the kernel knows of a worker."""

import os
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_LISTENING = "0A"


@dataclass(frozen=True, slots=True)
class Processors:
    """`server` is the measured worker's own; everything else is on `client`. The same one if there is no other."""

    server: int
    client: int

    @property
    def apart(self) -> bool:
        return self.server != self.client


def divide() -> Processors:
    """Keep this process, and all that it will start, off the last processor it may use."""
    usable = sorted(os.sched_getaffinity(0))
    processors = Processors(usable[-1], usable[0])
    pin(os.getpid(), processors.client)
    return processors


def pin(pid: int, processor: int) -> None:
    """All threads of a process; those that it starts later inherit it."""
    for thread in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(thread.name), {processor})


@dataclass(frozen=True, slots=True)
class Memory:
    """MiB; `proportional` shares out what several processes have in common."""

    resident: float
    proportional: float


def memory(pid: int) -> Memory:
    words = (line.split() for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:])
    kib = {word[0]: int(word[1]) for word in words}
    return Memory(kib["Rss:"] / 1024, kib["Pss:"] / 1024)


def processor_seconds(pid: int) -> float:
    """User and system time of all its threads until now."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def worker(parent: int, port: int) -> int:
    """The one child of `parent` that listens on `port`."""
    listening = {f"socket:[{inode}]" for inode in _listeners(port)}
    (found,) = [child for child in _children(parent) if listening & _open(child)]
    return found


def _children(parent: int) -> list[int]:
    tasks = Path(f"/proc/{parent}/task").iterdir()
    return [int(child) for task in tasks for child in (task / "children").read_text().split()]


def _listeners(port: int) -> list[str]:
    rows = (line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:])
    return [row[9] for row in rows if row[3] == _LISTENING and int(row[1].rpartition(":")[2], 16) == port]


def _open(pid: int) -> set[str]:
    found = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        try:
            found.add(str(descriptor.readlink()))
        except FileNotFoundError:  # closed meanwhile
            continue
    return found
