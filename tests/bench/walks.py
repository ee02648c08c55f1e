"""What is measured, as bytes over one connection: a walk yields requests, is sent the answers, and checks each.

A hop is what a citizen costs who is signed in and opens a portal: /authorize for a code, /token for the code, /userinfo
for the access token. The floor is asked the very same.
"""

import base64
import hashlib
import json
from collections.abc import Generator
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlencode

VERIFIER = "abcdefghijklmnopqrstuvwxyz0123456789-._~ABCDEFG"
CALLBACK = "https://portal.example/callback"
FORM = "Content-Type: application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    head: str
    body: bytes

    def header(self, name: str) -> str:
        """The first header of that name."""
        for line in self.head.split("\r\n")[1:]:
            found, _, value = line.partition(":")
            if found.lower() == name:
                return value.strip()
        raise WrongAnswer(f"no {name}: {self.head}")

    def cookies(self) -> dict[str, str]:
        """What the answer sets."""
        lines = (line.partition(":") for line in self.head.split("\r\n")[1:])
        set_cookies = (value.strip().partition(";")[0] for name, _, value in lines if name.lower() == "set-cookie")
        return dict(pair.split("=", 1) for pair in set_cookies)


class WrongAnswer(Exception):
    """A server did not answer as it should: nothing measured counts."""


Walk = Generator[bytes, Answer, None]


@dataclass(frozen=True)
class Place:
    """A server and the client that is registered there. What every hop sends is put together once."""

    port: int
    client_id: str
    client_secret: str
    scope: str = "openid profile"

    @cached_property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @cached_property
    def authorize(self) -> str:
        """Path and query of an honest authorization request."""
        challenge = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": CALLBACK,
            "scope": self.scope,
            "state": "af0ifjsldkj-af0ifjsldkj",
            "nonce": "n-0S6_WzA2Mj-n-0S6_WzA2Mj",
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return f"/authorize?{urlencode(asked)}"

    @cached_property
    def basic(self) -> str:
        return "Basic " + base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()

    @cached_property
    def exchange(self) -> str:
        """The form of a token request, but for the code that ends it."""
        told = {"grant_type": "authorization_code", "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
        return f"{urlencode(told)}&code="

    def get(self, path: str, *headers: str) -> bytes:
        return "\r\n".join((f"GET {path} HTTP/1.1", f"Host: {self.host}", *headers, "", "")).encode()

    def post(self, path: str, body: str, *headers: str) -> bytes:
        lines = (f"POST {path} HTTP/1.1", f"Host: {self.host}", f"Content-Length: {len(body)}", FORM, *headers, "", "")
        return ("\r\n".join(lines) + body).encode()


def hop(place: Place, cookie: str) -> Walk:
    """`cookie` is a signed-in browser's."""
    answer = proved((yield place.get(place.authorize, f"Cookie: {cookie}")), 303)
    code = answer.header("location").partition("code=")[2].partition("&")[0]
    answer = proved((yield place.post("/token", place.exchange + code, f"Authorization: {place.basic}")), 200)
    token = json.loads(answer.body)["access_token"]
    answer = proved((yield place.get("/userinfo", f"Authorization: Bearer {token}")), 200)
    if "sub" not in json.loads(answer.body):
        raise WrongAnswer("no sub")


def hashing(place: Place) -> Walk:
    """The floor of a sign-in with a password: its hash alone."""
    proved((yield place.post("/password", "")), 200)


def proved(answer: Answer, status: int) -> Answer:
    if answer.status != status:
        raise WrongAnswer(f"{answer.head}\n{answer.body[:500].decode(errors='replace')}")
    return answer
