"""Time-based one-time codes (RFC 6238) as every authenticator app has them: six digits, SHA-1, steps of 30 seconds.

The home of pyotp. A code is taken in its own step and the ones beside it, because clocks differ. The step of a code
that was taken is noted in the state store in one atomic move, so that the same code, or an older one, is refused to
everybody after (RFC 6238 section 5.2).
"""

import base64
import binascii
import re
from typing import Final

import pyotp
from pyotp.exceptions import OTPVerificationError

from idp.clock import Clock
from idp.secrets import Randomness, shard_for
from idp.storage.state import Key, Replayed, StateStore

STEP: Final = 30
WINDOW: Final = 1
REMEMBERED: Final = 10 * STEP
"""How long the last step is remembered; a code dies 90 seconds after it could first be used."""

SECRET_BYTES: Final = 20
SHORTEST_SECRET_BYTES: Final = 10
"""RFC 4226 asks for 16. Tokens with 10 are in people's hands and may be imported; we make none."""
LONGEST_SECRET_BYTES: Final = 64

CODE: Final = re.compile(r"[0-9]{6}")


class WrongCode(Exception):
    """Not the code of now."""


class ReplayedCode(WrongCode):
    """The code is right and was used before, or a later one was."""


class InvalidSecret(ValueError):
    """Not a TOTP secret in base32, or one of unusable length. The message never quotes it."""


def new_secret(randomness: Randomness) -> str:
    """160 random bits in base32."""
    return base64.b32encode(randomness.bytes(SECRET_BYTES)).decode("ascii")


def parse_secret(text: str) -> str:
    """A secret from elsewhere in its one spelling: capitals, no spaces, no padding. Raises `InvalidSecret`."""
    plain = text.replace(" ", "").rstrip("=").upper()
    try:
        raw = base64.b32decode(plain + "=" * (-len(plain) % 8))
    except (binascii.Error, ValueError):
        raise InvalidSecret("not base32") from None
    if not SHORTEST_SECRET_BYTES <= len(raw) <= LONGEST_SECRET_BYTES:
        raise InvalidSecret("too short or too long")
    return plain


def provisioning_uri(secret: str, account: str, issuer: str) -> str:
    """What the QR code says. `account` is shown in the app and must therefore be masked."""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=issuer)


def verify(secret: str, code: str, citizen_id: str, state: StateStore, clock: Clock) -> int:
    """Take a code, once; returns its step. Raises `WrongCode` or `ReplayedCode`."""
    plain = code.replace(" ", "").strip() if len(code) < 32 else ""
    if CODE.fullmatch(plain) is None:
        raise WrongCode
    try:
        step = pyotp.TOTP(secret).verify_and_get_timecode(plain, for_time=clock.now(), valid_window=WINDOW)
    except OTPVerificationError:
        raise WrongCode from None
    try:
        state.advance(Key(shard_for(citizen_id), "totp", citizen_id), step, REMEMBERED)
    except Replayed:
        raise ReplayedCode from None
    return step
