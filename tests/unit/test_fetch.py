"""The way out: only to public addresses over https, at a known cost, and never with a word of what was answered."""

import gzip
import os
import socket
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from federation.addresses import ForbiddenAddress, public
from federation.fetch import MAX_BYTES, TIMEOUT_SECONDS, Fetcher, FetchError, Reason, Response
from tests.support.canary import canary, self_signed

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


def _allowed(port: int, **options: object) -> Fetcher:
    return Fetcher(frozenset({f"127.0.0.1:{port}"}), **options)  # type: ignore[arg-type]


def _refusal(fetcher: Fetcher, url: str, timeout: float = TIMEOUT_SECONDS, max_bytes: int = MAX_BYTES) -> Reason:
    with pytest.raises(FetchError) as refusal:
        fetcher.post_form(url, {}, timeout, max_bytes)
    assert str(refusal.value) == refusal.value.reason.value
    return refusal.value.reason


def _posted(fetcher: Fetcher, url: str, **fields: str) -> Response:
    return fetcher.post_form(url, fields, TIMEOUT_SECONDS, MAX_BYTES)


# -- what may be called at all


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("http://127.0.0.1:{port}/x", Reason.FORBIDDEN_URL),
        ("https://127.0.0.1:{port}/x", Reason.FORBIDDEN_ADDRESS),
        ("http://localhost:{port}/x", Reason.FORBIDDEN_URL),
        ("https://localhost:{port}/x", Reason.FORBIDDEN_ADDRESS),
        ("https://LOCALHOST:{port}/x", Reason.FORBIDDEN_ADDRESS),
        ("https://[::1]:{port}/x", Reason.FORBIDDEN_ADDRESS),
        ("https://[::ffff:127.0.0.1]:{port}/x", Reason.FORBIDDEN_ADDRESS),
        ("https://[::ffff:7f00:1]:{port}/x", Reason.FORBIDDEN_ADDRESS),
        ("https://[::127.0.0.1]:{port}/x", Reason.FORBIDDEN_ADDRESS),
        ("https://[64:ff9b::7f00:1]:{port}/x", Reason.FORBIDDEN_ADDRESS),
        ("https://[2002:7f00:1::]:{port}/x", Reason.FORBIDDEN_ADDRESS),
        ("https://[fe80::1]:{port}/x", Reason.FORBIDDEN_ADDRESS),
        ("https://[fe80::1%25lo]:{port}/x", Reason.FORBIDDEN_URL),
        ("https://[fe80::1%lo]:{port}/x", Reason.FORBIDDEN_URL),
        ("http://2130706433:{port}/x", Reason.FORBIDDEN_URL),
        ("https://2130706433:{port}/x", Reason.FORBIDDEN_URL),
        ("https://0x7f000001:{port}/x", Reason.FORBIDDEN_URL),
        ("https://0x7f.0.0.1:{port}/x", Reason.FORBIDDEN_URL),
        ("https://0177.0.0.1:{port}/x", Reason.FORBIDDEN_URL),
        ("https://127.1:{port}/x", Reason.FORBIDDEN_URL),
        ("https://127.0.0.1.:{port}/x", Reason.FORBIDDEN_URL),
        ("https://0:{port}/x", Reason.FORBIDDEN_URL),
        ("https://127。0。0。1:{port}/x", Reason.FORBIDDEN_URL),
        ("https://①②⑦.0.0.1:{port}/x", Reason.FORBIDDEN_URL),
        ("https://user@127.0.0.1:{port}/x", Reason.FORBIDDEN_URL),
        ("https://user:pw@example.com:{port}/x", Reason.FORBIDDEN_URL),
        ("https://example.com@127.0.0.1:{port}/x", Reason.FORBIDDEN_URL),
        ("https://example.com\\@127.0.0.1:{port}/x", Reason.FORBIDDEN_URL),
        ("https://127.0.0.1:{port}#@example.com/", Reason.FORBIDDEN_URL),
        ("https://169.254.169.254/latest/meta-data/", Reason.FORBIDDEN_ADDRESS),
        ("http://169.254.169.254/latest/meta-data/", Reason.FORBIDDEN_URL),
        ("https://100.100.100.200/latest/meta-data/", Reason.FORBIDDEN_ADDRESS),
        ("https://[fd00:ec2::254]/latest/meta-data/", Reason.FORBIDDEN_ADDRESS),
        ("https://10.0.0.1/x", Reason.FORBIDDEN_ADDRESS),
        ("file:///etc/passwd", Reason.FORBIDDEN_URL),
        ("gopher://127.0.0.1:{port}/_INFO", Reason.FORBIDDEN_URL),
        ("ftp://127.0.0.1:{port}/x", Reason.FORBIDDEN_URL),
        ("//127.0.0.1:{port}/x", Reason.FORBIDDEN_URL),
        ("/x", Reason.FORBIDDEN_URL),
        ("", Reason.FORBIDDEN_URL),
        ("https://", Reason.FORBIDDEN_URL),
        ("https://127.0.0.1:99999/", Reason.FORBIDDEN_URL),
        ("https://127.0.0.1:0/", Reason.FORBIDDEN_URL),
        ("https://[127.0.0.1/", Reason.FORBIDDEN_URL),
        ("https://127.0.0.1:{port}/a b", Reason.FORBIDDEN_URL),
        ("https://127.0.0.1:{port}/\r\nX-Evil: 1", Reason.FORBIDDEN_URL),
        (" https://127.0.0.1:{port}/", Reason.FORBIDDEN_URL),
        ("https://127.0.0.1:{port}/" + "a" * 2048, Reason.FORBIDDEN_URL),
    ],
)
def test_ssrf_forms_of_our_own_addresses_never_reach_the_canary(template: str, reason: Reason) -> None:
    with canary([OK]) as bird:
        assert _refusal(Fetcher(frozenset()), template.format(port=bird.port)) is reason
        assert bird.connections == 0


