"""What comes too often is told to a relying party as its protocol has it."""

from collections.abc import Callable

from idp.errors import TooManyRequests
from idp.storage.state import Throttled


def counted(count: Callable[[str], object], who: str, what: str) -> None:
    """Count `who` by `count`, of `idp.sources` or `idp.pace`. Raises `TooManyRequests`; `what` is for the log."""
    try:
        count(who)
    except Throttled as throttled:
        raise TooManyRequests(throttled.retry_after, what) from None
