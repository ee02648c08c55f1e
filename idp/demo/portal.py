"""A public portal that lets its citizens sign in with the provider, by OpenID Connect: a real relying party, a process
of its own.

    /                     home; the way in
    /login                to the provider
    /callback             back from it (the registered redirect_uri)
    /me                   the citizen's matters
    /logout               POST: out of the portal and of the provider
    /signed-out           back from that (the registered post_logout_redirect_uri)
    /backchannel-logout   POST: the provider says that a citizen has signed out elsewhere

Served as `idp.demo.portal:from_environment`; `CITIZEN_PORTAL_FILE` names the JSON file of its `OidcSettings`.
"""

import os
from pathlib import Path

from flask import Flask, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from idp.clock import Clock, SystemClock
from idp.codec import decode
from idp.demo.logout_token import LogoutTokens
from idp.demo.portal_app import PortalApp, log, log_to_standard_error, portal_app, present
from idp.demo.portal_settings import OidcSettings
from idp.demo.refusals import Refused
from idp.demo.relying_party import RelyingParty
from idp.secrets import Randomness, SystemRandomness


def from_environment() -> Flask:
    """The portal of a server process."""
    log_to_standard_error()
    settings = decode(Path(os.environ["CITIZEN_PORTAL_FILE"]).read_bytes(), OidcSettings)
    return create_portal(settings, SystemClock(), SystemRandomness())


def create_portal(settings: OidcSettings, clock: Clock, randomness: Randomness) -> Flask:
    """A portal as a WSGI application."""
    made = portal_app(settings, clock, randomness)
    _add_pages(made.app, Portal(RelyingParty(made.app, settings, LogoutTokens(clock)), made))
    return made.app


class Portal:
    """What the addresses do; one method each."""

    def __init__(self, relying_party: RelyingParty, made: PortalApp) -> None:
        self._relying_party = relying_party
        self._visitors = made.visitors
        self._pages = made.pages

    def login(self) -> AnyResponse:
        return self._relying_party.begin(self._pages.language())

    def callback(self) -> AnyResponse:
        citizen = self._relying_party.finish(request)
        self._visitors.sign_in(present(), citizen)
        return redirect("/me", 303)

    def logout(self) -> AnyResponse:
        """The portal forgets first: whatever the provider says, the citizen is out here."""
        self._pages.prove_origin()
        visit = present()
        citizen = visit.signed_in
        self._visitors.end(visit)
        return self._relying_party.leave(citizen.hint, self._pages.language()) if citizen else redirect("/", 303)

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


def _add_pages(app: Flask, portal: Portal) -> None:
    app.add_url_rule("/login", view_func=portal.login)
    app.add_url_rule("/callback", view_func=portal.callback)
    app.add_url_rule("/logout", view_func=portal.logout, methods=["POST"])
    app.add_url_rule("/signed-out", view_func=portal.signed_out)
    app.add_url_rule("/backchannel-logout", view_func=portal.backchannel_logout, methods=["POST"])
