"""How attempts to sign in ended: told to the audit, and counted."""

from collections.abc import Callable

from idp.audit.events import EventType
from idp.audit.recorder import Fact, event
from idp.citizens.registry import LoginAccount
from idp.clock import Clock
from idp.secrets import shard_for
from idp.storage.state import StateStore


class Outcomes:
    def __init__(self, state: StateStore, clock: Clock, count: Callable[[str], None]) -> None:
        """`count` is told how each attempt ended: the event's name without `login:`."""
        self._state = state
        self._clock = clock
        self._count = count

    def tell(self, what: EventType, account: LoginAccount | None, **facts: Fact) -> None:
        citizen_id = account.citizen.id if account else None
        told = event(what, self._clock.now(), citizen_id=citizen_id, **facts)
        self._state.queue(shard_for(citizen_id or ""), [told])
        group, _, outcome = what.value.partition(":")
        if group == "login":
            self._count(outcome)
