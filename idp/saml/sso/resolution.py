"""Artifact resolution (saml-profiles-2.0-os section 5): a service provider that signs its question gets the message for
which its artifact stands, once."""

from federation.saml import artifact, conditions, soap
from federation.saml.arriving import Unreadable, from_soap
from federation.saml.artifact import ArtifactResponse, written_response
from federation.saml.conditions import Unmet
from federation.saml.response import Status
from federation.saml.verifying import BadSignature, keys_of
from federation.saml.writing import Xml
from idp.clock import Clock
from idp.saml.keys import SamlKeys
from idp.saml.naming import Naming
from idp.saml.sso.incoming import Incoming, NotProved
from idp.saml.sso.sending import Sending
from idp.secrets import Randomness


class Resolution:
    def __init__(
        self,
        incoming: Incoming,
        sending: Sending,
        naming: Naming,
        keys: SamlKeys,
        clock: Clock,
        randomness: Randomness,
        address: str,
    ) -> None:
        """`address` is where artifacts are resolved."""
        self._incoming = incoming
        self._sending = sending
        self._naming = naming
        self._keys = keys
        self._clock = clock
        self._randomness = randomness
        self._address = address

    def answer(self, body: bytes) -> Xml:
        """The SOAP envelope of the ArtifactResponse; it is empty where the artifact stands for nothing that is theirs
        (saml-core-2.0-os section 3.5.3). Raises `NotProved`."""
        try:
            arrived = from_soap(body)
            provider = self._incoming.provider(arrived.issuer)
            resolve = artifact.read_resolve(arrived.proved(keys_of(provider.entity.keys, "signing")))
            conditions.check_destination(resolve.destination, self._address, signed=resolve.destination is not None)
            conditions.check_instant(resolve.issue_instant, self._clock.now())
        except (Unreadable, BadSignature, Unmet) as error:
            raise NotProved(str(error)) from None
        response = ArtifactResponse(
            id=f"_{self._randomness.bytes(16).hex()}",
            issuer=self._naming.entity_id,
            issue_instant=int(self._clock.now()),
            in_response_to=resolve.id,
            message=self._sending.resolve(provider, resolve.artifact),
            status=Status(),
        )
        return soap.wrapped(written_response(response, self._keys.signer_for(provider)))
