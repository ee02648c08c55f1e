"""Whether a message is for us, and of now. Each check returns nothing, or raises `Unmet`."""

from typing import Final

SKEW: Final = 180
"""Seconds that two clocks may differ (saml2int SDP-G01: three minutes, and not more than five)."""
LIFE: Final = 300
"""Seconds that a message may be under way in a browser."""


class Unmet(Exception):
    """For another, or of another time. The text is for logs."""


def check_destination(destination: str | None, address: str, signed: bool) -> None:
    """That the message was sent to `address`, to the letter (saml-bindings-2.0-os sections 3.4.5.2 and 3.5.5.2). One
    that is signed must say to whom, or a browser could be made to carry it to others too; by SOAP none need."""
    if destination is None and not signed:
        return
    if destination != address:
        raise Unmet("sent to another address")


def check_instant(issue_instant: int, now: float) -> None:
    """That the message was written just now."""
    if not now - LIFE - SKEW <= issue_instant <= now + SKEW:
        raise Unmet("written at another time")


def check_not_on_or_after(instant: int | None, now: float) -> None:
    """That the time after which the message says nothing any more is not over (saml-core-2.0-os section 3.7.1)."""
    if instant is not None and now >= instant + SKEW:
        raise Unmet("over")
