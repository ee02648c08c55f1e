"""E. Addresses that a client names and we fetch: they reach nothing of ours, and cost us little.

The guard itself: `tests/unit/test_fetch.py`. What is fetched: `tests/spec/test_client_keys.py`.
"""

import dataclasses
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from joserfc import jwk

from federation.fetch import Fetcher
from idp.codec import encode
from idp.errors import InvalidClientMetadata, InvalidSectorIdentifier, TooManyRequests
from idp.oidc.clients.client import Client
from idp.oidc.clients.client_keys import IN_A_ROW, RETRY_SECONDS, WAITING, ClientKeys
from idp.oidc.jose.jws import CLIENT_ALGORITHMS, InvalidJws
from idp.oidc.registration.sector import AT_ONCE, Sectors
from tests.support.answers import token_refused
from tests.support.assertions import JWKS, asserted, assertion
from tests.support.canary import canary
from tests.support.clock import FrozenClock
from tests.support.key_server import KeyServer, key_server
from tests.support.parallel import together
from tests.support.provider import CALLBACK, Provider, running_provider, settings_for
from tests.support.registering import REGISTRAR

STRANGER = jwk.ECKey.generate_key("P-256", {"kid": "stranger"})


WITHIN = (
    "http://127.0.0.1:{port}/x",
    "https://127.0.0.1:{port}/x",
    "http://localhost:{port}/x",
    "https://[::1]:{port}/x",
    "http://2130706433:{port}/x",
    "https://2130706433:{port}/x",
    "http://169.254.169.254/latest/meta-data/",
    "https://169.254.169.254/latest/meta-data/",
    "https://10.0.0.1/x",
    "file:///etc/passwd",
    "gopher://127.0.0.1:{port}/_INFO",
)


def publishing(uri: str) -> Client:
    document = encode({"redirect_uris": [CALLBACK]})
    return dataclasses.replace(REGISTRAR.prove(document), client_id="portal", jwks_uri=uri)


@pytest.fixture
def server() -> Iterator[KeyServer]:
    with key_server() as running:
        running.publish(JWKS)
        yield running


@pytest.fixture
def provider_of(server: KeyServer, tmp_path: Path) -> Iterator[Provider]:
    """One that may call that server."""
    with running_provider(settings_for(tmp_path, IDP_OUTBOUND_ALLOW=server.allowed)) as running:
        yield running


def junk(keys: ClientKeys, client: Client) -> None:
    """A signature by nobody."""
    with pytest.raises(InvalidJws):
        keys.verify(client, assertion("portal", 0, "ES256", STRANGER), CLIENT_ALGORITHMS, (None, "JWT"))


