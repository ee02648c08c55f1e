"""The composition root: settings -> stores -> services -> endpoints. The one file that may import upward.

`idp.services` is the first half, which the shell's verbs and the demo work with; `create_app` adds the endpoints and is
what a worker loads.
"""

import gc
import logging
import os
import sys
import time
from contextlib import suppress
from functools import partial
from typing import Final

from flask import Blueprint, Flask, request

from idp.account.agreements import Agreements
from idp.account.suspending import Suspending
from idp.account.views import AccountViews
from idp.audit.events import EventType
from idp.audit.recorder import Fact, UnsafeEvent, event
from idp.config import load_settings
from idp.doors import Doors
from idp.http import MAX_FORM_BYTES, Failing, Observer, PageError, Web, store_away
from idp.http.access_log import AccessLog
from idp.http.bodies import Bodies
from idp.http.shortcut import Shortcut
from idp.login import views as login_views
from idp.login.arriving import Arriving
from idp.login.attempts import Attempts
from idp.login.browsers import KnownBrowsers
from idp.login.consent import Consents
from idp.login.consenting import Consenting
from idp.login.flow import SignIn
from idp.login.hint import LoginHints
from idp.login.outcomes import Outcomes
from idp.login.password_policy import PROFILES
from idp.login.renewal import Renewal
from idp.login.settling import Settling
from idp.login.throttle import Throttle
from idp.login.transaction import Transactions
from idp.metrics import Metrics
from idp.oidc.authorization.authorize import DOOR
from idp.oidc.views import routes as oidc_routes
from idp.oidc.views.authorizing import AuthorizeView
from idp.pace import Pace
from idp.pages import Pages
from idp.saml.sso.sign_on import DOOR as SAML_DOOR
from idp.services import Services, build_services
from idp.storage.records.errors import RecordsUnavailable
from idp.storage.state import StateUnavailable
from idp.views import SiteViews

__all__ = ["Services", "build_app", "build_services", "create_app", "suspending"]

WAIT_SECONDS: Final = 1.0
GC_OBJECTS: Final = 20_000

_log = logging.getLogger(__name__)


def create_app() -> Flask:
    """The application of one worker, from the settings of the environment. Waits for stores that are away."""
    settings = load_settings(os.environ)
    access = AccessLog(sys.stdout.fileno()) if settings.log_level in ("debug", "info") else None
    services = build_services(settings)
    while True:
        try:
            app = build_app(services, access)
            if access is not None:
                access.keep_writing()
            _spare_the_collector()
            app.wsgi_app = Bodies(app.wsgi_app, settings.trusted_proxies)  # type: ignore[method-assign]
            return app
        except (StateUnavailable, RecordsUnavailable) as error:
            # A worker that ended here would be started again and again, and the server give up.
            _log.error("a worker waits for a store", extra={"reason": f"{store_away(error)}_away"})
            time.sleep(WAIT_SECONDS)


