"""The OIDC endpoints at their addresses: the request's parts in, the endpoint's answer out, each error in its family's
form."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from urllib.parse import quote, urlencode

from flask import Blueprint, Response, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request

from idp.citizens.registry import Citizens
from idp.csrf import check_csrf, csrf_token
from idp.errors import InvalidRequest, OAuthError
from idp.http import Failing, PageError, Web, document, form, query
from idp.login.door import Redirect, origin_of
from idp.login.party import in_language
from idp.login.transaction import Transactions
from idp.login.views import step_address
from idp.login.views.answering import answered
from idp.oidc.authorize import AuthorizationEndpoint, Visit
from idp.oidc.backchannel import Told
from idp.oidc.client import Client
from idp.oidc.introspect import IntrospectionEndpoint
from idp.oidc.keys import KeyRing
from idp.oidc.logout import LogoutRequest, SigningOut
from idp.oidc.par import PushedRequestEndpoint
from idp.oidc.provider import Engine
from idp.oidc.register import Caller, RegistrationEndpoint
from idp.oidc.revoke import RevocationEndpoint
from idp.oidc.target import UnknownClient, UnprovenRedirect
from idp.oidc.token import TokenEndpoint
from idp.oidc.userinfo import UserinfoEndpoint
from idp.pages import ClientView, ErrorKind, PartyResult, SignedOutPage, SignOutPage
from idp.parameters import parse
from idp.sessions import Session, Sessions
from idp.storage.state import Throttled

_LOGOUT_FORM = "logout"


class AuthorizeView:
    def __init__(self, web: Web, endpoint: AuthorizationEndpoint, transactions: Transactions) -> None:
        self._web = web
        self._endpoint = endpoint
        self._transactions = transactions

    def __call__(self, request: Request) -> Response:
        cookies = self._web.cookies
        browser = self._web.cookie(request, cookies.browser)
        fresh = "" if browser else self._transactions.new_browser()
        raw = query(request) if request.method == "GET" else form(request)
        if request.method == "POST" and not browser:
            # another site's form comes without our cookies (SameSite=Lax); the GET that follows brings them
            return self._web.redirect(f"/authorize?{quote(raw, safe='=&+%')}")
        try:
            session, source = self._web.cookie(request, cookies.session), self._web.source(request)
            answer = self._endpoint.begin(Visit(raw, session, browser or fresh, source))
        except UnknownClient as unknown:
            raise PageError(ErrorKind.UNKNOWN_CLIENT, client_id=unknown.client_id) from None
        except UnprovenRedirect as unproven:
            language = self._web.frame(request).language
            name = in_language(unproven.client.client_name, language)
            raise PageError(ErrorKind.BAD_REDIRECT, client_name=name, client_id=unproven.client.client_id) from None
        except Throttled as throttled:
            raise PageError(ErrorKind.TOO_MANY, 429, retry_after=throttled.retry_after) from None
        if isinstance(answer, Redirect):
            return answered(self._web, answer, partial(self._web.frame, request))
        response = self._web.redirect(step_address(answer.step, answer.transaction))
        if fresh:
            cookies.set(response, cookies.browser, fresh)
        return response


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Those that relying parties' servers call."""

    token: TokenEndpoint
    userinfo: UserinfoEndpoint
    revocation: RevocationEndpoint
    introspection: IntrospectionEndpoint
    pushed: PushedRequestEndpoint
    registration: RegistrationEndpoint