@pytest.mark.parametrize("uri", WITHIN)
def test_e_ssrf_published_keys_are_not_fetched_from_within(provider: Provider, uri: str) -> None:
    with canary([b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"]) as bird:
        try:
            client = provider.client(token_endpoint_auth_method="private_key_jwt", jwks_uri=uri.format(port=bird.port))
        except InvalidClientMetadata:
            return
        fields = client.exchange("x") | asserted(assertion(client.id, provider.clock.now()))
        token_refused(provider.token(client, fields, {}), "invalid_client", 401)
        assert bird.connections == 0


@pytest.mark.parametrize("uri", WITHIN)
def test_e_ssrf_a_sector_is_not_fetched_from_within(provider: Provider, uri: str) -> None:
    with canary([b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]"]) as bird:
        with pytest.raises(InvalidClientMetadata):
            provider.client(sector_identifier_uri=uri.format(port=bird.port))
        assert bird.connections == 0


def test_e_ssrf_a_sector_is_not_fetched_from_where_a_redirect_leads(tmp_path: Path) -> None:
    with key_server() as inner, key_server() as outer:
        inner.publish([CALLBACK])
        outer.publish(b"", 302, f"Location: {inner.at('sector')}\r\n")
        settings = settings_for(tmp_path, IDP_OUTBOUND_ALLOW=f"{inner.allowed},{outer.allowed}")
        with running_provider(settings) as provider, pytest.raises(InvalidSectorIdentifier):
            provider.client(sector_identifier_uri=outer.at("sector"))
        assert (outer.asked, inner.asked) == (1, 0)


def test_e_servers_of_sectors_that_hang_hold_few_threads() -> None:
    over, refused = threading.Event(), threading.Semaphore(0)

    def never(_: str) -> Sequence[str]:
        over.wait(10)
        return ()

    sectors = Sectors(lambda: Fetcher(frozenset(), resolve=never))

    def register() -> None:
        with pytest.raises((TooManyRequests, InvalidSectorIdentifier)) as refusal:
            sectors.of((CALLBACK,), "https://mute.example/sector", None, elsewhere=False)
        if refusal.type is TooManyRequests:
            refused.release()

    callers = [threading.Thread(target=register) for _ in range(AT_ONCE + 10)]
    try:
        for caller in callers:
            caller.start()
        assert all(refused.acquire(timeout=3) for _ in range(10))
    finally:
        over.set()
        for caller in callers:
            caller.join()
    with pytest.raises(InvalidSectorIdentifier):
        sectors.of((CALLBACK,), "https://mute.example/sector", None, elsewhere=False)


BY_KEYS = {"token_endpoint_auth_method": "private_key_jwt"}
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"


def test_e_a_client_without_addresses_joins_no_sector_of_others(provider_of: Provider, server: KeyServer) -> None:
    server.publish([CALLBACK, server.at("jwks")])
    device = {
        "grant_types": [DEVICE],
        "redirect_uris": [],
        "post_logout_redirect_uris": [],
        "sector_identifier_uri": server.at("sector"),
    }
    for more in ({}, {"jwks_uri": server.at("others")} | BY_KEYS, {"jwks": JWKS} | BY_KEYS):
        with pytest.raises(InvalidSectorIdentifier):
            provider_of.client(**device, **more)
    assert provider_of.client(**device, **BY_KEYS, jwks_uri=server.at("jwks")).client.sector == "127.0.0.1"


def test_e_keys_of_others_that_a_client_does_not_authenticate_with_prove_no_sector(
    provider_of: Provider, server: KeyServer
) -> None:
    """Anybody can name the address where another client publishes its keys."""
    server.publish([CALLBACK, server.at("jwks")])
    device = {"grant_types": [DEVICE], "sector_identifier_uri": server.at("sector"), "jwks_uri": server.at("jwks")}
    for uris in ([], [CALLBACK]):
        with pytest.raises(InvalidSectorIdentifier):
            provider_of.client(**device, redirect_uris=uris)
        assert provider_of.client(**device, **BY_KEYS, redirect_uris=uris).client.sector == "127.0.0.1"


def test_e_redirect_addresses_alone_prove_no_sector_of_who_is_answered_elsewhere_too(
    provider_of: Provider, server: KeyServer
) -> None:
    server.publish([CALLBACK])
    both = {"grant_types": ["authorization_code", DEVICE], "sector_identifier_uri": server.at("sector")}
    for more in ({}, {"jwks_uri": server.at("jwks")} | BY_KEYS):
        with pytest.raises(InvalidSectorIdentifier):
            provider_of.client(**both, **more)


@pytest.mark.parametrize("header", ["jku", "x5u"])
def test_e_ssrf_keys_that_a_signature_brings_along_are_not_looked_at(
    server: KeyServer, clock: FrozenClock, header: str
) -> None:
    with key_server() as evil:
        keys = ClientKeys(Fetcher(frozenset({server.allowed, evil.allowed})), clock)
        brought = {header: evil.at("jwks"), "jwk": STRANGER.as_dict(private=False)}
        with pytest.raises(InvalidJws):
            keys.verify(
                publishing(server.at("jwks")),
                assertion("portal", 0, "ES256", STRANGER, brought),
                CLIENT_ALGORITHMS,
                (None, "JWT"),
            )
        assert evil.asked == 0


def test_e_parallel_first_requests_make_one_fetch(server: KeyServer, clock: FrozenClock) -> None:
    keys, client = ClientKeys(Fetcher(frozenset({server.allowed})), clock), publishing(server.at("jwks"))
    outcomes = together([lambda: len(keys.signing(client)) for _ in range(WAITING)])
    assert outcomes == [len(JWKS["keys"])] * WAITING
    assert server.asked == 1


class _Moment(float):
    """A time; whoever reckons with it is held up."""

    held_up: Callable[[], object] = staticmethod(lambda: None)

    def __sub__(self, other: float) -> float:
        self.held_up()
        return float(self) - other


def test_e_who_is_held_up_before_he_asks_makes_no_fetch_more(server: KeyServer, clock: FrozenClock) -> None:
    """He saw no copy; until he asks for one, another has fetched it."""
    keys, client = ClientKeys(Fetcher(frozenset({server.allowed})), clock), publishing(server.at("jwks"))
    now, moment = clock.now(), _Moment(clock.now())

    def another_asks() -> None:
        clock.seconds = now
        keys.signing(client)

    moment.held_up = another_asks
    clock.seconds = moment
    assert len(keys.signing(client)) == len(JWKS["keys"])
    keys.signing(publishing(server.at("others")))  # which goes to the same server after whatever was begun
    assert server.asked == 2


def test_e_a_flood_of_junk_makes_us_fetch_now_and_then(server: KeyServer, clock: FrozenClock) -> None:
    keys, client = ClientKeys(Fetcher(frozenset({server.allowed})), clock), publishing(server.at("jwks"))
    for _ in range(50):
        junk(keys, client)
    assert server.asked == IN_A_ROW
    for more in (1, 2):
        clock.advance(RETRY_SECONDS)
        for _ in range(50):
            junk(keys, client)
        assert server.asked == IN_A_ROW + more
    keys.verify(client, assertion("portal", 0), CLIENT_ALGORITHMS, (None, "JWT"))


def test_e_a_flood_at_a_dead_server_makes_us_fetch_once_in_a_while(server: KeyServer, clock: FrozenClock) -> None:
    server.publish({}, 500)
    keys, client = ClientKeys(Fetcher(frozenset({server.allowed})), clock), publishing(server.at("jwks"))
    for fetches in (1, 2, 3):
        for _ in range(20):
            junk(keys, client)
        assert server.asked == fetches
        clock.advance(RETRY_SECONDS)


def test_e_what_no_key_could_have_signed_makes_us_fetch_nothing_more(server: KeyServer, clock: FrozenClock) -> None:
    keys, client = ClientKeys(Fetcher(frozenset({server.allowed})), clock), publishing(server.at("jwks"))
    keys.signing(client)
    clock.advance(RETRY_SECONDS)
    for token in ("x", assertion("portal", 0, header={"crit": ["kid"]}), assertion("portal", 0, header={"typ": "x"})):
        with pytest.raises(InvalidJws):
            keys.verify(client, token, CLIENT_ALGORITHMS, ("JWT",))
    assert server.asked == 1


def test_e_a_dead_server_of_keys_holds_few_threads_and_then_none(clock: FrozenClock) -> None:
    """Its name is looked up without end, until the test lets go."""
    over, answered = threading.Event(), threading.Semaphore(0)

    def never(_: str) -> Sequence[str]:
        over.wait(10)
        return ()

    keys, client = ClientKeys(Fetcher(frozenset(), resolve=never), clock), publishing("https://mute.example/jwks")

    def call() -> None:
        assert keys.signing(client) == []
        answered.release()

    callers = [threading.Thread(target=call) for _ in range(WAITING + 20)]
    try:
        for caller in callers:
            caller.start()
        assert all(answered.acquire(timeout=3) for _ in range(20))
        assert not answered.acquire(blocking=False)
    finally:
        over.set()
        for caller in callers:
            caller.join()
    assert keys.signing(client) == []