@pytest.mark.parametrize(
    "address",
    [
        *("0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.53", "168.63.129.16", "169.254.169.254", "172.16.0.1"),
        *("192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "203.0.113.9", "224.0.0.1"),
        *("240.0.0.1", "255.255.255.255", "::", "::1", "::ffff:8.8.8.8", "64:ff9b::808:808", "100::1", "2001::1"),
        *("2001:db8::1", "2002:808:808::1", "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1"),
        *("ff02::1", "2606:4700::1%eth0", "not an address", ""),
    ],
)
def test_addresses_that_are_not_public(address: str) -> None:
    with pytest.raises(ForbiddenAddress):
        public(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "100.128.0.1", "172.32.0.1", "223.5.5.5", "2400:3200::1", "2606:4700::1"]
)
def test_addresses_that_are_public(address: str) -> None:
    assert public(address) == address


def test_ssrf_a_name_of_a_private_address_is_refused() -> None:
    with canary([OK]) as bird:
        fetcher = Fetcher(frozenset(), resolve=lambda _: ("127.0.0.1",))
        assert _refusal(fetcher, f"https://rebind.example:{bird.port}/") is Reason.FORBIDDEN_ADDRESS
        assert bird.connections == 0


def test_ssrf_one_private_address_spoils_all_of_a_name() -> None:
    fetcher = Fetcher(frozenset(), resolve=lambda _: ("8.8.8.8", "127.0.0.1"))
    assert _refusal(fetcher, "https://rebind.example/") is Reason.FORBIDDEN_ADDRESS


def test_ssrf_rebinding_the_address_that_was_checked_is_the_one_connected_to() -> None:
    asked: list[str] = []

    def rebinding(host: str) -> Sequence[str]:
        asked.append(host)
        return ("127.0.0.1",) if len(asked) == 1 else ("127.0.0.2",)

    with canary([OK]) as bird:
        pair = f"rebind.example:{bird.port}"
        assert _posted(Fetcher(frozenset({pair}), resolve=rebinding), f"http://{pair}/").status == 200
        assert (asked, bird.connections) == (["rebind.example"], 1)


def test_an_allowed_pair_is_exact() -> None:
    with canary([OK]) as bird, canary([OK]) as other:
        fetcher = _allowed(bird.port)
        assert _posted(fetcher, f"http://127.0.0.1:{bird.port}/x").body == b"{}"
        assert _refusal(fetcher, f"http://localhost:{bird.port}/x") is Reason.FORBIDDEN_URL
        assert _refusal(fetcher, f"http://127.0.0.1:{other.port}/x") is Reason.FORBIDDEN_URL
        assert (bird.connections, other.connections) == (1, 0)


# -- what is sent and received


def test_post_form_sends_what_it_says() -> None:
    with canary([OK]) as bird:
        url = f"http://127.0.0.1:{bird.port}/a?b=c%20d"
        answer = _posted(_allowed(bird.port), url, logout_token="a.b+c", x="一")
    assert (answer.status, answer.headers["content-type"], answer.body) == (200, "application/json", b"{}")
    (posted,) = bird.requests
    assert posted.startswith(b"POST /a?b=c%20d HTTP/1.1\r\n")
    assert f"Host: 127.0.0.1:{bird.port}\r\n".encode() in posted
    assert b"Accept: application/json\r\n" in posted
    assert b"Content-Type: application/x-www-form-urlencoded\r\n" in posted
    assert posted.endswith(b"\r\n\r\nlogout_token=a.b%2Bc&x=%E4%B8%80")


