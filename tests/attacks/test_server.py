"""What only a real `idp serve` can be asked: how it reads requests, and what one hostile client costs the others.

Heads that never end, stopping and TLS: `tests/operation/test_serving.py` and `test_serving_tls.py`.
"""

import contextlib
import socket
import time
from collections.abc import Iterator

import pytest

from tests.support.serving import Served, served

ELSEWHERE = "127.0.0.2"
"""Peers at this address are no trusted proxy; those at 127.0.0.1 are."""
FORM = b"Host: id.example\r\nContent-Type: application/x-www-form-urlencoded\r\n"
SMUGGLED = b"GET /nothing-here HTTP/1.1\r\nHost: id.example\r\n\r\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("server"), workers=1) as running:
        yield running


@contextlib.contextmanager
def line(server: Served, address: str = ELSEWHERE) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", server.proxy.port), 5, (address, 0)) as connection:
        yield connection


def answers(server: Served, raw: bytes, wait: float = 0.7) -> list[bytes]:
    """The status lines that come of some bytes."""
    received = b""
    with line(server) as connection:
        connection.settimeout(wait)
        with contextlib.suppress(OSError):
            connection.sendall(raw)
            while more := connection.recv(65_536):
                received += more
    return [row.split(b" ")[1] for row in received.split(b"\r\n") if row.startswith(b"HTTP/1")]


