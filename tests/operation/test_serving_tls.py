"""TLS without anything in front: the certificate, cookies and headers of https, HTTP/2."""

import contextlib
import shutil
import socket
import ssl
import subprocess
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.certificates import certificate
from tests.support.processes import free_port
from tests.support.serving import Served, environment, serve, served


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    directory = tmp_path_factory.mktemp("tls")
    with served(directory, workers=1, tls=certificate(directory)) as server:
        yield server


def test_a_whole_sign_in_over_tls_with_cookies_of_this_host_alone(running: Served) -> None:
    client, person, visitor = running.provider.client(), running.provider.citizen(), running.provider.visitor()
    page = visitor.authorize(client)
    visitor.allow(visitor.password(page, person))
    token = running.provider.token(client, client.exchange(visitor.hop(client)["code"]))
    assert token.status_code == 200
    cookies = list(visitor.http._cookies.values())
    assert {cookie.key for cookie in cookies} >= {"__Host-idp-session", "__Host-idp-browser", "__Host-idp-known"}
    for cookie in cookies:
        assert (cookie.secure, cookie.http_only, cookie.path, cookie.origin_only) == (True, True, "/", True)


@pytest.mark.parametrize("target", ["/", "/help", "/readyz", "/.well-known/openid-configuration", "/jwks", "/nowhere"])
def test_rfc6797_every_answer_says_https_alone(running: Served, target: str) -> None:
    assert running.get(target).headers["Strict-Transport-Security"] == "max-age=31536000"


def test_http2_is_spoken_where_it_is_asked_for(running: Served) -> None:
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("curl is missing (Debian: apt-get install curl)")
    url = f"https://localhost:{running.proxy.port}/healthz"
    done = subprocess.run(
        [curl, "--silent", "--http2", "--cacert", running.certificate, "--write-out", "\n%{http_version}", url],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    assert done.stdout.splitlines() == ['{"status":"ok"}', "2"]


def test_alpn_offers_both(running: Served) -> None:
    for wanted in ("h2", "http/1.1"):
        context = ssl.create_default_context(cafile=running.certificate)
        context.set_alpn_protocols([wanted])
        with (
            socket.create_connection(("127.0.0.1", running.proxy.port), timeout=5) as plain,
            context.wrap_socket(plain, server_hostname="localhost") as connection,
        ):
            assert connection.selected_alpn_protocol() == wanted
            assert connection.version() in ("TLSv1.2", "TLSv1.3")


def test_rfc8996_tls_before_1_2_is_refused(running: Served) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(running.certificate)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):  # that is the point
        context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    with (
        socket.create_connection(("127.0.0.1", running.proxy.port), timeout=5) as plain,
        pytest.raises(OSError, match=r"SSL|reset|EOF|alert"),
    ):
        context.wrap_socket(plain, server_hostname="localhost")


def test_plain_http_gets_no_page(running: Served) -> None:
    with socket.create_connection(("127.0.0.1", running.proxy.port), timeout=5) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        answer = b""
        with contextlib.suppress(OSError):
            answer = plain.recv(100)
    assert not answer.startswith(b"HTTP/1.1 200")


def test_a_certificate_of_another_key_is_one_line(tmp_path: Path) -> None:
    cert, _ = certificate(tmp_path, "localhost")
    _, key = certificate(tmp_path, "other")
    process = serve(tmp_path, environment(tmp_path), free_port(), "--tls-cert", cert, "--tls-key", key)
    assert process.popen.wait(30) == 1
    said = [line for line in process.tail().splitlines() if not line.startswith("{")]
    assert len(said) == 1
    assert "certificate" in said[0]
