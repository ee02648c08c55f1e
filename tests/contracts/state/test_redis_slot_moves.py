"""A cluster moves the slot of a shard, and every verb meets it half-way: it works, or it is `StateUnavailable` and
nothing is lost; never is a session that is on its way taken for one that ended."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import pytest
from redis.exceptions import MovedError

from idp.clock import SystemClock
from idp.storage.open import open_state
from idp.storage.state import Guard, StateStore, StateUnavailable
from tests.support.redis_service import RedisServer, cluster_masters
from tests.support.state_verbs import NOTE, TOLD, verbs
from tests.support.state_worker import Fresh, drain, open_simply

PORTIONS: Final[dict[str, Callable[[str], bool]]] = {
    "nothing": lambda _: False,
    "the sessions": lambda name: name.startswith("s:"),
    "all but the sessions": lambda name: not name.startswith("s:"),
    "the outbox": lambda name: name.startswith("outbox:"),
    "all but the outbox": lambda name: not name.startswith("outbox:"),
    "everything": lambda _: True,
}
GUARD: Final = Guard(("head",))


@dataclass
class Way:
    """The slot of the tests' shard: where it is, and where it goes."""

    slot: int
    source: RedisServer
    target: RedisServer
    masters: Sequence[RedisServer]

    def begin(self, portion: Callable[[str], bool]) -> None:
        """The slot is on its way, and that portion of its keys is over there."""
        self.target.command("CLUSTER", "SETSLOT", self.slot, "IMPORTING", self.source.command("CLUSTER", "MYID"))
        self.source.command("CLUSTER", "SETSLOT", self.slot, "MIGRATING", self.target.command("CLUSTER", "MYID"))
        self._move(portion)

    def finish(self) -> None:
        """All of it is over there, everyone knows, and the next time it comes back."""
        self._move(lambda _: True)
        owner = self.target.command("CLUSTER", "MYID")
        for master in (self.target, self.source, *self.masters):
            master.command("CLUSTER", "SETSLOT", self.slot, "NODE", owner)
        self.source, self.target = self.target, self.source

    def _move(self, portion: Callable[[str], bool]) -> None:
        names = self.source.command("CLUSTER", "GETKEYSINSLOT", self.slot, 100_000)
        assert isinstance(names, list)
        going = [name for name in names if portion(name)]
        if going:
            self.source.command("MIGRATE", "127.0.0.1", self.target.port, "", 0, 2000, "KEYS", *going)


@pytest.fixture(scope="module")
def masters() -> Iterator[Sequence[RedisServer]]:
    with cluster_masters() as running:
        yield running


@pytest.fixture(scope="module")
def way(masters: Sequence[RedisServer]) -> Way:
    slot = masters[0].command("CLUSTER", "KEYSLOT", "{a}")
    assert isinstance(slot, int)
    there = next(master for master in masters if _serves(master))
    return Way(slot, there, next(master for master in masters if master is not there), masters)


def _serves(master: RedisServer) -> bool:
    try:
        master.command("EXISTS", "{a}")
    except MovedError:
        return False
    return True


@pytest.fixture(scope="module")
def state(masters: Sequence[RedisServer]) -> Iterator[StateStore]:
    store = open_state(f"redis+cluster://127.0.0.1:{masters[0].port}", SystemClock())
    yield store
    store.close()


def more_verbs(state: StateStore, fresh: Fresh) -> dict[str, Callable[[], object]]:
    """Verbs on what is there already, which a script changes in place."""
    kinds = ("s", "access", "access", "entry", "entry", "code", "code")
    session, chain, buried, held, taken, code, issued = map(fresh, kinds)
    open_simply(state, session)
    state.put_under(session, chain, b"{}", 60)
    state.put_under(chain, buried, b"{}", 60)
    state.put(held, b"old", 60)
    state.put(taken, b"value", 60)
    state.issue_under(session, GUARD, code, b"record", 60, 60)
    state.issue_under(session, GUARD, issued, b"old", 60, 60)
    return {
        "put over": lambda: state.put(held, b"new", 60, TOLD),
        "bury what is there": lambda: state.bury(buried, 60, TOLD),
        "take what stands under a session": lambda: state.take_once(code, "mine", b"marker", 60),
        "take what stands alone": lambda: state.take_once(taken, "mine", b"marker", 60),
        "issue over": lambda: state.issue_under(session, GUARD, issued, b"new", 60, 60),
        "read what stands deep": lambda: state.read_under(chain),
        "put under what stands under": lambda: state.put_under(chain, fresh("access"), b"{}", 60, NOTE),
    }


def ready(state: StateStore, fresh: Fresh) -> dict[str, Callable[[], object]]:
    made = verbs(state, fresh) | more_verbs(state, fresh)
    state.queue("a", TOLD)  # so that there is an outbox
    return made


def told(answer: object) -> tuple[str, bool]:
    """As much of an answer as is the same in whatever order the verbs are called."""
    return type(answer).__name__, isinstance(answer, int) or bool(answer)


@pytest.mark.parametrize("portion", PORTIONS)
def test_a_verb_on_a_slot_that_moves_works_or_waits_and_nothing_is_lost(
    portion: str, state: StateStore, way: Way, fresh: Fresh
) -> None:
    drain(state)
    expected = {name: told(call()) for name, call in ready(state, fresh).items()}
    drain(state)
    calls = ready(state, fresh)
    way.begin(PORTIONS[portion])
    answers, waiting = {}, {}
    for name, call in calls.items():
        try:
            answers[name] = told(call())
        except StateUnavailable:
            waiting[name] = call
    way.finish()
    answers |= {name: told(call()) for name, call in waiting.items()}
    assert answers == expected
    assert waiting or portion == "nothing"
