"""Telling relying parties of sign-outs again: what nobody waits for, and what failed. The housekeeper's work.

Each round takes what is due and hands it to the threads of `telling.py`; what came of it is entered in a later
round, so that nothing waits. A party that has just failed is tried with one message until it answers, however many are
waiting for it: neither a party that is dead nor the one that comes back after a day is flooded.
"""

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Final

from idp.leaving.ledger import Ledger
from idp.leaving.telling import Telling
from idp.storage.records.logouts import LogoutState, Settled, StoredLogout

OF_CLIENT: Final = 32
"""Deliveries to one relying party that are under way at a time."""
AT_ONCE: Final = 1_000
"""Deliveries that are under way at a time."""

_log = logging.getLogger(__name__)


class Retelling:
    def __init__(self, ledger: Ledger, telling: Callable[[], Telling], waiting: Callable[[int], None]) -> None:
        """`telling` is asked for in each round, when the stores answer; `waiting` hears what is not settled."""
        self._ledger = ledger
        self._telling = telling
        self._waiting = waiting
        self._under_way: list[tuple[str, Future[Settled]]] = []
        self._failing: set[str] = set()

    def round(self) -> None:
        """Enter what came of earlier tries, and try what is due. Raises `RecordsUnavailable` or `StateUnavailable`."""
        self._settle()
        telling = self._telling()
        under_way = Counter(client_id for client_id, _ in self._under_way)
        for client_id in self._ledger.due():
            failing = client_id in self._failing
            room = min((1 if failing else OF_CLIENT) - under_way[client_id], AT_ONCE - len(self._under_way))
            if room > 0:
                lines = self._probe(client_id) if failing else self._ledger.claim(client_id, room)
                self._under_way += [(client_id, telling.try_again(line)) for line in lines]
        self._waiting(self._ledger.waiting())

    def _probe(self, client_id: str) -> Sequence[StoredLogout]:
        """One to try, for a party that has just failed. Of the others taken, what is old is given up; the rest waits
        until what was taken is free again."""
        lines = self._ledger.claim(client_id, OF_CLIENT)
        old = [line for line in lines[1:] if self._ledger.is_old(line)]
        self._ledger.settle([self._ledger.given_up(line.duty, line.error or "unreachable", False) for line in old])
        return lines[:1]

    def _settle(self) -> None:
        done = [each for each in self._under_way if each[1].done()]
        self._under_way = [each for each in self._under_way if not each[1].done()]
        outcomes: list[Settled] = []
        for client_id, future in done:
            if (error := future.exception()) is not None:  # it is tried again when what was taken is free again
                _log.error("a delivery broke off", exc_info=error)
                continue
            outcomes.append(future.result())
            failed = outcomes[-1].state in (LogoutState.FAILED, LogoutState.GIVEN_UP)
            (self._failing.add if failed else self._failing.discard)(client_id)
        self._ledger.settle(outcomes)
