"""What a front door knows of telling one of its relying parties that a session ended."""

import enum
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from federation.fetch import FetchError, Reason
from idp.storage.records.logouts import Duty

TIMED_OUT: Final = "timeout"
_REASONS: Final[Mapping[Reason, str]] = {
    Reason.FORBIDDEN_URL: "address_refused",
    Reason.FORBIDDEN_ADDRESS: "address_refused",
    Reason.TIMED_OUT: TIMED_OUT,
}
"""What an operator acts on, where our own words for it are others than `Reason` has."""


@dataclass(frozen=True, slots=True)
class Post:
    """A message that a server of ours takes to `address`. `deliver` is given the moment of `time.monotonic` by which it
    must be there, and gives why it failed, if it did."""

    address: str
    deliver: Callable[[float], str | None]


@dataclass(frozen=True, slots=True)
class Way:
    """How a relying party can be told of one duty; `name` is its own, by language. `frame` is an address that a browser
    is to load; `visit` says that a browser may be sent there, and comes back with the answer."""

    name: Mapping[str, str]
    post: Post | None = None
    frame: str | None = None
    visit: bool = False


class Browser(enum.Flag):
    """What the browser that waits for a telling can do in it."""

    NONE = 0
    FRAMES = enum.auto()
    """Load addresses in frames of the page that follows."""
    VISITS = enum.auto()
    """Be sent to a relying party, and come back."""
    ALL = FRAMES | VISITS


class Messenger(Protocol):
    """One front door's part in it."""

    def way(self, duty: Duty) -> Way | None:
        """None if the party is not registered at this door (any more). One that is disabled is told as any other: its
        session has ended all the more."""
        ...


@dataclass(frozen=True, slots=True)
class Told:
    """What became of telling one relying party; `confirmed` only if it answered that it ended its own session. `frame`
    is the front-channel address that the browser is to load, if there is one; `visit` is what the browser is still to
    be sent there with."""

    party_id: str
    name: Mapping[str, str]
    confirmed: bool
    frame: str | None = None
    visit: Duty | None = None


def time_left(deadline: float) -> float:
    """Seconds until a moment of `time.monotonic`. With none left nothing is sent, for others of this host took it all:
    raises `FetchError`."""
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise FetchError(Reason.TIMED_OUT)
    return seconds


def why(error: FetchError) -> str:
    """Why a call failed, in the ledger's words."""
    return _REASONS.get(error.reason, error.reason.value)
