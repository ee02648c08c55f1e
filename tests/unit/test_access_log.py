"""The lines that requests leave: whole, in order, and none lost when many threads leave them."""

import json
import os
import threading
from pathlib import Path

from idp.http.access_log import KEPT, AccessLog

PIPE_BUF = 4_096
"""Bytes that POSIX writes to a pipe in one piece."""


def test_a_line_is_json_and_says_what_came_of_a_request(tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb", buffering=0) as log:
        access = AccessLog(log.fileno())
        access.line("/token", "POST", 401, 0.0123, "AB12-CD34")
        assert not (tmp_path / "log").read_bytes()
        access.write()
    line = json.loads((tmp_path / "log").read_text())
    assert line.pop("time")[10:] > "T"
    assert line == {
        "level": "info",
        "logger": "idp.access",
        "message": "answered",
        "endpoint": "/token",
        "method": "POST",
        "status": 401,
        "milliseconds": 12.3,
        "reference": "AB12-CD34",
    }


def test_lines_of_many_threads_all_come_in_pieces_that_no_other_process_can_cut(tmp_path: Path) -> None:
    reader, writer = os.pipe2(os.O_DIRECT)  # each write is read as the packet it was
    access = AccessLog(writer)

    def request(me: int) -> None:
        for number in range(20):
            access.line(f"/{me}/{number}", "GET", 200, 0.0)

    threads = [threading.Thread(target=request, args=(me,)) for me in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    access.write()
    os.close(writer)
    pieces = []
    while piece := os.read(reader, 65_536):
        pieces.append(piece)
    os.close(reader)
    assert all(piece.startswith(b"{") and piece.endswith(b"}\n") and len(piece) <= PIPE_BUF for piece in pieces)
    found = [json.loads(line)["endpoint"] for line in b"".join(pieces).splitlines()]
    assert sorted(found) == sorted(f"/{me}/{number}" for me in range(8) for number in range(20))
    assert len(pieces) < 20


def test_a_log_that_nobody_reads_costs_nothing_else() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    access = AccessLog(writer)
    access.line("/token", "POST", 200, 0.0)
    access.write()
    os.close(writer)


def test_a_log_whose_reader_has_stopped_takes_no_more_memory_and_tells_the_newest(tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb", buffering=0) as log:
        access = AccessLog(log.fileno())
        for number in range(KEPT + 2):
            access.line(str(number), "GET", 200, 0.0)
        access.write()
    lines = (tmp_path / "log").read_text().splitlines()
    assert len(lines) == KEPT
    assert [json.loads(lines[each])["endpoint"] for each in (0, -1)] == ["2", str(KEPT + 1)]
