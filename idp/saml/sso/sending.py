"""The way back: a Response in a form that the browser posts (saml-bindings-2.0-os section 3.5), or an artifact in an
address, for which the service provider then asks us (section 3.6)."""

from base64 import b64encode
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlencode

from federation.saml import artifact
from federation.saml.artifact import HANDLE_BYTES, Artifact, BadArtifact
from federation.saml.names import ARTIFACT
from federation.saml.writing import Xml
from idp.codec import decode, encode
from idp.login.door import Redirect
from idp.saml.naming import Naming
from idp.saml.service_provider import ServiceProvider
from idp.saml.sso.request import Asked
from idp.secrets import Randomness, digest, shard_for
from idp.storage.state import Gone, Key, Replayed, StateStore

ARTIFACT_SECONDS: Final = 60
RESOLUTION_INDEX: Final = 0
"""Of our one ArtifactResolutionService."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """`party_id` is who may have the message."""

    party_id: str
    message: str = field(repr=False)


class Sending:
    def __init__(self, naming: Naming, state: StateStore, randomness: Randomness) -> None:
        self._source = artifact.source_id(naming.entity_id)
        self._state = state
        self._randomness = randomness

    def send(self, provider: ServiceProvider, asked: Asked, message: Xml) -> Redirect:
        """To the proved address of the request."""
        if asked.binding == ARTIFACT:
            return Redirect(self._by_artifact(provider, asked, message))
        fields = {"SAMLResponse": b64encode(message.encode()).decode("ascii")}
        if asked.relay_state is not None:
            fields["RelayState"] = asked.relay_state
        return Redirect(asked.consumer, fields, provider.names)

    def _by_artifact(self, provider: ServiceProvider, asked: Asked, message: Xml) -> str:
        made = str(Artifact(self._source, RESOLUTION_INDEX, self._randomness.bytes(HANDLE_BYTES)))
        self._state.put(_key(made), encode(_Kept(provider.party_id, message)), ARTIFACT_SECONDS)
        fields = {"SAMLart": made} | ({} if asked.relay_state is None else {"RelayState": asked.relay_state})
        return f"{asked.consumer}{'&' if '?' in asked.consumer else '?'}{urlencode(fields)}"

    def resolve(self, provider: ServiceProvider, value: str) -> Xml | None:
        """The message for which an artifact stands, once and for whom it was sent; None where there is none. An
        artifact that comes to another's hands is spent all the same (section 3.6.5.2)."""
        try:
            if artifact.parse(value).source_id != self._source:
                return None
            taken = self._state.take_once(_key(value), self._randomness.bytes(16).hex(), b"", ARTIFACT_SECONDS)
        except (BadArtifact, Gone, Replayed):
            return None
        kept = decode(taken.value, _Kept)
        return Xml(kept.message) if kept.party_id == provider.party_id else None


def _key(value: str) -> Key:
    return Key(shard_for(value), "saml-artifact", digest(value))
