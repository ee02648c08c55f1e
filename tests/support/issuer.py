"""An issuer that says over real HTTP whatever a test tells it to, for relying parties that must not believe it all."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from flask import Flask, jsonify, request
from joserfc import jws
from joserfc.jwk import ECKey, RSAKey
from werkzeug.serving import make_server

CLIENT_ID = "portal"
ALGORITHMS = ["RS256", "ES256", "RS512"]
EVENT = "http://schemas.openid.net/event/backchannel-logout"


@dataclass
class Issuer:
    """`id_token`, `header` and `userinfo` are laid over what an honest issuer would say; `None` leaves a member out."""

    url: str = ""
    rsa: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "rsa", "use": "sig"}))
    ec: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256", {"kid": "ec", "use": "sig", "alg": "ES256"}))
    foreign: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "rsa", "use": "sig"}))
    nonce: str = ""
    id_token: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] = field(default_factory=dict)
    signed_by: str = "RS256"
    metadata: dict[str, Any] = field(default_factory=dict)
    token_requests: list[dict[str, str]] = field(default_factory=list)
    forged: Callable[[str], str] = str
    """What becomes of an ID token before it is handed out."""

    def saw(self, location: str) -> dict[str, str]:
        """Note an authorization request, as if the citizen had come; gives its parameters."""
        parameters = {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
        self.nonce = parameters["nonce"]
        return parameters

    def sign(self, claims: dict[str, Any], header: dict[str, Any] | None = None, key: RSAKey | None = None) -> str:
        protected = {"alg": self.signed_by, "kid": "ec" if self.signed_by == "ES256" else "rsa"} | (header or {})
        chosen = key or (self.ec if protected["alg"] == "ES256" else self.rsa)
        return jws.serialize_compact(_told(protected), _json(_told(claims)), chosen, algorithms=ALGORITHMS)

    def logout_token(self, header: dict[str, Any] | None = None, key: RSAKey | None = None, **claims: Any) -> str:
        now = int(time.time())
        honest = {
            "iss": self.url,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 120,
            "jti": f"jti-{time.monotonic_ns()}",
            "events": {EVENT: {}},
            "sub": "sub-1",
            "sid": "sid-1",
        }
        return self.sign(honest | claims, {"typ": "logout+jwt"} | (header or {}), key)

    def honest_id_token(self) -> dict[str, Any]:
        now = int(time.time())
        return {
            "iss": self.url,
            "aud": CLIENT_ID,
            "sub": "sub-1",
            "iat": now,
            "exp": now + 300,
            "auth_time": now - 5,
            "nonce": self.nonce,
            "sid": "sid-1",
            "acr": "urn:citizen-idp:aal:1",
        }


def _told(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def _json(claims: dict[str, Any]) -> bytes:
    import json

    return json.dumps(claims).encode()


@contextlib.contextmanager
def issuer() -> Iterator[Issuer]:
    """A running one, on a free loopback port."""
    told = Issuer()
    server = make_server("127.0.0.1", 0, _application(told), threaded=True)
    told.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _application(told: Issuer) -> Flask:
    app = Flask("issuer")

    @app.get("/.well-known/openid-configuration")
    def metadata() -> Any:
        endpoints = ("authorization", "token", "userinfo", "end_session")
        at = {f"{name}_endpoint": f"{told.url}/{name}" for name in endpoints}
        rest = {"issuer": told.url, "jwks_uri": f"{told.url}/jwks"}
        algorithms = {"id_token_signing_alg_values_supported": ALGORITHMS}
        return jsonify(at | rest | algorithms | told.metadata)

    @app.get("/jwks")
    def jwks() -> Any:
        return jsonify(keys=[told.rsa.as_dict(private=False), told.ec.as_dict(private=False)])

    @app.post("/token")
    def token() -> Any:
        told.token_requests.append(request.form.to_dict())
        if request.form["code"] != "good":
            return jsonify(error="invalid_grant"), 400
        id_token = told.forged(told.sign(told.honest_id_token() | told.id_token))
        return jsonify(access_token="at", token_type="Bearer", expires_in=60, id_token=id_token)

    @app.get("/userinfo")
    def userinfo() -> Any:
        honest = {"sub": "sub-1", "name": "李静文", "phone_number": "+8615400000021"}
        return jsonify(_told(honest | told.userinfo))

    return app
