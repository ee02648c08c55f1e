"""`idp demo` as a person at a terminal meets it: start, `ready`, four pages, Ctrl-C; and again, with what it kept."""

import re
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from idp.demo.citizens import PEOPLE
from tests.support.processes import Process, start, wait_until
from tests.support.town import IDP, four_free_ports

ROW = re.compile(r"^\s*(\S+)\s+(\d{17}[\dX])\s+(\S+)", re.MULTILINE)


def started(port: int, data_dir: Path, log: Path) -> Process:
    command = [IDP, "demo", "--port", str(port), "--data-dir", data_dir]
    return start(command, log, folder=data_dir.parent, farewell=signal.SIGINT)


@contextmanager
def demo(port: int, data_dir: Path) -> Iterator[Process]:
    log = data_dir.parent / f"{data_dir.name}.log"
    log.unlink(missing_ok=True)
    process = started(port, data_dir, log)
    try:
        wait_until(lambda: log.read_text().endswith("ready\n"), process, seconds=90)
        yield process
    finally:
        process.stop()


def descendants(of: int) -> set[int]:
    """Everything a process has started, and what that has started, at this moment."""
    parents: dict[int, int] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(status.parent.name)] = int(status.read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue  # it ended while we looked
    found: set[int] = set()
    while more := {child for child, parent in parents.items() if parent in found | {of}} - found:
        found |= more
    return found


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc to see what was left running")
def test_the_demo_runs_stops_without_a_trace_and_keeps_its_data(tmp_path: Path) -> None:
    port = four_free_ports()
    data_dir = tmp_path / "demo"

    with demo(port, data_dir) as running:
        first = ROW.findall(running.log.read_text())
        assert [row[:2] for row in first] == [(person.name, person.number) for person in PEOPLE]
        pages = [requests.get(f"http://localhost:{port + number}/", timeout=10) for number in (1, 2, 3)]
        assert [page.status_code for page in pages] == [200, 200, 200]
        assert "社会保险" in pages[0].text
        assert "车辆管理" in pages[1].text
        assert "不动产" in pages[2].text
        metadata = requests.get(f"http://localhost:{port}/.well-known/openid-configuration", timeout=10).json()
        assert metadata["issuer"] == f"http://localhost:{port}"
        for number in (1, 3):
            to_provider = requests.get(f"http://localhost:{port + number}/login", timeout=10)
            assert to_provider.status_code == 200
            assert to_provider.url.startswith(f"http://localhost:{port}/login")
        family = descendants(running.popen.pid)
        assert len(family) >= 4
        assert running.stop(patience=10) == 0
        assert not any(alive(pid) for pid in family)

    files = list(data_dir.rglob("*.json"))
    assert len(files) == 4
    assert all(path.stat().st_mode & 0o077 == 0 for path in files)

    with demo(port, data_dir) as running:
        assert ROW.findall(running.log.read_text()) == first
        assert sorted(data_dir.rglob("*.json")) == sorted(files)


@pytest.mark.slow
def test_a_port_in_use_is_told_in_one_sentence_with_what_to_do(tmp_path: Path) -> None:
    port = four_free_ports()
    with socket.create_server(("127.0.0.1", port + 2)):
        process = started(port, tmp_path / "demo", tmp_path / "log")
        try:
            assert process.popen.wait(60) == 1
        finally:
            process.stop()
    (line,) = process.log.read_text().strip().splitlines()
    assert f"port {port + 2} is in use" in line
    assert "make demo PORT=" in line


@pytest.mark.slow
def test_ctrl_c_before_ready_stops_too(tmp_path: Path) -> None:
    process = started(four_free_ports(), tmp_path / "demo", tmp_path / "log")
    wait_until((tmp_path / "demo" / "logs" / "provider.log").exists, process, seconds=60)
    assert process.stop(patience=15) == 0
    assert "ready" not in process.log.read_text()
