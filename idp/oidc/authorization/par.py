"""Pushed authorization requests (RFC 9126): a client hands its request in at /par, authenticated, and the browser
carries a reference.

What is pushed is proved as at /authorize, so that a mistake is told to the client and not to the citizen; and proved
again when the browser comes, for the client may have been changed meanwhile. A reference lives a minute, is its
client's alone, and is good once.
"""

from dataclasses import dataclass, replace
from typing import Any, Final

from idp.clock import Clock
from idp.codec import decode, encode
from idp.errors import InvalidDpopProof, InvalidRequest
from idp.oidc.authorization.jar import RequestObjects
from idp.oidc.authorization.request import PARAMETERS, HintReader, read
from idp.oidc.authorization.target import UnknownClient, UnprovenRedirect, prove
from idp.oidc.call import Call
from idp.oidc.clients import fapi2
from idp.oidc.clients.client import Client, ClientSource
from idp.oidc.clients.client_auth import ClientAuthentication
from idp.oidc.limits import counted
from idp.oidc.resources.reach import Reaching
from idp.oidc.tokens.dpop import Proofs
from idp.parameters import Parameters
from idp.secrets import Randomness, digest, mint_anywhere, shard_of
from idp.sources import Bucket, Sources, source_of
from idp.storage.state import Gone, Key, Replayed, StateStore

PATH: Final = "/par"
PREFIX: Final = "urn:ietf:params:oauth:request_uri:"
SECONDS: Final = 60
"""Section 2.2 wants a short life; the browser comes at once."""
OF_STRANGERS: Final = Bucket(size=300, drain=0.1)
"""What one source may push for clients that anybody can be or become: 300 at once, then ten a second."""


@dataclass(frozen=True, slots=True)
class _Pushed:
    values: dict[str, str]
    signed: bool


class PushedRequests:
    """The requests that wait for their browser."""

    def __init__(self, state: StateStore, randomness: Randomness) -> None:
        self._state = state
        self._randomness = randomness

    def store(self, parameters: Parameters) -> str:
        """Gives the `request_uri`."""
        handle = mint_anywhere(self._randomness)
        self._state.put(_key(handle), encode(_Pushed(dict(parameters.values), parameters.signed)), SECONDS)
        return PREFIX + handle

    def resolve(self, parameters: Parameters) -> Parameters:
        """The request that is meant: that which was pushed, or the one that came. All else that stands beside a
        reference is passed over (section 4).

        Raises `InvalidRequest` if the reference is unknown, expired, used or another client's.
        """
        reference = parameters.get("request_uri")
        if reference is None or not reference.startswith(PREFIX):
            return parameters
        parameters.refuse_repeated()
        attempt = self._randomness.bytes(8).hex()
        try:
            taken = self._state.take_once(_key(reference.removeprefix(PREFIX)), attempt, b"", SECONDS)
        except (Gone, Replayed):
            raise InvalidRequest("request_uri is unknown, expired or used") from None
        kept = decode(taken.value, _Pushed)
        pushed = Parameters(kept.values, pushed=True, signed=kept.signed)
        if pushed.get("client_id") != parameters.get("client_id"):
            raise InvalidRequest("request_uri is another client's")
        return pushed


@dataclass(frozen=True, slots=True)
class Incoming:
    """What a request may be behind its parameters: pushed, signed, or both; and whose token its hint is."""

    pushed: PushedRequests
    objects: RequestObjects
    hints: HintReader
    reaching: Reaching


class PushedRequestEndpoint:
    """/par (RFC 9126 section 2)."""

    def __init__(
        self,
        authentication: ClientAuthentication,
        proofs: Proofs,
        clients: ClientSource,
        incoming: Incoming,
        state: StateStore,
        clock: Clock,
    ) -> None:
        self._authentication = authentication
        self._proofs = proofs
        self._clients = clients
        self._incoming = incoming
        self._clock = clock
        self._strangers = Sources(state, clock, OF_STRANGERS, "pushed-source")

    def answer(self, call: Call) -> dict[str, Any]:
        """Raises an `OAuthError`, whichever /authorize would have raised."""
        given = call.parameters()
        client = self._authentication.prove(given, call).client
        if not client.vetted:
            self._count(call.source)
        if given.get("request_uri") is not None:
            raise InvalidRequest("request_uri stands in a pushed request")
        kept = {name: value for name, value in given.values.items() if name in PARAMETERS}
        if kept.setdefault("client_id", client.client_id) != client.client_id:
            raise InvalidRequest("another client's request")
        parameters = self._bound(self._incoming.objects.resolve(Parameters(kept, pushed=True)), client, call)
        try:
            target = prove(parameters, self._clients)
        except (UnknownClient, UnprovenRedirect):
            raise InvalidRequest("redirect_uri is not registered") from None
        read(parameters, target, self._incoming.hints, self._incoming.reaching, int(self._clock.now()), "")
        return {"request_uri": self._incoming.pushed.store(parameters), "expires_in": SECONDS}

    def _bound(self, parameters: Parameters, client: Client, call: Call) -> Parameters:
        """A proof says the same as `dpop_jkt` (RFC 9449 section 10.1)."""
        if call.dpop is None:
            return parameters
        jkt = self._proofs.once(call.dpop, PATH, fapi2.algorithms(client))
        if parameters.get("dpop_jkt") not in (None, jkt):
            raise InvalidDpopProof("dpop_jkt is another key's")
        return replace(parameters, values={**parameters.values, "dpop_jkt": jkt})

    def _count(self, source: str) -> None:
        counted(self._strangers.count, source_of(source), "pushed requests")


def _key(handle: str) -> Key:
    return Key(shard_of(handle), "pushed", digest(handle))