def _spare_the_collector() -> None:
    """What a worker starts with stays until it ends: the garbage collector need not look at it again and again, nor
    after every few hundred objects of requests that leave no cycles."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_OBJECTS, 20, 20)


def build_app(services: Services, access: AccessLog | None = None, pages: Pages | None = None) -> Flask:
    """The endpoints over the services. Raises `StateUnavailable` or `RecordsUnavailable`."""
    metrics = Metrics()
    web = Web(services.settings, pages or Pages())
    failing = Failing(web, services.randomness, metrics, partial(_tell_error, services))
    hints = LoginHints(services.vault)
    transactions = Transactions(
        services.state, hints, services.clock, services.randomness, services.settings.lifetimes.transaction_seconds
    )
    consents = Consents(services.records.consents, services.clock)
    settling = Settling(services.citizens, services.sessions, consents)
    doors = Doors(services, metrics)
    oidc, saml = doors.oidc, doors.saml
    door, sign_on = oidc.authorization(transactions, settling), saml.sign_on(transactions, settling)
    others = {SAML_DOOR: sign_on, **oidc.side_door.doors}
    visits = login_views.Visits(web, settling, transactions, services.sessions, {DOOR: door, **others})
    sign_in = _sign_in(services, transactions, metrics, _suspending(services, doors))
    consenting = Consenting(consents, services.sessions, services.state, services.clock)
    site = SiteViews(
        web, services.sessions, services.citizens, services.state, services.records, metrics, services.clock
    )
    app = Flask("idp", static_folder=None)
    observer = Observer(metrics, access)
    observer.install(app)
    app.after_request(web.strict_transport)
    app.config["MAX_CONTENT_LENGTH"] = MAX_FORM_BYTES
    app.url_map.merge_slashes = False  # the redirect it answers with would be to the request's own Host header
    authorize, api = AuthorizeView(web, door, transactions), oidc.api(web, failing)
    parting = doors.parting(web, transactions)
    leaving = oidc.logout(web, transactions, doors.telling, parting)
    elsewhere = oidc.side_door.pages(web, transactions, settling)
    app.register_blueprint(oidc_routes.blueprint(authorize, api, leaving, *elsewhere))
    app.register_blueprint(_login_pages(services, visits, sign_in, consenting, hints))
    app.register_blueprint(_account_pages(services, web, transactions, doors))
    signing_on = saml.signing_on(web, sign_on, transactions)
    app.register_blueprint(signing_on.blueprint())
    app.register_blueprint(saml.logout(web, doors.telling, doors.onward, parting).blueprint())
    app.register_blueprint(site.blueprint())
    paths = frozenset(rule.rule for rule in app.url_map.iter_rules())
    app.register_blueprint(saml.metadata(web, paths).blueprint())  # last: it tells which others are there
    app.register_error_handler(Exception, lambda error: failing.error_page(request, error))
    pace = Pace(services.clock, services.settings.address_rate)
    hops = {**oidc_routes.hop(authorize, api), **signing_on.hop()}
    app.wsgi_app = Shortcut(app.wsgi_app, hops, web, failing, observer, pace)  # type: ignore[method-assign]
    return app


def _tell_error(services: Services, reference: str, error: Exception) -> None:
    """So that the trail, too, is found by the reference that a citizen reads out."""
    about: dict[str, Fact]
    if isinstance(error, PageError):
        what = EventType.ERROR_REFUSED
        about = {"reason": error.kind.value, "citizen_id": error.citizen_id, "client_id": error.client_id}
    else:
        what = EventType.ERROR_UNEXPECTED
        about = {"exception": f"{type(error).__module__}.{type(error).__qualname__}"}
    with suppress(StateUnavailable, UnsafeEvent):  # the log has it
        services.record(event(what, services.clock.now(), reference=reference, **about))


def suspending(services: Services) -> Suspending:
    """What ends all that a citizen has open."""
    return _suspending(services, Doors(services, Metrics()))


def _suspending(services: Services, doors: Doors) -> Suspending:
    return Suspending(services.citizens, services.sessions, doors.withdrawal)


def _sign_in(services: Services, transactions: Transactions, metrics: Metrics, suspended: Suspending) -> SignIn:
    browsers = KnownBrowsers(services.secret("known-browsers"), services.clock, services.randomness)
    outcomes = Outcomes(services.state, services.clock, metrics.sign_in)
    throttle = Throttle(services.state, services.clock)
    return SignIn(
        services.citizens,
        services.passwords,
        services.recovery,
        Renewal(
            PROFILES[services.settings.password_policy],
            services.passwords,
            services.records.credentials,
            services.citizens,
            services.clock,
        ),
        Attempts(services.citizens, throttle, browsers, outcomes, services.vault),
        outcomes,
        Arriving(services.citizens, services.sessions, browsers, outcomes),
        transactions,
        suspended,
        services.state,
        services.clock,
    )


def _login_pages(
    services: Services, visits: login_views.Visits, sign_in: SignIn, consenting: Consenting, hints: LoginHints
) -> Blueprint:
    return login_views.blueprint(
        login_views.PasswordView(visits, sign_in, hints, services.clock),
        login_views.CodeView(visits, sign_in),
        login_views.NewPasswordView(visits, sign_in, PROFILES[services.settings.password_policy].min_length),
        login_views.ConsentView(visits, consenting, services.citizens),
    )


def _account_pages(services: Services, web: Web, transactions: Transactions, doors: Doors) -> Blueprint:
    agreements = Agreements(
        services.records.consents,
        doors.party,
        services.sessions,
        services.citizens,
        doors.withdrawal,
        services.state,
        services.clock,
    )
    views = AccountViews(web, agreements, services.sessions, services.citizens, transactions, doors.onward)
    return views.blueprint()
