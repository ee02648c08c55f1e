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
from idp.secrets import SHARDS, Randomness, digest, mint_anywhere, shard_of
from idp.sessions import Head
from idp.storage.state import Gone, Guard, Key, Refused, Replayed, StateStore

ARTIFACT_SECONDS: Final = 60
RESOLUTION_INDEX: Final = 0
"""Of our one ArtifactResolutionService."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """`party_id` is who may have it: a status, which tells of nobody and is written, or what `leg` grants for what was
    `asked`, which is not."""

    party_id: str
    status: str = field(default="", repr=False)
    asked: Asked | None = None
    leg: str = ""


@dataclass(frozen=True, slots=True)
class Due:
    """An answer that is fetched now; the session stood at this moment."""

    asked: Asked
    head: Head
    leg: bytes = field(repr=False)


class Sending:
    def __init__(self, naming: Naming, state: StateStore, randomness: Randomness) -> None:
        self._source = artifact.source_id(naming.entity_id)
        self._state = state
        self._randomness = randomness

    def send(self, provider: ServiceProvider, asked: Asked, message: Xml) -> Redirect:
        """To the proved address of the request: a form; or an artifact for a status."""
        if asked.binding == ARTIFACT:
            made = self._artifact(shard_of(mint_anywhere(self._randomness)))
            self._state.put(_key(made), encode(_Kept(provider.party_id, status=message)), ARTIFACT_SECONDS)
            return _with_artifact(asked, made)
        fields = {"SAMLResponse": b64encode(message.encode()).decode("ascii")}
        if asked.relay_state is not None:
            fields["RelayState"] = asked.relay_state
        return Redirect(asked.consumer, fields, provider.names)

    def promise(
        self, provider: ServiceProvider, asked: Asked, session: Key, guard: Guard, leg: str, session_seconds: int
    ) -> Redirect:
        """An artifact for an assertion that is written when it is fetched. Until then nothing of the citizen is kept
        with it, and it ends with the session. Raises `Gone` where the session does not allow it any more."""
        made = self._artifact(session.shard)
        kept = encode(_Kept(provider.party_id, asked=asked, leg=leg))
        issued = self._state.issue_under(
            session, guard, _key(made), kept, ARTIFACT_SECONDS, session_seconds, copy=("head", leg)
        )
        if isinstance(issued, Refused):
            raise Gone("session")
        return _with_artifact(asked, made)

    def taken(self, provider: ServiceProvider, value: str) -> Due | Xml | None:
        """What an artifact stands for, once and for whom it was sent: an answer that is due, or a status; None where
        there is none. An artifact that comes to another's hands is spent all the same (section 3.6.5.2)."""
        try:
            if artifact.parse(value).source_id != self._source:
                return None
            taken = self._state.take_once(_key(value), self._randomness.bytes(16).hex(), b"", ARTIFACT_SECONDS)
        except (BadArtifact, Gone, Replayed):
            return None
        kept = decode(taken.value, _Kept)
        if kept.party_id != provider.party_id:
            return None
        if kept.asked is None:
            return Xml(kept.status)
        return Due(kept.asked, decode(taken.fields["head"], Head), taken.fields[kept.leg])

    def _artifact(self, shard: str) -> str:
        """The first byte of the handle says in which shard it is kept; the others nobody can guess."""
        handle = bytes([SHARDS.index(shard)]) + self._randomness.bytes(HANDLE_BYTES - 1)
        return str(Artifact(self._source, RESOLUTION_INDEX, handle))


def _with_artifact(asked: Asked, made: str) -> Redirect:
    fields = {"SAMLart": made} | ({} if asked.relay_state is None else {"RelayState": asked.relay_state})
    return Redirect(f"{asked.consumer}{'&' if '?' in asked.consumer else '?'}{urlencode(fields)}")


def _key(value: str) -> Key:
    """Raises `BadArtifact`."""
    return Key(SHARDS[artifact.parse(value).handle[0] % len(SHARDS)], "saml-artifact", digest(value))
