"""Leaving: back to the service with a form, signing out, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from idp.pages.frame import ClientView


@dataclass(frozen=True, slots=True)
class ContinuePage:
    """Posts `fields`, names and values, to the service at `action`: at once where scripts run, else at a press. The
    one page with a script. With `leaving` it is told there that the citizen signs out."""

    template: ClassVar[str] = "continue.html"
    action: str
    fields: Sequence[tuple[str, str]]
    client_name: str
    leaving: bool = False


@dataclass(frozen=True, slots=True)
class SignOutPage:
    """Posts `decision`: `allow` signs out everywhere, `deny` stays. `client` is None when no service asked."""

    template: ClassVar[str] = "sign_out.html"
    action: str
    csrf: str
    client: ClientView | None = None
    person: str | None = None


@dataclass(frozen=True, slots=True)
class LeavingPage:
    """Between our session's end and the services that only this browser can tell of it: leads on to `next_href`, by
    itself or at a press."""

    template: ClassVar[str] = "leaving.html"
    next_href: str


@dataclass(frozen=True, slots=True)
class PartyResult:
    """A service of the ended session, and whether it confirmed that it ended its own; `asked`: this browser tells it,
    and nobody learns what comes of it."""

    name: str
    told: bool
    asked: bool = False


@dataclass(frozen=True, slots=True)
class SignedOutPage:
    """`back_href` leads to the service that asked, with its name in `back_name`; with `onward` the browser goes there
    by itself. `frames` are addresses of services that end their sessions when this browser loads them."""

    template: ClassVar[str] = "signed_out.html"
    parties: Sequence[PartyResult] = ()
    back_href: str | None = None
    back_name: str = ""
    frames: Sequence[str] = ()
    onward: bool = False
