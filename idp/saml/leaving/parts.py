"""What it takes to tell service providers of ended sessions, put together over the services: for the endpoints, an
operator's verbs and the housekeeper."""

from functools import cached_property

from idp.citizens.pseudonyms import Pseudonyms
from idp.leaving.ledger import Ledger
from idp.leaving.telling import Telling
from idp.saml.addresses import entity_id
from idp.saml.leaving.held import Held
from idp.saml.leaving.journey import Journeys
from idp.saml.leaving.messages import Messages
from idp.saml.leaving.onward import Onward
from idp.saml.leaving.proving import Proving
from idp.saml.leaving.single_logout import SingleLogout
from idp.saml.leaving.soap import ServiceProviderMessenger
from idp.saml.leaving.whose import Whose
from idp.saml.naming import Naming
from idp.saml.senders import Senders
from idp.services import Services


class LeavingParts:
    """Each part is made once, when it is first asked for."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @cached_property
    def naming(self) -> Naming:
        settings = self._services.settings
        pseudonyms = Pseudonyms(self._services.secret("subjects"))
        return Naming(pseudonyms, entity_id(settings.issuer), settings.saml_scope)

    @cached_property
    def messenger(self) -> ServiceProviderMessenger:
        return ServiceProviderMessenger(self._services.service_providers, self.messages, self._services.fetcher())

    @cached_property
    def messages(self) -> Messages:
        services = self._services
        return Messages(self.naming, services.saml_keys, services.clock, services.randomness)

    @cached_property
    def senders(self) -> Senders:
        return Senders(self._services.service_providers, self._services.clock)

    @cached_property
    def proving(self) -> Proving:
        services = self._services
        return Proving(self.senders, services.saml_keys, services.state, services.clock)

    @cached_property
    def held(self) -> Held:
        services = self._services
        return Held(services.service_providers, services.state, services.randomness)

    def single_logout(self, telling: Telling) -> SingleLogout:
        services = self._services
        whose = Whose(self.naming, services.sessions, services.state)
        return SingleLogout(whose, services.sessions, telling)

    def onward(self, ledger: Ledger) -> Onward:
        services = self._services
        journeys = Journeys(services.state, services.randomness)
        return Onward(services.service_providers, journeys, self.messages, ledger)
