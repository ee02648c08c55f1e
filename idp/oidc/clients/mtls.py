"""Certificates of clients (RFC 8705), as a proxy in front of us tells of them; the home of x509.

The TLS connection ends at the proxy, which has proved that whoever calls holds the certificate's key. For
`tls_client_auth` it must have proved the chain, too, and say so; a certificate that signs itself proves nothing but its
key, which is among the client's own (`self_signed_tls_client_auth`).
"""

import base64
import ipaddress
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import unquote

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.hashes import SHA256

from idp.errors import InvalidClient
from idp.oidc.call import ShownCertificate
from idp.oidc.clients.client import TLS_CLIENT_AUTH, Client
from idp.oidc.clients.client_keys import ClientKeys
from idp.oidc.jose import jws
from idp.secrets import urlsafe

LONGEST: Final = 16_384
_PEM: Final = "-----BEGIN CERTIFICATE-----"
_UNREADABLE: Final = (UnsupportedAlgorithm, x509.DuplicateExtension, x509.UnsupportedGeneralNameType)
"""What a certificate may have that nobody here reads."""


class InvalidCertificate(ValueError):
    """There is no certificate, or what was told of it is none."""


def thumbprint(shown: ShownCertificate | None) -> str:
    """`x5t#S256` (section 3.1). Raises `InvalidCertificate`."""
    return urlsafe(_read(shown).fingerprint(SHA256()))


class Certificates:
    """Client authentication by certificate (section 2)."""

    def __init__(self, keys: ClientKeys) -> None:
        self._keys = keys

    def prove(self, shown: ShownCertificate | None, client: Client) -> None:
        """That the certificate is this client's, in the way it registered. Raises `InvalidClient`."""
        try:
            certificate = _read(shown)
            if client.token_endpoint_auth_method == TLS_CLIENT_AUTH:
                _prove_name(certificate, client, verified=shown is not None and shown.verified)
            else:
                key = certificate.public_key()
                self._keys.prove(client, lambda keys: jws.prove_known(key, keys))
        except jws.UnknownSigner:
            raise InvalidClient("the certificate's key is none of the client's") from None
        except (ValueError, *_UNREADABLE) as error:
            raise InvalidClient(f"certificate: {type(error).__name__}") from None


def _read(shown: ShownCertificate | None) -> x509.Certificate:
    """What nginx calls `$ssl_client_escaped_cert`, or the byte sequence of RFC 9440 section 2.1."""
    if shown is None or len(shown.text) > LONGEST:
        raise InvalidCertificate("none, or too long")
    text = shown.text
    try:
        if text.startswith(":") and text.endswith(":"):
            return x509.load_der_x509_certificate(base64.b64decode(text[1:-1], validate=True))
        pem = unquote(text, errors="strict")
        if pem.count("-----BEGIN") != 1 or not pem.startswith(_PEM):
            raise InvalidCertificate("not one certificate")
        return x509.load_pem_x509_certificate(pem.encode("ascii"))
    except (ValueError, x509.InvalidVersion):
        raise InvalidCertificate("not a certificate") from None


def _prove_name(certificate: x509.Certificate, client: Client, verified: bool) -> None:
    """Section 2.1: of a chain that the proxy trusts, and with the one name that was registered."""
    if not verified:
        raise InvalidClient("the proxy has not verified the certificate")
    for member, (_, bears) in NAMES.items():
        name = getattr(client, member)
        if name is not None:
            if not bears(certificate, name):
                raise InvalidClient("the certificate is another one's")
            return
    raise InvalidClient("no name was registered")


def _has_subject(certificate: x509.Certificate, name: str) -> bool:
    return certificate.subject == x509.Name.from_rfc4514_string(name)


def _has_dns(certificate: x509.Certificate, name: str) -> bool:
    return name.lower() in [each.lower() for each in _alternatives(certificate, x509.DNSName)]


def _has_uri(certificate: x509.Certificate, name: str) -> bool:
    return name in _alternatives(certificate, x509.UniformResourceIdentifier)


def _has_ip(certificate: x509.Certificate, name: str) -> bool:
    return ipaddress.ip_address(name) in _alternatives(certificate, x509.IPAddress)


def _has_email(certificate: x509.Certificate, name: str) -> bool:
    return name in _alternatives(certificate, x509.RFC822Name)


def _alternatives(certificate: x509.Certificate, kind: Any) -> list[Any]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return list(names.get_values_for_type(kind))


def _subject(name: str) -> object:
    return x509.Name.from_rfc4514_string(name)


NAMES: Final[Mapping[str, tuple[Callable[[str], object], Callable[[x509.Certificate, str], bool]]]] = {
    "tls_client_auth_subject_dn": (_subject, _has_subject),
    "tls_client_auth_san_dns": (str, _has_dns),
    "tls_client_auth_san_uri": (str, _has_uri),
    "tls_client_auth_san_ip": (ipaddress.ip_address, _has_ip),
    "tls_client_auth_san_email": (str, _has_email),
}
"""The members that may name a certificate (section 2.1.2), of which a client has one: how each is read, where that can
fail with a `ValueError`, and whether a certificate bears it."""
