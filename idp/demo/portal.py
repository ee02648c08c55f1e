"""A public portal that lets its citizens sign in with the provider: a real relying party, a process of its own.

    /                     home; the way in
    /login                to the provider
    /callback             back from it (the registered redirect_uri)
    /me                   the citizen's matters
    /logout               POST: out of the portal and of the provider
    /signed-out           back from that (the registered post_logout_redirect_uri)
    /backchannel-logout   POST: the provider says that a citizen has signed out elsewhere

Served as `idp.demo.portal:from_environment`; `CITIZEN_PORTAL_FILE` names the JSON file of its `PortalSettings`.
"""

import logging
import os
from pathlib import Path
from typing import cast

from flask import Flask, Response, redirect, request, session
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from idp.clock import Clock, SystemClock
from idp.codec import decode
from idp.demo.logout_token import LogoutTokens
from idp.demo.portal_pages import Pages
from idp.demo.refusals import ProviderSilent, Refused
from idp.demo.relying_party import PortalSettings, RelyingParty
from idp.demo.themes import BY_KEY
from idp.demo.visitors import Visit, Visitors
from idp.secrets import Randomness, SystemRandomness

LARGEST_BODY = 64 * 1024
log = logging.getLogger("portal")


def from_environment() -> Flask:
    """The portal of a server process."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    settings = decode(Path(os.environ["CITIZEN_PORTAL_FILE"]).read_bytes(), PortalSettings)
    return create_portal(settings, SystemClock(), SystemRandomness())


def create_portal(settings: PortalSettings, clock: Clock, randomness: Randomness) -> Flask:
    """A portal as a WSGI application."""
    theme = BY_KEY[settings.theme]
    app = Flask(__name__, template_folder="pages", static_folder="static")
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    visitors = Visitors(f"portal-{theme.key}", settings.url.startswith("https:"), clock, randomness)
    app.session_interface = visitors
    pages = Pages(theme, settings, randomness)
    relying_party = RelyingParty(app, settings, LogoutTokens(clock))
    _add_pages(app, Portal(relying_party, visitors, pages))
    _add_errors(app, pages)
    app.before_request(pages.to_own_address)
    app.after_request(pages.protect)
    return app


class Portal:
    """What the addresses do; one method each."""

    def __init__(self, relying_party: RelyingParty, visitors: Visitors, pages: Pages) -> None:
        self._relying_party = relying_party
        self._visitors = visitors
        self._pages = pages

    def home(self) -> AnyResponse:
        return self._pages.home(_visit())

    def login(self) -> AnyResponse:
        return self._relying_party.begin(self._pages.language())

    def callback(self) -> AnyResponse:
        citizen = self._relying_party.finish(request)
        self._visitors.sign_in(_visit(), citizen)
        return redirect("/me", 303)

    def me(self) -> AnyResponse:
        citizen = _visit().signed_in
        return self._pages.me(citizen) if citizen else redirect("/", 303)

    def logout(self) -> AnyResponse:
        """The portal forgets first: whatever the provider says, the citizen is out here."""
        self._pages.prove_origin()
        visit = _visit()
        citizen = visit.signed_in
        self._visitors.end(visit)
        return self._relying_party.leave(citizen.id_token, self._pages.language()) if citizen else redirect("/", 303)

    def signed_out(self) -> AnyResponse:
        try:
            self._relying_party.prove_left()
        except Refused:
            return redirect("/", 303)
        return self._pages.signed_out()

    def backchannel_logout(self) -> AnyResponse:
        """Back-Channel Logout 1.0 sections 2.5 to 2.8."""
        try:
            departure = self._relying_party.departure(request.form.get("logout_token", ""))
        except Refused as refusal:
            log.warning("logout token refused: %s", refusal)
            return Response(status=400)
        ended = self._visitors.end_where(departure.concerns)
        log.info("back-channel logout: %d ended", ended)
        return Response(status=200)

    def healthz(self) -> AnyResponse:
        return Response("ok\n", mimetype="text/plain")


def _add_pages(app: Flask, portal: Portal) -> None:
    app.add_url_rule("/", view_func=portal.home)
    app.add_url_rule("/login", view_func=portal.login)
    app.add_url_rule("/callback", view_func=portal.callback)
    app.add_url_rule("/me", view_func=portal.me)
    app.add_url_rule("/logout", view_func=portal.logout, methods=["POST"])
    app.add_url_rule("/signed-out", view_func=portal.signed_out)
    app.add_url_rule("/backchannel-logout", view_func=portal.backchannel_logout, methods=["POST"])
    app.add_url_rule("/healthz", view_func=portal.healthz)


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


def _visit() -> Visit:
    return cast("Visit", session)
