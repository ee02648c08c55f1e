"""A citizen's agreements with relying parties, and taking one back.

The consent ends first, so that nothing new is granted under it; then every session of the citizen that carries it, and
last the tokens. The browser in which the citizen withdraws stays signed in, under a new session without that party.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from idp.audit.events import EventType
from idp.audit.recorder import event
from idp.citizens.registry import Citizens
from idp.clock import Clock
from idp.codec import decode
from idp.leaving.messenger import Told
from idp.login.consent import Decision
from idp.login.party import CONSENT, RelyingParty
from idp.sessions import Session, Sessions
from idp.storage.records.consents import StoredConsent
from idp.storage.records.errors import NotFound
from idp.storage.state import Gone, StateStore

REASON: Final = "consent_withdrawn"


class NotWithdrawable(Exception):
    """There is no such agreement, or it does not rest on consent."""


class AgreementRecords(Protocol):
    """`idp.storage.records.consents.ConsentRecords`, as far as it is needed here."""

    def of_citizen(self, citizen_id: str) -> Sequence[StoredConsent]: ...
    def find(self, citizen_id: str, client_id: str) -> StoredConsent | None: ...
    def withdraw(self, citizen_id: str, client_id: str, at: int) -> None: ...


@dataclass(frozen=True, slots=True)
class PartyTold:
    """What became of telling one relying party; `confirmed` only if it answered that it ended its own session."""

    client_id: str
    confirmed: bool


class EndsAccess(Protocol):
    """What a front door hands in: it alone knows what it gave to relying parties."""

    def end_access(self, citizen_id: str, client_id: str, sessions: Sequence[Session]) -> Sequence[Told]:
        """End what a relying party can still reach of a citizen, whose `sessions` with it have ended; what became of
        telling it of each."""
        ...

    def end_all_access(self, citizen_id: str, reason: str, sessions: Sequence[Session]) -> Sequence[PartyTold]:
        """As `end_access`, for every relying party; `sessions` are all that the citizen had."""
        ...


@dataclass(frozen=True, slots=True)
class Agreement:
    """`since` is seconds since the epoch; `granted` are names of scopes and claims. `party` is None if it is gone."""

    client_id: str
    party: RelyingParty | None
    granted: tuple[str, ...]
    since: int
    basis: str
    rule: str

    @property
    def withdrawable(self) -> bool:
        """What rests on a statutory duty is not the citizen's to take back (PIPL article 13)."""
        return self.basis == CONSENT


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """What came of it; `handle` and `session` take the place of the browser's session until now. `visits` are what only
    this browser can tell the party."""

    told: Sequence[Told]
    visits: Sequence[Told]
    handle: str
    session: Session

    @property
    def confirmed(self) -> bool:
        """The party ended its own sessions."""
        return all(each.confirmed for each in self.told)


class Agreements:
    """What a citizen agreed to, and taking it back."""

    def __init__(
        self,
        records: AgreementRecords,
        party: Callable[[str], RelyingParty | None],
        sessions: Sessions,
        citizens: Citizens,
        ends: EndsAccess,
        state: StateStore,
        clock: Clock,
    ) -> None:
        self._records = records
        self._party = party
        self._sessions = sessions
        self._citizens = citizens
        self._ends = ends
        self._state = state
        self._clock = clock

    def of(self, citizen_id: str) -> Sequence[Agreement]:
        """The current ones, the oldest first."""
        return [self._agreement(stored) for stored in self._records.of_citizen(citizen_id)]

    def withdraw(self, session: Session, client_id: str) -> Withdrawn:
        """Raises `NotWithdrawable`, or `Gone` if the session ended meanwhile: the agreement has ended all the same."""
        citizen_id = session.head.citizen_id
        stored = self._records.find(citizen_id, client_id)
        if stored is None or not self._agreement(stored).withdrawable:
            raise NotWithdrawable
        try:
            self._records.withdraw(citizen_id, client_id, int(self._clock.now()))
        except NotFound:
            raise NotWithdrawable from None
        withdrawn = event(EventType.CONSENT_WITHDRAWN, self._clock.now(), citizen_id=citizen_id, client_id=client_id)
        self._state.queue(session.key.shard, [withdrawn])
        reopened = self._reopened(session, client_id)
        ended = self._sessions.end_those_with(citizen_id, client_id, REASON)
        told = self._ends.end_access(citizen_id, client_id, [session, *ended])
        if reopened is None:
            raise Gone("session")
        visits = [each for each in told if each.visit and each.visit.session == session.key.name]
        return Withdrawn(told, visits, *reopened)

    def _reopened(self, session: Session, client_id: str) -> tuple[str, Session] | None:
        """The browser's session without that party; None if it has ended, or ends because the account is closed."""
        try:
            handle, here = self._sessions.reopen_without(session, client_id, REASON)
        except Gone:
            return None
        # Whoever suspends an account looks for its sessions after setting the status, and may have looked too early.
        citizen = self._citizens.by_id(here.head.citizen_id)
        if citizen is not None and citizen.may_sign_in:
            return handle, here
        self._sessions.end(here, "suspended")
        return None

    def _agreement(self, stored: StoredConsent) -> Agreement:
        granted = decode(stored.document, Decision).granted
        names = (*granted.scopes, *granted.claims)
        return Agreement(
            stored.client_id, self._party(stored.client_id), names, stored.granted_at, stored.basis, stored.rule
        )
