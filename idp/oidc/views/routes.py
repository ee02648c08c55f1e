"""Which view stands at which address."""

from collections.abc import Callable, Mapping

from flask import Blueprint, Response, request
from werkzeug.wrappers import Request

from idp.oidc.views.authorizing import AuthorizeView
from idp.oidc.views.calling import ApiViews
from idp.oidc.views.leaving import LogoutViews


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
