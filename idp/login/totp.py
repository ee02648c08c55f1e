"""Time-based one-time codes (RFC 6238) as every authenticator app has them: six digits, SHA-1, steps of 30 seconds.

The home of pyotp. A code is taken in its own step and the ones beside it, because clocks differ. The step of a code
that was taken is noted in the state store in one atomic move, so that the same code, or an older one, is refused to
everybody after (RFC 6238 section 5.2).
"""

import base64
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

CODE: Final = re.compile(r"[0-9]{6}")


class WrongCode(Exception):
    """Not the code of now."""


class ReplayedCode(WrongCode):
    """The code is right and was used before, or a later one was."""


def new_secret(randomness: Randomness) -> str:
    """160 random bits in base32."""
    return base64.b32encode(randomness.bytes(SECRET_BYTES)).decode("ascii")


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