class ApiViews:
    """What relying parties' servers call; every error is JSON."""

    def __init__(
        self,
        web: Web,
        failing: Failing,
        endpoints: Endpoints,
        engine: Engine,
        keys: KeyRing,
    ) -> None:
        self._web = web
        self._failing = failing
        self._endpoints = endpoints
        self._engine = engine
        self._keys = keys

    def token(self, request: Request) -> Response:
        def answer() -> Response:
            authorization = request.headers.get("Authorization")
            document = self._endpoints.token.answer(form(request), authorization, self._web.source(request))
            return self._web.json(document, headers={"Pragma": "no-cache"})

        return self._answered(request, answer, "Basic")

    def userinfo(self, request: Request) -> Response:
        def answer() -> Response:
            body = form(request) if request.method == "POST" and request.content_length else None
            authorization = request.headers.get("Authorization")
            return self._web.json(self._endpoints.userinfo.answer(query(request), authorization, body))

        return self._answered(request, answer, "Bearer")

    def revoke(self, request: Request) -> Response:
        def answer() -> Response:
            authorization = request.headers.get("Authorization")
            self._endpoints.revocation.answer(form(request), authorization, self._web.source(request))
            return self._web.json({})

        return self._answered(request, answer, "Basic")

    def push(self, request: Request) -> Response:
        def answer() -> Response:
            authorization = request.headers.get("Authorization")
            source = self._web.source(request)
            return self._web.json(self._endpoints.pushed.answer(form(request), authorization, source), 201)

        return self._answered(request, answer, "Basic")

    def register(self, request: Request) -> Response:
        def answer() -> Response:
            return self._web.json(self._endpoints.registration.register(document(request), self._caller(request)), 201)

        return self._answered(request, answer, "Bearer")

    def manage(self, request: Request, client_id: str) -> Response:
        """Read, change or remove a registration (RFC 7592 section 2)."""

        def answer() -> Response:
            registration, caller = self._endpoints.registration, self._caller(request)
            if request.method == "DELETE":
                registration.remove(client_id, caller)
                return Response(status=204, headers={"Cache-Control": "no-store"})
            if request.method == "PUT":
                return self._web.json(registration.change(client_id, document(request), caller))
            return self._web.json(registration.read(client_id, caller))

        return self._answered(request, answer, "Bearer")

    def _caller(self, request: Request) -> Caller:
        return Caller(request.headers.get("Authorization"), self._web.source(request))

    def introspect(self, request: Request) -> Response:
        def answer() -> Response:
            authorization = request.headers.get("Authorization")
            source = self._web.source(request)
            return self._web.json(self._endpoints.introspection.answer(form(request), authorization, source))

        return self._answered(request, answer, "Basic")

    def configuration(self, request: Request) -> Response:
        response = self._web.json(self._engine.metadata)
        response.headers["Cache-Control"] = "public, max-age=300"
        return response

    def jwks(self, request: Request) -> Response:
        def answer() -> Response:
            response = Response(self._keys.jwks(), mimetype="application/json")
            response.headers["Cache-Control"] = "public, max-age=300"
            response.headers["X-Content-Type-Options"] = "nosniff"
            return response

        return self._answered(request, answer, None)

    def _answered(self, request: Request, answer: Callable[[], Response], scheme: str | None) -> Response:
        """The one place where an exception becomes a JSON error."""
        try:
            return answer()
        except OAuthError as error:
            return self._failing.oauth_error(error, scheme)
        except HTTPException:  # the body is longer than any request, or broke off
            return self._failing.oauth_error(InvalidRequest())
        except Exception as error:
            return self._failing.unexpected(request, error)


