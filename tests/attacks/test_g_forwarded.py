"""G: who a request says it comes from, where a trusted proxy stands in front. Without one: `test_i_sign_in.py`."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from idp.config import load_settings
from idp.http.web import Web
from idp.pages import Pages
from tests.support.citizens import number
from tests.support.forms import form
from tests.support.provider import ISSUER, Provider, running_provider, settings_for

PROXY = "127.0.0.1"
OURS = {"Origin": ISSUER, "Sec-Fetch-Site": "same-origin"}


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Web:
    settings = load_settings(
        {
            "IDP_ISSUER": ISSUER,
            "IDP_DATA_DIR": str(tmp_path_factory.mktemp("forwarded")),
            "IDP_TRUSTED_PROXIES": "127.0.0.1, ::ffff:10.0.0.9, 2001:db8::9",
        }
    )
    return Web(settings, Pages())


@pytest.fixture
def behind_a_proxy(tmp_path: Path) -> Iterator[Provider]:
    with running_provider(settings_for(tmp_path, IDP_TRUSTED_PROXIES=PROXY)) as running:
        yield running


@pytest.mark.parametrize(
    ("peer", "told", "source"),
    [
        (PROXY, "203.0.113.5", "203.0.113.5"),
        (PROXY, "6.6.6.6, 203.0.113.5", "203.0.113.5"),
        (PROXY, "203.0.113.5, 10.0.0.9", "203.0.113.5"),
        ("2001:db8::9", "203.0.113.5", "203.0.113.5"),
        ("2001:db8:0::9", "203.0.113.5", "203.0.113.5"),
        # a peer of a socket that listens on IPv6
        ("::ffff:127.0.0.1", "203.0.113.5", "203.0.113.5"),
        ("::ffff:10.0.0.9", "203.0.113.5", "203.0.113.5"),
        ("::ffff:192.0.2.9", "203.0.113.5", "192.0.2.9"),
        # some proxies tell the port too
        (PROXY, "203.0.113.5:50123", "203.0.113.5"),
        (PROXY, "[2001:db8:1::5]:443", "2001:db8:1::5"),
        (PROXY, "[2001:DB8:1:0::5]", "2001:db8:1::5"),
        (PROXY, "2001:db8:1::5", "2001:db8:1::5"),
        (PROXY, "::ffff:203.0.113.5", "203.0.113.5"),
        (PROXY, "fe80::1%eth0", "fe80::1"),
        # what is no address proves nothing, nor does anything before it
        (PROXY, "junk", PROXY),
        (PROXY, "203.0.113.5, junk", PROXY),
        (PROXY, "203.0.113.5, junk, 10.0.0.9", "10.0.0.9"),
        (PROXY, "bad value 7", PROXY),
        (PROXY, "unknown", PROXY),
        (PROXY, "_hidden", PROXY),
        (PROXY, "203.0.113.5:", PROXY),
        (PROXY, "203.0.113.5:port", PROXY),
        (PROXY, "203.0.113.5:123456", PROXY),
        (PROXY, "203.0.113.05", PROXY),
        (PROXY, "203.0.113.0/24", PROXY),
        (PROXY, "[203.0.113.5", PROXY),
        (PROXY, "3405803781", PROXY),
        (PROXY, "٢٠٣.0.113.5", PROXY),
        (PROXY, "\u00a0", PROXY),
        (PROXY, ",", PROXY),
        (PROXY, "", PROXY),
        (PROXY, "1" * 5_000, PROXY),
        ("192.0.2.9", "203.0.113.5", "192.0.2.9"),
        ("fe80::1%eth0", "203.0.113.5", "fe80::1"),
        ("unix:", "203.0.113.5", ""),
        ("", "203.0.113.5", ""),
    ],
)
def test_g_forwarded_for_a_hop_counts_only_as_an_address(web: Web, peer: str, told: str, source: str) -> None:
    environ = EnvironBuilder(environ_base={"REMOTE_ADDR": peer}).get_environ()
    environ["HTTP_X_FORWARDED_FOR"] = told
    assert web.source(Request(environ)) == source


@pytest.mark.parametrize("told", ["bad value {}", "10.1.2.3:{}", "::ffff:10.1.2.3, x{}", "203.0.113.5:{}"])
def test_g_forwarded_for_cannot_be_varied_to_try_one_password_on_everybody(behind_a_proxy: Provider, told: str) -> None:
    visitor = behind_a_proxy.visitor(PROXY)
    sign_in = form(visitor.authorize(behind_a_proxy.client()).text, "username")
    statuses = [
        visitor.http.post(
            sign_in.action,
            base_url=ISSUER,
            data=sign_in.filled(username=number(300 + each), password="wrong"),
            headers=OURS | {"X-Forwarded-For": told.format(40_000 + each)},
            environ_base={"REMOTE_ADDR": PROXY},
        ).status_code
        for each in range(60)
    ]
    assert set(statuses) == {401, 429}
    assert statuses[-5:] == [429] * 5


def test_g_forwarded_for_junk_is_no_unexpected_error_and_each_failure_is_in_the_trail(behind_a_proxy: Provider) -> None:
    citizen = behind_a_proxy.citizen()
    visitor = behind_a_proxy.visitor(PROXY)
    sign_in = form(visitor.authorize(behind_a_proxy.client()).text, "username")
    answer = visitor.http.post(
        sign_in.action,
        base_url=ISSUER,
        data=sign_in.filled(username=citizen.number, password="wrong"),
        headers=OURS | {"X-Forwarded-For": "bad value"},
        environ_base={"REMOTE_ADDR": PROXY},
    )
    assert answer.status_code == 401
    failures = [it.event for it in behind_a_proxy.services.state.queued(100) if b"login:failure" in it.event]
    assert len(failures) == 1
    assert b'"source":"127.0.0.1"' in failures[0].replace(b" ", b"")
