"""The backchannel authentication endpoint (CIBA Core section 7), and the citizen's side of it.

A service asks for a citizen whom it has before it: at a counter, on the phone. The citizen answers at /approve, where
he is signed in; the service polls, or is pinged and then comes (`ping.py`). Push is not offered.

The answer never tells whether there is such a citizen: a request for nobody waits like any other, and expires.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from idp.audit.events import EventType
from idp.audit.recorder import event
from idp.citizens.identifiers import Identifier, InvalidIdentifier, parse_identifier
from idp.citizens.registry import Citizens
from idp.clock import Clock
from idp.errors import InvalidUserCode, TooManyRequests, UnauthorizedClient, UnknownUserId
from idp.login.door import Redirect
from idp.login.transaction import Ask
from idp.oidc.authorization.authorize import Interaction
from idp.oidc.authorization.request import HintReader
from idp.oidc.call import Call
from idp.oidc.clients.client import CIBA, Client, ClientSource
from idp.oidc.clients.client_auth import ClientAuthentication
from idp.oidc.decoupled.awaited import Answered, Awaited, Waiting
from idp.oidc.decoupled.ciba_request import BackchannelRequest, BackchannelRequests
from idp.oidc.decoupled.citizen_code import CitizenCodes
from idp.oidc.decoupled.elsewhere import Beginning
from idp.oidc.decoupled.inbox import Entry, Inboxes
from idp.oidc.decoupled.ping import Pings
from idp.oidc.subjects import Subjects
from idp.oidc.tokens.grant import CodeRequest
from idp.secrets import SHARDS, digest, shard_of
from idp.sessions import Session
from idp.sources import Bucket, Sources
from idp.storage.records.consents import StoredConsent
from idp.storage.state import Key, StateStore, Throttled
from idp.vault import Vault

DOOR: Final = "ciba"
"""The kind of what waits, too."""
INTERVAL: Final = 5
OF_ONE_PERSON: Final = Bucket(size=6, drain=60)
"""How often one client may ask for one person, whether there is such a person or not: six times at once, then once a
minute."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who is meant: by a number or phone, or by the name that a client knows him by. `name` tells persons apart, and
    nothing can be read of it."""

    name: str
    identifier: Identifier | None


class Addresses:
    """In whose inbox a request goes, and which inboxes are a citizen's."""

    def __init__(self, citizens: Citizens, codes: CitizenCodes, hints: HintReader, vault: Vault, clock: Clock) -> None:
        self._citizens = citizens
        self._codes = codes
        self._hints = hints
        self._vault = vault
        self._clock = clock

    def meant(self, asked: BackchannelRequest, client: Client) -> Person:
        """Raises `InvalidRequest` for a hint that is not ours, and `UnknownUserId` for one that is no number and no
        phone, which anybody can tell by arithmetic."""
        if asked.id_token_hint is not None:
            sub = self._hints.subject_of_hint(asked.id_token_hint, client.client_id)
            return Person(of_subject(client, sub), None)
        try:
            identifier = parse_identifier(asked.login_hint or "", self._clock)
        except InvalidIdentifier:
            raise UnknownUserId from None
        return Person(self._vault.fingerprint("login_hint", identifier.value), identifier)

    def of(self, person: Person, asked: BackchannelRequest, client: Client) -> str:
        """The inbox. That of a citizen with a code is open only to who knows it.

        Raises `InvalidUserCode`: the code is wrong, or the citizen has none, or there is no such citizen; which of them
        is not told.
        """
        if person.identifier is None:
            return person.name
        number = person.identifier.kind == "number"
        find = self._citizens.by_number if number else self._citizens.by_phone
        citizen = find(person.identifier.value)
        citizen_id = citizen.id if citizen else ""
        if client.backchannel_user_code_parameter:
            if not self._codes.fits(citizen_id, asked.user_code):
                raise InvalidUserCode
        elif self._codes.there(citizen_id) or citizen is None:
            return f"nobody {person.name}"
        return of_citizen(citizen_id)


def of_citizen(citizen_id: str) -> str:
    return f"citizen {citizen_id}"


def of_subject(client: Client, sub: str) -> str:
    """The inbox of whom a client knows by this name. A name cannot be turned back into a citizen; but a citizen's names
    at the clients he agreed with can be looked up."""
    return f"subject {client.client_id} {sub}"


class BackchannelAuthenticationEndpoint:
    """/ciba (section 7.1)."""

    def __init__(
        self,
        authentication: ClientAuthentication,
        requests: BackchannelRequests,
        addresses: Addresses,
        inboxes: Inboxes,
        waiting: Waiting,
        pings: Pings,
        state: StateStore,
        clock: Clock,
    ) -> None:
        self._authentication = authentication
        self._requests = requests
        self._addresses = addresses
        self._inboxes = inboxes
        self._waiting = waiting
        self._pings = pings
        self._state = state
        self._clock = clock
        self._persons = Sources(state, clock, OF_ONE_PERSON, "ciba-person")

    def answer(self, call: Call) -> dict[str, Any]:
        """The acknowledgement (section 7.3). Raises an `OAuthError`."""
        parameters = call.parameters()
        client = self._authentication.prove(parameters, call).client
        if CIBA not in client.grant_types:
            raise UnauthorizedClient(CIBA)
        asked = self._requests.read(parameters, client)
        person = self._addresses.meant(asked, client)
        self._count(client, person)  # before anything is looked up: a wrong user code is a guess
        address = self._addresses.of(person, asked, client)
        handle = self._waiting.mint()
        self._waiting.begin(handle, self._awaited(asked, client, handle))
        entry = Entry(shard_of(handle), digest(handle), client.client_id, int(self._clock.now()) + asked.seconds)
        self._inboxes.put(address, entry)
        told = event(EventType.CIBA_ASKED, self._clock.now(), client_id=client.client_id, scopes=asked.scopes)
        self._state.queue(SHARDS[0], [told])
        return {"auth_req_id": handle, "expires_in": asked.seconds, "interval": INTERVAL}

    def _awaited(self, asked: BackchannelRequest, client: Client, handle: str) -> Awaited:
        now = int(self._clock.now())
        return Awaited(
            CodeRequest(client.client_id, "", None, None, asked.scopes, None),
            now,
            now + asked.seconds,
            INTERVAL,
            message=asked.message,
            aal=asked.aal,
            ping=self._pings.sealed(handle, asked.notification_token) if asked.notification_token else "",
        )

    def _count(self, client: Client, person: Person) -> None:
        try:
            self._persons.count(f"{client.client_id} {person.name}")
        except Throttled as throttled:
            raise TooManyRequests(throttled.retry_after, "requests for one person") from None


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
        told = event(
            EventType.CIBA_BLOCKED, self._clock.now(), client_id=client.client_id, citizen_id=session.head.citizen_id
        )
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
        client = self._clients.get(entry.client_id)
        if client is None or not client.enabled or self._inboxes.blocked(citizen_id, client.client_id):
            return None
        key = self._waiting.key_of(entry.shard, entry.name)
        try:
            return Pending(key, client, self._waiting.open(key))
        except Answered:
            return None
