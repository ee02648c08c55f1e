"""The backchannel authentication endpoint (CIBA Core section 7).

A service asks for a citizen whom it has before it: at a counter, on the phone. The citizen answers at /approve, where
he is signed in (`approvals.py`); the service polls, or is pinged and then comes (`ping.py`). Push is not offered.

The answer never tells whether there is such a citizen: a request for nobody waits like any other, and expires.
"""

from dataclasses import dataclass
from typing import Any, Final

from idp.audit.events import EventType
from idp.audit.recorder import event
from idp.citizens.identifiers import Identifier, InvalidIdentifier, parse_identifier
from idp.citizens.registry import Citizens
from idp.clock import Clock
from idp.errors import InvalidUserCode, UnauthorizedClient, UnknownUserId
from idp.oidc.authorization.request import HintReader
from idp.oidc.call import Call
from idp.oidc.clients.client import CIBA, Client
from idp.oidc.clients.client_auth import ClientAuthentication
from idp.oidc.decoupled.awaited import Awaited, Waiting
from idp.oidc.decoupled.ciba_request import BackchannelRequest, BackchannelRequests
from idp.oidc.decoupled.citizen_code import CitizenCodes
from idp.oidc.decoupled.inbox import Entry, Inboxes
from idp.oidc.decoupled.ping import Pings
from idp.oidc.limits import counted
from idp.oidc.tokens.grant import CodeRequest
from idp.secrets import SHARDS, digest, shard_of
from idp.sources import Bucket, Sources
from idp.storage.state import StateStore
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
            CodeRequest.answered_elsewhere(client.client_id, asked.scopes, asked.reach),
            now,
            now + asked.seconds,
            INTERVAL,
            message=asked.message,
            aal=asked.aal,
            ping=self._pings.sealed(handle, asked.notification_token) if asked.notification_token else "",
        )

    def _count(self, client: Client, person: Person) -> None:
        counted(self._persons.count, f"{client.client_id} {person.name}", "requests for one person")
