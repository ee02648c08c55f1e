"""The issuer's own addresses: home, help, preferences, the style sheet, health and metrics."""

from contextlib import suppress

from flask import Blueprint, Response, request
from werkzeug.exceptions import NotFound

from federation.addresses import ForbiddenAddress, public
from idp.citizens.registry import Citizens
from idp.clock import Clock
from idp.http import PREFERENCE_SECONDS, Web, local_path, query, store_away
from idp.metrics import CONTENT_TYPE, Metrics
from idp.pages import LANGUAGES, HelpPage, HomePage, in_sign_in
from idp.parameters import parse
from idp.sessions import Sessions
from idp.storage.records.errors import RecordsUnavailable
from idp.storage.records.records import Records
from idp.storage.state import StateStore, StateUnavailable


class SiteViews:
    def __init__(
        self,
        web: Web,
        sessions: Sessions,
        citizens: Citizens,
        state: StateStore,
        records: Records,
        metrics: Metrics,
        clock: Clock,
    ) -> None:
        self._web = web
        self._sessions = sessions
        self._citizens = citizens
        self._state = state
        self._records = records
        self._metrics = metrics
        self._clock = clock

    def blueprint(self) -> Blueprint:
        routes = Blueprint("site", __name__)
        for path, view in (
            ("/", self.home),
            ("/help", self.help),
            ("/preferences", self.preferences),
            ("/healthz", self.health),
            ("/readyz", self.ready),
            ("/metrics", self.metrics),
        ):
            routes.add_url_rule(path, path, view, methods=["GET"])
        routes.add_url_rule("/static/<name>", "static", self._web.static, methods=["GET"])
        return routes

    def home(self) -> Response:
        handle = self._web.cookie(request, self._web.cookies.session)
        session = self._sessions.load(handle) if handle else None
        citizen = self._citizens.by_id(session.head.citizen_id) if session else None
        person = citizen.profile.masked_name if citizen else None
        return self._web.page(HomePage(person), self._web.frame(request))

    def help(self) -> Response:
        """A sign-in is not lost by asking for help: `back` is its address."""
        back = local_path(parse(query(request)).get("back") or "/")
        return self._web.page(HelpPage(back if in_sign_in(back) else None), self._web.frame(request))

    def preferences(self) -> Response:
        """Language and size of print, kept in a cookie; then back to where the citizen was."""
        asked = parse(query(request))
        cookies = self._web.cookies
        language, back = asked.get("language"), local_path(asked.get("back") or "/")
        response = self._web.redirect(back if language is None else without_ui_locales(back))
        if language in LANGUAGES:
            self._web.remember_language(response, language or "", self._clock.now())
        if (size := asked.get("size")) in ("large", "normal"):
            cookies.set(response, cookies.size, size or "", PREFERENCE_SECONDS)
        return response

    def health(self) -> Response:
        """The process answers."""
        return self._web.json({"status": "ok"})

    def ready(self) -> Response:
        """Both stores answer."""
        try:
            self._state.ping()
            self._records.ping()
        except (StateUnavailable, RecordsUnavailable) as error:
            store = store_away(error)
            return self._web.json({"status": "unavailable", "store": store}, 503, {"Retry-After": "5"})
        return self._web.json({"status": "ok"})

    def metrics(self) -> Response:
        """For our own network: nobody at a public address is told that there is such a page."""
        with suppress(ForbiddenAddress):
            public(self._web.source(request))
            raise NotFound
        return Response(self._metrics.exposition(), content_type=CONTENT_TYPE)


def without_ui_locales(back: str) -> str:
    """The citizen's own choice goes before what the relying party asked for in the same address."""
    path, mark, rest = back.partition("?")
    kept = [pair for pair in rest.split("&") if not pair.startswith("ui_locales=")]
    return f"{path}{mark}{'&'.join(kept)}"
