"""The citizen's telephone: the code that is valid now, computed apart from the provider (RFC 6238 over RFC 4226).

    python -m idp.demo.authenticator SECRET

It stands beside pyotp and not on it, so that the demo shows the code of *any* authenticator being accepted.
"""

import base64
import hashlib
import hmac
import sys

from idp.clock import Clock, SystemClock

STEP_SECONDS = 30
DIGITS = 6


def code_at(secret: str, now: float) -> str:
    """The code of a Base32 secret at `now` (RFC 4226 section 5.3). Raises `ValueError` for what is not Base32."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8), casefold=True)
    mac = hmac.digest(key, int(now // STEP_SECONDS).to_bytes(8, "big"), hashlib.sha1)
    offset = mac[-1] & 0x0F
    number = int.from_bytes(mac[offset : offset + 4], "big") & 0x7FFF_FFFF
    return str(number % 10**DIGITS).zfill(DIGITS)


def seconds_left(now: float) -> int:
    """How long the code of `now` is still shown, in whole seconds (1 to 30)."""
    return STEP_SECONDS - int(now % STEP_SECONDS)


def main(arguments: list[str], clock: Clock) -> int:
    """Print the code of the moment; the exit status."""
    if len(arguments) != 1:
        print("usage: python -m idp.demo.authenticator SECRET", file=sys.stderr)
        return 2
    now = clock.now()
    try:
        print(f"{code_at(arguments[0], now)}  (valid for {seconds_left(now)} s)")
    except ValueError:
        print("that is not a Base32 secret; copy it from the table of `make demo`", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], SystemClock()))
