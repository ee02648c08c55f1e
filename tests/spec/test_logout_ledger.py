"""The logout ledger: whoever was given something in a session is told that it ended, however it ended and whatever
happens meanwhile (OpenID Connect Back-Channel Logout 1.0), over real HTTP."""

from collections.abc import Iterator
from concurrent.futures import wait
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from idp.account.suspending import Suspending
from idp.app import suspending
from idp.audit.writer import AuditWriter
from idp.doors import Doors
from idp.leaving.ledger import CLAIM_SECONDS, LONGEST_SECONDS, PAUSES
from idp.logouts import AWAITED_SECONDS, Trail
from idp.metrics import Metrics
from idp.sessions import Sessions, leg_field
from idp.storage.records.errors import RecordsUnavailable
from idp.storage.records.logouts import LogoutRecords, LogoutState, StoredLogout
from idp.storage.state import Event
from tests.support.clock import FrozenClock
from tests.support.listener import Listener
from tests.support.provider import Provider, Registered, running_provider, settings_for
from tests.support.signed_in import SignedIn

NEW = "another correct horse battery"


@pytest.fixture
def provider(tmp_path: Path, clock: FrozenClock, listener: Listener) -> Iterator[Provider]:
    with running_provider(settings_for(tmp_path, IDP_OUTBOUND_ALLOW=listener.place), clock) as running:
        yield running


@pytest.fixture
def client(provider: Provider, listener: Listener) -> Registered:
    return provider.client(backchannel_logout_uri=listener.url)


