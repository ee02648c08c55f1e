"""The parts of what is answered in a browser for somebody who waits elsewhere (RFC 8628, CIBA), put together beside the
front door."""

from collections.abc import Mapping, Sequence
from functools import cached_property

from federation.fetch import Fetcher
from idp.audit.events import EventType
from idp.http import Web
from idp.login.door import FrontDoor
from idp.login.settling import Settling
from idp.login.transaction import Transactions
from idp.oidc.authorization.request import HintReader
from idp.oidc.clients.client_auth import ClientAuthentication
from idp.oidc.clients.client_keys import ClientKeys
from idp.oidc.decoupled import approvals, ciba, device, own_page
from idp.oidc.decoupled.approvals import Approvals
from idp.oidc.decoupled.awaited import Waiting
from idp.oidc.decoupled.ciba import Addresses, BackchannelAuthenticationEndpoint
from idp.oidc.decoupled.ciba_request import BackchannelRequests
from idp.oidc.decoupled.citizen_code import CitizenCodes
from idp.oidc.decoupled.device import DeviceAuthorizationEndpoint, Devices, UserCodes
from idp.oidc.decoupled.elsewhere import Beginning, ElsewhereDoor
from idp.oidc.decoupled.inbox import Inboxes
from idp.oidc.decoupled.own_page import OwnPageDoor
from idp.oidc.decoupled.ping import Pings
from idp.oidc.decoupled.polling import Polling
from idp.oidc.grants.ciba import CibaGrant
from idp.oidc.grants.device_code import DeviceCodeGrant
from idp.oidc.resources.reach import Reaching
from idp.oidc.subjects import Subjects
from idp.oidc.token import Grant
from idp.oidc.tokens.redemption import Redemption
from idp.oidc.views.approving import ApproveViews
from idp.oidc.views.entering import DeviceViews
from idp.services import Services


class SideDoor:
    def __init__(
        self,
        services: Services,
        authentication: ClientAuthentication,
        client_keys: ClientKeys,
        hints: HintReader,
        subjects: Subjects,
        reaching: Reaching,
        fetcher: Fetcher,
    ) -> None:
        self._services = services
        self._settings = services.settings
        self._authentication = authentication
        self._client_keys = client_keys
        self._hints = hints
        self._subjects = subjects
        self._reaching = reaching
        self._fetcher = fetcher

    def grants(self, redemption: Redemption) -> Sequence[Grant]:
        state, clock = self._services.state, self._services.clock
        return (
            DeviceCodeGrant(Polling(self.devices_waiting, redemption, state, clock)),
            CibaGrant(Polling(self.ciba_waiting, redemption, state, clock)),
        )

    @cached_property
    def devices_waiting(self) -> Waiting:
        services = self._services
        return Waiting(device.DOOR, services.state, services.sessions, services.clock, services.randomness)

    @cached_property
    def user_codes(self) -> UserCodes:
        services = self._services
        return UserCodes(self.devices_waiting, services.state, services.clock, services.secret("user-codes"))

    @cached_property
    def device_door(self) -> ElsewhereDoor:
        services = self._services
        waiting, allowed = self.devices_waiting, EventType.DEVICE_ALLOWED
        return ElsewhereDoor(
            waiting, services.directory, self._subjects, self._reaching, services.clock, device.PATH, allowed
        )

    @cached_property
    def ciba_waiting(self) -> Waiting:
        services = self._services
        return Waiting(ciba.DOOR, services.state, services.sessions, services.clock, services.randomness)

    @cached_property
    def citizen_codes(self) -> CitizenCodes:
        services = self._services
        return CitizenCodes(services.records.citizen_codes, services.secret("citizen-codes"), services.randomness)

    @cached_property
    def inboxes(self) -> Inboxes:
        return Inboxes(self._services.state, self._services.clock)

    @cached_property
    def pings(self) -> Pings:
        return Pings(self._services.directory, self._fetcher, self._services.vault)

    @cached_property
    def ciba_door(self) -> ElsewhereDoor:
        services = self._services
        waiting, allowed = self.ciba_waiting, EventType.CIBA_ALLOWED
        return ElsewhereDoor(
            waiting,
            services.directory,
            self._subjects,
            self._reaching,
            services.clock,
            approvals.PATH,
            allowed,
            self.pings,
        )

    @cached_property
    def doors(self) -> Mapping[str, FrontDoor]:
        """The doors of what is answered for somebody who waits elsewhere, and of the page that shows it, by name."""
        page = OwnPageDoor(self._settings.issuer, approvals.PATH)
        return {device.DOOR: self.device_door, ciba.DOOR: self.ciba_door, own_page.DOOR: page}

    def pages(self, web: Web, transactions: Transactions, settling: Settling) -> tuple[DeviceViews, ApproveViews]:
        return self._device_pages(web, transactions, settling), self._approve_pages(web, transactions, settling)

    def _approve_pages(self, web: Web, transactions: Transactions, settling: Settling) -> ApproveViews:
        services = self._services
        approvals = Approvals(
            services.directory,
            services.records.consents,
            self.citizen_codes,
            self._subjects,
            self.inboxes,
            self.ciba_waiting,
            self.pings,
            Beginning(ciba.DOOR, self.ciba_door, transactions, settling),
            services.state,
            services.clock,
        )
        return ApproveViews(web, approvals, services.sessions, services.citizens, transactions)

    def _device_pages(self, web: Web, transactions: Transactions, settling: Settling) -> DeviceViews:
        services = self._services
        beginning = Beginning(device.DOOR, self.device_door, transactions, settling)
        devices = Devices(self._settings.issuer, self.user_codes, services.directory, beginning)
        return DeviceViews(web, devices, services.sessions, transactions, services.clock)

    def device(self) -> DeviceAuthorizationEndpoint:
        services = self._services
        return DeviceAuthorizationEndpoint(
            self._settings.issuer,
            self._authentication,
            self.devices_waiting,
            self.user_codes,
            self._reaching,
            services.state,
            services.clock,
            services.randomness,
        )

    def ciba(self) -> BackchannelAuthenticationEndpoint:
        services = self._services
        return BackchannelAuthenticationEndpoint(
            self._authentication,
            BackchannelRequests(
                self._client_keys, self._reaching, services.state, services.clock, self._settings.issuer
            ),
            Addresses(services.citizens, self.citizen_codes, self._hints, services.vault, services.clock),
            self.inboxes,
            self.ciba_waiting,
            self.pings,
            services.state,
            services.clock,
        )
