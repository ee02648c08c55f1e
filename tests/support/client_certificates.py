"""Clients with certificates (RFC 8705), and the proxy in front of us that tells of them."""

import base64
import datetime
import ipaddress
import itertools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from joserfc import jwk

from idp.secrets import urlsafe
from tests.support.provider import Provider, running_provider, settings_for

HEADER, VERDICT = "X-Client-Cert", "X-Client-Verify"
PROXY = "127.0.0.1"
_P256 = ec.SECP256R1()
ORIGIN = "https://mtls.id.example"
SETTINGS = {
    "IDP_TRUSTED_PROXIES": PROXY,
    "IDP_CLIENT_CERTIFICATE_HEADER": HEADER,
    "IDP_CLIENT_CERTIFICATE_VERIFIED_HEADER": VERDICT,
    "IDP_MTLS_ORIGIN": ORIGIN,
}
SUBJECT = "CN=portal.example,O=社会保险,C=CN"
DNS, URI, IP, EMAIL = "portal.example", "https://portal.example/client", "192.0.2.7", "ops@portal.example"


def told(der: bytes) -> str:
    """As RFC 9440 has it."""
    return f":{base64.b64encode(der).decode()}:"


@dataclass(frozen=True)
class Shown:
    """A certificate as a proxy tells of it."""

    made: x509.Certificate

    @property
    def der(self) -> bytes:
        return self.made.public_bytes(serialization.Encoding.DER)

    @property
    def pem(self) -> str:
        return self.made.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def x5t(self) -> str:
        return urlsafe(self.made.fingerprint(hashes.SHA256()))

    @property
    def jwks(self) -> dict[str, Any]:
        key = jwk.ECKey.import_key(self.made.public_key())
        return {"keys": [key.as_dict(private=False) | {"x5c": [base64.b64encode(self.der).decode()]}]}

    def headers(self, verdict: str | None = "SUCCESS", structured: bool = False) -> dict[str, str]:
        """As nginx escapes it, or as RFC 9440 has it; `verdict`: what the proxy says of the chain."""
        text = told(self.der) if structured else quote(self.pem, safe="")
        return {HEADER: text} | ({VERDICT: verdict} if verdict is not None else {})


class Proxy:
    """The application as it meets what comes through the proxy: from its address, and each time for somebody else."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._count = itertools.count(1)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        environ.setdefault("REMOTE_ADDR", PROXY)
        environ.setdefault("HTTP_X_FORWARDED_FOR", f"2001:db8:{next(self._count):x}::1")
        return self._app(environ, start_response)


@contextmanager
def behind_a_proxy(directory: Path, variables: Mapping[str, str] = SETTINGS) -> Iterator[Provider]:
    """A provider that is told of certificates."""
    with running_provider(settings_for(directory, **variables)) as provider:
        yield replace(provider, app=cast("Any", Proxy(provider.app)))


@cache
def _key(name: str, curve: ec.EllipticCurve) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(curve)


def certificate(
    key: str = "portal", subject: str = SUBJECT, names: bool = True, curve: ec.EllipticCurve = _P256
) -> Shown:
    """A certificate of the key of that name; with `names` it has one of each kind."""
    name, signing = x509.Name.from_rfc4514_string(subject), _key(key, curve)
    start = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority")]))
        .public_key(signing.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=3650))
    )
    if names:
        alternatives = [
            x509.DNSName(DNS),
            x509.UniformResourceIdentifier(URI),
            x509.IPAddress(ipaddress.ip_address(IP)),
            x509.RFC822Name(EMAIL),
        ]
        builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
    return Shown(builder.sign(signing, hashes.SHA256()))
