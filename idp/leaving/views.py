"""The page that says what became of a sign-out at each relying party."""

from typing import Final

from flask import Response, request

from idp.http import Web
from idp.leaving.farewell import Farewell
from idp.leaving.messenger import Told
from idp.login.door import origin_of
from idp.login.party import in_language
from idp.pages import PartyResult, SignedOutPage

ONWARD_SECONDS: Final = 6
"""How long the page stays for the frames, before the browser goes on to who asked."""


def part(web: Web, farewell: Farewell) -> Response:
    """Lead the browser back, or show the page. Where frames have to load, it goes back by itself in a while; a page
    that names what may still be open waits for the citizen."""
    if farewell.back and farewell.settled and not any(each.frame for each in farewell.told):
        return web.redirect(farewell.back)
    return show(web, farewell, onward=farewell.back is not None and farewell.settled)


def show(web: Web, farewell: Farewell, onward: bool = False) -> Response:
    """The page. With `onward` the browser goes back by itself."""
    frame = web.frame(request, farewell.languages)
    parties = [_result(each, frame.language) for each in farewell.told]
    frames = [each.frame for each in farewell.told if each.frame]
    name = in_language(farewell.back_name, frame.language)
    page = SignedOutPage(parties, farewell.back, name, frames, onward)
    response = web.page(page, frame, frames=[origin_of(each) for each in frames])
    if onward:
        response.headers["Refresh"] = f"{ONWARD_SECONDS};url={farewell.back}"
    return response


def _result(told: Told, language: str) -> PartyResult:
    name = in_language(told.name, language)
    return PartyResult(name, told.confirmed, asked=told.frame is not None and not told.confirmed)
