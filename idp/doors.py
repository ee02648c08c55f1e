"""The front doors side by side, and what they share: who is told that a session has ended, and what ends at relying
parties. For the endpoints, an operator's verbs and the housekeeper."""

from functools import cached_property

from idp.http import Web
from idp.leaving.ledger import Ledger
from idp.leaving.retelling import Retelling
from idp.leaving.telling import Telling
from idp.leaving.views import Parting
from idp.leaving.withdrawal import Withdrawal
from idp.login.party import RelyingParty
from idp.login.transaction import Transactions
from idp.metrics import Metrics
from idp.oidc.front_door import FrontDoor
from idp.oidc.leaving.parts import LeavingParts
from idp.saml.front_door import FrontDoor as SamlFrontDoor
from idp.saml.leaving.onward import Onward
from idp.saml.leaving.parts import LeavingParts as SamlLeavingParts
from idp.services import Services


class Doors:
    """Each part is made once, when it is first asked for."""

    def __init__(self, services: Services, metrics: Metrics) -> None:
        self._services = services
        self._metrics = metrics

    @cached_property
    def oidc(self) -> FrontDoor:
        return FrontDoor(self._services, self._oidc_leaving)

    @cached_property
    def _oidc_leaving(self) -> LeavingParts:
        return LeavingParts(self._services)

    @cached_property
    def saml(self) -> SamlFrontDoor:
        return SamlFrontDoor(self._services, self._saml_leaving)

    @cached_property
    def _saml_leaving(self) -> SamlLeavingParts:
        return SamlLeavingParts(self._services)

    def party(self, party_id: str) -> RelyingParty | None:
        """A relying party of any door as the citizen meets it, enabled or not."""
        return self.saml.party(party_id) or self.oidc.party(party_id)

    def parting(self, web: Web, transactions: Transactions) -> Parting:
        return Parting(web, transactions, self.onward)

    @cached_property
    def onward(self) -> Onward:
        return self._saml_leaving.onward(self.ledger)

    @cached_property
    def telling(self) -> Telling:
        messengers = (self._saml_leaving.messenger, self._oidc_leaving.back_channel)
        return Telling(messengers, self.ledger, self._services.clock)

    @cached_property
    def ledger(self) -> Ledger:
        services = self._services
        return Ledger(services.records.logouts, services.state, services.clock, self._metrics)

    @cached_property
    def retelling(self) -> Retelling:
        return Retelling(self.ledger, lambda: self.telling, self._metrics.logouts_waiting)

    @cached_property
    def withdrawal(self) -> Withdrawal:
        return Withdrawal(self.oidc.families, self.telling)