def test_get_asks_for_a_json_document() -> None:
    with canary([OK]) as bird:
        answer = _allowed(bird.port).get(f"http://127.0.0.1:{bird.port}/jwks?x=1", TIMEOUT_SECONDS, MAX_BYTES)
    assert (answer.status, answer.body) == (200, b"{}")
    (asked,) = bird.requests
    assert asked.startswith(b"GET /jwks?x=1 HTTP/1.1\r\n")
    assert b"Accept: application/json\r\n" in asked
    assert b"Content-" not in asked


def test_get_has_the_guards_and_limits_of_a_post() -> None:
    redirect = b"HTTP/1.1 302 Elsewhere\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n"
    for answer, reason in ((OK, Reason.TOO_LARGE), (redirect, Reason.REDIRECTED)):
        with canary([answer]) as bird, pytest.raises(FetchError) as refusal:
            _allowed(bird.port).get(f"http://127.0.0.1:{bird.port}/", TIMEOUT_SECONDS, 1)
        assert refusal.value.reason is reason
    with canary([b""] * 40, pause=0.1) as mute, pytest.raises(FetchError) as refusal:
        _allowed(mute.port).get(f"http://127.0.0.1:{mute.port}/", 0.2, MAX_BYTES)
    assert refusal.value.reason is Reason.TIMED_OUT
    with canary([OK]) as bird:
        for url in (f"http://127.0.0.1:{bird.port}/", f"https://localhost:{bird.port}/"):
            with pytest.raises(FetchError):
                Fetcher(frozenset()).get(url, TIMEOUT_SECONDS, MAX_BYTES)
        assert bird.connections == 0


