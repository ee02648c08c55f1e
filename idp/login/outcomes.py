"""How attempts to sign in ended: told to the audit, and counted."""

from collections.abc import Callable

from idp.audit.events import EventType
from idp.audit.recorder import Fact, event
from idp.citizens.registry import LoginAccount
from idp.clock import Clock
from idp.secrets import digest, shard_for
from idp.storage.state import Conflict, Key, StateStore


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
        self._counted(what)

    def throttled(self, account: LoginAccount | None, name: str, source: str, retry_after: int) -> None:
        """An attempt on `name` came too early. Told once in the time it has to wait: whoever goes on knocking must not
        fill the trail."""
        told = Key(shard_for(name), "told", digest(f"{name} {source}"))
        try:
            self._state.replace(told, None, b"{}", retry_after)
        except Conflict:
            return self._counted(EventType.LOGIN_THROTTLED)
        return self.tell(EventType.LOGIN_THROTTLED, account, source=source, retry_after=retry_after)

    def _counted(self, what: EventType) -> None:
        group, _, outcome = what.value.partition(":")
        if group == "login":
            self._count(outcome)
