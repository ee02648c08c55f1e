"""G. RATE-*: who begins sign-ins without end is told to wait, and nobody else is."""

from idp.codec import encode
from idp.login.transaction import BEGUN
from idp.secrets import digest, shard_for
from idp.sources import Level
from idp.storage.state import Key
from tests.support.cookies import silent
from tests.support.known import acquainted
from tests.support.provider import Provider

FLOODER, NEIGHBOUR = "203.0.113.9", "203.0.113.10"


def flood(provider: Provider, source: str) -> None:
    """As many as are let in, so that one more would be too many."""
    full = encode(Level(BEGUN.size, provider.clock.now()))
    provider.services.state.put(Key(shard_for(source), "begun", digest(source)), full, 60)


def test_g_rate_sign_ins_begun_from_one_address_are_few_at_a_time(provider: Provider) -> None:
    known = acquainted(provider)
    before = provider.visitor(FLOODER).authorize(known.client)
    flood(provider, FLOODER)
    refused = provider.visitor(FLOODER).authorize(known.client)
    assert (before.status_code, refused.status_code, refused.headers["Retry-After"]) == (200, 429, "1")
    assert "您所在网络的登录请求过多" in refused.text
    assert provider.visitor(NEIGHBOUR).authorize(known.client).status_code == 200
    provider.clock.advance(1)
    assert provider.visitor(FLOODER).authorize(known.client).status_code == 200


def test_g_rate_each_is_counted(provider: Provider) -> None:
    client = provider.client()
    state, key = provider.services.state, Key(shard_for(FLOODER), "begun", digest(FLOODER))
    assert state.get(key) is None
    provider.visitor(FLOODER).authorize(client)
    assert state.get(key) is not None


def test_g_rate_whoever_is_known_hops_on_whatever_the_neighbours_do(provider: Provider) -> None:
    known = acquainted(provider)
    stranger = provider.visitor()
    flood(provider, "192.0.2.1")
    assert stranger.authorize(known.client).status_code == 429
    for _ in range(3):
        assert known.code()


def test_g_rate_what_is_answered_without_a_question_is_not_counted(provider: Provider) -> None:
    client = provider.client()
    flood(provider, FLOODER)
    assert silent(provider.visitor(FLOODER), client)["error"] == "login_required"
