"""The front doors side by side, and what they share: who is told that a session has ended, and what ends at relying
parties. For the endpoints, an operator's verbs and the housekeeper."""

from functools import cached_property

from idp.leaving.ledger import Ledger
from idp.leaving.retelling import Retelling
from idp.leaving.telling import Telling
from idp.leaving.withdrawal import Withdrawal
from idp.login.party import RelyingParty
from idp.metrics import Metrics
from idp.oidc.front_door import FrontDoor
from idp.oidc.leaving.parts import LeavingParts
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

    def party(self, party_id: str) -> RelyingParty | None:
        """A relying party of any door as the citizen meets it, enabled or not."""
        return self.oidc.party(party_id)

    @cached_property
    def telling(self) -> Telling:
        return Telling([self._oidc_leaving.back_channel], self.ledger, self._services.clock)

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
