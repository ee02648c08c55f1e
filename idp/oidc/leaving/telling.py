"""What tells relying parties of ended sessions, put together over the services: for the endpoints, an operator's verbs
and the housekeeper."""

from functools import cached_property

from federation.fetch import Fetcher
from idp.citizens.pseudonyms import Pseudonyms
from idp.metrics import Metrics
from idp.oidc.clients.client_keys import ClientKeys
from idp.oidc.envelope import Envelopes
from idp.oidc.leaving.backchannel import BackChannel
from idp.oidc.leaving.ledger import Ledger
from idp.oidc.leaving.retelling import Retelling
from idp.oidc.subjects import Subjects
from idp.services import Services


class Telling:
    """Each part is made once, when it is first asked for."""

    def __init__(self, services: Services, metrics: Metrics) -> None:
        self._services = services
        self._metrics = metrics

    @cached_property
    def subjects(self) -> Subjects:
        return Subjects(Pseudonyms(self._services.secret("subjects")))

    @cached_property
    def fetcher(self) -> Fetcher:
        return self._services.fetcher()

    @cached_property
    def client_keys(self) -> ClientKeys:
        return ClientKeys(self.fetcher, self._services.clock)

    @cached_property
    def envelopes(self) -> Envelopes:
        services = self._services
        return Envelopes(services.settings.issuer, services.keys, self.client_keys)

    @cached_property
    def ledger(self) -> Ledger:
        services = self._services
        return Ledger(services.records.logouts, services.state, services.clock, self._metrics)

    @cached_property
    def back_channel(self) -> BackChannel:
        services = self._services
        return BackChannel(
            services.settings.issuer,
            services.directory,
            self.envelopes,
            self.subjects,
            self.fetcher,
            self.ledger,
            services.clock,
            services.randomness,
        )

    @cached_property
    def retelling(self) -> Retelling:
        return Retelling(self.ledger, lambda: self.back_channel, self._metrics.logouts_waiting)
