"""What the pages share on which a citizen answers a request elsewhere: on to the sign-in, and what became of it."""

from flask import Response, request
from werkzeug.exceptions import NotFound

from idp.http import Web
from idp.login.dispatch import Interaction
from idp.login.door import Redirect
from idp.login.views import step_address
from idp.pages import Outcome, OutcomePage


def sent_on(web: Web, begun: Redirect | Interaction) -> Response:
    """To what the citizen is asked next, or to where it has ended."""
    if isinstance(begun, Redirect):
        return web.redirect(begun.location)
    return web.redirect(step_address(begun.step, begun.transaction))


def outcome_page(web: Web, outcome: str) -> Response:
    """`outcome` is the last part of the address. Raises `NotFound`."""
    if outcome not in {each.value for each in Outcome}:
        raise NotFound
    return web.page(OutcomePage(Outcome(outcome)), web.frame(request))
