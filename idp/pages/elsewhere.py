"""Signing in for a device or a service elsewhere: its code, what tells it apart, and what became of it."""

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


class DeviceProblem(enum.Enum):
    UNKNOWN = "unknown"
    """No device waits with this code: mistyped, too late, or answered already."""
    THROTTLED = "throttled"


@dataclass(frozen=True, slots=True)
class DevicePage:
    """Posts `user_code`. `user_code` is what stands in the field already: from the address, or mistyped. `retry_after`
    is in seconds."""

    template: ClassVar[str] = "device.html"
    action: str
    csrf: str
    user_code: str = ""
    problem: DeviceProblem | None = None
    retry_after: int | None = None


@dataclass(frozen=True, slots=True)
class OtherDeviceView:
    """What tells the citizen for whom the sign-in is: the code on the screen there, or the message he was given there;
    the time of day and the network address it was asked from; `near`: that is the address he comes from himself."""

    code: str = ""
    message: str = ""
    asked: str = ""
    source: str = ""
    near: bool = False


class Outcome(enum.Enum):
    ALLOWED = "allowed"
    DENIED = "denied"
    UNREACHABLE = "unreachable"
    """The citizen has no authenticators for the level that was asked."""
    OVER = "over"
    """It was answered before, or took too long."""


@dataclass(frozen=True, slots=True)
class OutcomePage:
    template: ClassVar[str] = "outcome.html"
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class WaitingView:
    """A request of a service that waits for the citizen: `reference` names it in the form."""

    reference: str
    name: str
    host: str
    message: str
    asked: str


@dataclass(frozen=True, slots=True)
class ApprovePage:
    """Posts `look` or `block` with the reference of a request, or `code` (`new` or `none`); `sign_in` where `person` is
    None, for nobody is signed in. `blocked` is the service that was just refused for an hour; `protected`: the citizen
    has a code, which stands in `new_code` when it was just made."""

    template: ClassVar[str] = "approve.html"
    action: str
    csrf: str
    person: str | None = None
    waiting: Sequence[WaitingView] = ()
    blocked: str = ""
    protected: bool = False
    new_code: str = ""
