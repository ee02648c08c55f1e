"""What relying parties' servers ask between sign-ins, as walks: introspections, refreshes, registrations; and the hop
of FAPI 2.0, which is a pushed request, a client that signs, and tokens bound to a key.
"""

import base64
import hashlib
import itertools
import json
import secrets
import time
from collections import deque
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from tests.bench.walks import CALLBACK, VERIFIER, Answer, Place, Walk, WrongAnswer, proved

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_numbers = itertools.count()


def introspection(place: Place, token: str) -> Walk:
    answer = proved((yield place.post("/introspect", f"token={token}", f"Authorization: {place.basic}")), 200)
    if json.loads(answer.body)["active"] is not True:
        raise WrongAnswer("not active")


def registration(place: Place, host: str) -> Walk:
    """Of a developer at an address of his own, which a proxy tells: one address may register so many and no more."""
    number = next(_numbers)
    document = json.dumps({"redirect_uris": [f"https://{host}/{number}"], "client_name": f"门户 {number}"}).encode()
    head = (
        *("POST /register HTTP/1.1", f"Host: {place.host}", "Content-Type: application/json"),
        *(f"Content-Length: {len(document)}", f"X-Forwarded-For: 2001:db8:{number >> 16:x}:{number & 0xFFFF:x}::1"),
        *("", ""),
    )
    proved((yield "\r\n".join(head).encode() + document), 201)


@dataclass
class Refreshing:
    """Refresh tokens that are good, each family's newest; every walk takes one and leaves its successor. The access
    token is the first that came."""

    place: Place
    tokens: deque[str] = field(default_factory=deque)
    access_token: str = ""

    def first(self, code: str) -> Walk:
        """Redeem a code that brings one."""
        authorization = f"Authorization: {self.place.basic}"
        self._keep((yield self.place.post("/token", self.place.exchange + code, authorization)))

    def walk(self) -> Walk:
        form = urlencode({"grant_type": "refresh_token", "refresh_token": self.tokens.popleft()})
        self._keep((yield self.place.post("/token", form, f"Authorization: {self.place.basic}")))

    def _keep(self, answer: Answer) -> None:
        told = json.loads(proved(answer, 200).body)
        self.tokens.append(told["refresh_token"])
        self.access_token = self.access_token or told["access_token"]


@dataclass
class Fapi:
    """A client of the FAPI 2.0 profile: its key, with which it signs assertions and proofs, and the newest nonce."""

    place: Place
    key: ec.EllipticCurvePrivateKey
    nonce: str = ""

    @property
    def issuer(self) -> str:
        return f"http://{self.place.host}"

    def pushed(self) -> Generator[bytes, Answer, str]:
        """Push a request; gives the address that is left of it for the browser (RFC 9126)."""
        asked = dict(parse_qsl(urlsplit(self.place.authorize).query))
        answer = proved((yield self.place.post("/par", urlencode(asked | self._assertion()))), 201)
        told = {"client_id": self.place.client_id, "request_uri": json.loads(answer.body)["request_uri"]}
        return f"/authorize?{urlencode(told)}"

    def hop(self, cookie: str) -> Walk:
        """`cookie` is a signed-in browser's, whose citizen agreed before."""
        address = yield from self.pushed()
        answer = proved((yield self.place.get(address, f"Cookie: {cookie}")), 303)
        code = dict(parse_qsl(urlsplit(answer.header("location")).query))["code"]
        answer = yield self._exchange(code)
        if answer.status == 400 and b"use_dpop_nonce" in answer.body:
            self.nonce = answer.header("dpop-nonce")
            answer = yield self._exchange(code)
        token = json.loads(proved(answer, 200).body)["access_token"]
        headers = (f"Authorization: DPoP {token}", f"DPoP: {self._proof('GET', '/userinfo', token)}")
        answer = proved((yield self.place.get("/userinfo", *headers)), 200)
        if "sub" not in json.loads(answer.body):
            raise WrongAnswer("no sub")

    def _exchange(self, code: str) -> bytes:
        form = {"grant_type": "authorization_code", "redirect_uri": CALLBACK, "code_verifier": VERIFIER, "code": code}
        proof = f"DPoP: {self._proof('POST', '/token')}"
        return self.place.post("/token", urlencode(form | self._assertion()), proof)

    def _assertion(self) -> dict[str, str]:
        """RFC 7523 section 3."""
        now, us = int(time.time()), self.place.client_id
        claims = {"iss": us, "sub": us, "aud": self.issuer, "iat": now, "exp": now + 60, "jti": secrets.token_hex(8)}
        return {"client_assertion_type": ASSERTION, "client_assertion": self._signed({"kid": "1"}, claims)}

    def _proof(self, method: str, path: str, token: str | None = None) -> str:
        """RFC 9449 section 4.2."""
        claims = {
            "htm": method,
            "htu": self.issuer + path,
            "iat": int(time.time()),
            "jti": secrets.token_hex(8),
            "nonce": self.nonce,
        }
        if token is not None:
            claims["ath"] = _text(hashlib.sha256(token.encode()).digest())
        return self._signed({"typ": "dpop+jwt", "jwk": self.jwk}, claims)

    @property
    def jwk(self) -> dict[str, str]:
        numbers = self.key.public_key().public_numbers()
        x, y = (_text(number.to_bytes(32, "big")) for number in (numbers.x, numbers.y))
        return {"kty": "EC", "crv": "P-256", "x": x, "y": y}

    def _signed(self, header: Mapping[str, Any], claims: Mapping[str, Any]) -> str:
        parts = (json.dumps(part).encode() for part in ({"alg": "ES256", **header}, claims))
        data = ".".join(map(_text, parts))
        r, s = decode_dss_signature(self.key.sign(data.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{data}.{_text(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