class Keeper:
    """The housekeeper's part in it, a step at a time."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self.metrics = Metrics()
        services = provider.services
        self._writer = AuditWriter(services.state, Trail(services.records), "test")
        self._retelling = Doors(services, self.metrics).retelling

    def move(self) -> None:
        self._writer.move()

    def round(self) -> None:
        """Try what is due, and wait for what comes of it."""
        self._retelling.round()
        wait([future for _, future in self._retelling._under_way], 10)
        self._retelling._settle()

    def after(self, seconds: float) -> None:
        self.provider.clock.advance(seconds)
        self.round()


class Dying(LogoutRecords):
    """Of a process in which nothing of what came of it is ever entered."""

    def settle(self, *_: Any) -> None:
        """Too late."""


class Away(LogoutRecords):
    """Of one whose database does not answer any more."""

    def owe(self, *_: Any) -> None:
        raise RecordsUnavailable("away")

    settle = owe


def keeping(provider: Provider, ledger: type[LogoutRecords]) -> Provider:
    records = provider.services.records
    return provider.with_services(records=replace(records, logouts=ledger(records.database)))


@pytest.fixture
def keeper(provider: Provider) -> Keeper:
    return Keeper(provider)


def lines(provider: Provider) -> list[StoredLogout]:
    return list(provider.services.records.logouts.search())


def only(provider: Provider) -> StoredLogout:
    [line] = lines(provider)
    return line


def leave(at: SignedIn) -> None:
    at.logout(id_token_hint=at.id_token)


def events(provider: Provider, kind: str) -> int:
    return sum(f'"{kind}"'.encode() in each.event for each in provider.services.state.queued(1_000))


# -- at once ----------------------------------------------------------------------------------------------------------


def test_what_was_told_is_in_the_ledger_and_is_not_told_again(
    provider: Provider, client: Registered, listener: Listener, keeper: Keeper
) -> None:
    at = SignedIn(provider, client=client)
    leave(at)
    line = only(provider)
    assert (line.state, line.tries, line.duty.reason) == (LogoutState.DELIVERED, 1, "signed_out")
    assert (line.duty.client_id, line.duty.citizen_id) == (client.id, at.person.citizen.id)
    keeper.move()
    for _ in range(3):
        keeper.after(3_600)
    assert len(listener.told) == 1
    assert only(provider) == line


@pytest.mark.parametrize("fraction", [0.0, 0.4, 0.9996])
def test_the_trail_tells_a_sign_out_in_the_order_in_which_it_went(
    provider: Provider, client: Registered, keeper: Keeper, fraction: float
) -> None:
    """A second is long: all of it happens within one."""
    at = SignedIn(provider, client=client)
    provider.clock.advance(fraction)
    leave(at)
    keeper.move()
    told = [each.event for each in provider.services.records.audit.search()]
    assert [(each.event, each.at) for each in told[-3:]] == [
        (kind, told[-1].at) for kind in ("session:ended", "logout:due", "logout:delivered")
    ]
    assert only(provider).state is LogoutState.DELIVERED


def test_the_duty_is_entered_before_anybody_is_told(provider: Provider, client: Registered, listener: Listener) -> None:
    """Whatever happens to this process while it tells, another one finds what is left to do."""
    seen: list[LogoutState] = []
    listener.meanwhile = lambda: seen.extend(line.state for line in lines(provider))
    leave(SignedIn(provider, client=client))
    assert seen == [LogoutState.PENDING]


def test_a_party_without_an_address_is_in_the_ledger_as_such(provider: Provider) -> None:
    leave(SignedIn(provider))
    assert (only(provider).state, only(provider).error, only(provider).next_try) == (
        LogoutState.UNREACHABLE,
        "no_address",
        None,
    )


# -- nothing is lost --------------------------------------------------------------------------------------------------


def test_a_process_that_dies_between_the_end_and_the_telling_loses_nothing(
    provider: Provider, client: Registered, listener: Listener, keeper: Keeper
) -> None:
    at = SignedIn(provider, client=client)
    sessions: Sessions = provider.services.sessions
    handle = at.visitor.http.get_cookie("__Host-idp-session", "id.example")
    assert handle is not None
    session = sessions.load(handle.value)
    assert session is not None
    sessions.end_with_twins(session, "signed_out")  # and here it dies
    assert lines(provider) == []
    keeper.move()
    keeper.round()
    assert listener.told == [], "who ended it has some seconds to tell it himself"
    keeper.after(AWAITED_SECONDS)
    assert len(listener.told) == 1
    assert only(provider).state is LogoutState.DELIVERED


def test_a_process_that_dies_while_it_tells_loses_nothing(
    provider: Provider, client: Registered, listener: Listener, keeper: Keeper
) -> None:
    leave(SignedIn(keeping(provider, Dying), client=client))
    assert only(provider).state is LogoutState.PENDING
    keeper.after(AWAITED_SECONDS)
    assert (len(listener.told), only(provider).state) == (2, LogoutState.DELIVERED)


def test_without_sql_a_portal_is_told_at_once_all_the_same(
    provider: Provider, client: Registered, listener: Listener, keeper: Keeper
) -> None:
    at = SignedIn(keeping(provider, Away), client=client)
    leave(at)
    assert len(listener.told) == 1
    assert not at.still_in
    keeper.move()
    assert only(provider).duty.client_id == client.id, "the trail had it"


def test_a_duty_that_cannot_be_read_holds_nothing_up(
    provider: Provider, client: Registered, listener: Listener, keeper: Keeper
) -> None:
    services = provider.services
    services.record(Event(b'{"type":"logout:due","at":1,"client_id":"x"}'))
    at = SignedIn(provider, client=client)
    services.sessions.end_all_of(at.person.citizen.id, "test")
    keeper.move()
    keeper.after(AWAITED_SECONDS)
    assert len(listener.told) == 1
    assert len(services.records.audit.search(event="logout:due")) == 2


# -- every way of ending ----------------------------------------------------------------------------------------------


def test_another_citizen_in_the_same_browser_ends_the_first_ones_session_at_its_portals(
    provider: Provider, client: Registered, listener: Listener, keeper: Keeper
) -> None:
    at = SignedIn(provider, client=client)
    second = provider.citizen()
    at.visitor.password(at.visitor.authorize(provider.client(), prompt="login"), second)
    keeper.move()
    keeper.round()
    assert len(listener.told) == 1
    assert (only(provider).duty.citizen_id, only(provider).duty.reason) == (at.person.citizen.id, "replaced")


def test_the_same_citizen_signing_in_again_ends_nothing(
    provider: Provider, client: Registered, listener: Listener, keeper: Keeper
) -> None:
    at = SignedIn(provider, client=client)
    at.visitor.password(at.visitor.authorize(client, prompt="login"), at.person)
    keeper.move()
    keeper.after(3_600)
    assert (listener.told, lines(provider)) == ([], [])


def test_two_presses_of_one_button_are_one_sign_in_and_told_of_once(
    provider: Provider, client: Registered, listener: Listener, keeper: Keeper
) -> None:
    """Two sessions of one lineage: to the portal they are one, with one `sid`."""
    sessions, person = provider.services.sessions, provider.citizen()
    twins = [sessions.open(person.citizen.id, 1, ("pwd",), None, "one sign-in")[1] for _ in range(2)]
    one, _ = (sessions.add_leg(twin, leg_field(client.id, "ask"), b"{}") for twin in twins)
    ended = sessions.end_with_twins(one, "signed_out")
    assert ended is not None
    Doors(provider.services, Metrics()).telling.tell("signed_out", ended)
    keeper.move()
    keeper.after(AWAITED_SECONDS)
    assert (len(listener.told), len(lines(provider))) == (1, 1)
    assert sessions.end_with_twins(one, "signed_out") is None


@pytest.mark.parametrize("verb", ["suspend", "new password"])
def test_who_is_suspended_or_given_a_new_password_is_out_at_every_portal(
    provider: Provider, client: Registered, listener: Listener, keeper: Keeper, verb: str
) -> None:
    first = SignedIn(provider, client=client)
    SignedIn(provider, client=client, person=first.person)
    ending: Suspending = suspending(provider.services)
    if verb == "suspend":
        told = ending.suspend(first.person.citizen.id)
    else:
        told = ending.end_all(first.person.citizen.id, "password_changed")
    assert [each.confirmed for each in told] == [True, True]
    keeper.move()
    keeper.after(3_600)
    assert len(listener.told) == 2
    assert {line.state for line in lines(provider)} == {LogoutState.DELIVERED}


def test_a_new_password_at_sign_in_ends_sessions_elsewhere_at_their_portals(
    provider: Provider, client: Registered, listener: Listener
) -> None:
    at = SignedIn(provider, client=client)
    provider.services.citizens.set_password_hash(
        at.person.citizen.id, provider.services.passwords.hash("temporary horse battery"), keep=5, must_change=True
    )
    visitor = provider.visitor()
    page = visitor.password(visitor.authorize(client), at.person, "temporary horse battery")
    visitor.submit(page, "new_password", new_password=NEW, new_password_again=NEW)
    assert len(listener.told) == 1
    assert only(provider).duty.reason == "password_changed"


def test_withdrawing_from_one_party_tells_the_others_of_sessions_that_end_with_it(
    provider: Provider, client: Registered, listener: Listener, keeper: Keeper
) -> None:
    here = SignedIn(provider)
    elsewhere = SignedIn(provider, person=here.person, client=here.client)
    SignedIn(provider, elsewhere.visitor, here.person, client)
    csrf = here.visitor.get("/account").text.partition('name="csrf" value="')[2].partition('"')[0]
    here.visitor.post("/account/withdraw", {"csrf": csrf, "client": here.client.id})
    assert listener.told == []
    keeper.move()
    keeper.after(AWAITED_SECONDS)
    assert len(listener.told) == 1


# -- again and again --------------------------------------------------------------------------------------------------


def test_what_failed_is_tried_again_with_growing_pauses_and_then_given_up(
    provider: Provider, client: Registered, listener: Listener, keeper: Keeper, caplog: pytest.LogCaptureFixture
) -> None:
    listener.status = 503
    leave(SignedIn(provider, client=client))
    keeper.move()
    for count, pause in enumerate(PAUSES, 1):
        assert (only(provider).state, only(provider).error, only(provider).tries) == (
            LogoutState.FAILED,
            "status",
            count,
        )
        keeper.after(pause - 1)
        assert len(listener.told) == count, "not before its time"
        keeper.after(1)
        assert len(listener.told) == count + 1
    line = only(provider)
    assert (line.state, line.tries, line.next_try) == (LogoutState.GIVEN_UP, len(PAUSES) + 1, None)
    assert caplog.records[-1].getMessage() == "a portal will not be told of a sign-out"
    keeper.after(7 * 86_400)
    assert len(listener.told) == len(PAUSES) + 1
    assert (events(provider, "logout:failed"), events(provider, "logout:given_up")) == (len(PAUSES), 1)
    assert sum(PAUSES) < LONGEST_SECONDS
    assert b'idp_logouts_total{result="given_up"} 1.0' in keeper.metrics.exposition()


def test_a_party_that_comes_back_is_told_with_a_token_of_now(
    provider: Provider, client: Registered, listener: Listener, keeper: Keeper
) -> None:
    listener.status = 500
    leave(SignedIn(provider, client=client))
    listener.status = 200
    keeper.after(PAUSES[0])
    assert only(provider).state is LogoutState.DELIVERED
    first, second = (provider.services.keys.verify(form["logout_token"][0], "logout+jwt") for form in (listener.told))
    now = int(provider.clock.now())
    assert (second["iat"], second["exp"]) == (now, now + 120)
    assert first["jti"] != second["jti"]
    assert [first[name] for name in ("iss", "aud", "sub", "sid")] == [
        second[name] for name in ("iss", "aud", "sub", "sid")
    ]
    keeper.round()
    assert b"idp_logouts_waiting 0.0" in keeper.metrics.exposition()


def test_a_party_that_is_dead_is_tried_with_one_message_until_it_answers(
    provider: Provider, client: Registered, listener: Listener, keeper: Keeper
) -> None:
    listener.status = 500
    first = SignedIn(provider, client=client)
    for _ in range(4):
        SignedIn(provider, client=client, person=first.person)
    suspending(provider.services).end_all(first.person.citizen.id, "test")
    assert len(listener.told) == 5
    keeper.after(PAUSES[0])
    assert len(listener.told) == 10
    keeper.after(PAUSES[1])
    assert len(listener.told) == 11
    listener.status = 200
    keeper.after(PAUSES[2])
    assert len(listener.told) == 12
    keeper.after(CLAIM_SECONDS)
    assert len(listener.told) == 16
    assert {line.state for line in lines(provider)} == {LogoutState.DELIVERED}


def test_what_waits_behind_a_dead_party_for_a_day_is_given_up(
    provider: Provider, client: Registered, listener: Listener, keeper: Keeper
) -> None:
    listener.status = 500
    first = SignedIn(provider, client=client)
    SignedIn(provider, client=client, person=first.person)
    suspending(provider.services).end_all(first.person.citizen.id, "test")
    keeper.after(PAUSES[0])
    keeper.after(LONGEST_SECONDS)
    assert len(listener.told) == 5
    assert [line.state for line in lines(provider)] == [LogoutState.GIVEN_UP] * 2


# -- the party changes meanwhile --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "state", "error"),
    [
        ("removed", LogoutState.UNREACHABLE, "client_removed"),
        ("no address", LogoutState.UNREACHABLE, "no_address"),
        ("disabled", LogoutState.DELIVERED, None),
    ],
)
def test_a_party_that_is_removed_or_disabled_meanwhile(
    provider: Provider, listener: Listener, keeper: Keeper, change: str, state: LogoutState, error: str | None
) -> None:
    listener.status = 500
    client = provider.client(backchannel_logout_uri=listener.url)
    leave(SignedIn(provider, client=client))
    listener.status = 200
    clients = provider.services.clients
    if change == "removed":
        clients.remove(client.id)
    elif change == "disabled":
        clients.set_enabled(client.id, enabled=False)
    else:
        clients.change(client.client, clients.prove(b'{"redirect_uris": ["https://portal.example/callback"]}'))
    keeper.after(PAUSES[0])
    assert (only(provider).state, only(provider).error) == (state, error)


def test_a_party_that_moves_is_told_at_its_new_address(provider: Provider, listener: Listener, keeper: Keeper) -> None:
    client = provider.client(backchannel_logout_uri="http://127.0.0.1:9/old")
    leave(SignedIn(provider, client=client))
    assert (only(provider).state, only(provider).error) == (LogoutState.FAILED, "address_refused")
    document = f'{{"redirect_uris": ["https://portal.example/callback"], "backchannel_logout_uri": "{listener.url}"}}'
    clients = provider.services.clients
    clients.change(client.client, clients.prove(document.encode()))
    keeper.after(PAUSES[0])
    assert (len(listener.told), only(provider).state) == (1, LogoutState.DELIVERED)


def test_a_client_removed_before_the_sign_out(provider: Provider, client: Registered, listener: Listener) -> None:
    at, other = SignedIn(provider), None
    other = SignedIn(provider, at.visitor, at.person, client)
    provider.services.clients.remove(client.id)
    leave(at)
    assert {line.error for line in lines(provider)} == {"client_removed", "no_address"}
    assert (listener.told, other.still_in) == ([], False)
