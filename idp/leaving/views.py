"""What a browser is shown of a sign-out, and where it is sent: to relying parties that only it can tell, to the page
that says what became of it at each, and back."""

from collections.abc import Callable
from typing import Final, Protocol

from flask import Response, request

from idp.http import Web
from idp.leaving.farewell import Farewell
from idp.leaving.messenger import Told
from idp.login.door import origin_of
from idp.login.party import in_language
from idp.login.transaction import Transactions
from idp.pages import PartyResult, SignedOutPage

ONWARD_SECONDS: Final = 6
"""How long the page stays for the frames, before the browser goes on to who asked."""


class Journeys(Protocol):
    """Takes a browser to the relying parties that can be told in no other way."""

    def begin(self, farewell: Farewell, browser: str, in_form: bool) -> str:
        """Keep what is left to do for the browser with this binding cookie. Gives the address that it has to go to, and
        from which it goes where `farewell` leads when all is done. `in_form`: it may follow a form, ours or that of
        who sent it here, and goes only where that form's page lets it (CSP Level 3, `form-action`)."""
        ...


class Parting:
    def __init__(self, web: Web, transactions: Transactions, journeys: Journeys) -> None:
        self._web = web
        self._transactions = transactions
        self._journeys = journeys

    def part(self, farewell: Farewell) -> Response:
        """Send the browser to who is still to be told; then lead it back, or show the page. Where frames have to load,
        it goes back by itself in a while; a page that names what may still be open waits for the citizen."""
        if farewell.visits:
            return self.send(lambda browser: self._journeys.begin(farewell, browser, in_form=True))
        done = farewell.settled and not any(each.frame for each in farewell.told)
        if farewell.back and (done or farewell.staying):
            return self._web.redirect(farewell.back)
        return self.show(farewell, onward=farewell.back is not None and farewell.settled)

    def show(self, farewell: Farewell, onward: bool = False) -> Response:
        """The page. With `onward` the browser goes back by itself."""
        frame = self._web.frame(request, farewell.languages)
        parties = [_result(each, frame.language) for each in farewell.told]
        frames = [each.frame for each in farewell.told if each.frame]
        name = in_language(farewell.back_name, frame.language)
        page = SignedOutPage(parties, farewell.back, name, frames, onward)
        response = self._web.page(page, frame, frames=[origin_of(each) for each in frames])
        if onward:
            response.headers["Refresh"] = f"{ONWARD_SECONDS};url={farewell.back}"
        return response

    def send(self, begin: Callable[[str], str]) -> Response:
        """To the address that `begin` gives for a browser with this binding cookie."""
        cookies = self._web.cookies
        browser = self._web.cookie(request, cookies.browser) or self._transactions.new_browser()
        response = self._web.redirect(begin(browser))
        cookies.set(response, cookies.browser, browser)
        return response


def _result(told: Told, language: str) -> PartyResult:
    name = in_language(told.name, language)
    return PartyResult(name, told.confirmed, asked=told.frame is not None and not told.confirmed)
