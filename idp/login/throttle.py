"""Guessing is slowed down, and the owner is never locked out.

Each attempt is counted before its outcome is known, so parallel guesses gain nothing. After some free attempts the wait
before the next one doubles up to a cap. An attempt made too early is refused without a look at the password. The lanes:

* a browser that has not signed in to this account before is counted for (account, source), strictly; for the account
  wherever it comes from, mildly, against guesses from many sources; for its source over all accounts (`sources.py`);
* a browser that has (`browsers.py` proves it) has one lane of its own: nobody else's guesses can delay the owner;
* one-time codes are counted for the transaction, which ends after too many, and for the citizen.

An account is named by a keyed fingerprint of the name that was typed, for known and unknown names alike: names are
guessable, and the store must not tell who tried to sign in. So number and phone of one citizen are two names, each with
its own lanes: one lane for both would tell a stranger whose number goes with which phone. A success forgets what was
counted for the account, never what its source did to others: whoever owns one account must not be able to wash his
address clean with it.
"""

from dataclasses import dataclass
from typing import Final

from idp.clock import Clock
from idp.login.transaction import GUESSES
from idp.secrets import digest, shard_for
from idp.sources import Bucket, Sources, source_of
from idp.storage.state import Key, Lane, StateStore, Throttled

DAY: Final = 86_400


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast one kind of lane lets attempts through; seconds as in `Lane`."""

    kind: str
    free: int
    base: int
    cap: int

    def lane(self, shard: str, *names: str) -> Lane:
        return Lane(Key(shard, self.kind, digest("\n".join(names))), self.free, self.base, self.cap, forget=DAY)


ACCOUNT_AND_SOURCE: Final = Pace("guess-here", free=4, base=2, cap=900)
ACCOUNT_ANYWHERE: Final = Pace("guess-anywhere", free=20, base=1, cap=30)
KNOWN_BROWSER: Final = Pace("guess-known", free=10, base=2, cap=300)
CODE_OF_CITIZEN: Final = Pace("code-citizen", free=10, base=5, cap=900)
CODE_OF_TRANSACTION: Final = Pace("code-transaction", free=GUESSES, base=DAY, cap=DAY)
SOURCE: Final = Bucket(size=50, drain=10)


class CodesSpent(Throttled):
    """Too many wrong one-time codes in one transaction: it must end, and the citizen begins anew."""


@dataclass(frozen=True, slots=True)
class Admission:
    """The attempt was counted and may be made. Hand it to `forgive` if it succeeds."""

    lanes: tuple[Lane, ...]
    source: Key | None = None


class Throttle:
    def __init__(self, state: StateStore, clock: Clock, bucket: Bucket = SOURCE) -> None:
        self._state = state
        self._clock = clock
        self._sources = Sources(state, clock, bucket)

    def admit(self, account: str, source: str, known_browser: str | None) -> Admission:
        """Count one attempt with a password. Raises `Throttled`.

        `account`: keyed fingerprint of the typed name; `source`: the peer's address; `known_browser`: what
        `KnownBrowsers.known` proved of this browser and the citizen behind the name.
        """
        shard = shard_for(account)
        if known_browser is not None:
            return self._count(KNOWN_BROWSER.lane(shard, account, known_browser))
        here = source_of(source)
        counted = self._sources.count(here)
        try:
            admission = self._count(
                ACCOUNT_AND_SOURCE.lane(shard, account, here), ACCOUNT_ANYWHERE.lane(shard, account)
            )
        except Throttled:
            self._sources.take_back(counted)  # nothing was guessed
            raise
        return Admission(admission.lanes, counted)

    def admit_code(self, transaction: str, citizen_id: str, known_browser: str | None) -> Admission:
        """Count one attempt with a one-time or recovery code. Raises `CodesSpent` or `Throttled`."""
        shard = shard_for(citizen_id)
        citizen = CODE_OF_CITIZEN.lane(shard, citizen_id, known_browser or "")
        try:
            return self._count(CODE_OF_TRANSACTION.lane(shard, transaction), citizen)
        except Throttled as throttled:
            if throttled.retry_after > citizen.cap:
                raise CodesSpent(throttled.retry_after) from None
            raise

    def forgive(self, admission: Admission) -> None:
        """The attempt succeeded."""
        self._state.delete(*(lane.key for lane in admission.lanes))
        if admission.source is not None:
            self._sources.take_back(admission.source)

    def _count(self, *lanes: Lane) -> Admission:
        self._state.admit(lanes, self._clock.now())
        return Admission(lanes)
