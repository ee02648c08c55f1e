"""The parts of the SAML front door put together over the services, each made once, when it is first asked for."""

from collections.abc import Container
from functools import cached_property

from idp.http import Web
from idp.leaving.telling import Telling
from idp.leaving.views import Parting
from idp.login.party import SERVICE_PROVIDERS, RelyingParty
from idp.login.settling import Settling
from idp.login.transaction import Transactions
from idp.saml import addresses
from idp.saml.leaving.onward import Onward
from idp.saml.leaving.parts import LeavingParts
from idp.saml.naming import Naming
from idp.saml.own_metadata import OwnMetadata
from idp.saml.sso.answers import Answers
from idp.saml.sso.incoming import Incoming
from idp.saml.sso.pending import Pending
from idp.saml.sso.resolution import Resolution
from idp.saml.sso.sending import Sending
from idp.saml.sso.sign_on import SingleSignOn
from idp.saml.views.leaving import LeavingViews, Parts
from idp.saml.views.publishing import MetadataView
from idp.saml.views.sign_on import SignOnViews
from idp.services import Services


class FrontDoor:
    def __init__(self, services: Services, leaving: LeavingParts) -> None:
        self._services = services
        self._issuer = services.settings.issuer
        self._leaving = leaving

    # -- what several endpoints share ---------------------------------------------------------------------------------

    @property
    def naming(self) -> Naming:
        return self._leaving.naming

    def party(self, party_id: str) -> RelyingParty | None:
        """A service provider as the citizen meets it, enabled or not; None for clients of OpenID Connect."""
        provider = self._services.service_providers.known(party_id) if party_id.startswith(SERVICE_PROVIDERS) else None
        return provider.party if provider else None

    @cached_property
    def _incoming(self) -> Incoming:
        return Incoming(self._leaving.senders, self._issuer + addresses.SSO)

    @cached_property
    def _answers(self) -> Answers:
        services = self._services
        return Answers(self.naming, services.saml_keys, services.clock, services.randomness)

    @cached_property
    def _sending(self) -> Sending:
        return Sending(self.naming, self._services.state, self._services.randomness)

    # -- the endpoints ------------------------------------------------------------------------------------------------

    def sign_on(self, transactions: Transactions, settling: Settling) -> SingleSignOn:
        services = self._services
        return SingleSignOn(
            self._incoming,
            services.service_providers,
            self.naming,
            self._answers,
            self._sending,
            services.state,
            services.sessions,
            transactions,
            settling,
            services.citizens,
            services.clock,
        )

    def signing_on(self, web: Web, sign_on: SingleSignOn, transactions: Transactions) -> SignOnViews:
        services = self._services
        pending = Pending(services.service_providers, services.state, services.clock, services.randomness)
        resolution = Resolution(
            self._leaving.senders,
            self._sending,
            self._answers,
            services.citizens,
            self.naming,
            services.saml_keys,
            services.clock,
            services.randomness,
            self._issuer + addresses.ARTIFACT,
        )
        return SignOnViews(web, sign_on, pending, resolution, services.sessions, transactions)

    def logout(self, web: Web, telling: Telling, onward: Onward, parting: Parting) -> LeavingViews:
        leaving = self._leaving
        parts = Parts(leaving.proving, leaving.held, leaving.single_logout(telling), onward, leaving.messages)
        return LeavingViews(web, parts, self._services.sessions, parting)

    def metadata(self, web: Web, paths: Container[str]) -> MetadataView:
        """`paths` are those that the application answers at: no other is told."""
        services = self._services
        return MetadataView(web, OwnMetadata(services.settings, services.saml_keys, services.clock, paths))
