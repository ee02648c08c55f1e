"""Four made-up citizens. Their numbers are the ones marked SAFE in the identity vectors of the tests: the address codes
are of whole provinces, which are believed never to have been issued to anybody. The telephone numbers begin with 154,
which no carrier has been given.

Their passwords are made for each data directory and kept there: a password that stands in a public source would be a
default credential wherever a demo is left running. They are phrases, because people type them from the table, and
acceptable under both password policies of the provider.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from idp.codec import decode, encode
from idp.demo.places import keep
from idp.login.totp import new_secret
from idp.secrets import Randomness


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    number: str
    phone: str | None
    has_totp: bool
    note: str


PEOPLE: Final = (
    Person("李静文", "110000199001010021", "+8615400000021", False, "仅密码 password only"),
    Person("王建国", "110000199001010013", "+8615400000013", True, "密码和验证码 password and TOTP"),
    Person("巴特尔", "150000194910010031", "+8615400000031", False, "长者 elder: telephone, large print"),
    Person(
        "阿卜杜热依木江·买买提吐尔逊·艾合买提尼亚孜·库尔班阿布都拉",
        "330000199906301254",
        None,
        False,
        "",
    ),
)


@dataclass(frozen=True, slots=True)
class Credentials:
    password: str
    totp_secret: str | None


def credentials(file: Path, randomness: Randomness) -> dict[str, Credentials]:
    """What each of `PEOPLE` signs in with, by number: as remembered in `file`, made where it is missing."""
    remembered = decode(file.read_bytes(), dict[str, Credentials]) if file.exists() else {}
    complete = {person.number: remembered.get(person.number) or _made(person, randomness) for person in PEOPLE}
    if complete != remembered:
        keep(file, encode(complete))
    return complete


def _made(person: Person, randomness: Randomness) -> Credentials:
    return Credentials(password_phrase(randomness), new_secret(randomness) if person.has_totp else None)


SYLLABLES: Final = (
    *("qing", "shan", "yun", "feng", "yue", "xing", "song", "zhu", "mei", "lan", "he", "hai", "jiang", "xue", "yu"),
    *("lu", "chun", "qiu", "hua", "niao", "yan", "lin", "quan", "shi", "qiao", "zhou", "deng", "shu", "qin", "hong"),
    *("bai", "jin"),
)
WORDS: Final = 3


def password_phrase(randomness: Randomness) -> str:
    """Three words of two syllables and a number, such as `Qingshan-yunhai-songyue-482`: about 40 bits."""
    raw = randomness.bytes(2 * WORDS + 2)
    pairs = [SYLLABLES[first % 32] + SYLLABLES[second % 32] for first, second in zip(raw[::2], raw[1::2], strict=True)]
    return "-".join([*pairs[:WORDS], str(int.from_bytes(raw[-2:], "big") % 900 + 100)]).capitalize()