class LogoutViews:
    def __init__(
        self, web: Web, signing_out: SigningOut, sessions: Sessions, citizens: Citizens, transactions: Transactions
    ) -> None:
        self._web = web
        self._signing_out = signing_out
        self._sessions = sessions
        self._citizens = citizens
        self._transactions = transactions

    def begin(self) -> Response:
        """End the session if the request proves it may; else ask the citizen."""
        raw = form(request) if request.method == "POST" else query(request)
        if request.method == "POST" and not self._web.cookie(request, self._web.cookies.session):
            # another site's form comes without our cookies (SameSite=Lax); the GET that follows brings them
            return self._web.redirect(f"/logout?{quote(raw, safe='=&+%')}")
        asked = self._signing_out.read(parse(raw))
        session = self._session()
        if session is None:
            return self._web.redirect(asked.back) if asked.back and asked.asking else self._done(asked, ())
        if self._signing_out.proves(asked, session):
            return self._end(asked, session)
        return self._ask(asked, session)

    def confirm(self) -> Response:
        if request.method != "POST":  # the links of the page that answers, to another language, lead back here
            return self._web.redirect(f"/logout?{quote(query(request), safe='=&+%')}")
        self._web.same_origin(request)
        asked = self._signing_out.read(parse(query(request)))
        fields = parse(form(request)).values
        check_csrf(self._web.cookie(request, self._web.cookies.browser), _LOGOUT_FORM, fields.get("csrf", ""))
        session = self._session()
        if fields.get("decision") != "allow":
            return self._web.redirect("/")
        return self._end(asked, session) if session else self._done(asked, ())

    def _ask(self, asked: LogoutRequest, session: Session) -> Response:
        cookies = self._web.cookies
        browser = self._web.cookie(request, cookies.browser) or self._transactions.new_browser()
        action = f"/logout/confirm?{urlencode(asked.again)}"
        citizen = self._citizens.by_id(session.head.citizen_id)
        frame = self._web.frame(request, asked.languages)
        client = _view(asked.client, frame.language) if asked.client else None
        page = SignOutPage(
            action, csrf_token(browser, _LOGOUT_FORM), client, citizen.profile.masked_name if citizen else None
        )
        response = self._web.page(page, frame, forms_to=origin_of(asked.back or ""))
        cookies.set(response, cookies.browser, browser)
        return response

    def _end(self, asked: LogoutRequest, session: Session) -> Response:
        told = self._signing_out.end(session, asked.asking)
        if asked.back and all(each.confirmed for each in told):
            response = self._web.redirect(asked.back)
        else:
            response = self._done(asked, told)
        self._web.cookies.drop(response, self._web.cookies.session)
        return response

    def _done(self, asked: LogoutRequest, told: Sequence[Told]) -> Response:
        frame = self._web.frame(request, asked.languages)
        parties = [PartyResult(in_language(each.client.client_name, frame.language), each.confirmed) for each in told]
        name = in_language(asked.client.client_name, frame.language) if asked.client else ""
        return self._web.page(SignedOutPage(parties, asked.back, name), frame)

    def _session(self) -> Session | None:
        handle = self._web.cookie(request, self._web.cookies.session)
        return self._sessions.load_to_end(handle) if handle else None


def _view(client: Client, language: str) -> ClientView:
    party = client.party
    return ClientView(in_language(party.name, language), party.host, in_language(party.uri, language) or None)


def blueprint(authorize: AuthorizeView, api: ApiViews, logout: LogoutViews) -> Blueprint:
    routes = Blueprint("oidc", __name__)
    for path, view, methods in (
        ("/authorize", lambda: authorize(request), ["GET", "POST"]),
        ("/par", lambda: api.push(request), ["POST"]),
        ("/token", lambda: api.token(request), ["POST"]),
        ("/userinfo", lambda: api.userinfo(request), ["GET", "POST"]),
        ("/register", lambda: api.register(request), ["POST"]),
        ("/register/<client_id>", lambda client_id: api.manage(request, client_id), ["GET", "PUT", "DELETE"]),
        ("/revoke", lambda: api.revoke(request), ["POST"]),
        ("/introspect", lambda: api.introspect(request), ["POST"]),
        ("/jwks", lambda: api.jwks(request), ["GET"]),
        ("/.well-known/openid-configuration", lambda: api.configuration(request), ["GET"]),
        ("/.well-known/oauth-authorization-server", lambda: api.configuration(request), ["GET"]),
        ("/logout", logout.begin, ["GET", "POST"]),
        ("/logout/confirm", logout.confirm, ["GET", "POST"]),
    ):
        routes.add_url_rule(path, path.replace(".", "_"), view, methods=methods)
    return routes


def hop(authorize: AuthorizeView, api: ApiViews) -> Mapping[tuple[str, str], Callable[[Request], Response]]:
    """The views that nearly all requests go to, by method and path."""
    return {("GET", "/authorize"): authorize, ("POST", "/token"): api.token, ("GET", "/userinfo"): api.userinfo}
