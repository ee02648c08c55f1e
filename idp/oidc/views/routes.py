"""Which view stands at which address."""

from collections.abc import Callable, Mapping, Sequence

from flask import Blueprint, Response, request

from idp.oidc.decoupled.approvals import PATH as APPROVE
from idp.oidc.decoupled.device import PATH as DEVICE
from idp.oidc.views.approving import ApproveViews
from idp.oidc.views.authorizing import AuthorizeView
from idp.oidc.views.calling import ApiViews, View
from idp.oidc.views.entering import DeviceViews
from idp.oidc.views.leaving import LogoutViews


def blueprint(
    authorize: AuthorizeView, api: ApiViews, logout: LogoutViews, device: DeviceViews, approve: ApproveViews
) -> Blueprint:
    routes = Blueprint("oidc", __name__)
    for path, view, methods in (
        ("/authorize", lambda: authorize(request), ["GET", "POST"]),
        ("/register", lambda: api.register(request), ["POST"]),
        ("/register/<client_id>", lambda client_id: api.manage(request, client_id), ["GET", "PUT", "DELETE"]),
        ("/introspect", lambda: api.introspect(request), ["POST"]),
        ("/ciba", lambda: api.ciba(request), ["POST"]),
        (APPROVE, lambda: approve.answer() if request.method == "POST" else approve.show(), ["GET", "POST"]),
        (f"{APPROVE}/<outcome>", approve.outcome, ["GET"]),
        ("/device_authorization", lambda: api.device(request), ["POST"]),
        (DEVICE, lambda: device.enter() if request.method == "POST" else device.show(), ["GET", "POST"]),
        (f"{DEVICE}/qr", device.picture, ["GET"]),
        (f"{DEVICE}/<outcome>", device.outcome, ["GET"]),
        ("/logout", logout.begin, ["GET", "POST"]),
        ("/logout/confirm", logout.confirm, ["GET", "POST"]),
    ):
        routes.add_url_rule(path, path, view, methods=methods)
    for path, called, methods in _shared(api):
        routes.add_url_rule(path, path.replace(".", "_"), _reached(api, called, methods), methods=[*methods, "OPTIONS"])
    return routes


def _shared(api: ApiViews) -> Sequence[tuple[str, View, list[str]]]:
    """What applications in browsers call too, from pages of their own."""
    return (
        ("/par", api.push, ["POST"]),
        ("/token", api.token, ["POST"]),
        ("/userinfo", api.userinfo, ["GET", "POST"]),
        ("/revoke", api.revoke, ["POST"]),
        ("/jwks", api.jwks, ["GET"]),
        ("/.well-known/openid-configuration", api.configuration, ["GET"]),
        ("/.well-known/oauth-authorization-server", api.configuration, ["GET"]),
    )


def _reached(api: ApiViews, view: View, methods: Sequence[str]) -> Callable[[], Response]:
    def reached() -> Response:
        return api.preflight(request, methods) if request.method == "OPTIONS" else api.shared(request, view)

    return reached


def hop(authorize: AuthorizeView, api: ApiViews) -> Mapping[tuple[str, str], View]:
    """The views that nearly all requests go to, by method and path."""
    return {
        ("GET", "/authorize"): authorize,
        ("POST", "/token"): lambda request: api.shared(request, api.token),
        ("GET", "/userinfo"): lambda request: api.shared(request, api.userinfo),
    }
