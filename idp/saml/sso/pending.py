"""Requests that came by POST, kept while the browser goes on: another site's form comes without our cookies
(SameSite=Lax), and the GET that follows brings them."""

from dataclasses import dataclass, field
from typing import Final

from federation.saml.authn_request import AuthnRequest
from idp.clock import Clock
from idp.codec import decode, encode
from idp.login.transaction import BEGUN
from idp.saml.directory import ServiceProviders
from idp.saml.senders import UnknownProvider
from idp.saml.sso.incoming import Proved
from idp.secrets import Randomness, digest, mint_anywhere, shard_of
from idp.sources import Sources, source_of
from idp.storage.state import Gone, Key, Replayed, StateStore

SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class _Kept:
    party_id: str
    request: AuthnRequest
    relay_state: str | None = field(repr=False)


class Pending:
    def __init__(self, providers: ServiceProviders, state: StateStore, clock: Clock, randomness: Randomness) -> None:
        self._providers = providers
        self._state = state
        self._randomness = randomness
        self._begun = Sources(state, clock, BEGUN, "begun")

    def keep(self, proved: Proved, source: str) -> str:
        """The name to take it by. Raises `Throttled` where too many come from this address."""
        self._begun.count(source_of(source))
        name = mint_anywhere(self._randomness)
        kept = _Kept(proved.provider.party_id, proved.request, proved.relay_state)
        self._state.put(_key(name), encode(kept), SECONDS)
        return name

    def take(self, name: str) -> Proved | None:
        """As it was proved; once. None if it is gone. Raises `UnknownProvider`."""
        try:
            taken = self._state.take_once(_key(name), self._randomness.bytes(16).hex(), b"", SECONDS)
        except (Gone, Replayed):
            return None
        kept = decode(taken.value, _Kept)
        provider = self._providers.enabled(kept.party_id)
        if provider is None:
            raise UnknownProvider(kept.party_id)
        return Proved(provider, kept.request, kept.relay_state)


def _key(name: str) -> Key:
    return Key(shard_of(name), "saml-request", digest(name))
