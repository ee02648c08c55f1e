"""Single sign-on, put together over the services."""

from functools import cached_property

from idp.http import Web
from idp.login.settling import Settling
from idp.login.transaction import Transactions
from idp.saml import addresses
from idp.saml.naming import Naming
from idp.saml.sso.answers import Answers
from idp.saml.sso.incoming import Incoming
from idp.saml.sso.pending import Pending
from idp.saml.sso.resolution import Resolution
from idp.saml.sso.sending import Sending
from idp.saml.sso.sign_on import SingleSignOn
from idp.saml.views.sign_on import SignOnViews
from idp.services import Services


class SignOnParts:
    """Each part is made once, when it is first asked for."""

    def __init__(self, services: Services, naming: Naming, transactions: Transactions, settling: Settling) -> None:
        self._services = services
        self._naming = naming
        self._transactions = transactions
        self._settling = settling

    @cached_property
    def sign_on(self) -> SingleSignOn:
        services = self._services
        return SingleSignOn(
            self._incoming,
            services.service_providers,
            self._naming,
            self._answers,
            self._sending,
            services.state,
            services.sessions,
            self._transactions,
            self._settling,
            services.citizens,
            services.clock,
        )

    def views(self, web: Web) -> SignOnViews:
        services = self._services
        pending = Pending(services.service_providers, services.state, services.clock, services.randomness)
        resolution = Resolution(
            self._incoming,
            self._sending,
            self._answers,
            services.citizens,
            self._naming,
            services.saml_keys,
            services.clock,
            services.randomness,
            services.settings.issuer + addresses.ARTIFACT,
        )
        return SignOnViews(web, self.sign_on, pending, resolution, services.sessions, self._transactions)

    @cached_property
    def _incoming(self) -> Incoming:
        services = self._services
        return Incoming(services.service_providers, services.clock, services.settings.issuer + addresses.SSO)

    @cached_property
    def _sending(self) -> Sending:
        return Sending(self._naming, self._services.state, self._services.randomness)

    @cached_property
    def _answers(self) -> Answers:
        services = self._services
        return Answers(self._naming, services.saml_keys, services.clock, services.randomness)
