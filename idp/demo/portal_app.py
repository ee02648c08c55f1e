"""What every portal has, whatever it speaks with the provider: home, the citizen's matters, errors, headers."""

import logging
from dataclasses import dataclass
from typing import cast

from flask import Flask, Response, redirect, session
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from idp.clock import Clock
from idp.demo.portal_pages import Pages
from idp.demo.portal_settings import PortalSettings
from idp.demo.refusals import ProviderSilent, Refused
from idp.demo.themes import BY_KEY
from idp.demo.visitors import Visit, Visitors
from idp.secrets import Randomness

LARGEST_BODY = 64 * 1024
log = logging.getLogger("portal")


@dataclass(frozen=True, slots=True)
class PortalApp:
    """A portal that lacks nothing but the way in and the way out."""

    app: Flask
    visitors: Visitors
    pages: Pages


def portal_app(settings: PortalSettings, clock: Clock, randomness: Randomness) -> PortalApp:
    theme = BY_KEY[settings.theme]
    app = Flask(__name__, template_folder="pages", static_folder="static")
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    visitors = Visitors(f"portal-{theme.key}", settings.url.startswith("https:"), clock, randomness)
    app.session_interface = visitors
    pages = Pages(theme, settings, randomness)
    _add_pages(app, pages)
    _add_errors(app, pages)
    app.before_request(pages.to_own_address)
    app.after_request(pages.protect)
    return PortalApp(app, visitors, pages)


def log_to_standard_error() -> None:
    """Of a server process."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")


def present() -> Visit:
    """Of the browser that asks."""
    return cast("Visit", session)


def _add_pages(app: Flask, pages: Pages) -> None:
    def home() -> AnyResponse:
        return pages.home(present())

    def me() -> AnyResponse:
        citizen = present().signed_in
        return pages.me(citizen) if citizen else redirect("/", 303)

    def healthz() -> AnyResponse:
        return Response("ok\n", mimetype="text/plain")

    app.add_url_rule("/", view_func=home)
    app.add_url_rule("/me", view_func=me)
    app.add_url_rule("/healthz", view_func=healthz)


def _add_errors(app: Flask, pages: Pages) -> None:
    """The one place where an exception becomes a response."""

    def refused(error: Refused) -> AnyResponse:
        reference = pages.reference()
        log.warning("%s sign-in refused: %s", reference, error)
        return pages.refused(error.code, reference)

    def silent(error: ProviderSilent) -> AnyResponse:
        reference = pages.reference()
        log.error("%s the provider does not answer: %s", reference, error)
        return pages.silent(reference)

    def not_served(error: HTTPException) -> AnyResponse:
        return pages.not_served(error.code or 500, pages.reference())

    def fault(error: Exception) -> AnyResponse:
        reference = pages.reference()
        log.error("%s fault", reference, exc_info=error)
        return pages.fault(reference)

    app.register_error_handler(Refused, refused)
    app.register_error_handler(ProviderSilent, silent)
    app.register_error_handler(HTTPException, not_served)
    app.register_error_handler(Exception, fault)
