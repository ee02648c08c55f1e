"""IDP_REFRESH_IDLE_SECONDS and IDP_REFRESH_SECONDS: a refresh token that nobody uses ends (RFC 9700 section 4.14.2)."""

from pathlib import Path

from tests.support.provider import Provider, Registered, running_provider, settings_for


def begin(provider: Provider) -> tuple[Registered, str]:
    client = provider.client(scope="openid offline_access", grant_types=["authorization_code", "refresh_token"])
    told = provider.visitor().arrive(client, provider.citizen(), scope="openid offline_access", prompt="consent")
    return client, provider.token(client, client.exchange(told["code"])).json["refresh_token"]


def test_rfc9700_4_14_2_an_unused_refresh_token_ends_and_a_used_one_goes_on(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, IDP_REFRESH_IDLE_SECONDS="60", IDP_REFRESH_SECONDS="150")
    with running_provider(settings) as provider:
        client, token = begin(provider)
        for _ in range(2):
            provider.clock.advance(59)
            answer = provider.token(client, {"grant_type": "refresh_token", "refresh_token": token})
            assert answer.status_code == 200, answer.json
            token = answer.json["refresh_token"]
        provider.clock.advance(61)
        refused = provider.token(client, {"grant_type": "refresh_token", "refresh_token": token})
        assert (refused.status_code, refused.json["error"]) == (400, "invalid_grant")


def test_a_family_ends_however_much_it_is_used(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, IDP_REFRESH_IDLE_SECONDS="60", IDP_REFRESH_SECONDS="150")
    with running_provider(settings) as provider:
        client, token = begin(provider)
        statuses = []
        for _ in range(4):
            provider.clock.advance(50)
            answer = provider.token(client, {"grant_type": "refresh_token", "refresh_token": token})
            statuses.append(answer.status_code)
            token = answer.json.get("refresh_token", token)
        assert statuses == [200, 200, 400, 400]
