"""The Response to a service provider: an assertion of what it may know, or the status that says why there is none
(saml-core-2.0-os section 3.4.1.4, saml-profiles-2.0-os section 4.1.4.2)."""

import logging
from collections.abc import Sequence
from typing import Final

from federation.saml import encryption, names, response
from federation.saml.algorithms import NoCommonAlgorithm
from federation.saml.assertion import Assertion, Authentication, Confirmation
from federation.saml.assertion import written as written_assertion
from federation.saml.encryption import Recipient
from federation.saml.response import Response, Status
from federation.saml.writing import ID_BYTES, Unwritable, Xml, new_id
from idp.citizens.citizen import Citizen
from idp.clock import Clock
from idp.login.consent import granted_by
from idp.saml.derived import Derived
from idp.saml.keys import SamlKeys
from idp.saml.naming import Naming
from idp.saml.service_provider import ServiceProvider
from idp.saml.sso import attributes
from idp.saml.sso.request import Asked
from idp.secrets import Randomness
from idp.sessions import Head

VALID_SECONDS: Final = 300
"""For so long an assertion may be presented; what it tells of the session stands in it besides."""
_BEFORE_SECONDS: Final = 60
"""A service provider's clock may be behind ours."""
DENIED: Final = Status(names.RESPONDER, names.REQUEST_DENIED)
UNABLE: Final = Status(names.RESPONDER, names.REQUEST_UNSUPPORTED)
"""We have nothing to sign or encrypt with as the metadata wants, or a value that XML cannot carry."""

_log = logging.getLogger(__name__)


class Answers:
    def __init__(self, naming: Naming, keys: SamlKeys, clock: Clock, randomness: Randomness) -> None:
        self._naming = naming
        self._keys = keys
        self._clock = clock
        self._randomness = randomness
        self._recipients = Derived(_recipient)

    def prove_able(self, provider: ServiceProvider) -> None:
        """Raises `NoCommonAlgorithm` where nothing can be signed for it, or encrypted to it as its metadata wants."""
        self._keys.signer_for(provider)
        self._recipients.of(provider)

    def answer(self, provider: ServiceProvider, asked: Asked, head: Head, citizen: Citizen | None, leg: bytes) -> Xml:
        """An assertion of what `leg` grants, or the status that says why there is none. Raises `NoCommonAlgorithm`
        where not even that can be signed."""
        if citizen is None or not citizen.may_sign_in:
            return self.failure(provider, asked, DENIED)
        told = attributes.released(asked.attributes, granted_by(leg).claims, provider)
        try:
            return self._success(provider, asked, head, citizen, told)
        except (NoCommonAlgorithm, Unwritable) as error:
            _log.error("an assertion cannot be made", extra={"client_id": provider.party_id, "reason": str(error)})
            return self.failure(provider, asked, UNABLE)

    def _success(
        self, provider: ServiceProvider, asked: Asked, head: Head, citizen: Citizen, granted: Sequence[str]
    ) -> Xml:
        """For this service provider alone. Raises `NoCommonAlgorithm`, `Unwritable`."""
        now = int(self._clock.now())
        signer = self._keys.signer_for(provider)
        assertion = written_assertion(
            self._assertion(provider, asked, head, citizen, granted, now), signer if _signs(provider) else None
        )
        recipient = self._recipients.of(provider)
        if recipient is not None:
            assertion = encryption.encrypt(assertion, recipient, encryption.ASSERTION)
        return self._response(provider, asked, Status(), assertion, now)

    def failure(self, provider: ServiceProvider, asked: Asked, status: Status) -> Xml:
        """The status alone. Raises `NoCommonAlgorithm`."""
        return self._response(provider, asked, status, None, int(self._clock.now()))

    def _response(
        self, provider: ServiceProvider, asked: Asked, status: Status, assertion: Xml | None, now: int
    ) -> Xml:
        written = Response(self._id(), self._naming.entity_id, now, asked.consumer, asked.request_id, status, assertion)
        return response.written(written, self._keys.signer_for(provider))

    def _assertion(
        self,
        provider: ServiceProvider,
        asked: Asked,
        head: Head,
        citizen: Citizen,
        granted: Sequence[str],
        now: int,
    ) -> Assertion:
        sp, ends = provider.entity.entity_id, now + VALID_SECONDS
        return Assertion(
            id=self._id(),
            issuer=self._naming.entity_id,
            issue_instant=now,
            name_id=self._naming.name_id(asked.name_format, sp, head.citizen_id, head.lineage),
            confirmation=Confirmation(asked.consumer, ends, asked.request_id),
            not_before=now - _BEFORE_SECONDS,
            not_on_or_after=ends,
            audiences=(sp,),
            authentication=Authentication(
                head.auth_time,
                asked.levels.told(head.aal),
                self._naming.session_index(sp, head.citizen_id, head.lineage),
                head.ends_at,
            ),
            attributes=attributes.told(granted, citizen, sp, self._naming),
        )

    def _id(self) -> str:
        return new_id(self._randomness.bytes(ID_BYTES))


def _signs(provider: ServiceProvider) -> bool:
    """The Response is signed always; the Assertion in it where somebody wants that too."""
    if provider.sign_assertions is not None:
        return provider.sign_assertions
    return provider.entity.want_assertions_signed


def _recipient(provider: ServiceProvider) -> Recipient | None:
    """Whom to encrypt to. Raises `NoCommonAlgorithm`."""
    return encryption.recipient(provider.entity.keys, provider.allow_cbc) if provider.encrypt_assertions else None
