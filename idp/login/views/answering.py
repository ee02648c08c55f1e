"""The way back to whoever asked: a redirect, or a page that posts the answer there."""

from collections.abc import Callable

from flask import Response

from idp.http import Web
from idp.login.door import Redirect, origin_of
from idp.login.party import in_language
from idp.pages import ContinuePage, Frame


def answered(web: Web, redirect: Redirect, frame: Callable[[], Frame]) -> Response:
    """`frame` gives that of the page, where it comes to one."""
    if redirect.fields is None:
        return web.redirect(redirect.location)
    around = frame()
    name = in_language(redirect.party, around.language)
    page = ContinuePage(redirect.location, tuple(redirect.fields.items()), name)
    return web.page(page, around, forms_to=origin_of(redirect.location), scripted=True)
