"""What relying parties' servers call; every error is JSON."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, TypeAlias

from flask import Response
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request

from idp.errors import InvalidRequest, OAuthError
from idp.http import CrossOrigin, Failing, Web, document, form, query
from idp.oidc import introspect, userinfo
from idp.oidc.authorization.par import PushedRequestEndpoint
from idp.oidc.call import Call, ResourceCall, ShownCertificate
from idp.oidc.decoupled.ciba import BackchannelAuthenticationEndpoint
from idp.oidc.decoupled.device import DeviceAuthorizationEndpoint
from idp.oidc.introspect import IntrospectionEndpoint
from idp.oidc.jose.jws import CLIENT_ALGORITHMS
from idp.oidc.jose.keys import KeyRing
from idp.oidc.provider import Engine
from idp.oidc.register import Caller, RegistrationEndpoint
from idp.oidc.revoke import RevocationEndpoint
from idp.oidc.token import TokenEndpoint
from idp.oidc.tokens.dpop import Nonces
from idp.oidc.userinfo import UserinfoEndpoint
from idp.oidc.views.interaction import HEADER, interaction_id
from idp.secrets import Randomness
from idp.storage.records.errors import RecordsUnavailable
from idp.storage.state import StateUnavailable

_CHALLENGES: Final = {"Bearer": "Bearer", "DPoP": f'DPoP algs="{" ".join(CLIENT_ALGORITHMS)}",'}
"""How a resource's challenge begins (RFC 6750 section 3, RFC 9449 section 7.1)."""


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Those that relying parties' servers call."""

    token: TokenEndpoint
    userinfo: UserinfoEndpoint
    revocation: RevocationEndpoint
    introspection: IntrospectionEndpoint
    pushed: PushedRequestEndpoint
    registration: RegistrationEndpoint
    device: DeviceAuthorizationEndpoint
    ciba: BackchannelAuthenticationEndpoint


View: TypeAlias = Callable[[Request], Response]


