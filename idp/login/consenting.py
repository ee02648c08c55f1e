"""The citizen's answer to the question of consent, kept and told to the audit."""

from idp.audit.events import EventType
from idp.audit.recorder import Fact, event
from idp.clock import Clock
from idp.login.consent import Consents, both, granted_by, leg
from idp.login.door import FrontDoor
from idp.login.transaction import Transaction
from idp.sessions import Session, Sessions
from idp.storage.state import StateStore


class Consenting:
    def __init__(self, consents: Consents, sessions: Sessions, state: StateStore, clock: Clock) -> None:
        self._consents = consents
        self._sessions = sessions
        self._state = state
        self._clock = clock

    def agree(self, transaction: Transaction, session: Session, door: FrontDoor, ticked: frozenset[str]) -> None:
        """Record the citizen's consent. What it takes back of an earlier one goes from every session of the citizen
        (PIPL article 15). Raises `MissingRequired` or `PartyGone`."""
        party = door.party(transaction.ask.client_id)
        citizen_id = session.head.citizen_id
        before = self._consents.present(citizen_id, party.id)
        granted = self._consents.agree(citizen_id, transaction.ask, party, ticked)
        if both(before, self._consents.present(citizen_id, party.id)) != before:
            self._sessions.change_legs(citizen_id, party.id, lambda held: self._narrowed(held, citizen_id, party.id))
        facts: dict[str, Fact] = {
            "scopes": granted.scopes,
            "claims": granted.claims,
            "lawful_basis": party.lawful_basis,
        }
        self._tell(EventType.CONSENT_GRANTED, transaction, session, facts)

    def decline(self, transaction: Transaction, session: Session) -> None:
        self._tell(EventType.CONSENT_DENIED, transaction, session, {"scopes": transaction.ask.scopes})

    def _narrowed(self, held: bytes, citizen_id: str, client_id: str) -> bytes:
        return leg(client_id, both(granted_by(held), self._consents.present(citizen_id, client_id)))

    def _tell(self, what: EventType, transaction: Transaction, session: Session, facts: dict[str, Fact]) -> None:
        told = event(
            what, self._clock.now(), citizen_id=session.head.citizen_id, client_id=transaction.ask.client_id, **facts
        )
        self._state.queue(session.key.shard, [told])
