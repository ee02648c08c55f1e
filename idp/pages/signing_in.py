"""The steps of a sign-in. Field names are a contract: `username`, `password`, `otp`, `recovery_code`.

`retry_after` is in seconds and is shown with the problem THROTTLED. `action` is the address the form posts to.
"""

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from idp.pages.frame import ClientView


class SignInProblem(enum.Enum):
    """Why number and password did not do."""

    WRONG = "wrong"
    """The same words whether the account is unknown or the password wrong."""
    MALFORMED = "malformed"
    """What was typed can be nobody's number: its length or its check character is not right. The password was not
    looked at."""
    THROTTLED = "throttled"
    BUSY = "busy"


class TotpProblem(enum.Enum):
    """Why a code from the phone did not do."""

    WRONG = "wrong"
    REPLAYED = "replayed"
    """The code was right and has been used already: the next one will do."""
    THROTTLED = "throttled"


class RecoveryProblem(enum.Enum):
    """Why a recovery code did not do."""

    WRONG = "wrong"
    """Unknown or already used; the page does not tell which."""
    THROTTLED = "throttled"


@dataclass(frozen=True, slots=True)
class SignInPage:
    """Posts `username` and `password`. `username` is what was typed before, so that it need not be typed again.

    A `newcomer` was sent here to open an account. The sign-in may be for a page of our `own`, which is the client then.
    """

    template: ClassVar[str] = "sign_in.html"
    action: str
    csrf: str
    client: ClientView
    username: str = ""
    problem: SignInProblem | None = None
    retry_after: int | None = None
    newcomer: bool = False
    own: bool = False


@dataclass(frozen=True, slots=True)
class TotpPage:
    """Posts `otp`. `recovery_href` leads to the recovery code, where the citizen has any."""

    template: ClassVar[str] = "totp.html"
    action: str
    csrf: str
    client: ClientView
    problem: TotpProblem | None = None
    retry_after: int | None = None
    recovery_href: str | None = None


@dataclass(frozen=True, slots=True)
class RecoveryPage:
    """Posts `recovery_code`. `totp_href` leads back to the code from the phone."""

    template: ClassVar[str] = "recovery.html"
    action: str
    csrf: str
    client: ClientView
    problem: RecoveryProblem | None = None
    retry_after: int | None = None
    totp_href: str | None = None


@dataclass(frozen=True, slots=True)
class NewPasswordPage:
    """Posts `new_password` and `new_password_again`. `problems` are codes of `wording.PASSWORD_PROBLEMS`.

    `temporary`: the password used was set at a service counter; else it has reached its age.
    """

    template: ClassVar[str] = "new_password.html"
    action: str
    csrf: str
    problems: Sequence[str] = ()
    minimum_length: int = 8
    temporary: bool = False
