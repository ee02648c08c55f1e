"""What an endpoint of the provider answered, held to the form its specification gives."""

import base64
import json
import re
from typing import Any
from urllib.parse import urlsplit

from werkzeug.test import TestResponse

from tests.support.provider import ISSUER, Registered, parameters

_WAY_BACK = re.compile(r'href="/preferences\?[^"<>]*"')
"""Language and size are switched where the citizen stands: these links quote the address, percent-encoded."""
_REFERENCE = re.compile(r"[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}")


def granted(response: TestResponse, client: Registered, state: str | None = "state-1") -> str:
    """The code of an authorization response (RFC 6749 section 4.1.2, RFC 9207 section 2)."""
    told = _redirected(response, client)
    assert set(told) == {"code", "iss"} | ({"state"} if state is not None else set())
    assert (told["iss"], told.get("state")) == (ISSUER, state)
    return told["code"]


def refused(response: TestResponse, client: Registered, error: str, state: str | None = "state-1") -> None:
    """An authorization error response (RFC 6749 section 4.1.2.1, RFC 9207 section 2)."""
    told = _redirected(response, client)
    assert set(told) == {"error", "error_description", "iss"} | ({"state"} if state is not None else set())
    assert (told["error"], told["iss"], told.get("state")) == (error, ISSUER, state)


def refused_on_a_page(response: TestResponse, *never_shown: str) -> None:
    """An error that is told to the citizen alone, because there is nowhere to send it."""
    assert response.status_code == 400, response.text
    assert "Location" not in response.headers
    assert response.mimetype == "text/html"
    assert _REFERENCE.search(response.text)
    assert response.headers["Cache-Control"] == "no-store"
    shown = _WAY_BACK.sub("", response.text)
    for text in never_shown:
        assert text not in shown


def token_refused(response: TestResponse, error: str, status: int = 400) -> None:
    """RFC 6749 section 5.2."""
    assert (response.status_code, response.get_json()["error"]) == (status, error), response.text
    assert set(response.get_json()) <= {"error", "error_description"}
    assert response.mimetype == "application/json"
    assert response.headers["Cache-Control"] == "no-store"
    assert ("WWW-Authenticate" in response.headers) == (status == 401)


def tokens(response: TestResponse) -> dict[str, Any]:
    """A successful token response (RFC 6749 section 5.1)."""
    assert response.status_code == 200, response.text
    assert response.mimetype == "application/json"
    assert (response.headers["Cache-Control"], response.headers["Pragma"]) == ("no-store", "no-cache")
    told: dict[str, Any] = response.get_json()
    assert told["token_type"] == "Bearer"
    return told


def id_token_claims(id_token: str) -> dict[str, Any]:
    """What an ID token says, unproved."""
    payload = id_token.split(".")[1]
    told: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return told


def _redirected(response: TestResponse, client: Registered) -> dict[str, str]:
    assert response.status_code == 303, response.text
    uri = client.client.redirect_uris[0]
    assert response.location.startswith(uri + ("&" if "?" in uri else "?"))
    assert not urlsplit(response.location).fragment
    return {name: value for name, value in parameters(response.location).items() if name not in parameters(uri)}
