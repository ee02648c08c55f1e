"""The secret of an authenticator app (RFC 6238), as operators and imports give it."""

import base64
import binascii
from typing import Final

SHORTEST_BYTES: Final = 10
"""RFC 4226 asks for 16. Tokens with 10 are in people's hands and may be imported; we make none."""
LONGEST_BYTES: Final = 64


class InvalidSecret(ValueError):
    """Not a TOTP secret in base32, or one of unusable length. The message never quotes it."""


def parse_secret(text: str) -> str:
    """A secret from elsewhere in its one spelling: capitals, no spaces, no padding. Raises `InvalidSecret`."""
    plain = text.replace(" ", "").rstrip("=").upper()
    try:
        raw = base64.b32decode(plain + "=" * (-len(plain) % 8))
    except (binascii.Error, ValueError):
        raise InvalidSecret("not base32") from None
    if not SHORTEST_BYTES <= len(raw) <= LONGEST_BYTES:
        raise InvalidSecret("too short or too long")
    return plain
