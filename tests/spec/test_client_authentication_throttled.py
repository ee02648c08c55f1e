"""RFC 6749 section 2.3.1: the endpoint is protected against brute force. Wrong client secrets are slowed by source."""

import base64

from werkzeug.test import TestResponse

from idp.oidc.clients.client_auth import FAILURES
from tests.support.provider import ISSUER, Provider, Registered

CODE = {"grant_type": "authorization_code", "code": "x", "redirect_uri": "https://portal.example/callback"}


def ask(provider: Provider, client_id: str, secret: str, source: str = "192.0.2.50") -> TestResponse:
    basic = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
    return provider.machine().post(
        "/token",
        base_url=ISSUER,
        data=CODE,
        headers={"Authorization": f"Basic {basic}"},
        environ_base={"REMOTE_ADDR": source},
    )


def exhaust(provider: Provider, client: Registered, source: str = "192.0.2.50") -> None:
    for _ in range(FAILURES.size):
        refused = ask(provider, client.id, "wrong", source)
        assert (refused.status_code, refused.json["error"]) == (401, "invalid_client")
        assert refused.headers["WWW-Authenticate"].startswith("Basic ")


def test_rfc6749_2_3_1_too_many_wrong_secrets_are_429_with_retry_after(provider: Provider) -> None:
    client = provider.client()
    exhaust(provider, client)
    refused = ask(provider, client.id, "wrong")
    assert (refused.status_code, refused.json["error"]) == (429, "temporarily_unavailable")
    assert refused.headers["Cache-Control"] == "no-store"
    wait = int(refused.headers["Retry-After"])
    assert 0 < wait <= FAILURES.drain
    provider.clock.advance(wait)
    assert ask(provider, client.id, "wrong").status_code == 401
    assert ask(provider, client.id, "wrong").status_code == 429


def test_it_goes_by_source_and_not_by_client(provider: Provider) -> None:
    one, two = provider.client(), provider.client()
    exhaust(provider, one)
    assert ask(provider, two.id, "wrong").status_code == 429
    assert ask(provider, "nobody", "wrong").status_code == 429
    assert ask(provider, one.id, "wrong", "192.0.2.51").status_code == 401


def test_addresses_of_one_ipv6_customer_are_one_source(provider: Provider) -> None:
    client = provider.client()
    exhaust(provider, client, "2001:db8:1:2::1")
    assert ask(provider, client.id, "wrong", "2001:db8:1:2:ffff::9").status_code == 429
    assert ask(provider, client.id, "wrong", "2001:db8:1:3::1").status_code == 401


def test_a_stranger_behind_the_same_address_cannot_shut_a_relying_party_out(provider: Provider) -> None:
    client, attacked, person = provider.client(), provider.client(), provider.citizen()
    visitor = provider.visitor()
    visitor.arrive(client, person)
    exhaust(provider, attacked)
    answer = provider.machine().post(
        "/token",
        base_url=ISSUER,
        data=client.exchange(visitor.hop(client)["code"]),
        headers=client.basic,
        environ_base={"REMOTE_ADDR": "192.0.2.50"},
    )
    assert answer.status_code == 200


def test_wrong_codes_of_a_client_that_proves_itself_are_not_counted(provider: Provider) -> None:
    client = provider.client()
    for _ in range(FAILURES.size + 5):
        assert ask(provider, client.id, client.secret).json["error"] in ("invalid_grant", "invalid_request")


def test_the_trail_is_told_of_failures_and_not_of_the_flood(provider: Provider) -> None:
    client = provider.client()
    exhaust(provider, client)
    for _ in range(20):
        ask(provider, client.id, "wrong")
    told = [each for each in provider.services.state.queued(1000) if b"client:authentication_failed" in each.event]
    assert len(told) == FAILURES.size


def test_guesses_at_passwords_are_counted_apart(provider: Provider) -> None:
    client = provider.client()
    exhaust(provider, client)
    visitor = provider.visitor("192.0.2.50")
    assert "code" in visitor.arrive(client, provider.citizen())
