"""The floor: a Flask application with three endpoints over dictionaries, which proves and stores nothing.

    python -m tests.bench.floor PORT

It signs the same claims with the same kind of key as we do, by `client_id`: RS256 or ES256. `/password` is the floor of
a sign-in: one hash, and nothing else; `/saml/…` that of a SAML turn: bare signatures, and a page as long as ours. It is
served by the same server with the same threads and settings as ours.
"""

import secrets
import sys
import time
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from flask import Flask, Response, jsonify, redirect, request
from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels

from idp.login.password import Passwords
from idp.oidc.jose.jws import SigningKey
from idp.running.serve import BLOCKING_THREADS
from tests.bench.signing import ALGORITHMS as SAML_KINDS
from tests.bench.signing import bare

ALGORITHMS = ("RS256", "ES256")
PAGE_BYTES = 10_000
"""About those of a page that posts a Response."""


def create_app() -> Flask:
    app = Flask("floor")
    keys = {
        "RS256": SigningKey("rs", "RS256", rsa.generate_private_key(public_exponent=65537, key_size=2048)),
        "ES256": SigningKey("es", "ES256", ec.generate_private_key(ec.SECP256R1())),
    }
    codes: dict[str, dict[str, str]] = {}
    tokens: dict[str, dict[str, Any]] = {}

    @app.get("/authorize")
    def authorize() -> Any:
        code = secrets.token_urlsafe(32)
        codes[code] = request.args.to_dict()
        state = request.args["state"]
        return redirect(f"{request.args['redirect_uri']}?code={code}&state={state}", 303)

    @app.post("/token")
    def token() -> Response:
        asked = codes.pop(request.form["code"])
        access_token = secrets.token_urlsafe(32)
        tokens[access_token] = {"sub": "248289761001", "name": "李静文", "birthdate": "1990-01-31", "gender": "female"}
        id_token = keys[asked["client_id"]].sign(_claims(asked), "JWT")
        return jsonify(
            access_token=access_token, token_type="Bearer", expires_in=600, scope="openid profile", id_token=id_token
        )

    @app.get("/userinfo")
    def userinfo() -> Response:
        return jsonify(tokens.pop(request.headers["Authorization"].removeprefix("Bearer ")))

    signed = {kind: bare(kind) for kind in SAML_KINDS}
    page = "x" * PAGE_BYTES

    @app.get("/saml/<kind>/<int:signatures>")
    def saml(kind: str, signatures: int) -> str:
        for _ in range(signatures):
            signed[kind]()
        return page

    passwords = Passwords(concurrency=2)
    stored = passwords.hash("correct horse battery staple")

    @app.post("/password")
    def password() -> Response:
        passwords.verify("correct horse battery staple", stored)
        return jsonify(ok=True)

    return app


def _claims(asked: dict[str, str]) -> dict[str, Any]:
    """As many claims, as long, as those of our ID token."""
    now = int(time.time())
    return {
        "iss": "http://127.0.0.1:8000",
        "sub": "5ZIXqWyHwSXdXvGfXJQTrOzLpxRxkBcLVYHQ0n0MYaA",
        "aud": "0123456789abcdef0123456789abcdef",
        "iat": now,
        "exp": now + 600,
        "auth_time": now - 60,
        "acr": "urn:citizen-idp:aal:1",
        "amr": ["pwd"],
        "sid": "5ZIXqWyHwSXdXvGfXJQTrOzLpxRxkBcLVYHQ0n0MYaB",
        "at_hash": "77QmUPtjPfzWtF2AnpK9RQ",
        "nonce": asked["nonce"],
    }


def serve(port: int) -> None:
    Granian(
        "tests.bench.floor:create_app",
        address="127.0.0.1",
        port=port,
        interface=Interfaces.WSGI,
        factory=True,
        workers=1,
        blocking_threads=BLOCKING_THREADS,
        http=HTTPModes.http1,
        websockets=False,
        http1_settings=HTTP1Settings(header_read_timeout=10_000, max_buffer_size=65_536),
        log_level=LogLevels.error,
    ).serve()


if __name__ == "__main__":
    serve(int(sys.argv[1]))
