"""From one service provider to the next (saml-profiles-2.0-os section 4.4.3.2), what each answers, and the answer to
the one that began."""

from contextlib import suppress
from dataclasses import replace
from typing import Final

from federation.saml.algorithms import NoCommonAlgorithm
from federation.saml.names import POST, SUCCESS
from federation.saml.response import Status
from idp.leaving.farewell import Farewell
from idp.leaving.ledger import Ledger
from idp.login.door import Redirect
from idp.saml.addresses import SLO_ONWARD
from idp.saml.directory import ServiceProviders
from idp.saml.leaving import endpoints
from idp.saml.leaving.journey import Asking, Journey, Journeys, at
from idp.saml.leaving.messages import Messages
from idp.saml.leaving.proving import ProvedResponse
from idp.saml.leaving.single_logout import ALL, SOME
from idp.saml.senders import NotProved
from idp.storage.state import Conflict, Gone

SENDS: Final = 2
"""How often a browser is sent to a service provider from which it does not come back with an answer: once more when the
citizen goes back and comes again, and then on to the next."""
_TRIES: Final = 8


def onward_address(journey_id: str) -> str:
    """Where a browser goes on."""
    return f"{SLO_ONWARD}?j={journey_id}"


class FormFollows(Exception):
    """The browser follows a form, and has to be on a page of ours before it can be sent elsewhere."""


class Onward:
    def __init__(self, providers: ServiceProviders, journeys: Journeys, messages: Messages, ledger: Ledger) -> None:
        self._providers = providers
        self._journeys = journeys
        self._messages = messages
        self._ledger = ledger

    def begin(self, farewell: Farewell, browser: str, in_form: bool, asking: Asking | None = None) -> str:
        """As `idp.leaving.views.Journeys`; `asking` is the service provider that is answered at the end."""
        return onward_address(self._journeys.begin(farewell, browser, in_form, asking).id)

    def go(self, journey_id: str, browser: str, on_page: bool) -> Redirect | Farewell:
        """Where the browser goes next: to a service provider, or where all ends. `on_page`: it comes from a page of
        ours. Raises `Gone`, `WrongBrowser` or `FormFollows`."""
        for _ in range(_TRIES):
            journey = self._journeys.load_for(journey_id, browser)
            if journey.in_form and not on_page:
                raise FormFollows
            with suppress(Conflict):  # another tab, or an answer, was quicker
                return self._go(journey)
        raise Gone("journey")

    def _go(self, journey: Journey) -> Redirect | Farewell:
        while journey.ahead:
            request = self._request(journey)
            if request is not None:
                self._journeys.go_on(journey, journey.departed(in_form=request.fields is not None))
                self._ledger.settle_if_there([self._ledger.visiting(journey.ahead[0].duty)])
                return request
            after = journey.passed(confirmed=False)
            self._journeys.go_on(journey, after)
            journey = after
        return journey.farewell

    def _request(self, journey: Journey) -> Redirect | None:
        """What the browser takes to the present stop; None if there is no (more) use in that."""
        stop = journey.ahead[0]
        provider = self._providers.enabled(stop.party_id) if journey.sent < SENDS else None
        endpoint = endpoints.by_browser(provider.entity) if provider else None
        if provider is None or endpoint is None:
            return None
        with suppress(NoCommonAlgorithm):
            return self._messages.request(provider, endpoint, stop.duty, stop.kind, journey.request_id)
        return None

    def answered(self, proved: ProvedResponse) -> str:
        """Enter what a service provider answers; the journey that goes on. An answer that comes again changes nothing.
        Raises `NotProved` if that was not asked of it, or `Gone`."""
        found = at(proved.response.in_response_to)
        if found is None:
            raise NotProved("an answer to nothing we asked")
        journey_id, step = found
        journey = self._journeys.load(journey_id)
        if step < journey.step:
            return journey_id
        if step != journey.step or not journey.ahead or not journey.sent:
            raise NotProved("an answer to nothing we asked")
        stop = journey.ahead[0]
        if stop.party_id != proved.provider.party_id:
            raise NotProved("an answer to what was asked of another")
        confirmed = proved.response.status == SUCCESS
        after = replace(journey.passed(confirmed), in_form=journey.in_form or proved.binding == POST)
        with suppress(Conflict):
            self._journeys.go_on(journey, after)
            if not confirmed:
                self._ledger.settle_if_there([self._ledger.given_up(stop.duty, "refused", tried=True)])
            elif any(each.party_id == stop.party_id and each.confirmed for each in after.farewell.told):
                self._ledger.settle_if_there([self._ledger.tried(stop.duty, 0, None)])
        return journey_id

    def answer(self, asking: Asking, status: Status) -> Redirect | None:
        """The answer to who began; None if there is nowhere to send it."""
        provider = self._providers.by_party(asking.party_id)
        endpoint = endpoints.for_answer(provider.entity, asking.binding) if provider else None
        if provider is None or endpoint is None:
            return None
        with suppress(NoCommonAlgorithm):
            return self._messages.response(provider, endpoint, asking.request_id, status, asking.relay_state)
        return None

    def last(self, journey_id: str, browser: str) -> Redirect | None:
        """The answer to who began this journey. Raises `Gone` or `WrongBrowser`."""
        journey = self._journeys.load_for(journey_id, browser)
        if journey.asking is None or journey.ahead:
            return None
        return self.answer(journey.asking, ALL if journey.farewell.settled else SOME)
