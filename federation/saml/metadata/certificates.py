"""Certificates that carry keys: those that an operator pins to a source of metadata, and when any of them ends."""

import base64
import re
from typing import Final

from cryptography import x509

from federation.saml.metadata.entity import EntityKey
from federation.saml.metadata.reading import BadMetadata
from federation.saml.verifying import keys_of

_PEM: Final = re.compile(rb"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----")
_MAX: Final = 8


def certificates_in(pem: bytes) -> tuple[str, ...]:
    """The certificates of a PEM file, each as DER in base64. Raises `BadMetadata` for one whose key we do not take, and
    where there is none."""
    found = tuple("".join(each.decode().split()) for each in _PEM.findall(pem))
    if not 0 < len(found) <= _MAX:
        raise BadMetadata(f"1 to {_MAX} certificates as PEM are needed")
    if len(keys_of([EntityKey(each) for each in found], "signing")) != len(found):
        raise BadMetadata("a certificate whose key is neither RSA of 2048 to 8192 bits nor P-256, P-384 or P-521")
    return found


def ends_at(certificate: str) -> int | None:
    """When a certificate (DER in base64) says that it ends, in seconds since the epoch; None if it cannot be read."""
    try:
        return int(x509.load_der_x509_certificate(base64.b64decode(certificate)).not_valid_after_utc.timestamp())
    except ValueError:
        return None
