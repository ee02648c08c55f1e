"""Which new passwords are good enough, by one of two profiles. The home of zxcvbn.

* `nist` (default): at least 8 characters that are hard to guess. No rules of composition and no change without cause,
  which NIST SP 800-63B-4 forbids to demand.
* `mlps3`: what assessments of GB/T 22239-2019 level 3 clause 8.1.4.1 a) ask: three classes of characters, a change
  every 90 days, none of the last 5 again.

Guessability is zxcvbn's score, 0 to 4: 3 means more than 10**8 guesses, 2 more than 10**6. `mlps3` asks for 2, because
its rules would otherwise refuse eight random characters of all classes.
"""

import enum
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NewType

from zxcvbn import zxcvbn

from idp.login.password import TooLong, UnacceptablePassword, prepared

StrongPassword = NewType("StrongPassword", str)

DAY: Final = 86_400
ESTIMATED: Final = 72
"""Characters zxcvbn looks at; its cost grows faster than the length, and 72 good ones are enough."""
REVEALING: Final = 6
"""So many characters in a row of a citizen's own data are what is tried first; a birth date has eight."""
COMMON_HERE: Final = (
    *("woaini", "woaini1314", "woaini520", "woaiwojia", "5201314", "1314520", "wodemima", "mima", "shenfenzheng"),
    *("zhongguo", "shebao", "yibao", "zhengwu", "shimin", "nihao", "taobao", "weixin", "zhifubao", "gongan"),
)
"""Words of Chinese passwords that zxcvbn, which grew up on English ones, does not know."""

_one_at_a_time: Final = threading.Lock()


class Weakness(enum.Enum):
    """Stable codes; pages translate them."""

    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    UNUSABLE = "unusable"
    """It has characters that no keyboard sends."""
    TOO_FEW_CLASSES = "too_few_classes"
    PERSONAL = "personal"
    GUESSABLE = "guessable"


class WeakPassword(ValueError):
    """Not good enough, for all `reasons`."""

    def __init__(self, reasons: Sequence[Weakness]) -> None:
        super().__init__(", ".join(reason.value for reason in reasons))
        self.reasons = tuple(reasons)


@dataclass(frozen=True, slots=True)
class Profile:
    """`max_age` is in seconds, `None` for no change without cause. `remembered` former passwords may not come back."""

    name: str
    min_length: int
    min_classes: int
    min_score: int
    max_age: int | None
    remembered: int


NIST: Final = Profile("nist", min_length=8, min_classes=1, min_score=3, max_age=None, remembered=0)
MLPS3: Final = Profile("mlps3", min_length=8, min_classes=3, min_score=2, max_age=90 * DAY, remembered=5)
PROFILES: Final[Mapping[str, Profile]] = {profile.name: profile for profile in (NIST, MLPS3)}


def check(password: str, profile: Profile, personal: Sequence[str]) -> StrongPassword:
    """Prove a new password good enough, and give it as it is hashed.

    `personal` is what others know of its owner: name, number, phone, e-mail. Raises `WeakPassword`.
    """
    if not password:
        raise WeakPassword([Weakness.TOO_SHORT])
    try:
        plain = prepared(password)
    except TooLong:
        raise WeakPassword([Weakness.TOO_LONG]) from None
    except UnacceptablePassword:
        raise WeakPassword([Weakness.UNUSABLE]) from None
    reasons = list(_weaknesses(plain, profile, personal))
    if reasons:
        raise WeakPassword(reasons)
    return StrongPassword(plain)


def must_change(profile: Profile, set_at: float, now: float) -> bool:
    """Whether a password set at `set_at` has reached its age."""
    return profile.max_age is not None and now - set_at >= profile.max_age


def _weaknesses(password: str, profile: Profile, personal: Sequence[str]) -> Iterator[Weakness]:
    if len(password) < profile.min_length:
        yield Weakness.TOO_SHORT
    if _classes(password) < profile.min_classes:
        yield Weakness.TOO_FEW_CLASSES
    if _reveals(password, personal):
        yield Weakness.PERSONAL
    if _score(password, personal) < profile.min_score:
        yield Weakness.GUESSABLE


def _classes(password: str) -> int:
    """How many of: capital letters, small letters, digits, everything else."""
    return len({_class(character) for character in password})


def _class(character: str) -> str:
    if character.isdecimal():
        return "digit"
    if character.isupper():
        return "capital"
    return "small" if character.islower() else "other"


def _reveals(password: str, personal: Sequence[str]) -> bool:
    plain = password.casefold()
    return any(part in plain for item in personal for part in _parts(item.casefold()))


def _parts(item: str) -> Iterator[str]:
    """Every run of `REVEALING` characters; a short item whole, unless it is so short that it occurs by chance."""
    if len(item) < (4 if item.isascii() else 2):
        return
    for start in range(max(1, len(item) - REVEALING + 1)):
        yield item[start : start + REVEALING]


def _score(password: str, personal: Sequence[str]) -> int:
    # zxcvbn puts the words it is given into a table of its module: callers would mix theirs, and the last would stay.
    with _one_at_a_time:
        try:
            return int(zxcvbn(password[:ESTIMATED], [*personal, *COMMON_HERE])["score"])
        finally:
            zxcvbn("-", [])
