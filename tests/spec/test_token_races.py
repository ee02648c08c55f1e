"""What ends while something is being issued from it: RFC 6749 sections 4.1.2 and 10.5, RFC 9700 section 4.14.

The steps of one request, each atomic, with another request put between two of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from idp.app import suspending
from tests.support.answers import granted, token_refused, tokens
from tests.support.interposed import Interposed
from tests.support.known import Known, acquainted
from tests.support.provider import running_provider, settings_for
from tests.support.wrapped_state import WrappedStates

SCOPE = "openid profile offline_access"


@dataclass
class Race:
    known: Known
    state: Interposed

    def end_sessions(self) -> None:
        self.known.provider.services.sessions.end_all_of(self.known.person.citizen.id, "signed_out")

    def withdraw(self) -> None:
        """Sessions first and families then, as /account/withdraw does."""
        suspending(self.known.provider.services).end_all(self.known.person.citizen.id, "withdrawn")

    def families(self) -> int:
        """How many were not revoked until now."""
        services = self.known.provider.services
        now = int(services.clock.now())
        return len(services.records.families.revoke_of_citizen(self.known.person.citizen.id, None, "counted", now))

    def refresh(self, refresh_token: str) -> Any:
        fields = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        return self.known.provider.token(self.known.client, fields)


@pytest.fixture
def race(tmp_path: Path) -> Iterator[Race]:
    states = WrappedStates(Interposed)
    with running_provider(settings_for(tmp_path), open_state=states) as provider:
        yield Race(acquainted(provider, scope=SCOPE), states.opened[-1])


def test_rfc6749_4_1_2_a_replay_ends_even_the_family_that_is_still_being_made(race: Race) -> None:
    known = race.known
    exchange = known.client.exchange(known.code(scope=SCOPE))
    replays: list[Any] = []
    race.state.after["take_once"] = lambda: replays.append(known.provider.token(known.client, exchange))
    token_refused(known.provider.token(known.client, exchange), "invalid_grant")
    token_refused(replays[0], "invalid_grant")
    assert race.families() == 0


def test_rfc6749_4_1_2_a_replay_ends_the_access_token_that_is_still_on_its_way(race: Race) -> None:
    known = race.known
    exchange = known.client.exchange(known.code())
    replays: list[Any] = []
    race.state.after["take_once"] = lambda: replays.append(known.provider.token(known.client, exchange))
    told = tokens(known.provider.token(known.client, exchange))
    token_refused(replays[0], "invalid_grant")
    assert known.provider.userinfo(told["access_token"]).status_code == 401


def test_a_family_whose_session_ends_while_it_is_made_gives_nothing(race: Race) -> None:
    known = race.known
    exchange = known.client.exchange(known.code(scope=SCOPE))
    race.state.after["take_once"] = race.withdraw
    token_refused(known.provider.token(known.client, exchange), "invalid_grant")
    assert race.families() == 0


@pytest.mark.parametrize("when", ["before", "after"])
def test_an_access_token_opens_nothing_whose_session_ends_while_it_is_made(race: Race, when: str) -> None:
    known = race.known
    exchange = known.client.exchange(known.code())
    getattr(race.state, when)["take_once"] = race.withdraw
    answer = known.provider.token(known.client, exchange)
    if when == "before":
        token_refused(answer, "invalid_grant")
    else:
        assert known.provider.userinfo(tokens(answer)["access_token"]).status_code == 401


def test_a_family_revoked_while_it_begins_gives_nothing(race: Race) -> None:
    known = race.known
    exchange = known.client.exchange(known.code(scope=SCOPE))
    race.state.before["outlive"] = race.withdraw
    token_refused(known.provider.token(known.client, exchange), "invalid_grant")
    assert race.families() == 0


@pytest.mark.parametrize("verb", ["put", "put_under"])
def test_a_family_revoked_while_it_is_refreshed_gives_nothing_and_revives_nothing(race: Race, verb: str) -> None:
    known = race.known
    told = known.tokens(scope=SCOPE)
    race.state.before[verb] = race.withdraw
    token_refused(race.refresh(told["refresh_token"]), "invalid_grant")
    assert known.provider.userinfo(told["access_token"]).status_code == 401
    assert race.families() == 0


def test_reuse_while_a_refresh_is_under_way_ends_it_too(race: Race) -> None:
    known = race.known
    first = known.tokens(scope=SCOPE)["refresh_token"]
    second = tokens(race.refresh(first))["refresh_token"]
    known.provider.clock.advance(11)
    race.state.before["put_under"] = lambda: token_refused(race.refresh(first), "invalid_grant")
    token_refused(race.refresh(second), "invalid_grant")
    assert race.families() == 0


def test_a_session_that_ends_while_a_code_is_made_gives_none(race: Race) -> None:
    known = race.known
    race.state.before["issue_under"] = race.end_sessions
    page = known.visitor.authorize(known.client)
    assert page.request.path == "/login"
    granted(known.visitor.password(page, known.person), known.client)


def test_a_session_that_ends_while_the_citizen_agrees_gives_no_code(race: Race) -> None:
    known = race.known
    stranger = known.provider.client()
    page = known.visitor.authorize(stranger)
    race.state.before["set_fields"] = race.end_sessions
    page = known.visitor.allow(page)
    assert page.request.path == "/login"
    granted(known.visitor.password(page, known.person), stranger)


def test_a_client_disabled_while_it_is_answered_is_told_to_the_citizen_alone(race: Race) -> None:
    known = race.known
    stranger = known.provider.client()

    def disable() -> None:
        known.provider.services.clients.set_enabled(stranger.id, False)

    race.state.before["load_session"] = disable
    response = known.visitor.authorize(stranger, prompt="login")
    assert response.status_code == 400
    assert "Location" not in response.headers
