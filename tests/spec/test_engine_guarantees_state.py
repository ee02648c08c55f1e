"""Guarantees 7, 9, 11 and 16 of the sixteen that hold whatever engine stands behind the endpoints: subjects, what is
kept and for how long, and what a request costs.

All four apply, for they are about our own stores. The engine keeps nothing: its places for codes, users and clients are
taken by ours.
"""

import sqlite3
from pathlib import Path

import pytest
import redis

from idp.citizens.registry import NewCitizen
from tests.support.citizens import number
from tests.support.known import Known, acquainted
from tests.support.provider import Provider, running_provider, settings_for
from tests.support.redis_service import RedisServer
from tests.support.sql_counter import counted_statements

OFFLINE = "openid profile offline_access"


# -- 7: the number of citizens costs nothing --------------------------------------------------------------------------


def hop(known: Known) -> list[str]:
    """The SQL statements of one warm hop."""
    known.tokens()
    with counted_statements() as statements:
        told = known.tokens()
        assert known.provider.userinfo(told["access_token"]).status_code == 200
    return statements.statements


def test_d07_a_hop_does_the_same_work_for_one_citizen_and_for_many(provider: Provider) -> None:
    known = acquainted(provider)
    alone = hop(known)
    for index in range(200, 260):
        provider.services.citizens.add(NewCitizen(name="张三", number=number(index)))
    for _ in range(5):
        acquainted(provider)
    assert hop(known) == alone


# -- 9: subjects ------------------------------------------------------------------------------------------------------


def subject(known: Known, **metadata: object) -> str:
    client = known.meet(post_logout_redirect_uris=[], **metadata)
    told = known.tokens(client)
    found: str = known.provider.userinfo(told["access_token"]).json["sub"]
    assert known.provider.services.keys.verify(told["id_token"], "JWT")["sub"] == found
    return found


def test_d09_a_public_subject_does_not_disturb_pairwise_ones(known: Known) -> None:
    before = known.tokens()
    public = subject(known, subject_type="public", redirect_uris=["https://public.example/cb"])
    after = known.tokens()
    found = [known.provider.userinfo(told["access_token"]).json["sub"] for told in (before, after)]
    assert found[0] == found[1]
    assert public != found[0]


def test_d09_sector_and_citizen_cannot_run_into_each_other(provider: Provider) -> None:
    """Each part is told apart by its length, so that no two pairs make one text."""
    pseudonyms = {
        subject(known, redirect_uris=[f"https://{host}/cb"])
        for known in (acquainted(provider), acquainted(provider))
        for host in ("example.com", "example.co", "m.example.com", "xample.com")
    }
    assert len(pseudonyms) == 8


def test_d09_all_addresses_of_a_client_give_one_subject(known: Known) -> None:
    addresses = ["https://two.example/a", "https://two.example:8443/b"]
    client = known.meet(redirect_uris=addresses, post_logout_redirect_uris=[])
    found = set()
    for address in addresses:
        code = known.visitor.hop(client, redirect_uri=address)["code"]
        answer = known.provider.token(client, client.exchange(code, redirect_uri=address)).json
        found.add(known.provider.userinfo(answer["access_token"]).json["sub"])
    assert len(found) == 1


# -- 11: what is kept -------------------------------------------------------------------------------------------------


def secrets_of(provider: Provider) -> list[str]:
    """Everything that a whole sign-in, a refresh and a failed attempt handed to somebody, or got from somebody."""
    known = acquainted(provider, scope=OFFLINE)
    first = known.code(scope=OFFLINE)
    told = provider.token(known.client, known.client.exchange(first)).json
    again = provider.token(known.client, {"grant_type": "refresh_token", "refresh_token": told["refresh_token"]}).json
    provider.token(known.client, known.client.exchange("not-a-code-of-ours-0123456789"))
    unused = known.code(scope=OFFLINE)
    cookies = [cookie.value for cookie in known.visitor.http._cookies.values() if "session" in cookie.key]
    assert len(cookies) == 1
    held = [first, unused, *cookies, known.client.secret, known.person.password, known.person.number]
    return [*held, *(each[name] for each in (told, again) for name in ("access_token", "refresh_token", "id_token"))]


def test_d11_nothing_at_rest_is_what_a_thief_could_use(provider: Provider) -> None:
    secrets = secrets_of(provider)
    kept = b"".join(path.read_bytes() for path in provider.services.settings.data_dir.iterdir() if path.is_file())
    assert b"session:opened" in kept
    assert [secret for secret in secrets if secret.encode() in kept] == []


def test_d11_nothing_is_kept_for_ever(provider: Provider) -> None:
    secrets_of(provider)
    lifetimes = provider.services.settings.lifetimes
    provider.clock.advance(lifetimes.session_absolute_seconds + lifetimes.refresh_seconds + 86_400)
    while provider.services.state.purge(1_000):
        pass
    with sqlite3.connect(provider.services.settings.data_dir / "state.db") as state:
        left = {
            table: state.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("entries", "sessions")
        }
    assert left == {"entries": 0, "sessions": 0}


def test_d11_on_redis_every_key_has_its_end_and_no_secret(tmp_path: Path, redis_server: RedisServer) -> None:
    redis_server.start()
    redis_server.flush()
    with running_provider(settings_for(tmp_path, IDP_STATE_URL=redis_server.url)) as provider:
        secrets = secrets_of(provider)
        redis_server.command(
            "CONFIG", "SET", "rdbcompression", "no"
        )  # so that a dump holds what is kept, letter by letter
        client = redis.Redis.from_url(redis_server.url)
        keys = list(client.scan_iter(count=1_000))
        kept = b"".join(keys) + b"".join(client.dump(key) or b"" for key in keys)
        endless = {key for key in keys if client.ttl(key) == -1}
    assert len(keys) > 5
    assert [secret for secret in secrets if secret.encode() in kept] == []
    assert {key.partition(b":")[0] for key in endless} <= {b"outbox", b"version"}, "events wait; one number stays"
    assert b"auth_time" in kept


# -- 16: what a request costs -----------------------------------------------------------------------------------------


def test_d16_a_warm_hop_reads_the_citizen_once_and_the_client_never(known: Known) -> None:
    statements = hop(known)
    assert len(statements) == 1
    assert "citizens" in statements[0]


@pytest.mark.parametrize("scope", ["openid", "openid profile email phone address"])
def test_d16_what_is_asked_does_not_change_the_cost(provider: Provider, scope: str) -> None:
    known = acquainted(provider, scope=scope)
    assert len(hop(known)) == 1