def test_an_error_status_is_an_answer() -> None:
    with canary([b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"]) as bird:
        assert _posted(_allowed(bird.port), f"http://127.0.0.1:{bird.port}/").status == 503


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_ssrf_redirects_are_not_followed(status: int) -> None:
    with canary([OK]) as secret:
        location = f"http://127.0.0.1:{secret.port}/latest/meta-data/"
        redirect = f"HTTP/1.1 {status} Elsewhere\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()
        with canary([redirect]) as bird:
            fetcher = Fetcher(frozenset({f"127.0.0.1:{bird.port}", f"127.0.0.1:{secret.port}"}))
            assert _refusal(fetcher, f"http://127.0.0.1:{bird.port}/") is Reason.REDIRECTED
        assert secret.connections == 0


def test_no_proxy_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with canary([OK]) as proxy, canary([OK]) as bird:
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert _posted(_allowed(bird.port), f"http://127.0.0.1:{bird.port}/").status == 200
        assert proxy.connections == 0


# -- how long and how much


def test_a_big_body_is_cut_whether_it_is_announced_or_not() -> None:
    big = b"x" * 1_100_000
    announced = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(big) + big
    unannounced = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + big
    for answer in (announced, unannounced):
        with canary([answer]) as bird:
            assert _refusal(_allowed(bird.port), f"http://127.0.0.1:{bird.port}/big") is Reason.TOO_LARGE


def test_a_body_of_exactly_the_limit_passes() -> None:
    with canary([b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789"]) as bird:
        assert (
            _allowed(bird.port).post_form(f"http://127.0.0.1:{bird.port}/", {}, TIMEOUT_SECONDS, 10).body
            == b"0123456789"
        )
        assert _refusal(_allowed(bird.port), f"http://127.0.0.1:{bird.port}/", max_bytes=9) is Reason.TOO_LARGE


def test_a_compressed_body_is_refused() -> None:
    bomb = gzip.compress(b"0" * 10_000_000)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb)
    with canary([head + bomb]) as bird:
        assert _refusal(_allowed(bird.port), f"http://127.0.0.1:{bird.port}/") is Reason.MALFORMED


REFUSED = {
    "too large": b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + b"x" * 1_100_000,
    "redirected": b"HTTP/1.1 302 Elsewhere\r\nLocation: /\r\nContent-Length: 0\r\n\r\n",
    "compressed": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nxyz",
}


@pytest.mark.parametrize("answer", REFUSED.values(), ids=REFUSED.keys())
def test_an_answer_that_is_refused_leaves_no_open_connection(answer: bytes) -> None:
    with canary([answer]) as bird:
        with pytest.raises(FetchError) as refused:
            _posted(_allowed(bird.port), f"http://127.0.0.1:{bird.port}/")
        assert not [each for each in Path("/proc/self/fd").iterdir() if _leads_to(each, bird.port)]
        del refused  # until here its traceback held what was not closed: nothing was left to the garbage collector


def _leads_to(descriptor: Path, port: int) -> bool:
    try:
        with socket.socket(fileno=os.dup(int(descriptor.name))) as seen:
            return bool(seen.getpeername()[1] == port)
    except (OSError, IndexError, ValueError):
        return False


SLOW = {
    "silence": [b""] * 40,
    "a status line in drips": [bytes([letter]) for letter in b"HTTP/1.1 200 OK and then some more words"],
    "headers in drips": [b"HTTP/1.1 200 OK\r\n", *[b"X-Drip: 1\r\n"] * 40],
    "a body in drips": [b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", *[b"x"] * 40],
    "a body without end": [b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", *[b"x"] * 40],
}


@pytest.mark.parametrize("answer", SLOW.values(), ids=SLOW.keys())
def test_a_slow_drip_is_cut_at_the_deadline(answer: list[bytes]) -> None:
    with canary(answer, pause=0.1) as bird:
        began = time.monotonic()
        assert _refusal(_allowed(bird.port), f"http://127.0.0.1:{bird.port}/slow", timeout=0.5) is Reason.TIMED_OUT
        assert time.monotonic() - began < 1.5


def test_a_handshake_that_never_comes_is_cut_at_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        port = mute.getsockname()[1]
        began = time.monotonic()
        assert _refusal(_allowed(port), f"https://127.0.0.1:{port}/", timeout=0.5) is Reason.TIMED_OUT
        assert time.monotonic() - began < 1.5


def test_names_whose_lookup_hangs_hold_up_no_other_name() -> None:
    """Four portals whose name servers never answer, each called four times."""
    over = threading.Event()

    def resolve(host: str) -> Sequence[str]:
        if host.startswith("tar"):
            over.wait(10)
        return ("127.0.0.1",)

    fetcher = Fetcher(frozenset(), resolve=resolve)
    try:
        hanging = [f"https://tar{number % 4}.example/" for number in range(16)]
        with ThreadPoolExecutor(16) as pool:
            refused = pool.map(lambda url: _refusal(fetcher, url, timeout=0.3), hanging)
            assert set(refused) == {Reason.TIMED_OUT}
        assert _refusal(fetcher, "https://honest.example/", timeout=3) is Reason.FORBIDDEN_ADDRESS
    finally:
        over.set()


def test_a_slow_resolver_is_not_waited_for() -> None:
    over = threading.Event()

    def slow(_: str) -> Sequence[str]:
        over.wait(10)
        return ("8.8.8.8",)

    began = time.monotonic()
    try:
        fetcher = Fetcher(frozenset(), resolve=slow)
        assert _refusal(fetcher, "https://slow.example/", timeout=0.2) is Reason.TIMED_OUT
        assert time.monotonic() - began < 5
    finally:
        over.set()


# -- what goes wrong on the way


def test_a_name_that_is_not_there() -> None:
    def unknown(_: str) -> Sequence[str]:
        raise socket.gaierror

    assert _refusal(Fetcher(frozenset(), resolve=unknown), "https://nowhere.example/") is Reason.UNRESOLVED
    assert _refusal(Fetcher(frozenset(), resolve=lambda _: ()), "https://x.example/") is Reason.UNRESOLVED


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert _refusal(_allowed(port), f"http://127.0.0.1:{port}/") is Reason.UNREACHABLE


@pytest.mark.parametrize("junk", [b"", b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 abc\r\n\r\n", b"\x00" * 70_000])
def test_an_answer_that_is_no_http(junk: bytes) -> None:
    with canary([junk]) as bird:
        reason = _refusal(_allowed(bird.port), f"http://127.0.0.1:{bird.port}/")
        assert reason in (Reason.MALFORMED, Reason.UNREACHABLE)


def test_a_body_that_ends_early() -> None:
    with canary([b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"]) as bird:
        assert _refusal(_allowed(bird.port), f"http://127.0.0.1:{bird.port}/") is Reason.MALFORMED


def test_tls_by_the_name_with_a_certificate_of_the_ca_file(tmp_path: Path) -> None:
    ca_file, tls = self_signed(tmp_path, "registry.internal")
    with canary([OK], tls=tls) as bird:
        pair = f"registry.internal:{bird.port}"
        fetcher = Fetcher(frozenset({pair}), ca_file, resolve=lambda _: ("127.0.0.1",))
        assert _posted(fetcher, f"https://{pair}/jwks").status == 200
        assert f"Host: {pair}\r\n".encode() in bird.requests[0]


def test_tls_with_an_unknown_certificate_or_for_another_name_is_untrusted(tmp_path: Path) -> None:
    ca_file, tls = self_signed(tmp_path, "registry.internal")
    with canary([OK], tls=tls) as bird:
        pairs = frozenset({f"registry.internal:{bird.port}", f"other.internal:{bird.port}"})
        stranger = Fetcher(pairs, None, resolve=lambda _: ("127.0.0.1",))
        friend = Fetcher(pairs, ca_file, resolve=lambda _: ("127.0.0.1",))
        assert _refusal(stranger, f"https://registry.internal:{bird.port}/") is Reason.UNTRUSTED
        assert _refusal(friend, f"https://other.internal:{bird.port}/") is Reason.UNTRUSTED
        assert bird.requests == []
