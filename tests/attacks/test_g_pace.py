"""Group G: whoever comes too often is told to wait, and nobody else waits with him."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from idp.pace import BURST_SECONDS, CAPACITY, Pace
from idp.storage.state import Throttled
from tests.support.clock import FrozenClock
from tests.support.provider import ISSUER, Provider, Registered, running_provider, settings_for

RATE = 2
BURST = RATE * BURST_SECONDS


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[Provider]:
    """A provider that takes two requests a second of a client, and ten of an address."""
    variables = {"IDP_CLIENT_RATE": str(RATE), "IDP_ADDRESS_RATE": "10", "IDP_TRUSTED_PROXIES": "192.0.2.99"}
    with running_provider(settings_for(tmp_path, **variables)) as running:
        yield running


def ask(provider: Provider, client: Registered, source: str, **headers: str) -> TestResponse:
    peer = {"REMOTE_ADDR": source}
    data, told = {"token": "x"}, headers or client.basic
    return provider.machine().post("/revoke", base_url=ISSUER, data=data, headers=told, environ_overrides=peer)


def look(provider: Provider, source: str, **headers: str) -> TestResponse:
    peer = {"REMOTE_ADDR": source}
    return provider.machine().get("/jwks", base_url=ISSUER, headers=headers, environ_overrides=peer)


def test_a_client_that_runs_away_waits_alone(slow: Provider) -> None:
    one, other = slow.client(), slow.client()
    assert [ask(slow, one, f"192.0.2.{place}").status_code for place in range(BURST)] == [200] * BURST
    refused = ask(slow, one, "198.51.100.1")
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "1")
    assert refused.get_json()["error"] == "temporarily_unavailable"
    assert ask(slow, other, "198.51.100.1").status_code == 200
    slow.clock.advance(1)
    assert [ask(slow, one, "198.51.100.2").status_code for _ in range(RATE + 1)] == [200] * RATE + [429]


def test_a_stranger_with_a_wrong_secret_uses_up_nothing_of_the_clients(slow: Provider) -> None:
    client = slow.client()
    wrong = {"Authorization": "Basic eDp4"}
    for place in range(BURST + 5):
        assert ask(slow, client, f"203.0.113.{place}", **wrong).status_code == 401
    assert ask(slow, client, "198.51.100.1").status_code == 200


def test_a_public_client_is_each_of_its_devices(slow: Provider) -> None:
    app = slow.client(token_endpoint_auth_method="none")

    def press(source: str) -> int:
        data, peer = {"token": "x", "client_id": app.id}, {"REMOTE_ADDR": source}
        return slow.machine().post("/revoke", base_url=ISSUER, data=data, environ_overrides=peer).status_code

    assert {press("192.0.2.1") for _ in range(BURST)} == {200}
    assert (press("192.0.2.1"), press("192.0.2.2")) == (429, 200)


def test_an_address_that_floods_waits_alone_whatever_it_asks_for(slow: Provider) -> None:
    assert {look(slow, "192.0.2.1").status_code for _ in range(100)} == {200}
    refused = look(slow, "192.0.2.1")
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "1")
    assert refused.headers["Strict-Transport-Security"]
    peer = {"REMOTE_ADDR": "192.0.2.1"}
    for path in ("/authorize", "/userinfo", "/login", "/static/x.css", "/no-such-page"):
        page = slow.machine().get(path, base_url=ISSUER, headers={"Accept": "text/html"}, environ_overrides=peer)
        assert (page.status_code, page.mimetype) == (429, "text/html")
    assert look(slow, "192.0.2.2").status_code == 200
    slow.clock.advance(1)
    assert look(slow, "192.0.2.1").status_code == 200


def test_behind_a_trusted_proxy_it_is_the_browser_that_counts(slow: Provider) -> None:
    for place in range(30):
        for _ in range(5):
            assert look(slow, "192.0.2.99", **{"X-Forwarded-For": f"198.51.100.{place}"}).status_code == 200
    forwarded = {"X-Forwarded-For": "203.0.113.1"}
    assert [look(slow, "192.0.2.99", **forwarded).status_code for _ in range(101)] == [200] * 100 + [429]


def test_a_header_of_ones_own_makes_nobody_another(slow: Provider) -> None:
    answers = [look(slow, "192.0.2.1", **{"X-Forwarded-For": f"10.0.0.{place}"}).status_code for place in range(101)]
    assert answers == [200] * 100 + [429]


def test_one_ipv6_network_is_one_address(slow: Provider) -> None:
    answers = [look(slow, f"2001:db8::{place:x}").status_code for place in range(101)]
    assert answers == [200] * 100 + [429]


def test_what_is_remembered_of_names_is_bounded() -> None:
    clock = FrozenClock()
    pace = Pace(clock, 1)
    for _ in range(BURST_SECONDS):
        pace.count("busy")
    clock.advance(5)
    for number in range(CAPACITY - 1):
        pace.count(f"quiet {number}")
    clock.advance(4)
    pace.count("one more")
    for _ in range(9):
        pace.count("busy")
    with pytest.raises(Throttled):
        pace.count("busy")
    assert len(pace._full) <= 3