SMUGGLING = {
    "two-lengths": b"Content-Length: 3\r\nContent-Length: 60\r\n\r\na=b",
    "length-with-a-sign": b"Content-Length: +3\r\n\r\na=b",
    "length-below-zero": b"Content-Length: -1\r\n\r\n",
    "length-beyond-numbers": b"Content-Length: 99999999999999999999999\r\n\r\n",
    "length-list": b"Content-Length: 3, 60\r\n\r\na=b",
    "unknown-coding": b"Content-Length: 5\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunked-not-last": b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "space-before-colon": b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "length-and-chunked": b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunk-size-is-no-number": b"Transfer-Encoding: chunked\r\n\r\nZZ\r\nab\r\n0\r\n\r\n",
    "chunk-size-overflows": b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nab\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("case", SMUGGLING.values(), ids=SMUGGLING.keys())
def test_g_smuggling_what_lengths_disagree_on_is_one_request_and_the_end(server: Served, case: bytes) -> None:
    """RFC 9112 section 6.3: whatever stands behind an ambiguous message is never read as a request of its own."""
    statuses = answers(server, b"POST /token HTTP/1.1\r\n" + FORM + case + SMUGGLED)
    assert len(statuses) == 1
    assert statuses[0] in (b"400", b"401", b"429")


ODD_HEADS = {
    "folded": (b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\n\r\n", {b"400"}),
    "nul": (b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n", {b"400"}),
    "no-version": (b"GET /healthz\r\n\r\n", {b"400"}),
    "space-in-target": (b"GET /help x HTTP/1.1\r\nHost: x\r\n\r\n", {b"400"}),
    "many-headers": (
        b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + b"".join(b"X%d: 1\r\n" % n for n in range(3_000)) + b"\r\n",
        {b"431"},
    ),
    "huge-header": (b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 3_000_000 + b"\r\n\r\n", {b"431"}),
    "huge-target": (b"GET /help?" + b"a" * 3_000_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", {b"414", b"431"}),
    "connect": (b"CONNECT evil.example:443 HTTP/1.1\r\nHost: x\r\n\r\n", {b"400", b"404", b"405"}),
    "star": (b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", {b"200", b"400", b"404"}),
    "http2-in-the-clear": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", set()),
    "percent-path": (b"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n", {b"404"}),
    "static-traversal": (b"GET /static/..%2f..%2fbase.html HTTP/1.1\r\nHost: x\r\n\r\n", {b"404"}),
    "backslash": (b"GET /static\\..\\base.html HTTP/1.1\r\nHost: x\r\n\r\n", {b"400", b"404"}),
    "path-parameter": (b"GET /account;x=/static/a.css HTTP/1.1\r\nHost: x\r\n\r\n", {b"404"}),
    "suffix": (b"GET /account/x.css HTTP/1.1\r\nHost: x\r\n\r\n", {b"404"}),
}


@pytest.mark.parametrize(("raw", "allowed"), ODD_HEADS.values(), ids=ODD_HEADS.keys())
def test_g_odd_requests_get_a_plain_no(server: Served, raw: bytes, allowed: set[bytes]) -> None:
    assert set(answers(server, raw)) <= allowed
    assert server.get("/healthz").status == 200


@pytest.mark.parametrize("target", [b"//login", b"http://evil.example//login", b"http://evil.example/nothing", b"//"])
def test_g_host_header_leads_nowhere(server: Served, target: bytes) -> None:
    with line(server) as connection:
        connection.sendall(b"GET " + target + b" HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n")
        received = b""
        while more := connection.recv(65_536):
            received += more
    assert received.split(b" ")[1] in (b"200", b"400", b"404")
    assert b"evil.example" not in received


@pytest.mark.parametrize("path", [b"/token", b"/userinfo", b"/login?t=x", b"/authorize", b"/logout"])
def test_g_memory_a_body_without_end_is_cut(server: Served, path: bytes) -> None:
    head = b"POST " + path + b" HTTP/1.1\r\n" + FORM
    chunk = b"10000\r\n" + b"a" * 65_536 + b"\r\n"
    assert answers(server, head + b"Content-Length: 3000000\r\n\r\n" + b"a" * 3_000_000)[:1] in ([b"400"], [b"413"], [])
    assert answers(server, head + b"Transfer-Encoding: chunked\r\n\r\n" + chunk * 40)[:1] in ([b"400"], [b"413"], [])
    assert server.get("/healthz").status == 200


def test_g_slow_bodies_of_one_client_do_not_stop_the_others(server: Served) -> None:
    """Each holds a thread for as long as it likes; together they may not hold them all."""
    head = b"POST /token HTTP/1.1\r\n" + FORM + b"Content-Length: 1000\r\n\r\na=b"
    with contextlib.ExitStack() as stack:
        for _ in range(150):
            stack.enter_context(line(server)).sendall(head)
        time.sleep(0.5)
        began = time.monotonic()
        assert server.get("/healthz").status == 200
        with line(server, "127.0.0.3") as other:
            other.sendall(b"POST /token HTTP/1.1\r\n" + FORM + b"Content-Length: 3\r\n\r\na=b")
            assert other.recv(100).startswith(b"HTTP/1.1 401")
        assert time.monotonic() - began < 2
        assert b"503" in answers(server, head)
    time.sleep(0.5)
    assert answers(server, b"POST /token HTTP/1.1\r\n" + FORM + b"Content-Length: 3\r\n\r\na=b")[0] in (b"401", b"429")


def test_g_slow_bodies_of_many_addresses_leave_threads_for_requests_without_one(server: Served) -> None:
    head = b"POST /token HTTP/1.1\r\n" + FORM + b"Content-Length: 1000\r\n\r\na=b"
    with contextlib.ExitStack() as stack:
        for number in range(240):
            stack.enter_context(line(server, f"127.0.0.{4 + number % 4}")).sendall(head)
        time.sleep(0.5)
        began = time.monotonic()
        assert [server.get("/healthz").status for _ in range(10)] == [200] * 10
        assert time.monotonic() - began < 2
        assert b"503" in answers(server, head)


def test_g_slow_heads_and_silent_connections_do_not_stop_the_others(server: Served) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(150):
            stack.enter_context(line(server)).sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: ")
        assert server.get("/healthz").status == 200


def test_g_forwarded_headers_of_a_stranger_are_not_believed(server: Served) -> None:
    """Forty wrong secrets of one address are slowed, whatever address each says it is from."""
    statuses = []
    for number in range(40):
        told = b"X-Forwarded-For: 203.0.113.%d\r\nForwarded: for=203.0.113.%d\r\n" % (number, number)
        body = b"POST /token HTTP/1.1\r\n" + FORM + told + b"Content-Length: 3\r\nConnection: close\r\n\r\na=b"
        with line(server, "127.0.0.4") as connection:
            connection.sendall(body)
            statuses.append(connection.recv(100).split(b" ")[1])
    assert b"429" in statuses


def test_g_nothing_of_all_this_was_unexpected(server: Served) -> None:
    assert server.get("/readyz").status == 200
    assert [entry for entry in server.lines() if entry["level"] == "error"] == []
