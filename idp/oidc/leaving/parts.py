"""What it takes to tell clients of ended sessions, put together over the services: for the endpoints, an operator's
verbs and the housekeeper."""

from functools import cached_property

from federation.fetch import Fetcher
from idp.citizens.pseudonyms import Pseudonyms
from idp.oidc.clients.client_keys import ClientKeys
from idp.oidc.envelope import Envelopes
from idp.oidc.leaving.backchannel import BackChannel
from idp.oidc.subjects import Subjects
from idp.services import Services


class LeavingParts:
    """Each part is made once, when it is first asked for."""

    def __init__(self, services: Services) -> None:
        self._services = services

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
    def back_channel(self) -> BackChannel:
        services = self._services
        return BackChannel(
            services.settings.issuer,
            services.directory,
            self.envelopes,
            self.subjects,
            self.fetcher,
            services.clock,
            services.randomness,
        )
