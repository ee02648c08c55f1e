"""Artifact resolution (saml-profiles-2.0-os section 5): a service provider that signs its question gets the message for
which its artifact stands, once."""

from federation.saml import artifact, soap
from federation.saml.algorithms import NoCommonAlgorithm
from federation.saml.arriving import Unreadable, from_soap
from federation.saml.artifact import ArtifactResponse, written_response
from federation.saml.response import Status
from federation.saml.writing import ID_BYTES, Xml, new_id
from idp.citizens.registry import Citizens
from idp.clock import Clock
from idp.saml.keys import SamlKeys
from idp.saml.naming import Naming
from idp.saml.senders import NotProved, Senders, always
from idp.saml.service_provider import ServiceProvider
from idp.saml.sso.answers import Answers
from idp.saml.sso.consumers import serves
from idp.saml.sso.sending import Due, Sending
from idp.secrets import Randomness


class Resolution:
    def __init__(
        self,
        senders: Senders,
        sending: Sending,
        answers: Answers,
        citizens: Citizens,
        naming: Naming,
        keys: SamlKeys,
        clock: Clock,
        randomness: Randomness,
        address: str,
    ) -> None:
        """`address` is where artifacts are resolved."""
        self._senders = senders
        self._sending = sending
        self._answers = answers
        self._citizens = citizens
        self._naming = naming
        self._keys = keys
        self._clock = clock
        self._randomness = randomness
        self._address = address

    def answer(self, body: bytes) -> Xml:
        """The SOAP envelope of the ArtifactResponse; it is empty where the artifact stands for nothing that is theirs
        (saml-core-2.0-os section 3.5.3). Raises `NotProved`."""
        try:
            provider, resolve = self._senders.proved(from_soap(body), self._address, artifact.read_resolve, always)
        except Unreadable as error:
            raise NotProved(str(error)) from None
        try:
            signer = self._keys.signer_for(provider)
            message = self._message(provider, resolve.artifact)
        except NoCommonAlgorithm as error:
            raise NotProved(str(error)) from None
        response = ArtifactResponse(
            id=new_id(self._randomness.bytes(ID_BYTES)),
            issuer=self._naming.entity_id,
            issue_instant=int(self._clock.now()),
            in_response_to=resolve.id,
            message=message,
            status=Status(),
        )
        return soap.wrapped(written_response(response, signer))

    def _message(self, provider: ServiceProvider, value: str) -> Xml | None:
        """Raises `NoCommonAlgorithm`."""
        due = self._sending.taken(provider, value)
        if not isinstance(due, Due):
            return due
        if not serves(provider.entity, due.asked.consumer, due.asked.binding):
            return None
        return self._answers.answer(provider, due.asked, due.head, self._citizens.by_id(due.head.citizen_id), due.leg)
