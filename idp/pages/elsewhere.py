"""Signing in for a device elsewhere: its code, what tells it apart, and what became of it."""

import enum
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
    OVER = "over"
    """It was answered before, or took too long."""


@dataclass(frozen=True, slots=True)
class OutcomePage:
    template: ClassVar[str] = "outcome.html"
    outcome: Outcome
