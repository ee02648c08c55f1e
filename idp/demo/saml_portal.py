"""A public portal that lets its citizens sign in with the provider, by SAML 2.0: a real service provider, a process of
its own.

    /               home; the way in
    /login          to the provider
    /step-up        to the provider, for more than a password
    /saml/acs       POST: back from it, with the assertion
    /arrived        the same browser, now with its cookie
    /me             the citizen's matters
    /logout         POST: out of the portal and of the provider
    /saml/slo       back from that; or the provider says that the citizen has signed out elsewhere
    /signed-out     what came of it
    /saml/metadata  what the portal is registered with

Served as `idp.demo.saml_portal:from_environment`; `CITIZEN_PORTAL_FILE` names the JSON file of its `SamlSettings`.
"""

import os
from pathlib import Path

from flask import Flask, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from idp.clock import Clock, SystemClock
from idp.codec import decode
from idp.demo.arrivals import Arrivals
from idp.demo.portal_app import PortalApp, log, log_to_standard_error, portal_app, present
from idp.demo.portal_settings import SamlSettings
from idp.demo.refusals import Refused, Unproved
from idp.demo.service_provider import ACS, METADATA, SLO, ServiceProvider, metadata
from idp.secrets import Randomness, SystemRandomness

_ASKED, _LEAVING, _LEFT = "asked", "leaving", "left"
"""What a visit remembers: the ids of requests under way, and what the last sign-out came to."""
TABS = 8
"""Sign-ins of one browser that may be under way at once."""


def from_environment() -> Flask:
    """The portal of a server process."""
    log_to_standard_error()
    settings = decode(Path(os.environ["CITIZEN_PORTAL_FILE"]).read_bytes(), SamlSettings)
    return create_portal(settings, SystemClock(), SystemRandomness())


def create_portal(settings: SamlSettings, clock: Clock, randomness: Randomness) -> Flask:
    """A portal as a WSGI application."""
    made = portal_app(settings, clock, randomness)
    portal = Portal(ServiceProvider(settings, clock), Arrivals(clock, randomness), made, metadata(settings))
    _add_pages(made.app, portal)
    return made.app


class Portal:
    """What the addresses do; one method each."""

    def __init__(
        self, service_provider: ServiceProvider, arrivals: Arrivals, made: PortalApp, described: bytes
    ) -> None:
        self._service_provider = service_provider
        self._arrivals = arrivals
        self._visitors = made.visitors
        self._pages = made.pages
        self._metadata = described

    def login(self) -> AnyResponse:
        return self._begin(sure=False)

    def step_up(self) -> AnyResponse:
        return self._begin(sure=True)

    def _begin(self, sure: bool) -> AnyResponse:
        address, request_id = self._service_provider.begin(sure)
        visit = present()
        visit[_ASKED] = [*visit.get(_ASKED, []), request_id][-TABS:]
        return redirect(address, 303)

    def acs(self) -> AnyResponse:
        request_id, citizen = self._service_provider.finish(request.form.get("SAMLResponse", ""))
        return redirect(f"/arrived?ticket={self._arrivals.keep(request_id, citizen)}", 303)

    def arrived(self) -> AnyResponse:
        visit = present()
        citizen = self._arrivals.take(request.args.get("ticket", ""), visit.get(_ASKED, []))
        if citizen is None:
            raise Unproved("it is no answer to what this browser asked")
        self._visitors.sign_in(visit, citizen)
        return redirect("/me", 303)

    def logout(self) -> AnyResponse:
        """The portal forgets first: whatever the provider says, the citizen is out here."""
        self._pages.prove_origin()
        visit = present()
        citizen = visit.signed_in
        self._visitors.end(visit)
        if citizen is None:
            return redirect("/", 303)
        address, visit[_LEAVING] = self._service_provider.leave(citizen)
        return redirect(address, 303)

    def slo(self) -> AnyResponse:
        """Single logout by redirect: the provider's request, or its answer to ours."""
        query_string = request.query_string.decode("ascii", "replace")
        if "SAMLRequest" in request.args:
            departures, back = self._service_provider.departures(request.args, query_string)
            ended = self._visitors.end_where(lambda citizen: any(each.concerns(citizen) for each in departures))
            log.info("single logout: %d ended", ended)
            return redirect(back, 303)
        visit = present()
        try:
            whole = self._service_provider.prove_left(request.args, query_string, visit.pop(_LEAVING, ""))
        except Refused as refusal:
            log.warning("logout answer refused: %s", refusal)
            return redirect("/", 303)
        visit[_LEFT] = "signed_out_hint" if whole else "signed_out_partly_hint"
        return redirect("/signed-out", 303)

    def signed_out(self) -> AnyResponse:
        hint = present().get(_LEFT)
        return self._pages.signed_out(hint) if hint else redirect("/", 303)

    def metadata(self) -> AnyResponse:
        return Response(self._metadata, content_type="application/samlmetadata+xml")


def _add_pages(app: Flask, portal: Portal) -> None:
    app.add_url_rule("/login", view_func=portal.login)
    app.add_url_rule("/step-up", view_func=portal.step_up)
    app.add_url_rule(ACS, view_func=portal.acs, methods=["POST"])
    app.add_url_rule("/arrived", view_func=portal.arrived)
    app.add_url_rule("/logout", view_func=portal.logout, methods=["POST"])
    app.add_url_rule(SLO, view_func=portal.slo)
    app.add_url_rule("/signed-out", view_func=portal.signed_out)
    app.add_url_rule(METADATA, view_func=portal.metadata)
