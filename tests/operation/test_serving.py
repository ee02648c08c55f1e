"""`idp serve` as an operator meets it: processes that stop in good order and come back, probes, proxies, the log."""

import contextlib
import http.client
import json
import os
import re
import signal
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.support.dpop import Holder, holder
from tests.support.known import acquainted
from tests.support.processes import wait_until
from tests.support.serving import Served, ready, served


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One server with two workers, for all tests that leave it as it is."""
    with served(tmp_path_factory.mktemp("serving")) as server:
        yield server


def eventually(said: Callable[[], bool], running: Served) -> None:
    wait_until(said, running.process, seconds=30)


def accesses(running: Served) -> list[dict[str, Any]]:
    """A tenth of a second behind."""
    return [line for line in running.lines() if line["logger"] == "idp.access"]


# -- probes


def test_healthz_and_readyz_say_ok_in_json(running: Served) -> None:
    for probe in ("/healthz", "/readyz"):
        answer = running.get(probe)
        assert (answer.status, answer.json) == (200, {"status": "ok"})
        assert answer.headers["Cache-Control"] == "no-store"


# -- headers that come twice


def redeemed(running: Served, mine: Holder, *proofs: str) -> dict[str, str]:
    """What /token answers to a code with a `DPoP` header for each proof."""
    client = mine.known.client
    body = urlencode(client.exchange(mine.known.code()))
    with contextlib.closing(running.proxy.connect()) as connection:
        connection.putrequest("POST", "/token")
        plain = {"Content-Type": "application/x-www-form-urlencoded", "Content-Length": str(len(body))}
        for name, value in [*(client.basic | plain).items(), *(("DPoP", proof) for proof in proofs)]:
            connection.putheader(name, value)
        connection.endheaders(body.encode())
        told: dict[str, str] = json.loads(connection.getresponse().read())
    return told


def test_rfc9449_4_3_two_proofs_are_none(running: Served) -> None:
    """The server makes one header of two, with a comma between; the same proof alone is good."""
    mine = holder(acquainted(running.provider))
    proof = mine.proof()
    for proofs in ((proof, mine.proof()), (proof, proof), (proof, "")):
        assert redeemed(running, mine, *proofs)["error"] == "invalid_dpop_proof"
    assert redeemed(running, mine, proof)["token_type"] == "DPoP"


# -- who asks


def sources(running: Served) -> list[str]:
    """The addresses of the latest refused sign-ins, as the trail has them."""
    records = running.provider.services.records.audit
    return [str(each.event.document) for each in records.search(event="login:failure", limit=1000)]


@pytest.mark.parametrize(
    ("forwarded", "source"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("198.51.100.66, 203.0.113.10", "203.0.113.10"),
        ("198.51.100.67,203.0.113.11, 127.0.0.1", "203.0.113.11"),
        ("2001:db8::7", "2001:db8::7"),
    ],
)
def test_a_trusted_proxy_says_who_asks_and_what_its_client_made_up_is_not_believed(
    running: Served, forwarded: str, source: str
) -> None:
    person = running.provider.citizen()
    visitor = running.provider.visitor(forwarded)
    refused = visitor.password(visitor.authorize(running.provider.client()), person, "wrong password of mine")
    assert refused.status_code == 401
    eventually(lambda: any(f'"source":"{source}"' in each for each in sources(running)), running)


def test_nobody_else_is_believed(tmp_path: Path) -> None:
    with served(tmp_path, workers=1, IDP_TRUSTED_PROXIES="192.0.2.200") as running:
        visitor = running.provider.visitor("203.0.113.99")
        visitor.password(visitor.authorize(running.provider.client()), running.provider.citizen(), "wrong")
        eventually(lambda: bool(sources(running)), running)
        (told,) = sources(running)
        assert '"source":"127.0.0.1"' in told


@pytest.mark.parametrize("header", ["Host", "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded", "X-Original-Url"])
def test_no_header_changes_an_address_we_give(running: Served, header: str) -> None:
    answer = running.get("/.well-known/openid-configuration", **{header: "evil.example"})
    assert answer.json["issuer"] == "https://id.example"
    assert "evil" not in answer.text


# -- the log


def test_the_log_has_a_line_for_each_request_and_nothing_that_it_brought(running: Served) -> None:
    provider, client = running.provider, running.provider.client()
    person = provider.citizen()
    visitor = provider.visitor("203.0.113.77")
    visitor.arrive(client, person, state="state-of-mine")
    code = visitor.hop(client)["code"]
    token = provider.token(client, client.exchange(code)).json["access_token"]
    assert provider.userinfo(token).status_code == 200
    eventually(lambda: any(line["endpoint"] == "/userinfo" for line in accesses(running)), running)
    log = running.process.log.read_text()
    secrets = [code, token, client.secret, person.number, person.phone, person.password, "李静文", "203.0.113.77"]
    for secret in [*secrets, "state-of-mine", "?", *(cookie.value for cookie in visitor.http._cookies.values())]:
        assert secret not in log
    access = accesses(running)
    assert {line["endpoint"] for line in access} >= {"/authorize", "/login", "/consent", "/token", "/userinfo"}
    assert all(line["status"] and line["milliseconds"] >= 0 and line["method"] and line["time"] for line in access)


def test_the_reference_of_an_error_page_is_in_the_log(running: Served) -> None:
    page = running.get("/nowhere/at-all?secret=1")
    assert page.status == 404
    eventually(lambda: any(each.get("reference") for each in accesses(running)), running)
    (line,) = [each for each in accesses(running) if each.get("reference")]
    assert line["reference"] in page.text
    assert (line["endpoint"], line["status"]) == ("none", 404)
    assert "at-all" not in running.process.log.read_text()


# -- stopping


def half_a_request(running: Served) -> socket.socket:
    """A form that a worker has begun to read, all but the last byte."""
    connection = socket.create_connection(("127.0.0.1", running.proxy.port), timeout=10)
    connection.sendall(
        b"POST /token HTTP/1.1\r\nHost: id.example\r\nConnection: close\r\nExpect: 100-continue\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 29\r\n\r\n"
    )
    said = b"HTTP/1.1 100 Continue\r\n\r\n"
    assert connection.recv(len(said), socket.MSG_WAITALL) == said
    connection.sendall(b"grant_type=authorization_cod")
    return connection


@contextlib.contextmanager
def idling(running: Served) -> Iterator[Callable[[], bytes]]:
    """A connection that waits. What is yielded returns when it is closed: the stop has begun."""
    with contextlib.closing(running.proxy.connect()) as idle:
        idle.request("GET", "/healthz")
        assert idle.getresponse().read()
        yield lambda: idle.sock.recv(1)


def all_end(children: Iterable[int], seconds: float = 5.0) -> bool:
    deadline = time.monotonic() + seconds
    while left := [pid for pid in children if Path(f"/proc/{pid}").exists()]:
        if time.monotonic() > deadline:
            return not left
        time.sleep(0.05)
    return True


def test_a_request_in_flight_is_answered_and_then_all_processes_end(tmp_path: Path) -> None:
    with served(tmp_path) as running:
        children = running.children()
        assert len(children) >= 4  # two workers, the housekeeper, and Python's own tracker
        with idling(running) as closed, half_a_request(running) as connection:
            running.process.popen.send_signal(signal.SIGTERM)
            assert closed() == b""
            connection.sendall(b"e")
            answer = connection.makefile("rb").read()
        assert answer.startswith(b"HTTP/1.1 401 ")
        assert b"invalid_client" in answer
        assert running.process.popen.wait(15) == 0
        assert all_end(children)
        assert running.lines()[-1]["message"] == "stopped"
        assert [line["status"] for line in accesses(running) if line["endpoint"] == "/token"] == [401]


def test_idle_connections_do_not_hold_up_the_end(tmp_path: Path) -> None:
    with served(tmp_path, workers=1) as running, contextlib.closing(running.proxy.connect()) as idle:
        idle.request("GET", "/healthz")
        assert idle.getresponse().read()
        began = time.monotonic()
        running.process.popen.send_signal(signal.SIGTERM)
        assert running.process.popen.wait(15) == 0
        assert time.monotonic() - began < 8


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "all of a unit"])
def test_a_signal_for_all_processes_at_once_ends_them_in_good_order(tmp_path: Path, number: signal.Signals) -> None:
    """A terminal sends Ctrl-C to the whole group; systemd does so with SIGTERM, unless told otherwise."""
    with served(tmp_path) as running:
        children = running.children()
        with idling(running) as closed, half_a_request(running) as connection:  # it is not ended at once
            began = time.monotonic()
            os.killpg(running.process.popen.pid, number)
            if number == signal.SIGINT:
                assert closed() == b""
                connection.sendall(b"e")
                assert connection.makefile("rb").read().startswith(b"HTTP/1.1 401 ")
        assert running.process.popen.wait(15) == 0
        assert time.monotonic() - began < 7
        assert all_end(children)
        lines = running.lines()
        assert [line for line in lines if line["level"] == "error"] == []
        assert lines[-1]["message"] == "stopped"


def test_the_processes_beside_ours_leave_ctrl_c_to_us(running: Served) -> None:
    """From their first moment: what came while they were loading would end them with a traceback."""
    children = running.children()
    assert len(children) >= 4
    for pid in children:
        masks = re.findall(r"^Sig(?:Blk|Ign):\t([0-9a-f]+)$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
        assert any(int(mask, 16) >> (signal.SIGINT - 1) & 1 for mask in masks), children[pid]


# -- coming back


def test_a_worker_that_dies_comes_back(tmp_path: Path) -> None:
    with served(tmp_path) as running:
        before = running.workers()
        assert len(before) == 2
        os.kill(before[0], signal.SIGKILL)
        eventually(lambda: len(running.workers()) == 2 and before[0] not in running.workers(), running)
        eventually(lambda: ready(running.proxy), running)
        outcomes = {_outcome(running) for _ in range(50)}
        assert outcomes == {200}


def keepers(running: Served) -> list[int]:
    workers = running.workers()
    return [pid for pid, line in running.children().items() if "spawn_main" in line and pid not in workers]


def test_the_housekeeper_comes_back_and_events_go_on_to_sql(tmp_path: Path) -> None:
    with served(tmp_path, workers=1) as running:
        (keeper,) = keepers(running)
        os.kill(keeper, signal.SIGKILL)
        client = running.provider.client()
        visitor = running.provider.visitor()
        visitor.arrive(client, running.provider.citizen())
        eventually(lambda: keepers(running) not in ([], [keeper]), running)
        records = running.provider.services.records.audit
        eventually(lambda: bool(records.search(event="login:success")), running)


def _outcome(running: Served) -> int | str:
    try:
        return running.get("/healthz").status
    except (OSError, http.client.HTTPException) as error:
        return type(error).__name__
