"""Requests that came by POST, kept while the browser goes on: another site's form comes without our cookies
(SameSite=Lax), and the GET that follows brings them."""

from dataclasses import dataclass
from typing import Final

from federation.saml.logout import LogoutRequest
from federation.saml.names import POST
from idp.codec import decode, encode
from idp.saml.directory import ServiceProviders
from idp.saml.leaving.proving import ProvedRequest
from idp.secrets import Randomness, digest, mint_anywhere, shard_of
from idp.storage.state import Gone, Key, StateStore

SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class _Kept:
    party_id: str
    request: LogoutRequest
    relay_state: str | None


class Held:
    def __init__(self, providers: ServiceProviders, state: StateStore, randomness: Randomness) -> None:
        self._providers = providers
        self._state = state
        self._randomness = randomness

    def keep(self, proved: ProvedRequest) -> str:
        """The name to take it by."""
        name = mint_anywhere(self._randomness)
        kept = _Kept(proved.provider.party_id, proved.request, proved.relay_state)
        self._state.put(_key(name), encode(kept), SECONDS)
        return name

    def take(self, name: str) -> ProvedRequest:
        """As it was proved; once. Raises `Gone` or `Replayed`."""
        taken = self._state.take_once(_key(name), self._randomness.bytes(16).hex(), b"", SECONDS)
        kept = decode(taken.value, _Kept)
        provider = self._providers.enabled(kept.party_id)
        if provider is None:
            raise Gone("service provider")
        return ProvedRequest(provider, kept.request, POST, kept.relay_state)


def _key(name: str) -> Key:
    return Key(shard_of(name), "saml-logout-held", digest(name))