class ApiViews:
    """What relying parties' servers call; every error is JSON."""

    def __init__(
        self,
        web: Web,
        failing: Failing,
        cross_origin: CrossOrigin,
        endpoints: Endpoints,
        engine: Engine,
        keys: KeyRing,
        nonces: Nonces,
        randomness: Randomness,
    ) -> None:
        self._web = web
        self._failing = failing
        self._cross_origin = cross_origin
        self._endpoints = endpoints
        self._engine = engine
        self._keys = keys
        self._nonces = nonces
        self._randomness = randomness

    def token(self, request: Request) -> Response:
        def answer() -> Response:
            return self._web.json(self._endpoints.token.answer(self._call(request)), headers={"Pragma": "no-cache"})

        return self._answered(request, answer, "Basic")

    def userinfo(self, request: Request) -> Response:
        def answer() -> Response:
            told = self._endpoints.userinfo.answer(self._resource_call(request))
            return self._web.jwt(told, userinfo.CONTENT_TYPE) if isinstance(told, str) else self._web.json(told)

        with_proof = request.environ.get("HTTP_AUTHORIZATION", "")[:5].lower() == "dpop "
        scheme, other = ("DPoP", "Bearer") if with_proof else ("Bearer", "DPoP")
        response = self._answered(request, answer, _CHALLENGES[scheme])
        if response.status_code == 401:  # either way of presenting a token is told (RFC 9449 section 7.2)
            response.headers.add("WWW-Authenticate", f'{_CHALLENGES[other]} realm="citizen-idp"')
        shows_one = self._web.client_certificate(request.environ) is not None
        interaction = interaction_id(request.environ, shows_one, self._randomness)
        if interaction is not None:
            response.headers[HEADER] = interaction
        return response

    def revoke(self, request: Request) -> Response:
        def answer() -> Response:
            self._endpoints.revocation.answer(self._call(request))
            return self._web.json({})

        return self._answered(request, answer, "Basic")

    def introspect(self, request: Request) -> Response:
        def answer() -> Response:
            as_jwt = _asks_for(introspect.CONTENT_TYPE, request)
            told = self._endpoints.introspection.answer(self._call(request), as_jwt)
            return self._web.jwt(told, introspect.CONTENT_TYPE) if isinstance(told, str) else self._web.json(told)

        return self._answered(request, answer, "Basic")

    def push(self, request: Request) -> Response:
        def answer() -> Response:
            return self._web.json(self._endpoints.pushed.answer(self._call(request)), 201)

        return self._answered(request, answer, "Basic")

    def device(self, request: Request) -> Response:
        def answer() -> Response:
            return self._web.json(self._endpoints.device.answer(self._call(request)))

        return self._answered(request, answer, "Basic")

    def ciba(self, request: Request) -> Response:
        def answer() -> Response:
            return self._web.json(self._endpoints.ciba.answer(self._call(request)))

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

    def preflight(self, request: Request, methods: Sequence[str]) -> Response:
        return self._answered(request, lambda: self._cross_origin.preflight(request, methods), None)

    def shared(self, request: Request, view: View) -> Response:
        """What applications in browsers call: a page of a registered origin may read it, errors too."""
        response = view(request)
        if "HTTP_ORIGIN" in request.environ:
            with suppress(StateUnavailable, RecordsUnavailable):  # then nobody reads it
                self._cross_origin.share(request, response)
        return response

    def configuration(self, request: Request) -> Response:
        def answer() -> Response:
            response = self._web.json(self._engine.metadata)
            response.headers["Cache-Control"] = "public, max-age=300"
            response.headers["Vary"] = "Origin"
            return response

        return self._answered(request, answer, None)

    def jwks(self, request: Request) -> Response:
        def answer() -> Response:
            response = Response(self._keys.jwks(), mimetype="application/json")
            response.headers["Cache-Control"] = "public, max-age=300"
            response.headers["X-Content-Type-Options"] = "nosniff"
            response.headers["Vary"] = "Origin"
            return response

        return self._answered(request, answer, None)

    def _call(self, request: Request) -> Call:
        """Raises `InvalidRequest` or `RequestEntityTooLarge`."""
        environ = request.environ
        return Call(
            form(request),
            environ.get("HTTP_AUTHORIZATION"),
            self._web.source(request),
            environ.get("HTTP_DPOP"),
            self._certificate(request),
        )

    def _resource_call(self, request: Request) -> ResourceCall:
        """Raises `InvalidRequest` or `RequestEntityTooLarge`."""
        environ = request.environ
        return ResourceCall(
            request.method,
            query(request),
            form(request) if request.method == "POST" and request.content_length else None,
            environ.get("HTTP_AUTHORIZATION"),
            environ.get("HTTP_DPOP"),
            self._certificate(request),
        )

    def _certificate(self, request: Request) -> ShownCertificate | None:
        told = self._web.client_certificate(request.environ)
        return ShownCertificate(*told) if told else None

    def _caller(self, request: Request) -> Caller:
        return Caller(request.headers.get("Authorization"), self._web.source(request))

    def _answered(self, request: Request, answer: Callable[[], Response], scheme: str | None) -> Response:
        """The one place where an exception becomes a JSON error. Whoever sends a proof is told the nonce of the next
        (RFC 9449 section 8)."""
        response = self._tried(request, answer, scheme)
        if "HTTP_DPOP" in request.environ:
            response.headers["DPoP-Nonce"] = self._nonces.newest()
        return response

    def _tried(self, request: Request, answer: Callable[[], Response], scheme: str | None) -> Response:
        try:
            return answer()
        except OAuthError as error:
            return self._failing.oauth_error(error, scheme)
        except HTTPException:  # the body is longer than any request, or broke off
            return self._failing.oauth_error(InvalidRequest())
        except Exception as error:
            return self._failing.unexpected(request, error)


def _asks_for(content_type: str, request: Request) -> bool:
    """Whether a request would have this rather than JSON (RFC 9110 section 12.5.1)."""
    return request.accept_mimetypes.best_match(("application/json", content_type)) == content_type
