"""The citizen's side of CIBA: what waits for him, and how he answers, at /approve."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from idp.audit.events import EventType
from idp.audit.recorder import event
from idp.clock import Clock
from idp.login.dispatch import Interaction
from idp.login.door import Redirect
from idp.login.transaction import Ask
from idp.oidc.clients.client import CIBA, Client, ClientSource, enabled
from idp.oidc.decoupled.awaited import Answered, Awaited, Waiting
from idp.oidc.decoupled.ciba import of_citizen, of_subject
from idp.oidc.decoupled.citizen_code import CitizenCodes
from idp.oidc.decoupled.elsewhere import Beginning
from idp.oidc.decoupled.inbox import Entry, Inboxes
from idp.oidc.decoupled.ping import Pings
from idp.oidc.subjects import Subjects
from idp.sessions import Session
from idp.storage.records.consents import StoredConsent
from idp.storage.state import Key, StateStore

PATH: Final = "/approve"


class AgreedClients(Protocol):
    """`idp.storage.records.consents.ConsentRecords`, as far as it is needed here."""

    def of_citizen(self, citizen_id: str) -> Sequence[StoredConsent]: ...


@dataclass(frozen=True, slots=True)
class Pending:
    """A request that a citizen may answer."""

    key: Key
    client: Client
    awaited: Awaited


class Approvals:
    """/approve: what waits for the citizen who is signed in, and how he answers."""

    def __init__(
        self,
        clients: ClientSource,
        agreed: AgreedClients,
        codes: CitizenCodes,
        subjects: Subjects,
        inboxes: Inboxes,
        waiting: Waiting,
        pings: Pings,
        beginning: Beginning,
        state: StateStore,
        clock: Clock,
    ) -> None:
        self._clients = clients
        self._agreed = agreed
        self._codes = codes
        self._subjects = subjects
        self._inboxes = inboxes
        self._waiting = waiting
        self._pings = pings
        self._beginning = beginning
        self._state = state
        self._clock = clock

    def of(self, citizen_id: str) -> Sequence[Pending]:
        """Those that can be answered now, in the order in which they came."""
        found = (self._pending(entry, citizen_id) for entry in self._inboxes.of(self._of_citizen(citizen_id)))
        return sorted((each for each in found if each), key=lambda each: each.awaited.asked_at)

    def look(self, session: Session, name: str, browser: str, source: str) -> Redirect | Interaction | None:
        """Begin the sign-in with which the citizen answers; None if this request is not his, or over.

        Raises `PartyGone` or `Throttled`.
        """
        pending = self._named(session, name)
        if pending is None:
            return None
        awaited, client = pending.awaited, pending.client
        ask = Ask(
            client.client_id,
            awaited.request.scopes,
            claims=awaited.request.records,
            essential_claims=awaited.request.records,
            fresh_consent=True,
            aal=awaited.aal,
            aal_essential=awaited.aal > 0,
            subject=self._subjects.subject(client, session.head.citizen_id),
        )
        return self._beginning.begin(pending.key, ask, session, browser, source)

    def block(self, session: Session, name: str) -> Client | None:
        """Refuse this request and every other of its client for an hour; whose it was."""
        pending = self._named(session, name)
        if pending is None:
            return None
        client, citizen_id = pending.client, session.head.citizen_id
        for each in self.of(citizen_id):
            if each.client.client_id == client.client_id:
                self._refuse(each)
        self._inboxes.block(citizen_id, client.client_id)
        told = event(EventType.CIBA_BLOCKED, self._clock.now(), client_id=client.client_id, citizen_id=citizen_id)
        self._state.queue(session.key.shard, [told])
        return client

    def protected(self, citizen_id: str) -> bool:
        """Whether the citizen has a code that is asked for."""
        return self._codes.there(citizen_id)

    def new_code(self, session: Session) -> str:
        """A code of the citizen's own, as it is shown, once."""
        self._tell_of_code(session)
        return self._codes.renew(session.head.citizen_id)

    def no_code(self, session: Session) -> None:
        self._tell_of_code(session)
        self._codes.remove(session.head.citizen_id)

    def _tell_of_code(self, session: Session) -> None:
        told = event(EventType.CIBA_CODE_CHANGED, self._clock.now(), citizen_id=session.head.citizen_id)
        self._state.queue(session.key.shard, [told])

    def _refuse(self, pending: Pending) -> None:
        try:
            self._pings.tell(self._waiting.deny(pending.key))
        except Answered:
            return

    def _named(self, session: Session, name: str) -> Pending | None:
        return next((each for each in self.of(session.head.citizen_id) if each.key.name == name), None)

    def _of_citizen(self, citizen_id: str) -> Sequence[str]:
        if self._codes.there(citizen_id):  # an ID token of his is no code
            return [of_citizen(citizen_id)]
        agreed = (self._clients.get(each.client_id) for each in self._agreed.of_citizen(citizen_id))
        clients = [client for client in agreed if client and CIBA in client.grant_types]
        names = [of_subject(client, self._subjects.subject(client, citizen_id)) for client in clients]
        return [of_citizen(citizen_id), *names]

    def _pending(self, entry: Entry, citizen_id: str) -> Pending | None:
        client = enabled(self._clients, entry.client_id)
        if client is None or self._inboxes.blocked(citizen_id, client.client_id):
            return None
        key = self._waiting.key_of(entry.shard, entry.name)
        try:
            return Pending(key, client, self._waiting.open(key))
        except Answered:
            return None
